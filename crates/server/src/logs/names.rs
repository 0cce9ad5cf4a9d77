//! What log groups and streams may be called.

/// Whether it is a group's name: 1 to 512 of `[.\-_/#A-Za-z0-9]`.
pub(crate) fn check_group_name(name: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b".-_/#".contains(&b);
    (1..=512).contains(&name.len()) && name.bytes().all(allowed)
}

/// Whether it is a stream's name: 1 to 512 characters without `:` and `*`, and none that would command a terminal.
pub(crate) fn check_stream_name(name: &str) -> bool {
    let allowed = |c: char| c != ':' && c != '*' && !c.is_control();
    (1..=512).contains(&name.chars().count()) && name.chars().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_with_other_characters_are_refused() {
        for name in ["", "a b", "a:b", "a*", "ä", "a\n", &"a".repeat(513)] {
            assert!(!check_group_name(name), "{name}");
        }
        for name in ["", "a:b", "a*", "a\u{1b}[2J", "a\n", &"a".repeat(513)] {
            assert!(!check_stream_name(name), "{name}");
        }
        assert!(check_group_name("/aws/ssm/Sessions.1-a_b#c"));
        assert!(check_stream_name("alice-0123 ä/[b]"));
    }
}
