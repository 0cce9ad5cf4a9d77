//! `CreateLogGroup`, `DescribeLogGroups`, `DeleteLogGroup`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::LogsCode;
use super::found::{encryption_of, group, group_resource, invalid};
use super::group_encryption::key_for_group;
use super::tags::{check_tags, keys_of};
use crate::api::page;
use crate::api::{Access, Call, Operation, Service};
use crate::error::{ApiError, Code};
use crate::identity::fresh_id;
use crate::limits;
use crate::logs::{check_group_name, fresh_group_key};
use crate::store::LogGroupRow;

/// Groups on a page, as in AWS.
const PAGE: usize = 50;

pub(crate) struct CreateLogGroup;
pub(crate) struct DescribeLogGroups;
pub(crate) struct DeleteLogGroup;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct CreateInput {
    log_group_name: String,
    kms_key_id: Option<String>,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    log_group_class: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct NameInput {
    log_group_name: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeInput {
    log_group_name_prefix: Option<String>,
    log_group_name_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LogGroup {
    log_group_name: String,
    creation_time: i64,
    retention_in_days: Option<i64>,
    metric_filter_count: i64,
    arn: String,
    stored_bytes: i64,
    kms_key_id: Option<String>,
    log_group_class: &'static str,
    log_group_arn: String,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DescribeOutput {
    log_groups: Vec<LogGroup>,
    next_token: Option<String>,
}

impl Operation for CreateLogGroup {
    const SERVICE: Service = Service::Logs;
    const NAME: &'static str = "CreateLogGroup";
    const ACCESS: Access<CreateInput> = Access::Keyed {
        action: "logs:CreateLogGroup",
        on: |input| group_resource(&input.log_group_name),
        keys: |input| keys_of(&input.tags),
    };
    type Input = CreateInput;
    type Output = ();

    async fn run(call: Call<'_>, input: CreateInput) -> Result<(), ApiError> {
        let context = call.context;
        if !check_group_name(&input.log_group_name) {
            return Err(invalid(
                "A log group name has 1 to 512 of the characters a-z A-Z 0-9 . - _ / #.",
            ));
        }
        if input
            .log_group_class
            .is_some_and(|class| class != "STANDARD")
        {
            return Err(invalid("logGroupClass must be STANDARD."));
        }
        check_tags(&input.tags)?;
        let encryption = encryption_of(call, &input.log_group_name)?;
        let key = key_for_group(call, input.kms_key_id.as_deref(), &encryption).await?;
        let kms = key.as_ref().map(|(row, arn)| (row, arn.as_str()));
        let row = LogGroupRow {
            group_id: fresh_id("LGRP", 16)?,
            name: input.log_group_name,
            created: context.now(),
            retention_days: None,
            kms_key: kms.map(|(_, arn)| arn.to_owned()),
            generation: 1,
            stored_bytes: 0,
        };
        let data_key = fresh_group_key(context, &row.group_id, 1, kms, &encryption)
            .await
            .map_err(super::found::closed)?;
        let tags: Vec<_> = input.tags.into_iter().collect();
        let store = &context.store;
        if store
            .insert_log_group(&row, &data_key, &tags, limits::LOG_GROUPS)
            .await?
        {
            return Ok(());
        }
        if store.log_group(&row.name).await?.is_some() {
            return Err(ApiError::new(
                Code::Logs(LogsCode::ResourceAlreadyExists),
                "The specified log group already exists",
            ));
        }
        Err(ApiError::new(
            Code::Logs(LogsCode::LimitExceeded),
            format!(
                "This server has {} log groups, which is its limit.",
                limits::LOG_GROUPS
            ),
        ))
    }
}

impl Operation for DescribeLogGroups {
    const SERVICE: Service = Service::Logs;
    const NAME: &'static str = "DescribeLogGroups";
    const ACCESS: Access<DescribeInput> = Access::Policy {
        action: "logs:DescribeLogGroups",
        on: |_| group_resource(""),
    };
    type Input = DescribeInput;
    type Output = DescribeOutput;

    async fn run(call: Call<'_>, input: DescribeInput) -> Result<DescribeOutput, ApiError> {
        let limit = input.limit.unwrap_or(PAGE);
        if !(1..=PAGE).contains(&limit) {
            return Err(invalid("limit must be between 1 and 50."));
        }
        if input.log_group_name_prefix.is_some() && input.log_group_name_pattern.is_some() {
            return Err(invalid(
                "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.",
            ));
        }
        let after = match &input.next_token {
            None => String::new(),
            Some(token) => {
                page::key_of(token).ok_or_else(|| invalid("The specified nextToken is invalid."))?
            }
        };
        let prefix = input.log_group_name_prefix.unwrap_or_default();
        let part = input.log_group_name_pattern.unwrap_or_default();
        let fetched = i64::try_from(limit).unwrap_or(i64::MAX).saturating_add(1);
        let rows = call
            .context
            .store
            .log_groups(&prefix, &part, &after, fetched)
            .await?;
        let page = page::cut(rows, limit, |row| &row.name);
        Ok(DescribeOutput {
            log_groups: page
                .items
                .into_iter()
                .map(|row| described(call, row))
                .collect(),
            next_token: page.next,
        })
    }
}

fn described(call: Call<'_>, row: LogGroupRow) -> LogGroup {
    let arn = call.context.config.scope().log_group(&row.name);
    LogGroup {
        log_group_name: row.name,
        creation_time: row.created,
        retention_in_days: row.retention_days,
        metric_filter_count: 0,
        arn: format!("{arn}:*"),
        stored_bytes: row.stored_bytes,
        kms_key_id: row.kms_key,
        log_group_class: "STANDARD",
        log_group_arn: arn,
    }
}

impl Operation for DeleteLogGroup {
    const SERVICE: Service = Service::Logs;
    const NAME: &'static str = "DeleteLogGroup";
    const ACCESS: Access<NameInput> = Access::Policy {
        action: "logs:DeleteLogGroup",
        on: |input| group_resource(&input.log_group_name),
    };
    type Input = NameInput;
    type Output = ();

    async fn run(call: Call<'_>, input: NameInput) -> Result<(), ApiError> {
        let row = group(call, &input.log_group_name).await?;
        Ok(call.context.store.delete_log_group(&row.group_id).await?)
    }
}
