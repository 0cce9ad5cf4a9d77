//! Session logs on their way: how far each is, when it is tried again, and what was wrong the last time.

use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use super::{Store, StoreError};

/// Milliseconds after a session's end until a log that its node has not finished is taken as it is: where the agent has
/// said that it is done with the session, and where it says nothing any more. The agent itself tries for five minutes.
const AFTER_NODE: i64 = 10 * 1000;
const WITHOUT_NODE: i64 = 10 * 60 * 1000;

/// Where a log is delivered to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sink {
    /// CloudWatch Logs.
    Logs,
    /// S3.
    S3,
}

impl Sink {
    /// The word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Logs => "logs",
            Self::S3 => "s3",
        }
    }
}

/// How a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DeliveryState {
    /// The node's agent writes it, which alone sees the session; the server has its turn when that is over.
    ByNode,
    /// There is more to deliver.
    Waiting,
    /// All of it is there.
    Done,
    /// Given up until somebody asks again.
    Failed,
}

impl DeliveryState {
    /// The word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::ByNode => "node",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DeliveryRow {
    /// Of which session's log.
    pub(crate) session_id: String,
    /// Where to.
    pub(crate) sink: Sink,
    /// The log group or the bucket.
    pub(crate) container: String,
    /// The stream or the key.
    pub(crate) name: String,
    /// Whether it goes on while the session lasts.
    pub(crate) streaming: bool,
    /// How it stands.
    pub(crate) state: DeliveryState,
    /// Tries that failed since the last one that did not.
    pub(crate) attempts: i64,
    /// Milliseconds.
    pub(crate) next_try: i64,
    /// How far it has come, in its own form; empty at the beginning.
    pub(crate) place: String,
    /// What was wrong at the last try.
    pub(crate) problem: Option<String>,
}

impl DeliveryRow {
    /// One of which nothing is there yet.
    pub(crate) fn fresh(session_id: String, sink: Sink, container: String, name: String) -> Self {
        Self {
            session_id,
            sink,
            container,
            name,
            streaming: true,
            state: DeliveryState::Waiting,
            attempts: 0,
            next_try: 0,
            place: String::new(),
            problem: None,
        }
    }

    /// The same after a try that took it as far as `place`.
    pub(crate) fn after(&self, place: String, is_done: bool) -> Self {
        Self {
            state: if is_done {
                DeliveryState::Done
            } else {
                self.state
            },
            attempts: 0,
            place,
            problem: None,
            ..self.clone()
        }
    }
}

fn delivery(row: &AnyRow) -> Result<DeliveryRow, StoreError> {
    let (state, streaming): (String, i64) = (row.try_get("state")?, row.try_get("streaming")?);
    let sink: String = row.try_get("sink")?;
    Ok(DeliveryRow {
        session_id: row.try_get("session_id")?,
        sink: if sink == Sink::S3.as_str() {
            Sink::S3
        } else {
            Sink::Logs
        },
        container: row.try_get("container")?,
        name: row.try_get("name")?,
        streaming: streaming != 0,
        state: match state.as_str() {
            "node" => DeliveryState::ByNode,
            "waiting" => DeliveryState::Waiting,
            "done" => DeliveryState::Done,
            _ => DeliveryState::Failed,
        },
        attempts: row.try_get("attempts")?,
        next_try: row.try_get("next_try")?,
        place: row.try_get("place")?,
        problem: row.try_get("problem")?,
    })
}

impl Store {
    /// Stores a delivery that is to be made.
    pub(crate) async fn insert_delivery(&self, row: &DeliveryRow) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query(
            "INSERT INTO log_deliveries (session_id, sink, container, name, streaming, state, attempts, next_try, place) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        )
        .bind(&row.session_id)
        .bind(row.sink.as_str())
        .bind(&row.container)
        .bind(&row.name)
        .bind(i64::from(row.streaming))
        .bind(row.state.as_str())
        .bind(row.attempts)
        .bind(row.next_try)
        .bind(&row.place)
        .execute(&mut *write)
        .await?;
        Ok(write.commit().await?)
    }

    /// The deliveries of a session's log.
    pub(crate) async fn deliveries_of(
        &self,
        session_id: &str,
    ) -> Result<Vec<DeliveryRow>, StoreError> {
        sqlx::query("SELECT * FROM log_deliveries WHERE session_id = $1 ORDER BY sink")
            .bind(session_id)
            .fetch_all(self.readers())
            .await?
            .iter()
            .map(delivery)
            .collect()
    }

    /// Deliveries that can go on at this time: waiting ones, of recordings that are closed or where they are streamed, and
    /// those that a node has left.
    pub(crate) async fn due_deliveries(&self, now_ms: i64) -> Result<Vec<DeliveryRow>, StoreError> {
        sqlx::query(
            "SELECT d.* FROM log_deliveries d JOIN sessions s ON s.session_id = d.session_id \
             LEFT JOIN recordings r ON r.session_id = d.session_id WHERE d.next_try <= $1 AND (\
             (d.state = 'waiting' AND (d.streaming = 1 OR r.closed IS NOT NULL OR r.session_id IS NULL)) OR \
             (d.state = 'node' AND s.ended + CASE s.agent_done WHEN 1 THEN CAST($2 AS BIGINT) ELSE CAST($3 AS BIGINT) END <= $1)) \
             ORDER BY d.next_try",
        )
        .bind(now_ms)
        .bind(AFTER_NODE)
        .bind(WITHOUT_NODE)
        .fetch_all(self.readers())
        .await?
        .iter()
        .map(delivery)
        .collect()
    }

    /// When the next delivery is tried that waits for its time.
    pub(crate) async fn next_delivery(&self, now_ms: i64) -> Result<Option<i64>, StoreError> {
        let row = sqlx::query(
            "SELECT MIN(due) AS next FROM (SELECT CASE d.state WHEN 'waiting' THEN d.next_try \
             ELSE s.ended + CASE s.agent_done WHEN 1 THEN CAST($1 AS BIGINT) ELSE CAST($2 AS BIGINT) END END AS due \
             FROM log_deliveries d JOIN sessions s ON s.session_id = d.session_id \
             WHERE d.state IN ('waiting', 'node')) AS times WHERE due > $3",
        )
        .bind(AFTER_NODE)
        .bind(WITHOUT_NODE)
        .bind(now_ms)
        .fetch_one(self.readers())
        .await?;
        Ok(row.try_get("next")?)
    }

    /// Stores how a delivery stands after a try.
    pub(crate) async fn update_delivery(&self, row: &DeliveryRow) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        write_delivery(&mut write, row).await?;
        Ok(write.commit().await?)
    }

    /// Lets the failed deliveries of a session be tried again at once. How many there were.
    pub(crate) async fn retry_deliveries(
        &self,
        session_id: &str,
        now_ms: i64,
    ) -> Result<u64, StoreError> {
        let mut write = self.write().await?;
        let tried = sqlx::query(
            "UPDATE log_deliveries SET state = 'waiting', attempts = 0, next_try = $1 \
             WHERE session_id = $2 AND state IN ('waiting', 'failed')",
        )
        .bind(now_ms)
        .bind(session_id)
        .execute(&mut *write)
        .await?
        .rows_affected();
        write.commit().await?;
        Ok(tried)
    }
}

/// Stores how a delivery stands, with whatever else the transaction does. One that is done shows where the log is in the
/// session's history.
pub(super) async fn write_delivery(
    write: &mut Transaction<'static, Any>,
    row: &DeliveryRow,
) -> Result<(), StoreError> {
    sqlx::query(
        "UPDATE log_deliveries SET state = $1, attempts = $2, next_try = $3, place = $4, problem = $5 \
         WHERE session_id = $6 AND sink = $7",
    )
    .bind(row.state.as_str())
    .bind(row.attempts)
    .bind(row.next_try)
    .bind(&row.place)
    .bind(row.problem.as_deref())
    .bind(&row.session_id)
    .bind(row.sink.as_str())
    .execute(&mut **write)
    .await?;
    if row.state != DeliveryState::Done {
        return Ok(());
    }
    let (container, name) = (&row.container, &row.name);
    let (sql, place) = match row.sink {
        Sink::Logs => (
            "UPDATE sessions SET logs_output = $1 WHERE session_id = $2",
            format!("{container}:{name}"),
        ),
        Sink::S3 => (
            "UPDATE sessions SET s3_output = $1 WHERE session_id = $2",
            format!("s3://{container}/{name}"),
        ),
    };
    sqlx::query(sql)
        .bind(place)
        .bind(&row.session_id)
        .execute(&mut **write)
        .await?;
    Ok(())
}
