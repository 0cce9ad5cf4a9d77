//! `{{ name }}`: where a parameter's value goes, and `{{ssm:name}}`: where one of Parameter Store goes.
//!
//! Only letters and digits between the braces make a placeholder; other uses of double braces are the text's own (a
//! command may hold a Go template). Values are put in once and never looked at again.

/// A piece of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Literal text.
    Text(&'a str),
    /// A parameter's name.
    Name(&'a str),
    /// `{{ssm:name}}` or `{{ssm:name:version}}`.
    Stored(&'a str, Option<u32>),
    /// `{{ssm-secure:…}}`, or a reference that cannot be read: AWS's agent would try these with its own credentials.
    Unresolvable,
}

/// The pieces of `text`, in order.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let spelled = spelled_pieces(text);
    spelled.into_iter().map(|(piece, _)| piece).collect()
}

/// The pieces of `text`, in order, each with what stands there.
pub(super) fn spelled_pieces(text: &str) -> Vec<(Piece<'_>, &str)> {
    let mut out = Vec::new();
    let mut rest = text;
    let mut literal = 0;
    while let Some(found) = rest.get(literal..).and_then(|tail| tail.find("{{")) {
        let open = literal + found;
        let Some((before, placeholder)) = rest.split_at_checked(open) else {
            break;
        };
        match placeholder.get(2..).map(after_braces) {
            Some(Inner::Unresolvable) => return vec![(Piece::Unresolvable, text)],
            Some(Inner::Placeholder(piece, tail)) => {
                if !before.is_empty() {
                    out.push((Piece::Text(before), before));
                }
                let spelling = placeholder.strip_suffix(tail).unwrap_or(placeholder);
                out.push((piece, spelling));
                rest = tail;
                literal = 0;
            }
            // One further, so that `{{{ name }}` still holds a placeholder.
            Some(Inner::Text) | None => literal = open + 1,
        }
    }
    if !rest.is_empty() {
        out.push((Piece::Text(rest), rest));
    }
    out
}

/// What two opening braces turn out to begin.
enum Inner<'a> {
    /// A placeholder, and what follows it.
    Placeholder(Piece<'a>, &'a str),
    /// A reference that cannot be followed.
    Unresolvable,
    /// Text like any other.
    Text,
}

fn after_braces(after: &str) -> Inner<'_> {
    let inner = after.trim_start_matches(' ');
    if let Some(reference) = inner.strip_prefix("ssm:") {
        return match stored(reference) {
            Some((piece, tail)) => Inner::Placeholder(piece, tail),
            None => Inner::Unresolvable,
        };
    }
    if inner.starts_with("ssm-secure:") {
        return Inner::Unresolvable;
    }
    let (name, behind) = split(inner, |byte| byte.is_ascii_alphanumeric());
    match closed(behind) {
        Some(tail) if !name.is_empty() => Inner::Placeholder(Piece::Name(name), tail),
        _ => Inner::Text,
    }
}

/// What stands behind `ssm:`, and what follows it.
fn stored(reference: &str) -> Option<(Piece<'_>, &str)> {
    let of_name = |byte: u8| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte);
    let (name, behind) = split(reference, of_name);
    let (version, behind) = match behind.strip_prefix(':') {
        Some(behind) => {
            let (digits, behind) = split(behind, |byte| byte.is_ascii_digit());
            let version = digits.parse().ok().filter(|version| *version > 0)?;
            (Some(version), behind)
        }
        None => (None, behind),
    };
    let tail = closed(behind)?;
    (!name.is_empty()).then_some((Piece::Stored(name, version), tail))
}

/// The longest beginning of `text` that `belongs`, and the rest.
fn split(text: &str, belongs: impl Fn(u8) -> bool) -> (&str, &str) {
    let length = text.bytes().take_while(|byte| belongs(*byte)).count();
    text.split_at_checked(length).unwrap_or((text, ""))
}

/// What follows the closing braces.
fn closed(text: &str) -> Option<&str> {
    text.trim_start_matches(' ').strip_prefix("}}")
}

/// Whether anything in `text` is to be replaced.
pub(super) fn has_placeholder(text: &str) -> bool {
    pieces(text)
        .iter()
        .any(|piece| matches!(piece, Piece::Name(_) | Piece::Stored(..)))
}

/// Whether `text` refers to Parameter Store, in whatever spelling.
#[must_use]
pub fn refers_to_parameter_store(text: &str) -> bool {
    pieces(text)
        .iter()
        .any(|piece| matches!(piece, Piece::Stored(..) | Piece::Unresolvable))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Piece::{Name, Stored, Text, Unresolvable};

    #[test]
    fn texts_split_at_placeholders_and_nowhere_else() {
        let cases: [(&str, &[Piece<'_>]); 17] = [
            ("", &[]),
            ("plain {{", &[Text("plain {{")]),
            ("{{name}}", &[Name("name")]),
            (
                "a{{ x }}b{{  y1  }}",
                &[Text("a"), Name("x"), Text("b"), Name("y1")],
            ),
            ("{{{ x }}}", &[Text("{"), Name("x"), Text("}")]),
            (
                "docker ps --format '{{.Names}}'",
                &[Text("docker ps --format '{{.Names}}'")],
            ),
            ("{{ a b }}{{}}{{ ä }}", &[Text("{{ a b }}{{}}{{ ä }}")]),
            ("{{ open {{ x }}", &[Text("{{ open "), Name("x")]),
            ("x {{ssm:key}}", &[Text("x "), Stored("key", None)]),
            (
                "{{ ssm:/a/b-c_d.e:12 }}.",
                &[Stored("/a/b-c_d.e", Some(12)), Text(".")],
            ),
            ("{{ssm:key:0}}", &[Unresolvable]),
            ("{{ssm:key:label}}", &[Unresolvable]),
            ("{{ssm:}}", &[Unresolvable]),
            ("{{ssm:a b}} {{ x }}", &[Unresolvable]),
            ("{{ssm:key} }", &[Unresolvable]),
            ("{{ssm:key:4294967296}}", &[Unresolvable]),
            ("{{ ssm-secure:secret:1 }}", &[Unresolvable]),
        ];
        for (text, expected) in cases {
            assert_eq!(pieces(text), expected, "{text}");
        }
    }
}
