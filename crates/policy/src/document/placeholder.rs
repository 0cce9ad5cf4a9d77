//! `{{ name }}`: where a parameter's value goes.
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
    /// `{{ssm:…}}` and its kin: AWS's agent resolves these with its own credentials.
    ParameterStore,
}

/// The pieces of `text`, in order.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut out = Vec::new();
    let mut rest = text;
    let mut literal = 0;
    while let Some(found) = rest.get(literal..).and_then(|tail| tail.find("{{")) {
        let open = literal + found;
        let after = rest.get(open + 2..).unwrap_or_default();
        let inner = after.trim_start_matches(' ');
        if inner.starts_with("ssm:") || inner.starts_with("ssm-secure:") {
            return vec![Piece::ParameterStore];
        }
        let name_length = inner.bytes().take_while(u8::is_ascii_alphanumeric).count();
        let name = inner.get(..name_length).unwrap_or_default();
        let close = inner
            .get(name_length..)
            .unwrap_or_default()
            .trim_start_matches(' ')
            .strip_prefix("}}");
        match close {
            Some(tail) if !name.is_empty() => {
                out.extend(
                    rest.get(..open)
                        .filter(|before| !before.is_empty())
                        .map(Piece::Text),
                );
                out.push(Piece::Name(name));
                rest = tail;
                literal = 0;
            }
            // One further, so that `{{{ name }}` still holds a placeholder.
            _ => literal = open + 1,
        }
    }
    if !rest.is_empty() {
        out.push(Piece::Text(rest));
    }
    out
}

/// Whether anything in `text` is to be replaced.
pub(super) fn has_placeholder(text: &str) -> bool {
    pieces(text)
        .iter()
        .any(|piece| matches!(piece, Piece::Name(_)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use Piece::{Name, ParameterStore, Text};

    #[test]
    fn texts_split_at_placeholders_and_nowhere_else() {
        let cases: [(&str, &[Piece<'_>]); 10] = [
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
            ("x {{ssm:secret}}", &[ParameterStore]),
            ("{{ ssm-secure:secret:1 }}", &[ParameterStore]),
        ];
        for (text, expected) in cases {
            assert_eq!(pieces(text), expected, "{text}");
        }
    }
}
