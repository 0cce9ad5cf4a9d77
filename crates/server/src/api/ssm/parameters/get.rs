//! `GetParameter`, `GetParameters`, `GetParametersByPath`: values, to who may read that parameter.

use serde::{Deserialize, Serialize};
use usher_policy::Context as Keys;

use super::super::paging::not_ours;
use super::ParameterCode;
use super::filter::{Filter, Given};
use super::value::shown;
use crate::api::{Access, Call, Operation, Service, page};
use crate::codec::EpochSeconds;
use crate::error::{ApiError, Code};
use crate::identity::{Resource, Verdict, judge};
use crate::parameters::Named;
use crate::store::ParameterRow;

const BY_PATH: &str = "ssm:GetParametersByPath";
/// Names in one call of GetParameters, and values on a page, at most.
const MOST: usize = 10;
/// Parameters read from the database at once while a page fills.
const READ_AHEAD: i64 = 100;

pub(crate) struct GetParameter;
pub(crate) struct GetParameters;
pub(crate) struct GetParametersByPath;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneInput {
    name: String,
    #[serde(default)]
    with_decryption: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SomeInput {
    names: Vec<String>,
    #[serde(default)]
    with_decryption: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PathInput {
    path: String,
    #[serde(default)]
    recursive: bool,
    #[serde(default)]
    parameter_filters: Vec<Given>,
    #[serde(default)]
    with_decryption: bool,
    max_results: Option<i64>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneOutput {
    parameter: Parameter,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SomeOutput {
    parameters: Vec<Parameter>,
    invalid_parameters: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PathOutput {
    parameters: Vec<Parameter>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Parameter {
    name: String,
    #[serde(rename = "Type")]
    type_: &'static str,
    value: String,
    version: i64,
    selector: Option<String>,
    last_modified_date: EpochSeconds,
    #[serde(rename = "ARN")]
    arn: String,
    data_type: &'static str,
}

async fn described(
    call: Call<'_>,
    row: ParameterRow,
    selector: Option<String>,
    with_decryption: bool,
) -> Result<Parameter, ApiError> {
    Ok(Parameter {
        value: shown(call, &row, with_decryption).await?,
        type_: row.kind.as_str(),
        version: row.version,
        selector,
        last_modified_date: EpochSeconds(row.modified),
        arn: call.context.config.scope().parameter(&row.name),
        name: row.name,
        data_type: "text",
    })
}

/// What `given` names, and the row of the version that it asks for.
async fn find(
    call: Call<'_>,
    given: &str,
) -> Result<Result<(ParameterRow, Option<String>), ParameterCode>, ApiError> {
    let Some(named) = Named::parse(call.context.config.scope(), given) else {
        return Ok(Err(ParameterCode::NotFound));
    };
    let store = &call.context.store;
    if store.parameter(&named.name, None).await?.is_none() {
        return Ok(Err(ParameterCode::NotFound));
    }
    let Some(version) = named.version() else {
        return Ok(Err(ParameterCode::VersionNotFound));
    };
    let row = store.parameter(&named.name, version).await?;
    Ok(row
        .map(|row| (row, named.selector))
        .ok_or(ParameterCode::VersionNotFound))
}

impl Operation for GetParameter {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "GetParameter";
    const ACCESS: Access<OneInput> = Access::Policy {
        action: "ssm:GetParameter",
        on: |input| Resource::Parameter(input.name.clone()),
    };
    type Input = OneInput;
    type Output = OneOutput;

    async fn run(call: Call<'_>, input: OneInput) -> Result<OneOutput, ApiError> {
        let (row, selector) = find(call, &input.name).await?.map_err(|code| {
            let shown = input.name.escape_debug();
            let sentence = match code {
                ParameterCode::VersionNotFound => format!(
                    "Systems Manager could not find version of {shown}. Verify the version and try again."
                ),
                _ => format!("Parameter {shown} not found."),
            };
            ApiError::new(Code::Parameter(code), sentence)
        })?;
        let parameter = described(call, row, selector, input.with_decryption).await?;
        Ok(OneOutput { parameter })
    }
}

impl Operation for GetParameters {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "GetParameters";
    const ACCESS: Access<SomeInput> = Access::Within {
        action: "ssm:GetParameters",
    };
    type Input = SomeInput;
    type Output = SomeOutput;

    async fn run(call: Call<'_>, input: SomeInput) -> Result<SomeOutput, ApiError> {
        check_count(&input.names)?;
        for name in &input.names {
            let parameter = Resource::Parameter(name.clone());
            call.demand("ssm:GetParameters", &parameter).await?;
        }
        let mut parameters = Vec::new();
        let mut invalid_parameters = Vec::new();
        for name in input.names {
            match find(call, &name).await? {
                Ok((row, selector)) => {
                    let shown = described(call, row, selector, input.with_decryption);
                    parameters.push(shown.await?);
                }
                Err(_) => invalid_parameters.push(name),
            }
        }
        Ok(SomeOutput {
            parameters,
            invalid_parameters,
        })
    }
}

/// The model's limit for lists of names.
pub(super) fn check_count(names: &[String]) -> Result<(), ApiError> {
    match names.len() {
        1..=MOST => Ok(()),
        _ => Err(ApiError::constraint(
            "names",
            "Member must have length between 1 and 10",
        )),
    }
}

impl Operation for GetParametersByPath {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "GetParametersByPath";
    const ACCESS: Access<PathInput> = Access::Keyed {
        action: BY_PATH,
        on: |input| Resource::Parameter(input.path.clone()),
        keys: |input| Keys::default().with("ssm:Recursive", input.recursive.to_string()),
    };
    type Input = PathInput;
    type Output = PathOutput;

    async fn run(call: Call<'_>, input: PathInput) -> Result<PathOutput, ApiError> {
        if !input.path.starts_with('/') {
            return Err(ApiError::new(
                Code::Validation,
                "The parameter doesn't meet the parameter name requirements: a path begins with a slash.",
            ));
        }
        let limit = match input.max_results.map(usize::try_from) {
            None => MOST,
            Some(Ok(results @ 1..=MOST)) => results,
            Some(_) => {
                let rule = "Member must be between 1 and 10";
                return Err(ApiError::constraint("maxResults", rule));
            }
        };
        let mut filters = Filter::of_path(input.parameter_filters)?;
        filters.push(Filter::within(&input.path, input.recursive));
        let mut after = match &input.next_token {
            None => String::new(),
            Some(token) => page::key_of(token).ok_or_else(not_ours)?,
        };
        let prefix = format!("{}/", input.path.trim_end_matches('/'));
        let mut found = Vec::new();
        while found.len() <= limit {
            let store = &call.context.store;
            let rows = store.parameters(&prefix, &after, READ_AHEAD).await?;
            let Some(last) = rows.last() else { break };
            after.clone_from(&last.name);
            for row in rows {
                let passes = filters.iter().all(|filter| filter.matches(&row, &[]));
                if passes && !is_denied(call, &row.name).await? {
                    found.push(row);
                }
            }
        }
        let page = page::cut(found, limit, |row| &row.name);
        let mut parameters = Vec::new();
        for row in page.items {
            parameters.push(described(call, row, None, input.with_decryption).await?);
        }
        Ok(PathOutput {
            parameters,
            next_token: page.next,
        })
    }
}

/// Whether a policy denies the caller this one parameter under the path, which outdoes the path's permission.
async fn is_denied(call: Call<'_>, name: &str) -> Result<bool, ApiError> {
    let parameter = Resource::Parameter(name.to_owned());
    for action in [BY_PATH, "ssm:GetParameter", "ssm:GetParameters"] {
        let keys = Keys::default();
        let verdict = judge(call.context, call.caller, action, &parameter, &keys).await?;
        if matches!(verdict, Verdict::Denied(_)) {
            return Ok(true);
        }
    }
    Ok(false)
}
