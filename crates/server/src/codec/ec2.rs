//! ec2Query output: members without an element around them, `item` for what is in a list, and errors in a list of one
//! (botocore `parsers.py`, `EC2QueryParser`).

use serde_json::{Value, json};

use super::xml::element;

const ITEM: &str = "item";

/// `<OpResponse>` with the request's id before the members.
pub(crate) fn ec2_response_document(
    operation: &str,
    namespace: &str,
    output: &Value,
    request_id: &str,
) -> String {
    let mut xml = format!("<{operation}Response xmlns=\"{namespace}\">");
    element(&mut xml, "requestId", &Value::from(request_id), ITEM);
    for (name, value) in output.as_object().into_iter().flatten() {
        element(&mut xml, name, value, ITEM);
    }
    xml.push_str(&format!("</{operation}Response>"));
    xml
}

/// `<Response>` with the one error.
pub(crate) fn ec2_error_document(code: &str, message: &str, request_id: &str) -> String {
    let mut xml = String::new();
    let error = json!({
        "Errors": {"Error": {"Code": code, "Message": message}},
        "RequestID": request_id,
    });
    element(&mut xml, "Response", &error, ITEM);
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_never_becomes_markup() {
        assert_eq!(
            ec2_error_document("A", "</Message>", "id"),
            "<Response><Errors><Error><Code>A</Code><Message>&lt;/Message&gt;</Message></Error></Errors>\
             <RequestID>id</RequestID></Response>"
        );
    }

    #[test]
    fn lists_hold_items() {
        assert_eq!(
            ec2_response_document("Op", "ns", &json!({"aSet": [{"b": [1]}], "cSet": []}), "id"),
            "<OpResponse xmlns=\"ns\"><requestId>id</requestId><aSet><item><b><item>1</item></b></item></aSet>\
             <cSet></cSet></OpResponse>"
        );
    }
}
