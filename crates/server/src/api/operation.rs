//! How an operation says what it is called, who may call it, and what it does.
//!
//! Owns the invariant that no operation is served without a rule: [`Operation::ACCESS`] has no
//! default, and `entry` puts authentication and that rule before `run`. Knows no HTTP.

use std::pin::Pin;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use usher_policy::Context as Keys;

use crate::codec;
use crate::context::Context;
use crate::error::{ApiError, Code, Protocol};
use crate::identity::{Caller, Resource, Signature, Who, authorize};

/// What stands before the operation in CloudTrail's `X-Amz-Target`, which has dots of its own.
const CLOUD_TRAIL: &str = "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101";

/// The AWS services we are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Service {
    /// Systems Manager.
    Ssm,
    /// Key Management Service.
    Kms,
    /// CloudWatch Logs.
    Logs,
    /// Identity and Access Management.
    Iam,
    /// Security Token Service.
    Sts,
    /// CloudTrail.
    CloudTrail,
    /// Elastic Compute Cloud: its one operation, which shows managed nodes as instances.
    Ec2,
}

impl Service {
    /// The name in a credential scope.
    pub(crate) fn scope_name(self) -> &'static str {
        match self {
            Self::Ssm => "ssm",
            Self::Kms => "kms",
            Self::Logs => "logs",
            Self::Iam => "iam",
            Self::Sts => "sts",
            Self::CloudTrail => "cloudtrail",
            Self::Ec2 => "ec2",
        }
    }

    /// The JSON service that `X-Amz-Target` means by what stands before the operation.
    pub(crate) fn of_target(prefix: &str) -> Option<Self> {
        match prefix {
            "AmazonSSM" => Some(Self::Ssm),
            "TrentService" => Some(Self::Kms),
            "Logs_20140328" => Some(Self::Logs),
            CLOUD_TRAIL => Some(Self::CloudTrail),
            _ => None,
        }
    }

    /// The body format.
    pub(crate) fn protocol(self) -> Protocol {
        match self {
            Self::Ssm | Self::Kms | Self::Logs | Self::CloudTrail => Protocol::Json,
            Self::Iam | Self::Sts => Protocol::Query,
            Self::Ec2 => Protocol::Ec2,
        }
    }

    /// The XML namespace of its answers; JSON services have none.
    pub(crate) fn namespace(self) -> &'static str {
        match self {
            Self::Ssm | Self::Kms | Self::Logs | Self::CloudTrail => "",
            Self::Iam => "https://iam.amazonaws.com/doc/2010-05-08/",
            Self::Sts => "https://sts.amazonaws.com/doc/2011-06-15/",
            Self::Ec2 => "http://ec2.amazonaws.com/doc/2016-11-15/",
        }
    }
}

/// Who may call an operation whose input is `I`.
pub(crate) enum Access<I> {
    /// Anybody, unsigned: the input itself carries `authority`.
    Anonymous {
        /// What in the input proves the right, for the table of rules.
        authority: &'static str,
    },
    /// A node, signing with its registration key, about itself.
    RegistrationKey,
    /// Whoever signs; no policy can withhold it.
    AnySigner,
    /// A node with its own temporary keys, when the id in the input is its own.
    OwnNode {
        /// The id in the input.
        named: fn(&I) -> &str,
    },
    /// A session's own keys, which its node's agent has, when the session in the input is theirs.
    OwnSession {
        /// The session's id in the input.
        named: fn(&I) -> &str,
    },
    /// Whom a policy allows `action` on the resource that the input names.
    Policy {
        /// `ssm:GetDocument`.
        action: &'static str,
        /// What it is done to.
        on: fn(&I) -> Resource,
    },
    /// As `Policy`, where the input also brings condition keys: the tags that it sets or removes, the policy that it
    /// attaches.
    Keyed {
        /// `iam:TagUser`.
        action: &'static str,
        /// What it is done to.
        on: fn(&I) -> Resource,
        /// The keys.
        keys: fn(&I) -> Keys,
    },
    /// Whom `run` itself lets through by [`Call::demand`], because more than one resource decides.
    /// `run` must not act before.
    Within {
        /// The action it demands.
        action: &'static str,
    },
}

/// One operation.
pub(crate) trait Operation: 'static {
    /// Whose it is.
    const SERVICE: Service;
    /// Its name on the wire.
    const NAME: &'static str;
    /// Who may call it.
    const ACCESS: Access<Self::Input>;
    /// Its members as botocore's model has them; unknown ones are ignored.
    type Input: DeserializeOwned + Send + Sync;
    /// The answer's members; `None` is left out.
    type Output: Serialize + Send;

    /// Does it, for a caller that passed the rule.
    fn run(
        call: Call<'_>,
        input: Self::Input,
    ) -> impl Future<Output = Result<Self::Output, ApiError>> + Send;
}

/// What `run` gets beside its input.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Call<'a> {
    /// The server.
    pub(crate) context: &'a Context,
    /// Who calls.
    pub(crate) caller: &'a Caller,
}

impl Call<'_> {
    /// Refuses unless policy allows the caller `action` on `resource`.
    pub(crate) async fn demand(&self, action: &str, resource: &Resource) -> Result<(), ApiError> {
        self.demand_with(action, resource, &Keys::default()).await
    }

    /// As [`Call::demand`], with condition keys of this one action.
    pub(crate) async fn demand_with(
        &self,
        action: &str,
        resource: &Resource,
        keys: &Keys,
    ) -> Result<(), ApiError> {
        authorize(self.context, self.caller, action, resource, keys).await
    }
}

type Answer<'a> = Pin<Box<dyn Future<Output = Result<Value, ApiError>> + Send + 'a>>;

/// An operation in the table, its types forgotten.
pub(crate) struct Entry {
    /// Whose it is.
    pub(crate) service: Service,
    /// Its name on the wire.
    pub(crate) name: &'static str,
    /// How a call of it is signed.
    pub(crate) signature: Signature,
    /// The rule in words: an IAM action, or who instead.
    pub(crate) rule: &'static str,
    /// For an input, what its rule is judged on, in words for the table of operations.
    #[cfg(test)]
    pub(super) judged_on: fn(&Value) -> Result<String, serde_json::Error>,
    /// Decodes, authorises, runs, encodes.
    pub(crate) serve: for<'a> fn(Call<'a>, &'a Bytes) -> Answer<'a>,
}

/// The table's entry for `O`.
pub(crate) const fn entry<O: Operation>() -> Entry {
    let (signature, rule) = match &O::ACCESS {
        Access::Anonymous { authority } => (Signature::None, *authority),
        Access::RegistrationKey => (
            Signature::RegistrationKey,
            "the node itself, by its registration key",
        ),
        Access::AnySigner => (Signature::SigV4, "whoever signs"),
        Access::OwnNode { .. } => (Signature::SigV4, "the node itself, by its temporary keys"),
        Access::OwnSession { .. } => (
            Signature::SigV4,
            "the session itself, by its temporary keys",
        ),
        Access::Policy { action, .. }
        | Access::Keyed { action, .. }
        | Access::Within { action } => (Signature::SigV4, *action),
    };
    Entry {
        service: O::SERVICE,
        name: O::NAME,
        signature,
        rule,
        #[cfg(test)]
        judged_on: super::table::judged_on::<O>,
        serve: |call, body| Box::pin(serve::<O>(call, body)),
    }
}

async fn serve<O: Operation>(call: Call<'_>, body: &Bytes) -> Result<Value, ApiError> {
    refuse_session_token::<O>(call.caller)?;
    let input: O::Input = codec::decode(O::SERVICE.protocol(), body)?;
    match &O::ACCESS {
        // `authenticate` has asked for exactly this signature.
        Access::Anonymous { .. } | Access::RegistrationKey | Access::AnySigner => {}
        Access::OwnNode { named } => own_node(call.caller, named(&input))?,
        Access::OwnSession { named } => own_session(call.caller, named(&input))?,
        Access::Policy { action, on } => call.demand(action, &on(&input)).await?,
        Access::Keyed { action, on, keys } => {
            call.demand_with(action, &on(&input), &keys(&input)).await?;
        }
        Access::Within { .. } => {}
    }
    let output = O::run(call, input).await?;
    if O::SERVICE == Service::Iam && !reads_only(O::NAME) {
        // Whose live sessions must end for it is looked at at once.
        call.context.standing.identities_changed();
    }
    codec::encode(&output)
}

fn reads_only(operation: &str) -> bool {
    ["Get", "List", "Simulate"]
        .iter()
        .any(|verb| operation.starts_with(verb))
}

/// Keys from GetSessionToken may nothing in IAM, and in STS only what AWS lets them (control-plane.md 5.4): whoever
/// finds them lying about must not make lasting ones of them.
fn refuse_session_token<O: Operation>(caller: &Caller) -> Result<(), ApiError> {
    let is_session_token = matches!(
        caller.who,
        Who::User {
            issued: Some(_),
            ..
        }
    );
    let is_open = match O::SERVICE {
        Service::Iam => false,
        Service::Sts => ["AssumeRole", "GetCallerIdentity"].contains(&O::NAME),
        _ => true,
    };
    if !is_session_token || is_open {
        return Ok(());
    }
    Err(ApiError::new(
        Code::AccessDenied,
        format!(
            "User: {} cannot call {} with keys from GetSessionToken: call it with the user's own access key.",
            caller.arn,
            O::NAME
        ),
    ))
}

fn own_session(caller: &Caller, named: &str) -> Result<(), ApiError> {
    match &caller.who {
        Who::Node(scope)
            if scope
                .session
                .as_ref()
                .is_some_and(|own| own.as_str() == named) =>
        {
            Ok(())
        }
        _ => Err(ApiError::new(
            Code::AccessDenied,
            format!(
                "{} does not act as the session {}",
                caller.arn,
                named.escape_debug()
            ),
        )),
    }
}

fn own_node(caller: &Caller, named: &str) -> Result<(), ApiError> {
    if caller.whole_node()?.as_str() == named {
        return Ok(());
    }
    Err(ApiError::new(
        Code::AccessDenied,
        format!("{} acts only as itself, not as {named}", caller.arn),
    ))
}
