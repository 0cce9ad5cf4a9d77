//! Sessions: their state, their owner, and what history shows.
//!
//! It owns the one-way street of the state: nothing leaves Terminated or Failed, and nothing but these follows
//! Terminating. Each change is one conditional statement, so that of two endings the first counts.

use sqlx::Row;
use sqlx::any::AnyRow;

use super::audit::{self, AuditEntry, Link};
use super::tokens::{self, TokenRow};
use super::{Store, StoreError};

/// Where a session stands (control-plane.md 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SessionState {
    /// Client and agent have not met yet.
    Connecting,
    /// Both are there.
    Connected,
    /// One of them is away and may come back.
    Disconnected,
    /// Its end was asked for and the agent has not confirmed yet.
    Terminating,
    /// Ended in the ordinary way.
    Terminated,
    /// Ended by a refusal or an error; `details` says which.
    Failed,
}

impl SessionState {
    /// AWS's word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Connecting => "Connecting",
            Self::Connected => "Connected",
            Self::Disconnected => "Disconnected",
            Self::Terminating => "Terminating",
            Self::Terminated => "Terminated",
            Self::Failed => "Failed",
        }
    }

    /// The state of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let all = [
            Self::Connecting,
            Self::Connected,
            Self::Disconnected,
            Self::Terminating,
            Self::Terminated,
            Self::Failed,
        ];
        all.into_iter().find(|state| state.as_str() == name)
    }

    /// Whether channels may still be opened. Terminating counts as over.
    pub(crate) fn is_active(self) -> bool {
        matches!(
            self,
            Self::Connecting | Self::Connected | Self::Disconnected
        )
    }
}

/// A session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionRow {
    /// `<owner>-<suffix>`.
    pub(crate) session_id: String,
    /// The target.
    pub(crate) node_id: String,
    /// The originating identity: only it may open, resume or reattach.
    pub(crate) owner_id: String,
    /// The owner's `aws:userid`, by which policies mean the session.
    pub(crate) owner_userid: String,
    /// The caller's ARN, as history shows it.
    pub(crate) owner_arn: String,
    /// Where it stands.
    pub(crate) state: SessionState,
    /// Milliseconds.
    pub(crate) created: i64,
    /// Milliseconds.
    pub(crate) ended: Option<i64>,
    /// The session document.
    pub(crate) document_name: String,
    /// What the caller gave as reason.
    pub(crate) reason: Option<String>,
    /// Why it ended, as a sentence.
    pub(crate) details: Option<String>,
    /// Which rule decided the OS user.
    pub(crate) run_as_rule: String,
    /// The resolved OS user; empty when Run As is off or refused.
    pub(crate) os_user: String,
    /// Minutes without stream data after which it ends.
    pub(crate) idle_minutes: i64,
    /// Minutes after which it ends in any case.
    pub(crate) max_minutes: Option<i64>,
    /// The first client's id, bound for the session's life.
    pub(crate) client_id: Option<String>,
    /// Where the session log is in S3.
    pub(crate) s3_output: Option<String>,
    /// Where the session log is in CloudWatch Logs.
    pub(crate) logs_output: Option<String>,
    /// A JSON object: as whom it was started. Empty for sessions of earlier releases.
    pub(crate) started_by: String,
}

/// What DescribeSessions selects by. Empty strings and open bounds select everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SessionSelection {
    /// Active sessions, or history.
    pub(crate) active: bool,
    /// Created later than this, milliseconds.
    pub(crate) after: i64,
    /// Created earlier than this, milliseconds.
    pub(crate) before: i64,
    /// Node id.
    pub(crate) target: String,
    /// Owner's ARN.
    pub(crate) owner: String,
    /// State's name.
    pub(crate) state: String,
    /// Session id.
    pub(crate) session_id: String,
    /// Continue after this creation time and id; see [`SessionSelection::FIRST_PAGE`].
    pub(crate) cursor: (i64, String),
}

impl SessionSelection {
    /// The creation time of a cursor that leaves nothing out.
    pub(crate) const FIRST_PAGE: i64 = i64::MAX;
}

fn session(row: &AnyRow) -> Result<SessionRow, StoreError> {
    let state: String = row.try_get("state")?;
    Ok(SessionRow {
        session_id: row.try_get("session_id")?,
        node_id: row.try_get("node_id")?,
        owner_id: row.try_get("owner_id")?,
        owner_userid: row.try_get("owner_userid")?,
        owner_arn: row.try_get("owner_arn")?,
        // A name that a later version wrote must not look like a session that may be opened.
        state: SessionState::parse(&state).unwrap_or(SessionState::Failed),
        created: row.try_get("created")?,
        ended: row.try_get("ended")?,
        document_name: row.try_get("document_name")?,
        reason: row.try_get("reason")?,
        details: row.try_get("details")?,
        run_as_rule: row.try_get("run_as_rule")?,
        os_user: row.try_get("os_user")?,
        idle_minutes: row.try_get("idle_minutes")?,
        max_minutes: row.try_get("max_minutes")?,
        client_id: row.try_get("client_id")?,
        s3_output: row.try_get("s3_output")?,
        logs_output: row.try_get("logs_output")?,
        started_by: row.try_get("started_by")?,
    })
}

/// Makes the record of a session's end from the session as it is then.
pub(crate) type EndRecord<'a> = dyn Fn(&SessionRow) -> AuditEntry + Send + Sync + 'a;

impl Store {
    /// Stores a session together with its client's token.
    pub(crate) async fn insert_session(
        &self,
        session: &SessionRow,
        client_token: &TokenRow,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "INSERT INTO sessions (session_id, node_id, owner_id, owner_arn, state, created, ended, document_name, reason, \
             details, run_as_rule, os_user, idle_minutes, max_minutes, agent_done, owner_userid, started_by) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)",
        )
        .bind(&session.session_id)
        .bind(&session.node_id)
        .bind(&session.owner_id)
        .bind(&session.owner_arn)
        .bind(session.state.as_str())
        .bind(session.created)
        .bind(session.ended)
        .bind(&session.document_name)
        .bind(&session.reason)
        .bind(&session.details)
        .bind(&session.run_as_rule)
        .bind(&session.os_user)
        .bind(session.idle_minutes)
        .bind(session.max_minutes)
        // A session that is refused at birth never reaches the node.
        .bind(i64::from(!session.state.is_active()))
        .bind(&session.owner_userid)
        .bind(&session.started_by)
        .execute(&mut *write)
        .await?;
        tokens::insert(&mut write, client_token, session.created).await?;
        Ok(write.commit().await?)
    }

    /// The session of that id.
    pub(crate) async fn session(&self, session_id: &str) -> Result<Option<SessionRow>, StoreError> {
        let row = sqlx::query("SELECT * FROM sessions WHERE session_id = $1")
            .bind(session_id)
            .fetch_optional(self.readers())
            .await?;
        row.as_ref().map(session).transpose()
    }

    /// Every session that has not ended, Terminating ones included.
    pub(crate) async fn unended_sessions(&self) -> Result<Vec<SessionRow>, StoreError> {
        sqlx::query("SELECT * FROM sessions WHERE ended IS NULL ORDER BY created")
            .fetch_all(self.readers())
            .await?
            .iter()
            .map(session)
            .collect()
    }

    /// Shows whether both ends are there. No effect on a session that is not active any more.
    pub(crate) async fn show_presence(
        &self,
        session_id: &str,
        state: SessionState,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "UPDATE sessions SET state = $1 \
             WHERE session_id = $2 AND state IN ('Connecting', 'Connected', 'Disconnected')",
        )
        .bind(state.as_str())
        .bind(session_id)
        .execute(&mut *write)
        .await?;
        Ok(write.commit().await?)
    }

    /// Notes that the end was asked for, and why if there is more to say than that. False if the session was not
    /// active any more.
    pub(crate) async fn begin_termination(
        &self,
        session_id: &str,
        details: &str,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let begun = sqlx::query(
            "UPDATE sessions SET state = 'Terminating', details = COALESCE(details, $1) \
             WHERE session_id = $2 AND state IN ('Connecting', 'Connected', 'Disconnected')",
        )
        .bind((!details.is_empty()).then_some(details))
        .bind(session_id)
        .execute(&mut *write)
        .await?
        .rows_affected();
        write.commit().await?;
        Ok(begun == 1)
    }

    /// Ends a session. False if it had ended before: the first ending counts. Its tokens stay until
    /// they expire: the person is still owed the reason. `record` makes the audit trail's record of the end, which is stored with
    /// it or not at all.
    pub(crate) async fn end_session(
        &self,
        session_id: &str,
        state: SessionState,
        details: &str,
        now_ms: i64,
        (record, link): (&EndRecord<'_>, Link),
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let ended = sqlx::query(
            "UPDATE sessions SET state = $1, ended = $2, details = COALESCE(details, $3) \
             WHERE session_id = $4 AND ended IS NULL",
        )
        .bind(state.as_str())
        .bind(now_ms)
        .bind((!details.is_empty()).then_some(details))
        .bind(session_id)
        .execute(&mut *write)
        .await?
        .rows_affected();
        if ended == 1 {
            let row = sqlx::query("SELECT * FROM sessions WHERE session_id = $1")
                .bind(session_id)
                .fetch_one(&mut *write)
                .await?;
            audit::append(&mut write, &[record(&session(&row)?)], link).await?;
        }
        write.commit().await?;
        self.appended.notify_one();
        Ok(ended == 1)
    }

    /// Binds the first client's id to the session and returns the bound one, or nothing for an unknown session.
    pub(crate) async fn bind_client(
        &self,
        session_id: &str,
        client_id: &str,
    ) -> Result<Option<String>, StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "UPDATE sessions SET client_id = $1 WHERE session_id = $2 AND client_id IS NULL",
        )
        .bind(client_id)
        .bind(session_id)
        .execute(&mut *write)
        .await?;
        let row = sqlx::query("SELECT client_id FROM sessions WHERE session_id = $1")
            .bind(session_id)
            .fetch_optional(&mut *write)
            .await?;
        write.commit().await?;
        Ok(row.map(|row| row.try_get("client_id")).transpose()?)
    }

    /// Notes that the agent needs no further `channel_closed`, and where it says that the logs are.
    pub(crate) async fn agent_is_done(
        &self,
        session_id: &str,
        s3_output: Option<&str>,
        logs_output: Option<&str>,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "UPDATE sessions SET agent_done = 1, s3_output = COALESCE(s3_output, $1), logs_output = COALESCE(logs_output, $2) \
             WHERE session_id = $3",
        )
        .bind(s3_output)
        .bind(logs_output)
        .bind(session_id)
        .execute(&mut *write)
        .await?;
        Ok(write.commit().await?)
    }

    /// A node's sessions that are over for us, but whose agent has not said so; those created after `since`
    /// (milliseconds), newest first.
    pub(crate) async fn sessions_to_close(
        &self,
        node_id: &str,
        since: i64,
        limit: i64,
    ) -> Result<Vec<String>, StoreError> {
        sqlx::query(
            "SELECT session_id FROM sessions WHERE node_id = $1 AND agent_done = 0 AND created > $2 \
             AND state IN ('Terminating', 'Terminated', 'Failed') ORDER BY created DESC LIMIT $3",
        )
        .bind(node_id)
        .bind(since)
        .bind(limit)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(|row| Ok(row.try_get("session_id")?))
        .collect()
    }

    /// One page of sessions, newest first.
    pub(crate) async fn select_sessions(
        &self,
        selection: &SessionSelection,
        limit: i64,
    ) -> Result<Vec<SessionRow>, StoreError> {
        sqlx::query(
            "SELECT * FROM sessions \
             WHERE CASE WHEN state IN ('Connecting', 'Connected', 'Disconnected') THEN 1 ELSE 0 END = $1 \
             AND created > $2 AND created < $3 \
             AND ($4 = '' OR node_id = $4) AND ($5 = '' OR owner_arn = $5) \
             AND ($6 = '' OR state = $6) AND ($7 = '' OR session_id = $7) \
             AND (created < $8 OR (created = $8 AND session_id < $9)) \
             ORDER BY created DESC, session_id DESC LIMIT $10",
        )
        .bind(i64::from(selection.active))
        .bind(selection.after)
        .bind(selection.before)
        .bind(&selection.target)
        .bind(&selection.owner)
        .bind(&selection.state)
        .bind(&selection.session_id)
        .bind(selection.cursor.0)
        .bind(&selection.cursor.1)
        .bind(limit)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(session)
        .collect()
    }
}
