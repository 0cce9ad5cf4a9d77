//! `If-Match` and its relatives, in the order of RFC 9110 section 13.2.2.

use s3s::dto::{ETag, ETagCondition, Timestamp};
use s3s::{S3Error, S3ErrorCode, S3Result};

use super::reading::timestamp;
use crate::objects::{Object, Placing};

/// What a reader asks for.
#[derive(Debug, Default)]
pub(super) struct Conditions {
    /// Only this object.
    pub(super) is: Option<ETagCondition>,
    /// Any but this object.
    pub(super) is_not: Option<ETagCondition>,
    /// Only if it is newer.
    pub(super) modified_since: Option<Timestamp>,
    /// Only if it is not newer.
    pub(super) unmodified_since: Option<Timestamp>,
}

impl Conditions {
    /// Refuses an object that is not as was asked: `otherwise` is the code for what the reader has already.
    pub(super) fn check(self, object: &Object, otherwise: S3ErrorCode) -> S3Result<()> {
        let modified = whole_second(object.modified);
        if let Some(wanted) = &self.is {
            if !matches(wanted, object) {
                return Err(S3Error::new(S3ErrorCode::PreconditionFailed));
            }
        } else if self.unmodified_since.is_some_and(|since| modified > since) {
            return Err(S3Error::new(S3ErrorCode::PreconditionFailed));
        }
        if let Some(known) = &self.is_not {
            if matches(known, object) {
                return Err(S3Error::new(otherwise));
            }
        } else if self.modified_since.is_some_and(|since| modified <= since) {
            return Err(S3Error::new(otherwise));
        }
        Ok(())
    }
}

/// How an object is to be placed that is written under these conditions. S3 has `If-None-Match: *` for it.
pub(super) fn placing(
    is: Option<&ETagCondition>,
    is_not: Option<&ETagCondition>,
) -> S3Result<Placing> {
    match (is, is_not) {
        (None, None) => Ok(Placing::Replace),
        (None, Some(ETagCondition::Any)) => Ok(Placing::Create),
        _ => Err(super::refusal::not_served(
            "Of the conditions of a write only If-None-Match with * is supported.",
        )),
    }
}

fn matches(condition: &ETagCondition, object: &Object) -> bool {
    match condition {
        ETagCondition::Any => true,
        ETagCondition::ETag(etag) => etag.weak_cmp(&ETag::Strong(object.etag.clone())),
    }
}

/// HTTP's dates have no fractions.
fn whole_second(milliseconds: i64) -> Timestamp {
    timestamp(milliseconds - milliseconds.rem_euclid(1000))
}
