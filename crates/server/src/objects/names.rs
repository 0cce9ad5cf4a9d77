//! What a bucket and a key may be called.

use std::net::Ipv4Addr;

use super::ObjectError;

/// First parts of paths that are routes of this listener, or may become one: no bucket has such a name.
const ROUTES: &[&str] = &["console", "healthz", "metrics", "readyz", "usher"];
/// Bytes of a key.
const LONGEST_KEY: usize = 1024;

/// Checks the name of a bucket by S3's rules, and that no route has it.
pub(crate) fn check_bucket_name(name: &str) -> Result<(), ObjectError> {
    let refused = |why| Err(ObjectError::BucketName(why));
    let is_inner = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.'
    };
    let is_outer = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    if !(3..=63).contains(&name.len()) {
        return refused("a name has 3 to 63 characters.");
    }
    let ends = is_outer(name.bytes().next()) && is_outer(name.bytes().last());
    if !name.bytes().all(is_inner) || !ends {
        return refused(
            "a name has lower-case letters, digits, dots and hyphens, and begins and ends with a letter or digit.",
        );
    }
    if name.contains("..") || name.parse::<Ipv4Addr>().is_ok() {
        return refused("a name has no two dots in a row and is no address.");
    }
    if ROUTES.contains(&name) {
        return refused("this server has another page of that name.");
    }
    Ok(())
}

/// Checks a key: any text of 1 to 1,024 bytes, for it never becomes a path.
pub(crate) fn check_key(key: &str) -> Result<(), ObjectError> {
    match key.len() {
        1..=LONGEST_KEY => Ok(()),
        _ => Err(ObjectError::Key),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_routes_paths_and_addresses_are_no_buckets() {
        for name in [
            "",
            "ab",
            "console",
            "healthz",
            "..",
            "a..b",
            "a/b",
            "A-B-C",
            "-ab",
            "ab.",
            "192.168.0.1",
            "a\u{0}b",
            "ünder",
            "a b",
        ] {
            assert!(check_bucket_name(name).is_err(), "{name:?}");
        }
        assert!(check_bucket_name(&"a".repeat(64)).is_err());
        for name in ["abc", "session-logs", "a.b.c", "1st"] {
            assert!(check_bucket_name(name).is_ok(), "{name:?}");
        }
    }

    #[test]
    fn a_key_has_one_to_1024_bytes() {
        assert!(check_key("").is_err());
        assert!(check_key(&"ü".repeat(513)).is_err());
        assert!(check_key(&"ü".repeat(512)).is_ok());
        assert!(check_key("../../etc/passwd\u{0}").is_ok());
    }
}
