//! Canonical URI and canonical query: the two places where signers differ from each other.
//!
//! Each difference is an explicit rule the caller chooses, with where it was seen.

/// How the path is canonicalised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UriRule {
    /// Every service but S3: dot segments and doubled slashes removed, then the already encoded path encoded again
    /// (botocore `auth.py`, `SigV4Auth._normalize_url_path`).
    Normalized,
    /// S3: the path as it was sent (botocore `S3SigV4Auth._normalize_url_path`).
    AsSent,
}

impl UriRule {
    /// The rule a service's clients follow.
    #[must_use]
    pub fn of_service(service: &str) -> Self {
        if service == "s3" {
            Self::AsSent
        } else {
            Self::Normalized
        }
    }
}

/// What a `+` in the query stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlusRule {
    /// Itself (botocore).
    Plus,
    /// A space, signed as `%20` (Go SDK v1).
    Space,
}

/// The second line of the canonical request.
#[must_use]
pub fn canonical_uri(path: &str, rule: UriRule) -> String {
    match rule {
        UriRule::AsSent if path.is_empty() => "/".to_owned(),
        UriRule::AsSent => path.to_owned(),
        UriRule::Normalized => {
            let mut out = String::with_capacity(path.len());
            for byte in without_dot_segments(path).bytes() {
                if byte == b'/' {
                    out.push('/');
                } else {
                    push_encoded(&mut out, byte);
                }
            }
            out
        }
    }
}

/// The third line of the canonical request: pairs decoded, encoded again with one alphabet, sorted.
#[must_use]
pub fn canonical_query(query: &str, plus: PlusRule) -> String {
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            (recode(key, plus), recode(value, plus))
        })
        .collect();
    pairs.sort();
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(key, value)| format!("{key}={value}"))
        .collect();
    pairs.join("&")
}

fn without_dot_segments(path: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            other => kept.push(other),
        }
    }
    let last = if path.ends_with('/') && !kept.is_empty() {
        "/"
    } else {
        ""
    };
    format!("/{}{last}", kept.join("/"))
}

/// Percent-decodes and encodes again.
fn recode(text: &str, plus: PlusRule) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in decoded(text, plus) {
        push_encoded(&mut out, byte);
    }
    out
}

/// Percent-decodes; a `%` that starts no escape is a plain character.
pub(super) fn decoded(text: &str, plus: PlusRule) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match (byte, tail) {
            (b'+', _) if plus == PlusRule::Space => out.push(b' '),
            (b'%', [high, low, after @ ..]) => {
                if let (Some(high), Some(low)) = (hex_digit(*high), hex_digit(*low)) {
                    out.push(high << 4 | low);
                    rest = after;
                } else {
                    out.push(byte);
                }
            }
            _ => out.push(byte),
        }
    }
    out
}

fn push_encoded(out: &mut String, byte: u8) {
    if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
        out.push(char::from(byte));
    } else {
        out.push('%');
        out.push(upper_hex(byte >> 4));
        out.push(upper_hex(byte & 15));
    }
}

fn upper_hex(nibble: u8) -> char {
    char::from(if nibble < 10 {
        b'0' + nibble
    } else {
        b'A' + nibble - 10
    })
}

fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_normalised_and_encoded_once_more() {
        for (sent, expected) in [
            ("", "/"),
            ("/", "/"),
            ("//", "/"),
            ("/..", "/"),
            ("/a//b/./c/../d/", "/a/b/d/"),
            ("/v1/data-channel/alice-0abc", "/v1/data-channel/alice-0abc"),
            (
                "/v1/data-channel/a@b,c=d+e-0abc",
                "/v1/data-channel/a%40b%2Cc%3Dd%2Be-0abc",
            ),
            ("/a%20b", "/a%2520b"),
            ("/~é", "/~%C3%A9"),
        ] {
            assert_eq!(canonical_uri(sent, UriRule::Normalized), expected, "{sent}");
        }
    }

    #[test]
    fn s3_paths_are_left_alone() {
        for path in ["/b/../k", "/b//k", "/b/a%20b", "/"] {
            assert_eq!(canonical_uri(path, UriRule::of_service("s3")), path);
        }
        assert_eq!(canonical_uri("", UriRule::AsSent), "/");
    }

    #[test]
    fn queries_are_recoded_and_sorted_by_encoded_key_then_value() {
        for (sent, expected) in [
            ("", ""),
            ("role=publish_subscribe", "role=publish_subscribe"),
            ("b=2&a=2&a=1", "a=1&a=2&b=2"),
            ("encryption", "encryption="),
            ("k=&&=v", "=v&k="),
            ("k=a=b", "k=a%3Db"),
            ("k=%2f%7E%zz%4", "k=%2F~%25zz%254"),
            ("k=é", "k=%C3%A9"),
            ("k=a b", "k=a%20b"),
        ] {
            assert_eq!(canonical_query(sent, PlusRule::Plus), expected, "{sent}");
        }
    }

    #[test]
    fn a_plus_is_itself_or_a_space_by_rule() {
        assert_eq!(canonical_query("k=a+b", PlusRule::Plus), "k=a%2Bb");
        assert_eq!(canonical_query("k=a+b%2B", PlusRule::Space), "k=a%20b%2B");
    }
}
