//! The one operation of STS that nobody signs: a role's temporary keys for a token of an identity provider.

use std::collections::BTreeMap;
use std::time::SystemTime;

use aws_smithy_xml::decode::{Document, ScopedDecoder, XmlDecodeError, try_data};
use http::StatusCode;
use url::form_urlencoded;
use usher_wire::secret::Secret;

use crate::{ApiError, CallError, Credentials, Identity, JsonClient};

/// Elements that say something, wherever they stand in an answer.
const SAYING: [&str; 7] = [
    "AccessKeyId",
    "SecretAccessKey",
    "SessionToken",
    "Expiration",
    "Arn",
    "Code",
    "Message",
];
/// An answer has four levels; what is deeper says nothing.
const DEEPEST: usize = 8;

/// Who asks for which role.
#[derive(Debug)]
pub struct WebIdentityRole<'a> {
    /// The role.
    pub role_arn: &'a str,
    /// 2 to 64 letters, digits and `_+=,.@-`.
    pub session_name: &'a str,
    /// The provider's ID token.
    pub token: &'a Secret,
}

/// A role, assumed.
#[derive(Debug, Clone)]
pub struct AssumedRole {
    /// Temporary keys.
    pub credentials: Credentials,
    /// `arn:…:assumed-role/ROLE/SESSION`.
    pub arn: String,
}

/// AssumeRoleWithWebIdentity (STS API reference) for as long as the service gives by itself, an hour.
///
/// # Errors
/// The service's refusal with its code, or what kept it from answering.
pub async fn assume_role_with_web_identity(
    client: &JsonClient,
    asked: &WebIdentityRole<'_>,
) -> Result<AssumedRole, CallError> {
    let form = form_urlencoded::Serializer::new(String::new())
        .append_pair("Action", "AssumeRoleWithWebIdentity")
        .append_pair("Version", "2011-06-15")
        .append_pair("RoleArn", asked.role_arn)
        .append_pair("RoleSessionName", asked.session_name)
        .append_pair("WebIdentityToken", asked.token.expose())
        .finish();
    let headers = [(
        "content-type",
        "application/x-www-form-urlencoded; charset=utf-8",
    )];
    let answer = client
        .post(Identity::Anonymous, "sts", "/", &headers, form.into_bytes())
        .await?;
    let said = said(&answer.body);
    if answer.status != StatusCode::OK {
        let member = |name: &str| said.get(name).map(ToString::to_string);
        return Err(CallError::Refused(ApiError {
            code: member("Code").unwrap_or_else(|| answer.status.as_u16().to_string()),
            message: member("Message").unwrap_or_default(),
            status: answer.status.as_u16(),
        }));
    }
    assumed(&said).ok_or_else(|| client.senseless("AssumeRoleWithWebIdentity: no keys"))
}

fn assumed(said: &BTreeMap<String, String>) -> Option<AssumedRole> {
    let expires: jiff::Timestamp = said.get("Expiration")?.parse().ok()?;
    Some(AssumedRole {
        credentials: Credentials::temporary(
            said.get("AccessKeyId")?,
            said.get("SecretAccessKey")?,
            said.get("SessionToken")?,
            SystemTime::from(expires),
        ),
        arn: said.get("Arn")?.clone(),
    })
}

/// What the elements in [`SAYING`] say. What is no XML says nothing.
fn said(body: &[u8]) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    if let Ok(text) = std::str::from_utf8(body)
        && let Ok(mut root) = Document::new(text).root_element()
    {
        // Half an answer is judged by what it lacks.
        let _ = gather(&mut root, DEEPEST, &mut found);
    }
    found
}

fn gather(
    element: &mut ScopedDecoder<'_, '_>,
    depth: usize,
    found: &mut BTreeMap<String, String>,
) -> Result<(), XmlDecodeError> {
    while let Some(mut member) = element.next_tag() {
        let name = member.start_el().local().to_owned();
        if SAYING.contains(&name.as_str()) {
            let text = try_data(&mut member)?.into_owned();
            found.entry(name).or_insert(text);
        } else if depth > 0 {
            gather(&mut member, depth - 1, found)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWER: &str = r#"<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
  <AssumeRoleWithWebIdentityResult>
    <SubjectFromWebIdentityToken>person-1</SubjectFromWebIdentityToken>
    <AssumedRoleUser>
      <Arn>arn:aws:sts::000000000000:assumed-role/people/alice</Arn>
      <AssumedRoleId>AROA:alice</AssumedRoleId>
    </AssumedRoleUser>
    <Credentials>
      <SessionToken>t+o/k=</SessionToken>
      <SecretAccessKey>s&amp;cret</SecretAccessKey>
      <Expiration>2026-11-23T03:00:00Z</Expiration>
      <AccessKeyId>ASIAEXAMPLE</AccessKeyId>
    </Credentials>
  </AssumeRoleWithWebIdentityResult>
</AssumeRoleWithWebIdentityResponse>"#;

    #[test]
    fn an_answer_without_keys_is_none() {
        for body in [
            "",
            "{}",
            "<a/>",
            "<a><AccessKeyId>A</AccessKeyId></a>",
            &ANSWER.replace("2026", "soon"),
            &ANSWER[..ANSWER.len() / 2],
            &"<a>".repeat(100_000),
        ] {
            assert!(assumed(&said(body.as_bytes())).is_none());
        }
    }

    #[test]
    fn the_keys_are_read_as_they_stand() {
        let role = assumed(&said(ANSWER.as_bytes())).unwrap();
        assert_eq!(
            role.arn,
            "arn:aws:sts::000000000000:assumed-role/people/alice"
        );
        assert_eq!(role.credentials.access_key_id, "ASIAEXAMPLE");
        assert_eq!(role.credentials.secret_access_key.expose(), "s&cret");
        assert!(role.credentials.expires.is_some());
    }

    #[test]
    fn a_refusal_is_read_with_its_code() {
        let body = "<ErrorResponse><Error><Code>ExpiredTokenException</Code><Message>The token &quot;x&quot; has \
                    expired.</Message></Error></ErrorResponse>";
        let said = said(body.as_bytes());
        assert_eq!(said["Code"], "ExpiredTokenException");
        assert_eq!(said["Message"], "The token \"x\" has expired.");
    }
}
