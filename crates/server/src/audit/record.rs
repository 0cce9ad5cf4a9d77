//! A call as a record in the shape of CloudTrail: pure.
//!
//! Members, their spelling and which are absent when are CloudTrail's (record contents, event version 1.11); what it has
//! no member for stands in `additionalEventData`: the statements that decided, Run As, before and after.

use serde_json::{Map, Value, json};

use super::notes::Noted;
use super::shown::shown;
use crate::api::{Entry, Service};
use crate::codec::iso_time;
use crate::error::ApiError;
use crate::identity::{Caller, Origin, Scope, WebIdentity, Who};
use crate::store::Kind;

const EVENT_VERSION: &str = "1.11";

/// Characters of a user agent that are kept.
const USER_AGENT: usize = 512;

/// What the request says beside its operation and its caller.
#[derive(Debug, Clone, Default)]
pub(crate) struct Heard {
    /// The answer's `x-amzn-requestid`.
    pub(crate) request_id: String,
    /// From where, as text.
    pub(crate) source: Option<String>,
    /// As sent.
    pub(crate) user_agent: Option<String>,
    /// The access key that the request names, proven or not.
    pub(crate) access_key_id: Option<String>,
    /// Whether the web console passed it on.
    pub(crate) by_console: bool,
}

impl Heard {
    fn user_agent(&self) -> Option<String> {
        let agent = self.user_agent.as_deref()?;
        Some(agent.chars().take(USER_AGENT).collect())
    }
}

/// What happened, beside what was heard.
pub(super) struct Happened<'a> {
    pub(super) entry: &'a Entry,
    /// None where nobody proved who they are.
    pub(super) caller: Option<&'a Caller>,
    /// The input's members; null where they were not read.
    pub(super) input: Value,
    pub(super) result: Result<&'a Value, &'a ApiError>,
    pub(super) decisions: Vec<Value>,
    pub(super) more: Map<String, Value>,
    /// ARNs of what it is about.
    pub(super) arns: Vec<String>,
}

impl<'a> Happened<'a> {
    /// A call that got so far, with what was noted about it.
    pub(super) fn served(
        entry: &'a Entry,
        caller: &'a Caller,
        input: Value,
        result: Result<&'a Value, &'a ApiError>,
        noted: Noted,
    ) -> Self {
        Self {
            entry,
            caller: Some(caller),
            input,
            result,
            arns: noted
                .subjects
                .into_iter()
                .map(|subject| subject.arn)
                .collect(),
            decisions: noted.decisions,
            more: noted.more,
        }
    }

    /// A call of somebody who could not prove who they are.
    pub(super) fn unproven(entry: &'a Entry, error: &'a ApiError) -> Self {
        Self {
            entry,
            caller: None,
            input: Value::Null,
            result: Err(error),
            decisions: Vec::new(),
            more: Map::new(),
            arns: Vec::new(),
        }
    }
}

/// The record.
pub(super) fn of_call(scope: Scope<'_>, heard: &Heard, happened: Happened<'_>, now: i64) -> Value {
    let entry = happened.entry;
    let read_only = reads_only(entry.name);
    // Whose keys were got by assuming a role, a later call's key id is found by.
    let gives_keys = entry.service == Service::Sts;
    let answer = happened.result.ok().filter(|_| !read_only || gives_keys);
    let mut more = happened.more;
    if !happened.decisions.is_empty() {
        more.insert("decisions".to_owned(), happened.decisions.into());
    }
    if heard.by_console {
        more.insert("byConsole".to_owned(), true.into());
    }
    let mut record = frame(
        scope,
        now,
        entry.name,
        &source_of(entry.service),
        "AwsApiCall",
    );
    let members = json!({
        "userIdentity": identity(scope, happened.caller, heard.access_key_id.as_deref()),
        "sourceIPAddress": heard.source,
        "userAgent": heard.user_agent(),
        "requestParameters": shown(&happened.input),
        "responseElements": answer.map_or(Value::Null, shown),
        "requestID": heard.request_id,
        "readOnly": read_only,
    });
    extend(&mut record, members);
    if let Err(error) = happened.result {
        let code = error.code().spelling(entry.service.protocol()).0;
        extend(
            &mut record,
            json!({"errorCode": code, "errorMessage": error.message()}),
        );
    }
    if !more.is_empty() {
        extend(&mut record, json!({"additionalEventData": more}));
    }
    let resources: Vec<Value> = happened
        .arns
        .iter()
        .map(|arn| resource(scope, arn))
        .collect();
    if !resources.is_empty() {
        extend(&mut record, json!({"resources": resources}));
    }
    record
}

/// A record of something that the server did by itself, about `arns`.
pub(super) fn of_event(
    scope: Scope<'_>,
    name: &str,
    service: Service,
    details: &Value,
    arns: &[String],
    now: i64,
) -> Value {
    let mut record = frame(scope, now, name, &source_of(service), "AwsServiceEvent");
    let members = json!({
        "userIdentity": {"accountId": scope.account.as_str(), "invokedBy": "usher"},
        "sourceIPAddress": "usher",
        "userAgent": "usher",
        "requestParameters": null,
        "responseElements": null,
        "readOnly": false,
        "serviceEventDetails": details,
        "resources": arns.iter().map(|arn| resource(scope, arn)).collect::<Vec<_>>(),
    });
    extend(&mut record, members);
    record
}

/// Whether the operation changes nothing, by its verb; what CloudTrail counts among those beside them.
pub(super) fn reads_only(operation: &str) -> bool {
    const VERBS: [&str; 8] = [
        "Get", "List", "Describe", "Simulate", "Filter", "Lookup", "Explain", "Head",
    ];
    const OTHERS: [&str; 8] = [
        "AssumeRole",
        "AssumeRoleWithWebIdentity",
        "Decrypt",
        "Encrypt",
        "GenerateDataKey",
        "GenerateDataKeyWithoutPlaintext",
        "ReEncrypt",
        "RequestManagedInstanceRoleToken",
    ];
    VERBS.iter().any(|verb| operation.starts_with(verb)) || OTHERS.contains(&operation)
}

/// Whether what the operation is about is shown before and after: administration, and not the work of sessions.
pub(super) fn administers(operation: &str) -> bool {
    const WORK: [&str; 7] = [
        "PutLogEvents",
        "ReportSessionLog",
        "ResumeSession",
        "StartSession",
        "TerminateSession",
        "UpdateInstanceInformation",
        "CreateLogStream",
    ];
    !reads_only(operation) && !WORK.contains(&operation)
}

/// A call of S3 that got so far: CloudTrail counts those on buckets among management, those on objects as data events.
pub(super) struct ObjectCall<'a> {
    pub(super) name: &'a str,
    pub(super) caller: &'a Caller,
    /// Code and message.
    pub(super) refusal: Option<(&'a str, &'a str)>,
    pub(super) noted: Noted,
}

/// The record of a call of S3.
pub(super) fn of_object_call(
    scope: Scope<'_>,
    heard: &Heard,
    call: &ObjectCall<'_>,
    now: i64,
) -> Value {
    let arns: Vec<&str> = call
        .noted
        .subjects
        .iter()
        .map(|subject| subject.arn.as_str())
        .collect();
    let named = arns
        .first()
        .and_then(|arn| arn.strip_prefix("arn:aws:s3:::"));
    let (bucket, key) = match named.and_then(|named| named.split_once('/')) {
        Some((bucket, key)) => (Some(bucket), Some(key)),
        None => (named, None),
    };
    let is_data = key.is_some() || call.name.contains("Object");
    let mut record = frame(scope, now, call.name, "s3.amazonaws.com", "AwsApiCall");
    let members = json!({
        "userIdentity": identity(scope, Some(call.caller), heard.access_key_id.as_deref()),
        "sourceIPAddress": heard.source,
        "userAgent": heard.user_agent(),
        "requestParameters": {"bucketName": bucket, "key": key},
        "responseElements": null,
        "requestID": heard.request_id,
        "readOnly": reads_only(call.name),
        "managementEvent": !is_data,
        "eventCategory": if is_data { "Data" } else { "Management" },
        "resources": arns.iter().map(|arn| resource(scope, arn)).collect::<Vec<_>>(),
    });
    extend(&mut record, members);
    if let Some((code, message)) = call.refusal {
        extend(
            &mut record,
            json!({"errorCode": code, "errorMessage": message}),
        );
    }
    if !call.noted.decisions.is_empty() {
        let more = json!({"decisions": call.noted.decisions});
        extend(&mut record, json!({"additionalEventData": more}));
    }
    record
}

fn source_of(service: Service) -> String {
    format!("{}.amazonaws.com", service.scope_name())
}

fn frame(scope: Scope<'_>, now: i64, name: &str, source: &str, kind: &str) -> Value {
    json!({
        "eventVersion": EVENT_VERSION,
        "eventTime": iso_time(now),
        "eventSource": source,
        "eventName": name,
        "awsRegion": scope.region,
        "eventID": uuid::Uuid::new_v4().to_string(),
        "eventType": kind,
        "managementEvent": true,
        "eventCategory": "Management",
        "recipientAccountId": scope.account.as_str(),
    })
}

/// CloudTrail's `userIdentity` element.
fn identity(scope: Scope<'_>, caller: Option<&Caller>, key: Option<&str>) -> Value {
    let account = scope.account.as_str();
    let Some(caller) = caller else {
        return json!({"type": "Unknown", "accountId": account, "accessKeyId": key});
    };
    let base = json!({"principalId": caller.user_id, "arn": caller.arn, "accountId": account, "accessKeyId": key});
    let session = |issued: Option<i64>, issuer: Value, source: Option<&str>| {
        let mut context = json!({"attributes": {
            "creationDate": issued.map(iso_time), "mfaAuthenticated": "false"}});
        if !issuer.is_null() {
            extend(&mut context, json!({"sessionIssuer": issuer}));
        }
        if let Some(source) = source {
            extend(&mut context, json!({"sourceIdentity": source}));
        }
        json!({"sessionContext": context})
    };
    let mut identity = base;
    match &caller.who {
        Who::Anonymous => {
            return json!({"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"});
        }
        Who::User { issued, .. } => {
            extend(
                &mut identity,
                json!({"type": "IAMUser", "userName": caller.name}),
            );
            if issued.is_some() {
                extend(&mut identity, session(*issued, Value::Null, None));
            }
        }
        Who::AssumedRole(role) => {
            let issuer = json!({"type": "Role", "principalId": role.role_id, "arn": role.role_arn, "accountId": account,
                "userName": role.role_arn.rsplit('/').next()});
            extend(&mut identity, json!({"type": "AssumedRole"}));
            extend(
                &mut identity,
                session(Some(role.issued), issuer, role.source_identity.as_deref()),
            );
            if let Some(Origin::Web(person)) = caller.bearer.as_ref().map(|bearer| &bearer.origin)
                && let Some(context) = identity.get_mut("sessionContext")
            {
                extend(
                    context,
                    json!({"webIdFederationData": vouched_for(scope, person)}),
                );
            }
        }
        Who::Node(_) => extend(&mut identity, json!({"type": "AssumedRole"})),
    }
    identity
}

/// CloudTrail's `webIdFederationData`: the person who became the role, as the provider said.
fn vouched_for(scope: Scope<'_>, person: &WebIdentity) -> Value {
    let issuer = &person.issuer;
    json!({
        "federatedProvider": scope.entity(Kind::OidcProvider, "/", issuer),
        "attributes": {format!("{issuer}:aud"): person.audience, format!("{issuer}:sub"): person.subject},
    })
}

/// A NUL, which keys of S3 may hold, is shown as in addresses: PostgreSQL takes none in the column that is searched.
fn resource(scope: Scope<'_>, arn: &str) -> Value {
    let shown = arn.replace('\0', "%00");
    json!({"accountId": scope.account.as_str(), "type": kind_of(arn), "ARN": shown})
}

/// CloudFormation's name of the resource type, which CloudTrail uses.
fn kind_of(arn: &str) -> &'static str {
    let mut parts = arn.splitn(6, ':').skip(2);
    let (service, resource) = (
        parts.next().unwrap_or_default(),
        parts.nth(2).unwrap_or_default(),
    );
    let kind = resource.split(['/', ':']).next().unwrap_or_default();
    match (service, kind) {
        ("iam", "user") => "AWS::IAM::User",
        ("iam", "role") | ("sts", "assumed-role") => "AWS::IAM::Role",
        ("iam", "group") => "AWS::IAM::Group",
        ("iam", "policy") => "AWS::IAM::Policy",
        ("iam", "oidc-provider") => "AWS::IAM::OIDCProvider",
        ("ssm", "document") => "AWS::SSM::Document",
        ("ssm", "managed-instance") => "AWS::SSM::ManagedInstance",
        ("ssm", "session") => "AWS::SSM::Session",
        ("kms", "key") => "AWS::KMS::Key",
        ("kms", "alias") => "AWS::KMS::Alias",
        ("s3", _) if resource.contains('/') => "AWS::S3::Object",
        ("s3", _) => "AWS::S3::Bucket",
        ("logs", "log-group") => "AWS::Logs::LogGroup",
        _ => "AWS::Other",
    }
}

fn extend(record: &mut Value, members: Value) {
    if let (Value::Object(record), Value::Object(members)) = (record, members) {
        record.extend(members);
    }
}
