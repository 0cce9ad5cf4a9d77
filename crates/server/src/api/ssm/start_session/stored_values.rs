//! What Parameter Store has for a session's document and parameters, read as the caller may.
//!
//! Owns one invariant: a value goes into a session only where its caller could read it too (`ssm:GetParameters`), and a
//! SecureString never does: it would stand in the process table of the node, and in the task on its way there.

use std::collections::BTreeSet;

use usher_policy::{StoreReference, StoredValues};

use crate::api::Call;
use crate::api::ssm::parameters::open_plain;
use crate::error::{ApiError, Code};
use crate::identity::Resource;
use crate::store::ParameterKind;

/// Reads them all, or none.
pub(super) async fn read(
    call: Call<'_>,
    references: BTreeSet<StoreReference>,
) -> Result<StoredValues, ApiError> {
    for reference in &references {
        let parameter = Resource::Parameter(reference.name.clone());
        call.demand("ssm:GetParameters", &parameter).await?;
    }
    let mut values = Vec::with_capacity(references.len());
    for reference in references {
        let value = read_one(call, &reference).await?;
        values.push((reference, value));
    }
    Ok(values.into_iter().collect())
}

async fn read_one(call: Call<'_>, reference: &StoreReference) -> Result<String, ApiError> {
    let invalid = |what: &str| {
        let version = reference.version;
        let version = version.map_or_else(String::new, |version| format!(":{version}"));
        ApiError::new(
            Code::InvalidParameters,
            format!(
                "The session document or a parameter refers to {{{{ssm:{}{version}}}}}, which {what}.",
                reference.name
            ),
        )
    };
    let store = &call.context.store;
    let version = reference.version.map(i64::from);
    let row = store.parameter(&reference.name, version).await?;
    let row = row.ok_or_else(|| invalid("Parameter Store does not have"))?;
    match row.kind {
        ParameterKind::Secure => Err(invalid(
            "is a SecureString: sessions take the types String and StringList only",
        )),
        ParameterKind::Text | ParameterKind::List => open_plain(call.context, &row),
    }
}
