//! CloudWatch Logs: groups, streams, events, and searching them (control-plane.md 5.2).

mod code;
mod filter_log_events;
mod found;
mod get_log_events;
mod group_encryption;
mod groups;
mod page_of_events;
mod put_log_events;
mod retention;
mod streams;
mod tags;

pub(crate) use code::LogsCode;
pub(crate) use filter_log_events::FilterLogEvents;
pub(crate) use get_log_events::GetLogEvents;
pub(crate) use group_encryption::{AssociateKmsKey, DisassociateKmsKey};
pub(crate) use groups::{CreateLogGroup, DeleteLogGroup, DescribeLogGroups};
pub(crate) use put_log_events::{PutLogEvents, deliver as deliver_log_events};
pub(crate) use retention::{DeleteRetentionPolicy, PutRetentionPolicy};
pub(crate) use streams::{CreateLogStream, DeleteLogStream, DescribeLogStreams};
pub(crate) use tags::{
    ListTagsForResource, ListTagsLogGroup, TagLogGroup, TagResource, UntagLogGroup, UntagResource,
};
