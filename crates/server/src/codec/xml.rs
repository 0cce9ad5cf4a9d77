//! awsQuery output: a JSON tree as AWS's XML, and its error document.
//!
//! Owns one invariant: no text becomes markup, and the document is well-formed whatever it holds.

use serde_json::Value;

/// What an element of a list is called.
const ITEM: &str = "member";

/// `<OpResponse>` with `<OpResult>` around the members. Operations without output have no result element; those whose
/// output has no members have an empty one, which botocore looks for.
pub(crate) fn response_document(
    operation: &str,
    namespace: &str,
    output: &Value,
    request_id: &str,
) -> String {
    let mut xml = format!("<{operation}Response xmlns=\"{namespace}\">");
    if output.is_object() {
        element(&mut xml, &format!("{operation}Result"), output, ITEM);
    }
    xml.push_str("<ResponseMetadata>");
    element(&mut xml, "RequestId", &Value::from(request_id), ITEM);
    xml.push_str("</ResponseMetadata>");
    xml.push_str(&format!("</{operation}Response>"));
    xml
}

/// `<ErrorResponse>`; `type_` is `Sender` or `Receiver`.
pub(crate) fn error_document(
    namespace: &str,
    type_: &str,
    code: &str,
    message: &str,
    request_id: &str,
) -> String {
    let error = serde_json::json!({"Code": code, "Message": message, "Type": type_});
    let mut xml = format!("<ErrorResponse xmlns=\"{namespace}\">");
    element(&mut xml, "Error", &error, ITEM);
    element(&mut xml, "RequestId", &Value::from(request_id), ITEM);
    xml.push_str("</ErrorResponse>");
    xml
}

/// `value` as the element `name`; a list's elements are called `item`.
pub(super) fn element(xml: &mut String, name: &str, value: &Value, item: &str) {
    xml.push_str(&format!("<{name}>"));
    match value {
        Value::Object(members) => members
            .iter()
            .for_each(|(key, value)| element(xml, key, value, item)),
        Value::Array(values) => values
            .iter()
            .for_each(|value| element(xml, item, value, item)),
        Value::String(text) => escape(xml, text),
        Value::Bool(truth) => xml.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => xml.push_str(&number.to_string()),
        Value::Null => {}
    }
    xml.push_str(&format!("</{name}>"));
}

fn escape(xml: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            // A parser would turn a bare carriage return into a line feed.
            '\r' => xml.push_str("&#xD;"),
            '\t' | '\n' => xml.push(character),
            // XML 1.0 has no way to write these.
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => xml.push('\u{fffd}'),
            _ => xml.push(character),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_never_becomes_markup() {
        let xml = response_document(
            "Get",
            "ns",
            &json!({"A": "</A><B>\"&\r\u{1}\u{ffff}"}),
            "id",
        );
        assert!(
            xml.contains(
                "<GetResult><A>&lt;/A&gt;&lt;B&gt;&quot;&amp;&#xD;\u{fffd}\u{fffd}</A></GetResult>"
            ),
            "{xml}"
        );
    }

    #[test]
    fn an_operation_without_output_has_no_result_element() {
        let xml = response_document("TagUser", "ns", &Value::Null, "id");
        assert_eq!(
            xml,
            "<TagUserResponse xmlns=\"ns\"><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></TagUserResponse>"
        );
        let xml = response_document("UpdateRole", "ns", &json!({}), "id");
        assert!(
            xml.contains("<UpdateRoleResult></UpdateRoleResult>"),
            "{xml}"
        );
    }

    #[test]
    fn lists_are_members_and_empty_ones_keep_their_element() {
        let xml = response_document(
            "L",
            "ns",
            &json!({"N": [], "T": [{"K": "a"}, {"K": "b"}], "U": false}),
            "id",
        );
        assert!(
            xml.contains(
                "<N></N><T><member><K>a</K></member><member><K>b</K></member></T><U>false</U>"
            ),
            "{xml}"
        );
    }
}
