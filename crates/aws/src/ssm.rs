//! The SSM operations that client and agent call, each with its shapes. Members we do not use are left out:
//! an answer may always carry more.

mod administrators;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use usher_wire::secret::Secret;

use crate::{CallError, Identity, JsonClient};
pub use administrators::{RunAsAdministrator, RunAsWay};

/// AWS serves at most this many nodes in one answer (5 to 50).
const NODES_PER_PAGE: u8 = 50;

/// The same for sessions.
const SESSIONS_PER_PAGE: u8 = 200;

/// More nodes than this are not listed: a service that never ends its pages must not hold us.
const MAX_PAGES: usize = 1000;

/// SSM at one endpoint.
#[derive(Debug, Clone)]
pub struct Ssm {
    client: JsonClient,
}

/// Input of StartSession.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct StartSession {
    /// Node id.
    pub target: String,
    /// Session document; the account's preferences when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_name: Option<String>,
    /// Shown in history and audit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Document parameters.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Vec<String>>,
}

/// Answer of StartSession: what opens the client's side.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct StartedSession {
    /// The session's id.
    pub session_id: String,
    /// Where its data channel is.
    pub stream_url: String,
    /// Secret that opens it.
    pub token_value: Secret,
}

/// Answer of ResumeSession; without a token the session has ended.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResumedSession {
    /// Where the data channel is now.
    pub stream_url: Option<String>,
    /// The new secret.
    pub token_value: Option<Secret>,
}

/// Input of ExplainRunAs, which only Usher has.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExplainRunAs {
    /// ARN of a user or role; the caller when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub principal: Option<String>,
    /// As AssumeRole would set them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub session_tags: Vec<Tag>,
    /// Node id, if a node is to be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<String>,
    /// Session document; the account's preferences when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_name: Option<String>,
    /// Document parameters.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub parameters: BTreeMap<String, Vec<String>>,
}

/// Input of ReportSessionLog, which only Usher has: how the log stands that an agent writes itself.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct SessionLogReport {
    /// Of this session.
    pub session_id: String,
    /// `logs` or `s3`.
    pub sink: &'static str,
    /// Why it cannot be written now; none: it can.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
    /// Everything is there.
    pub is_complete: bool,
}

/// A tag.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Tag {
    /// Its key.
    pub key: String,
    /// Its value, perhaps empty.
    pub value: String,
}

/// Answer of ExplainRunAs.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ExplainedRunAs {
    /// Whose session it would be.
    pub principal: String,
    /// The document.
    pub document_name: String,
    /// Which rule decides.
    pub rule: String,
    /// `RunAs`, `SsmUser` or `Refused`.
    pub decision: String,
    /// The OS user, where one is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os_user: Option<String>,
    /// Why there would be no session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What the node says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<NodeVerdict>,
}

/// What a node says to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct NodeVerdict {
    /// The node.
    pub target: String,
    /// `Accepted`, `Refused` or `Unknown`.
    pub decision: String,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A managed node as DescribeInstanceInformation lists it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ManagedNode {
    /// `mi-…`.
    pub instance_id: String,
    /// `Online`, `ConnectionLost` or `Inactive`.
    #[serde(default)]
    pub ping_status: String,
    /// Host name the agent reported.
    #[serde(default)]
    pub computer_name: String,
    /// Name given at activation.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub name: String,
    /// `Linux` or `MacOS`.
    #[serde(default)]
    pub platform_type: String,
    /// Distribution.
    #[serde(default)]
    pub platform_name: String,
    /// Its version.
    #[serde(default)]
    pub platform_version: String,
    /// Version of the agent.
    #[serde(default)]
    pub agent_version: String,
    /// Address the agent reported.
    #[serde(rename = "IPAddress", default)]
    pub ip_address: String,
}

/// Input of RegisterManagedInstance, which is sent unsigned.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct ActivationRegistration {
    /// UUID of the activation.
    pub activation_id: String,
    /// Its secret.
    pub activation_code: Secret,
    /// Base64 of the DER SubjectPublicKeyInfo of an RSA 2048 key.
    pub public_key: String,
    /// `Rsa`.
    pub public_key_type: String,
    /// UUID that stays with the machine.
    pub fingerprint: String,
}

/// Answer of RegisterManagedInstance.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RegisteredNode {
    /// The node's id.
    pub instance_id: String,
    /// What only our own server adds: the grant key as `{"GrantPublicKey": "<base64>"}`.
    pub usher: Option<Value>,
}

/// Answer of RequestManagedInstanceRoleToken.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RoleToken {
    /// `ASIA…`.
    pub access_key_id: String,
    /// Secret.
    pub secret_access_key: Secret,
    /// Secret.
    pub session_token: Secret,
    /// Epoch seconds.
    pub token_expiration_date: f64,
    /// Whether the service asks for a new registration key now.
    pub update_key_pair: bool,
}

/// A page of GetSessionRecording, which AWS does not have.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RecordingPage {
    /// Lines of asciicast v2, the header as the first line of the first page; where it is sealed, of what travelled
    /// (`usher_wire::sealed_recording`).
    pub content: String,
    /// KMS encrypted the session, and the reader must decrypt.
    #[serde(default)]
    pub is_sealed: bool,
    /// The session's node.
    #[serde(default)]
    pub target: String,
    /// Asks for the next page; none on the last one.
    pub next_token: Option<String>,
}

/// Answer of VerifySessionRecording, which AWS does not have.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct VerifiedRecording {
    /// Nothing in it was changed, moved or removed.
    pub is_intact: bool,
    /// What is wrong.
    pub problem: Option<String>,
    /// Whether its end was checked, too.
    pub is_finished: bool,
    /// It holds what travelled, which KMS encrypted.
    #[serde(default)]
    pub is_sealed: bool,
    /// Why it does not hold the whole session.
    pub lost: Option<String>,
    /// Length of its file.
    pub bytes: u64,
    /// Blocks of its file.
    pub blocks: u64,
    /// Hash over its blocks, hexadecimal.
    pub hash: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SessionPage {
    #[serde(default)]
    sessions: Vec<Value>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct NodePage {
    #[serde(default)]
    instance_information_list: Vec<ManagedNode>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct ConnectionStatus {
    status: String,
}

impl Ssm {
    /// SSM through `client`.
    #[must_use]
    pub fn new(client: JsonClient) -> Self {
        Self { client }
    }

    /// What the calls go through, for the server's other services.
    #[must_use]
    pub fn client(&self) -> &JsonClient {
        &self.client
    }

    /// Starts a session. Never repeat it blindly: each call that succeeds starts one.
    ///
    /// # Errors
    /// As every operation here: the service's refusal, or what kept it from answering.
    pub async fn start_session(
        &self,
        identity: Identity<'_>,
        input: &StartSession,
    ) -> Result<StartedSession, CallError> {
        self.client.call(identity, "StartSession", input).await
    }

    /// As whom a session would run, and what a node says to that.
    ///
    /// # Errors
    /// As every operation here.
    pub async fn explain_run_as(
        &self,
        identity: Identity<'_>,
        input: &ExplainRunAs,
    ) -> Result<ExplainedRunAs, CallError> {
        self.client.call(identity, "ExplainRunAs", input).await
    }

    /// Asks for a new token of a session that lost its connection.
    ///
    /// # Errors
    /// `DoesNotExistException` for an unknown session.
    pub async fn resume_session(
        &self,
        identity: Identity<'_>,
        session_id: &str,
    ) -> Result<ResumedSession, CallError> {
        self.client
            .call(identity, "ResumeSession", &json!({"SessionId": session_id}))
            .await
    }

    /// Ends a session; ending an ended one is no error.
    ///
    /// # Errors
    /// `DoesNotExistException` for an unknown session.
    pub async fn terminate_session(
        &self,
        identity: Identity<'_>,
        session_id: &str,
    ) -> Result<(), CallError> {
        let _: Value = self
            .client
            .call(
                identity,
                "TerminateSession",
                &json!({"SessionId": session_id}),
            )
            .await?;
        Ok(())
    }

    /// A page of a session's recording: the first, or the one that `token` of the page before asks for.
    ///
    /// # Errors
    /// `DoesNotExistException` where there is none; `AccessDeniedException` also for the session's owner.
    pub async fn recording(
        &self,
        identity: Identity<'_>,
        session_id: &str,
        token: Option<String>,
    ) -> Result<RecordingPage, CallError> {
        let input = json!({"SessionId": session_id, "NextToken": token, "AcceptSealed": true});
        self.client
            .call(identity, "GetSessionRecording", &input)
            .await
    }

    /// Whether a session's recording is what was written.
    ///
    /// # Errors
    /// As [`Ssm::recording`].
    pub async fn verify_recording(
        &self,
        identity: Identity<'_>,
        session_id: &str,
    ) -> Result<VerifiedRecording, CallError> {
        let input = json!({"SessionId": session_id});
        self.client
            .call(identity, "VerifySessionRecording", &input)
            .await
    }

    /// Whether the node's control channel is up; an unknown node is not connected.
    ///
    /// # Errors
    /// Only what keeps the service from answering.
    pub async fn is_connected(
        &self,
        identity: Identity<'_>,
        node: &str,
    ) -> Result<bool, CallError> {
        let answer: ConnectionStatus = self
            .client
            .call(identity, "GetConnectionStatus", &json!({"Target": node}))
            .await?;
        Ok(answer.status == "connected")
    }

    /// Every managed node the caller may see, page by page.
    ///
    /// # Errors
    /// `AccessDeniedException` where listing is not allowed.
    pub async fn nodes(&self, identity: Identity<'_>) -> Result<Vec<ManagedNode>, CallError> {
        let mut nodes = Vec::new();
        let mut input = json!({"MaxResults": NODES_PER_PAGE});
        for _ in 0..MAX_PAGES {
            let page: NodePage = self
                .client
                .call(identity, "DescribeInstanceInformation", &input)
                .await?;
            nodes.extend(page.instance_information_list);
            match page.next_token.filter(|token| !token.is_empty()) {
                Some(token) => input = json!({"MaxResults": NODES_PER_PAGE, "NextToken": token}),
                None => return Ok(nodes),
            }
        }
        Err(self.client.senseless("the list of nodes does not end"))
    }

    /// Sessions as DescribeSessions shows them, newest first: `state` is `Active` or `History`, `filters` are its own.
    ///
    /// # Errors
    /// `AccessDeniedException` where listing is not allowed.
    pub async fn sessions(
        &self,
        identity: Identity<'_>,
        state: &str,
        filters: &Value,
    ) -> Result<Vec<Value>, CallError> {
        let mut sessions = Vec::new();
        let mut input =
            json!({"State": state, "MaxResults": SESSIONS_PER_PAGE, "Filters": filters});
        for _ in 0..MAX_PAGES {
            let page: SessionPage = self
                .client
                .call(identity, "DescribeSessions", &input)
                .await?;
            sessions.extend(page.sessions);
            match page.next_token.filter(|token| !token.is_empty()) {
                Some(token) => {
                    input = json!({"State": state, "MaxResults": SESSIONS_PER_PAGE, "Filters": filters, "NextToken": token});
                }
                None => return Ok(sessions),
            }
        }
        Err(self.client.senseless("the list of sessions does not end"))
    }

    /// Registers this machine against an activation; authority is the activation alone, so it is unsigned.
    ///
    /// # Errors
    /// `InvalidActivation` when id and code do not fit, are spent or have expired.
    pub async fn register(
        &self,
        input: &ActivationRegistration,
    ) -> Result<RegisteredNode, CallError> {
        self.client
            .call(Identity::Anonymous, "RegisterManagedInstance", input)
            .await
    }

    /// Temporary credentials of the node's role; `identity` is the registration key.
    ///
    /// # Errors
    /// `MachineFingerprintDoesNotMatch` when another machine uses the key.
    pub async fn role_token(
        &self,
        identity: Identity<'_>,
        fingerprint: &str,
    ) -> Result<RoleToken, CallError> {
        let input = json!({"Fingerprint": fingerprint});
        self.client
            .call(identity, "RequestManagedInstanceRoleToken", &input)
            .await
    }

    /// Tells the service what this node is; `facts` are the members of agent.md section 1.10.
    ///
    /// # Errors
    /// Only what keeps the service from answering.
    pub async fn update_instance_information(
        &self,
        identity: Identity<'_>,
        facts: &Value,
    ) -> Result<(), CallError> {
        let _: Value = self
            .client
            .call(identity, "UpdateInstanceInformation", facts)
            .await?;
        Ok(())
    }

    /// Tells the service how the log of a session stands; `identity` is the session's own.
    ///
    /// # Errors
    /// Only what keeps the service from answering, or an identity that is not the session's.
    pub async fn report_session_log(
        &self,
        identity: Identity<'_>,
        report: &SessionLogReport,
    ) -> Result<(), CallError> {
        let _: Value = self
            .client
            .call(identity, "ReportSessionLog", report)
            .await?;
        Ok(())
    }
}
