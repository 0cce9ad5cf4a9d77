//! The proof that a caller may assume a role with these session tags.
//!
//! [`Assumption::judge`] is its only maker. Two sides are asked: the role's trust policy in any case, and the caller's own
//! policies unless the trust policy names the caller (control-plane.md 5.4). A tag that decides the OS user needs, besides,
//! a statement on either side that names its values (design section 6).

use std::collections::BTreeMap;

use usher_policy::{
    Context as Keys, RUN_AS_TAG, Request, TrustPolicy, TrustedAs, is_allowed_within,
};

use super::Input;
use crate::api::Call;
use crate::error::{ApiError, Code};
use crate::identity::{
    Bearer, Resource, SessionTag, Verdict, Who, denied, judge_trusted, names_of, of_call,
    of_iam_resource, principal_policies, tag_keys,
};
use crate::store::{Kind, RoleRow, TagRow};

const ASSUME: &str = "sts:AssumeRole";
const TAG: &str = "sts:TagSession";
const SET_SOURCE_IDENTITY: &str = "sts:SetSourceIdentity";

/// A role that may be assumed, with all that the session takes along.
#[derive(Debug)]
pub(super) struct Assumption {
    /// The role.
    pub(super) role: RoleRow,
    /// The person behind the caller.
    pub(super) origin: Bearer,
    /// The session's tags, those of the caller's own role session that are transitive included.
    pub(super) tags: Vec<SessionTag>,
    /// The session's source identity: the caller's own session's, else the one asked for.
    pub(super) source_identity: Option<String>,
}

impl Assumption {
    /// Asks both sides.
    pub(super) async fn judge(call: Call<'_>, input: &Input) -> Result<Self, ApiError> {
        let nobody = || denied(call.caller, ASSUME, &input.role_arn, &not_trusted(ASSUME));
        // A node's keys act only as that node, whatever a role would let it do, and have no person behind them.
        let origin = call.caller.bearer.clone().ok_or_else(nobody)?;
        // Whoever names a role that does not exist learns what a stranger to it learns.
        let role = find(call, &input.role_arn).await?.ok_or_else(nobody)?;
        let tags = session_tags(call, input)?;
        let source_identity = source_identity(call, input)?;
        let identity = source_identity.as_deref();
        let question = Question::new(call, input, &role, &tags, identity).await?;
        question.ask(ASSUME).await?;
        if identity.is_some() {
            question.ask(SET_SOURCE_IDENTITY).await?;
        }
        if !tags.is_empty() {
            question.ask(TAG).await?;
        }
        if tags.iter().any(|tag| tag.key == RUN_AS_TAG) {
            question.demand_bound_run_as().await?;
        }
        Ok(Self {
            origin,
            role,
            tags,
            source_identity,
        })
    }
}

fn not_trusted(action: &str) -> String {
    format!("because no resource-based policy allows the {action} action")
}

/// The role of exactly this ARN.
async fn find(call: Call<'_>, arn: &str) -> Result<Option<RoleRow>, ApiError> {
    let name = arn.rsplit('/').next().unwrap_or_default();
    let role = call.context.store.role_named(name).await?;
    let scope = call.context.config.scope();
    Ok(role.filter(|role| scope.entity(Kind::Role, &role.entity.path, &role.entity.name) == arn))
}

/// The source identity says who it was at the beginning of a chain of roles, so a later link cannot say otherwise.
fn source_identity(call: Call<'_>, input: &Input) -> Result<Option<String>, ApiError> {
    let inherited = match &call.caller.who {
        Who::AssumedRole(session) => session.source_identity.clone(),
        Who::User { .. } | Who::Node(_) | Who::Anonymous => None,
    };
    match (inherited, &input.source_identity) {
        (Some(inherited), Some(given)) if inherited != *given => {
            let why = format!(
                "because the calling session has the source identity {inherited}, which cannot be changed"
            );
            Err(denied(
                call.caller,
                SET_SOURCE_IDENTITY,
                &input.role_arn,
                &why,
            ))
        }
        (inherited, given) => Ok(inherited.or_else(|| given.clone())),
    }
}

/// What is given, over what the caller's own role session hands on and nobody overrides.
fn session_tags(call: Call<'_>, input: &Input) -> Result<Vec<SessionTag>, ApiError> {
    let mut tags = Vec::new();
    if let Who::AssumedRole(session) = &call.caller.who {
        for key in &session.transitive {
            if input
                .tags
                .iter()
                .any(|tag| tag.pair().0.to_lowercase() == key.to_lowercase())
            {
                return Err(ApiError::new(
                    Code::Validation,
                    format!(
                        "The session tag {key} is a transitive tag of the calling session and cannot be set again."
                    ),
                ));
            }
            tags.extend(call.caller.session_tags.value(key).map(|value| SessionTag {
                key: key.clone(),
                value: value.to_owned(),
                transitive: true,
            }));
        }
    }
    tags.extend(input.tags.iter().map(|tag| {
        let (key, value) = tag.pair();
        SessionTag {
            key: key.to_owned(),
            value: value.to_owned(),
            transitive: input.transitive_tag_keys.iter().any(|one| one == key),
        }
    }));
    Ok(tags)
}

/// What both sides are asked about.
struct Question<'a> {
    call: Call<'a>,
    role_arn: &'a str,
    resource: Resource,
    trust: TrustPolicy,
    /// The caller's names, as far as the role trusts who bears them now.
    names: Vec<String>,
    /// Condition keys of this call alone, and all of them.
    own_keys: Keys,
    keys: Keys,
}

impl<'a> Question<'a> {
    async fn new(
        call: Call<'a>,
        input: &'a Input,
        role: &RoleRow,
        tags: &[SessionTag],
        source_identity: Option<&str>,
    ) -> Result<Self, ApiError> {
        let transitive = tags.iter().filter(|tag| tag.transitive);
        let own_keys = tag_keys(
            tags.iter()
                .map(|tag| (tag.key.as_str(), tag.value.as_str())),
        )
        .with("sts:RoleSessionName", &input.role_session_name);
        let own_keys = match transitive.clone().next() {
            Some(_) => own_keys.with_set("sts:TransitiveTagKeys", transitive.map(|tag| &tag.key)),
            None => own_keys,
        };
        let own_keys = match source_identity {
            Some(identity) => own_keys.with("sts:SourceIdentity", identity),
            None => own_keys,
        };
        let own_keys = match &input.external_id {
            Some(id) => own_keys.with("sts:ExternalId", id),
            None => own_keys,
        };
        let role_tags = call.context.store.tags(&role.entity.id).await?;
        let of_role = of_iam_resource(role_tags.iter().map(TagRow::pair));
        let ids: BTreeMap<String, String> =
            serde_json::from_str(&role.trust.ids).map_err(ApiError::internal)?;
        Ok(Self {
            call,
            role_arn: &input.role_arn,
            resource: Resource::Entity(Kind::Role, role.entity.name.clone()),
            trust: TrustPolicy::parse(&role.trust.document).map_err(ApiError::internal)?,
            names: names_of(call.caller, &ids),
            keys: of_call(call.context, call.caller)
                .and(&of_role)
                .and(&own_keys),
            own_keys,
        })
    }

    fn trusted_as(&self) -> TrustedAs<'_> {
        TrustedAs {
            account: self.call.context.config.account.as_str(),
            arns: &self.names,
        }
    }

    fn request(&self, action: &'a str) -> Request<'_> {
        Request {
            action,
            resource: self.role_arn,
            context: &self.keys,
        }
    }

    /// Refuses unless both sides allow `action`.
    async fn ask(&self, action: &'a str) -> Result<(), ApiError> {
        let Call { context, caller } = self.call;
        let trust = self
            .trust
            .judge(self.role_arn, self.trusted_as(), &self.request(action));
        let keys = &self.own_keys;
        match judge_trusted(context, caller, action, &self.resource, keys, trust).await? {
            Verdict::Allowed => Ok(()),
            Verdict::Denied(refusal) | Verdict::NotAllowed(refusal) => Err(refusal),
        }
    }

    /// Refuses unless a statement that allows the tags also names the values that the Run As tag may have. Without one,
    /// whoever may tag a session could name any OS user.
    async fn demand_bound_run_as(&self) -> Result<(), ApiError> {
        let Call { context, caller } = self.call;
        let (request, key) = (self.request(TAG), format!("aws:RequestTag/{RUN_AS_TAG}"));
        let is_bound = self
            .trust
            .is_allowed_within(self.trusted_as(), &request, &key)
            || is_allowed_within(&principal_policies(context, caller).await?, &request, &key);
        if is_bound {
            return Ok(());
        }
        let why = format!(
            "with the session tag {RUN_AS_TAG}: it names the OS user of sessions, so the statement that allows {TAG} \
             must name its values by a condition on {key}, and none does"
        );
        Err(denied(caller, TAG, self.role_arn, &why))
    }
}
