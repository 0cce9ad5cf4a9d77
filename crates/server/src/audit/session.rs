//! The end of a session as a record: who was where, as whom, by which rule, from when to when, and why it ended.

use serde_json::json;
use usher_wire::ids::AccountId;

use super::chain::{entry, link};
use super::record::of_event;
use crate::api::Service;
use crate::codec::iso_time;
use crate::config::Config;
use crate::identity::Scope;
use crate::store::{AuditEntry, SessionRow, SessionState, Store, StoreError};

/// Ends sessions: in the database, together with the record of it.
#[derive(Debug, Clone)]
pub(crate) struct SessionEnds {
    store: Store,
    account: AccountId,
    region: String,
}

impl SessionEnds {
    /// Ends sessions in `store`.
    pub(crate) fn of(config: &Config, store: Store) -> Self {
        Self {
            store,
            account: config.account.clone(),
            region: config.region.clone(),
        }
    }

    /// Ends a session and records it, both or neither. False if it had ended before: the first ending counts.
    pub(crate) async fn end(
        &self,
        session_id: &str,
        state: SessionState,
        details: &str,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let record = |row: &SessionRow| self.entry(row);
        self.store
            .end_session(session_id, state, details, now_ms, (&record, link))
            .await
    }

    /// The record for `row` as it is after its end.
    fn entry(&self, row: &SessionRow) -> AuditEntry {
        let scope = Scope {
            account: &self.account,
            region: &self.region,
        };
        let details = json!({
            "sessionId": row.session_id,
            "target": row.node_id,
            "owner": row.owner_arn,
            "state": row.state.as_str(),
            "documentName": row.document_name,
            "reason": row.reason,
            "details": row.details,
            "osUser": row.os_user,
            "runAsRule": row.run_as_rule,
            "startTime": iso_time(row.created),
            "endTime": row.ended.map(iso_time),
        });
        let arns = [
            scope.session(&row.session_id),
            scope.managed_instance(&row.node_id),
        ];
        let now = row.ended.unwrap_or(row.created);
        entry(&of_event(
            scope,
            "SessionEnded",
            Service::Ssm,
            &details,
            &arns,
            now,
        ))
    }
}
