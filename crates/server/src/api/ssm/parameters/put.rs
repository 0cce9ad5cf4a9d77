//! `PutParameter`: a new parameter, or the next version of one.

use serde::{Deserialize, Serialize};
use usher_policy::{AllowedPattern, Context as Keys, refers_to_parameter_store};

use super::super::resource_tags::{checked, request_keys};
use super::ParameterCode;
use super::value::{seal_plain, seal_secure};
use crate::api::iam::Tag;
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::identity::Resource;
use crate::limits;
use crate::parameters::{NameError, check_name};
use crate::store::{ParameterKind, ParameterRow, ParameterStored};

/// The operation.
pub(crate) struct PutParameter;

/// Its input. Not shown by `Debug`: the value may be a secret.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Input {
    name: String,
    description: Option<String>,
    value: String,
    #[serde(rename = "Type")]
    type_: Option<String>,
    key_id: Option<String>,
    overwrite: Option<bool>,
    allowed_pattern: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    tier: Option<String>,
    policies: Option<String>,
    data_type: Option<String>,
}

/// Its output.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    version: i64,
    tier: &'static str,
}

impl Operation for PutParameter {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "PutParameter";
    const ACCESS: Access<Input> = Access::Keyed {
        action: "ssm:PutParameter",
        on: |input| Resource::Parameter(input.name.clone()),
        keys: |input| {
            let overwrite = input.overwrite.unwrap_or(false);
            request_keys(&input.tags).with("ssm:Overwrite", overwrite.to_string())
        },
    };
    type Input = Input;
    type Output = Output;

    async fn run(call: Call<'_>, input: Input) -> Result<Output, ApiError> {
        let context = call.context;
        check_name(context.config.scope(), &input.name).map_err(|error| of_name(&error))?;
        check(&input)?;
        let latest = context.store.parameter(&input.name, None).await?;
        let kind = kind(&input, latest.as_ref())?;
        check_pattern(&input, latest.as_ref())?;
        if !input.tags.is_empty() {
            let parameter = Resource::Parameter(input.name.clone());
            let keys: Keys = request_keys(&input.tags);
            call.demand_with("ssm:AddTagsToResource", &parameter, &keys)
                .await?;
        }
        let tags = checked(input.tags)?;
        let version = latest.as_ref().map_or(0, |latest| latest.version) + 1;
        let (value, kms_key) = match kind {
            ParameterKind::Secure => {
                let sealed = seal_secure(call, &input.name, input.key_id, &input.value).await?;
                (sealed.0, Some(sealed.1))
            }
            ParameterKind::Text | ParameterKind::List => {
                let sealed = seal_plain(context, &input.name, version, &input.value)?;
                (sealed, None)
            }
        };
        let row = ParameterRow {
            name: input.name,
            version,
            kind,
            value,
            kms_key,
            description: input.description,
            allowed_pattern: input
                .allowed_pattern
                .or(latest.and_then(|latest| latest.allowed_pattern)),
            modified: context.now(),
            modified_by: call.caller.arn.clone(),
        };
        let (kept, limit) = (limits::PARAMETER_VERSIONS, limits::PARAMETERS);
        match context
            .store
            .insert_parameter(&row, &tags, kept, limit)
            .await?
        {
            ParameterStored::Stored => Ok(Output {
                version,
                tier: "Standard",
            }),
            ParameterStored::Overtaken => Err(refused(
                ParameterCode::TooManyUpdates,
                "Somebody else changes this parameter at the same time. Look at it, and try again.",
            )),
            ParameterStored::Full => Err(refused(
                ParameterCode::LimitExceeded,
                format!("There are {limit} parameters, the most there can be."),
            )),
        }
    }
}

fn refused(code: ParameterCode, sentence: impl Into<String>) -> ApiError {
    ApiError::new(Code::Parameter(code), sentence)
}

fn of_name(error: &NameError) -> ApiError {
    let code = match error {
        NameError::Levels => Code::Parameter(ParameterCode::HierarchyLevelLimitExceeded),
        NameError::Characters | NameError::Path | NameError::Reserved => Code::Validation,
    };
    ApiError::new(code, error.to_string())
}

/// What the request alone shows to be wrong.
fn check(input: &Input) -> Result<(), ApiError> {
    let invalid = |sentence: &str| Err(ApiError::new(Code::Validation, sentence));
    if !(1..=limits::PARAMETER_VALUE).contains(&input.value.len()) {
        return invalid("The value of a parameter has 1 to 4096 bytes.");
    }
    if refers_to_parameter_store(&input.value) {
        return invalid("Parameter value can't nest another parameter: {{ssm:…}} is not followed.");
    }
    if input
        .description
        .as_ref()
        .is_some_and(|text| text.chars().count() > 1024)
    {
        return Err(ApiError::constraint(
            "description",
            "Member must have length less than or equal to 1024",
        ));
    }
    if !matches!(
        input.tier.as_deref(),
        None | Some("Standard" | "Intelligent-Tiering")
    ) {
        return invalid("Only the tier Standard is served.");
    }
    if input.policies.is_some() {
        return invalid("Policies need the tier Advanced, which is not served.");
    }
    if !matches!(input.data_type.as_deref(), None | Some("text")) {
        return invalid("DataType must be text.");
    }
    if input.key_id.is_some() && input.type_.as_deref() != Some("SecureString") {
        return invalid("KeyId is required for SecureString type parameter only.");
    }
    if input.overwrite == Some(true) && !input.tags.is_empty() {
        return invalid(
            "Invalid request: tags and overwrite can't be used together. To add tags to an existing parameter, use \
             AddTagsToResource.",
        );
    }
    Ok(())
}

/// The kind that the new version has, which is that of the one before it.
fn kind(input: &Input, latest: Option<&ParameterRow>) -> Result<ParameterKind, ApiError> {
    let given = match input.type_.as_deref() {
        None => None,
        Some(text) => Some(ParameterKind::parse(text).ok_or_else(|| {
            let rule = "Member must satisfy enum value set: [SecureString, StringList, String]";
            ApiError::constraint("type", rule)
        })?),
    };
    match (given, latest) {
        (_, Some(_)) if input.overwrite != Some(true) => Err(refused(
            ParameterCode::AlreadyExists,
            "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
        )),
        (Some(given), Some(latest)) if given != latest.kind => Err(refused(
            ParameterCode::HierarchyTypeMismatch,
            "The type of a parameter cannot be changed. Delete it first, or use another name.",
        )),
        (_, Some(latest)) => Ok(latest.kind),
        (Some(given), None) => Ok(given),
        (None, None) => Err(ApiError::new(
            Code::Validation,
            "A parameter type is required when you create a parameter.",
        )),
    }
}

/// The pattern of this version, else that of the one before it, and the value under it.
fn check_pattern(input: &Input, latest: Option<&ParameterRow>) -> Result<(), ApiError> {
    let before = latest.and_then(|latest| latest.allowed_pattern.as_deref());
    let text = input.allowed_pattern.as_deref().or(before);
    let Some(text) = text.filter(|text| !text.is_empty()) else {
        return Ok(());
    };
    let invalid = || {
        let sentence = format!("AllowedPattern {}.", AllowedPattern::RULE);
        refused(ParameterCode::InvalidAllowedPattern, sentence)
    };
    if text.len() > 1024 {
        return Err(invalid());
    }
    let pattern = AllowedPattern::parse(text).ok_or_else(invalid)?;
    if pattern.matches(&input.value) {
        return Ok(());
    }
    Err(refused(
        ParameterCode::PatternMismatch,
        format!("Parameter value, cannot be validated against allowedPattern: {text}"),
    ))
}
