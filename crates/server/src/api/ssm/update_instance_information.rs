//! `UpdateInstanceInformation`: a node says that it is alive and what it is.
//!
//! The first call must succeed or AWS's agent hibernates (agent.md 0.1), so members that we do not
//! understand are cut or dropped, never refused. Their text is hostile: readers escape it.

use serde::Deserialize;

use crate::api::{Access, Call, Operation, Service};
use crate::error::ApiError;
use crate::store::NodeReport;

pub(crate) struct UpdateInstanceInformation;

/// Host names have at most 253 characters; nothing else is longer.
const LONGEST: usize = 255;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    instance_id: String,
    agent_version: Option<String>,
    platform_type: Option<String>,
    platform_name: Option<String>,
    platform_version: Option<String>,
    #[serde(rename = "IPAddress")]
    ip_address: Option<String>,
    computer_name: Option<String>,
}

impl Operation for UpdateInstanceInformation {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "UpdateInstanceInformation";
    const ACCESS: Access<Input> = Access::OwnNode {
        named: |input| &input.instance_id,
    };
    type Input = Input;
    type Output = ();

    async fn run(call: Call<'_>, input: Input) -> Result<(), ApiError> {
        let report = NodeReport {
            agent_version: shown(input.agent_version).filter(|version| is_version(version)),
            platform_type: shown(input.platform_type)
                .filter(|kind| ["Linux", "MacOS", "Windows"].contains(&kind.as_str())),
            platform_name: shown(input.platform_name),
            platform_version: shown(input.platform_version),
            ip_address: shown(input.ip_address)
                .filter(|address| address.parse::<std::net::IpAddr>().is_ok()),
            computer_name: shown(input.computer_name),
        };
        Ok(call
            .context
            .store
            .report_node(&input.instance_id, &report, call.context.now())
            .await?)
    }
}

/// What may be kept of a member: something, short, and without control characters.
fn shown(text: Option<String>) -> Option<String> {
    let kept: String = text?
        .chars()
        .filter(|c| !c.is_control())
        .take(LONGEST)
        .collect();
    (!kept.is_empty()).then_some(kept)
}

/// botocore's model: three or four numbers of at most six digits.
fn is_version(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    (3..=4).contains(&parts.len())
        && parts
            .iter()
            .all(|part| (1..=6).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_version_is_not_kept() {
        for text in ["", "3", "3.3", "3.3.0.0.0", "3.3.x", "3..3", "1234567.0.0"] {
            assert!(!is_version(text), "{text}");
        }
        assert!(is_version("3.3.9999.0"));
    }

    #[test]
    fn control_characters_and_length_do_not_pass() {
        assert_eq!(
            shown(Some("a\u{1b}[2Jb".to_owned())).as_deref(),
            Some("a[2Jb")
        );
        assert_eq!(shown(Some("x".repeat(1000))).unwrap().len(), LONGEST);
        assert_eq!(shown(Some("\n".to_owned())), None);
    }
}
