//! The embedded CloudWatch Logs' heart: what a batch may be, what a filter means, where a page ends, and the keys that
//! seal messages at rest.
//!
//! Everything but `group_key` is pure. Knows no callers and no SQL.

mod batch;
mod filter;
mod group_key;
mod json_filter;
mod names;
mod position;

pub(crate) use batch::{Event, Rejected, judge_batch};
pub(crate) use filter::Filter;
pub(crate) use group_key::{GroupKey, GroupKeyError, Place, fresh_group_key};
pub(crate) use names::{check_group_name, check_stream_name};
pub(crate) use position::{Direction, Position, Token};
