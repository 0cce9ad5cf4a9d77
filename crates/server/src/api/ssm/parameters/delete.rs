//! `DeleteParameter` and `DeleteParameters`: with every version, and with the tags.

use serde::{Deserialize, Serialize};

use super::ParameterCode;
use super::get::check_count;
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::identity::Resource;
use crate::parameters::Named;

pub(crate) struct DeleteParameter;
pub(crate) struct DeleteParameters;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneInput {
    name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SomeInput {
    names: Vec<String>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SomeOutput {
    deleted_parameters: Vec<String>,
    invalid_parameters: Vec<String>,
}

/// Deletes what `given` names as a whole: a version cannot be deleted alone. False if there is no such parameter.
async fn delete(call: Call<'_>, given: &str) -> Result<bool, ApiError> {
    match Named::parse(call.context.config.scope(), given) {
        Some(Named {
            name,
            selector: None,
        }) => Ok(call.context.store.delete_parameter(&name).await?),
        _ => Ok(false),
    }
}

impl Operation for DeleteParameter {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "DeleteParameter";
    const ACCESS: Access<OneInput> = Access::Policy {
        action: "ssm:DeleteParameter",
        on: |input| Resource::Parameter(input.name.clone()),
    };
    type Input = OneInput;
    type Output = ();

    async fn run(call: Call<'_>, input: OneInput) -> Result<(), ApiError> {
        if delete(call, &input.name).await? {
            return Ok(());
        }
        Err(ApiError::new(
            Code::Parameter(ParameterCode::NotFound),
            format!("Parameter {} not found.", input.name.escape_debug()),
        ))
    }
}

impl Operation for DeleteParameters {
    const SERVICE: Service = Service::Ssm;
    const NAME: &'static str = "DeleteParameters";
    const ACCESS: Access<SomeInput> = Access::Within {
        action: "ssm:DeleteParameters",
    };
    type Input = SomeInput;
    type Output = SomeOutput;

    async fn run(call: Call<'_>, input: SomeInput) -> Result<SomeOutput, ApiError> {
        check_count(&input.names)?;
        for name in &input.names {
            let parameter = Resource::Parameter(name.clone());
            call.demand("ssm:DeleteParameters", &parameter).await?;
        }
        let mut output = SomeOutput {
            deleted_parameters: Vec::new(),
            invalid_parameters: Vec::new(),
        };
        for name in input.names {
            match delete(call, &name).await? {
                true => output.deleted_parameters.push(name),
                false => output.invalid_parameters.push(name),
            }
        }
        Ok(output)
    }
}
