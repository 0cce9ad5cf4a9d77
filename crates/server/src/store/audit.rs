//! The audit trail: appended and read, never changed.
//!
//! Owns one invariant: a record is appended in a transaction that has read the record before it, on the one connection
//! that writes, so that the chain has no fork. What a link is, the caller says.

use sqlx::any::AnyRow;
use sqlx::{Any, Row, Transaction};

use super::{Store, StoreError};

/// What a record is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditSubject {
    /// `AWS::SSM::Document`.
    pub(crate) kind: String,
    /// The ARN's last part.
    pub(crate) name: String,
    /// Its ARN.
    pub(crate) arn: String,
}

/// A record that has no place in the chain yet, with what it can be looked up by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditEntry {
    /// The record, JSON.
    pub(crate) record: String,
    /// UUID form.
    pub(crate) event_id: String,
    /// Milliseconds.
    pub(crate) event_time: i64,
    /// `StartSession`.
    pub(crate) event_name: String,
    /// `ssm.amazonaws.com`.
    pub(crate) event_source: String,
    /// `true` or `false`, as LookupEvents spells it.
    pub(crate) read_only: String,
    /// The user's name, or the role session's; may be empty.
    pub(crate) username: String,
    /// May be empty.
    pub(crate) access_key_id: String,
    /// What it is about.
    pub(crate) subjects: Vec<AuditSubject>,
}

/// A record in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditRow {
    /// Counted from one, without gaps.
    pub(crate) number: i64,
    /// The link of the chain.
    pub(crate) hash: Vec<u8>,
    /// The record.
    pub(crate) entry: AuditEntry,
}

/// What a record is looked up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AuditKey {
    EventId,
    EventName,
    ReadOnly,
    Username,
    ResourceType,
    ResourceName,
    EventSource,
    AccessKeyId,
}

/// What to select.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AuditSelection {
    /// By what, if anything, and its value.
    pub(crate) by: Option<(AuditKey, String)>,
    /// Milliseconds, the bound included.
    pub(crate) from: i64,
    /// Milliseconds, the bound included.
    pub(crate) to: i64,
    /// Only records before this number.
    pub(crate) before: i64,
}

/// The link that follows `before` for the record `text` of that number.
pub(crate) type Link = fn(before: &[u8], number: i64, text: &str) -> Vec<u8>;

impl Store {
    /// Appends `entries` in their order, all or none, and gives back number and hash of the last record there is.
    pub(crate) async fn append_audit(
        &self,
        entries: &[AuditEntry],
        link: Link,
    ) -> Result<(i64, Vec<u8>), StoreError> {
        let mut write = self.write().await?;
        let last = append(&mut write, entries, link).await?;
        write.commit().await?;
        self.appended.notify_one();
        Ok(last)
    }

    /// Returns when records were appended since the last time that this returned. For one waiter.
    pub(crate) async fn audit_appended(&self) {
        self.appended.notified().await;
    }

    /// Number and hash of the last record; zero and nothing where there is none.
    pub(crate) async fn last_audit(&self) -> Result<(i64, Vec<u8>), StoreError> {
        let row = sqlx::query(LAST).fetch_optional(self.readers()).await?;
        place(row.as_ref())
    }

    /// Up to `limit` records from the number `from` on, in the order of the chain.
    pub(crate) async fn audit_from(
        &self,
        from: i64,
        limit: i64,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let rows =
            sqlx::query("SELECT * FROM audit_records WHERE number >= $1 ORDER BY number LIMIT $2")
                .bind(from)
                .bind(limit)
                .fetch_all(self.readers())
                .await?;
        self.with_subjects(&rows).await
    }

    /// Up to `limit` records that fit, newest first.
    pub(crate) async fn select_audit(
        &self,
        selection: &AuditSelection,
        limit: i64,
    ) -> Result<Vec<AuditRow>, StoreError> {
        let (statement, value) = match &selection.by {
            None => (BY_NOTHING, ""),
            Some((key, value)) => (statement(*key), value.as_str()),
        };
        let rows = sqlx::query(statement)
            .bind(selection.from)
            .bind(selection.to)
            .bind(selection.before)
            .bind(limit)
            .bind(value)
            .fetch_all(self.readers())
            .await?;
        self.with_subjects(&rows).await
    }

    async fn with_subjects(&self, rows: &[AnyRow]) -> Result<Vec<AuditRow>, StoreError> {
        let mut found = Vec::with_capacity(rows.len());
        for row in rows {
            let number: i64 = row.try_get("number")?;
            let subjects = sqlx::query(
                "SELECT type, name, arn FROM audit_resources WHERE number = $1 ORDER BY place",
            )
            .bind(number)
            .fetch_all(self.readers())
            .await?;
            found.push(AuditRow {
                number,
                hash: row.try_get("hash")?,
                entry: AuditEntry {
                    record: row.try_get("record")?,
                    event_id: row.try_get("event_id")?,
                    event_time: row.try_get("event_time")?,
                    event_name: row.try_get("event_name")?,
                    event_source: row.try_get("event_source")?,
                    read_only: row.try_get("read_only")?,
                    username: row.try_get("username")?,
                    access_key_id: row.try_get("access_key_id")?,
                    subjects: subjects.iter().map(subject).collect::<Result<_, _>>()?,
                },
            });
        }
        Ok(found)
    }
}

/// Appends within a transaction of another change, so that one does not become true without the other.
pub(super) async fn append(
    write: &mut Transaction<'static, Any>,
    entries: &[AuditEntry],
    link: Link,
) -> Result<(i64, Vec<u8>), StoreError> {
    let row = sqlx::query(LAST).fetch_optional(&mut **write).await?;
    let (mut number, mut hash) = place(row.as_ref())?;
    for entry in entries {
        number += 1;
        hash = link(&hash, number, &entry.record);
        sqlx::query(
            "INSERT INTO audit_records (number, hash, record, event_id, event_time, event_name, event_source, read_only, \
             username, access_key_id) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(number)
        .bind(hash.as_slice())
        .bind(&entry.record)
        .bind(&entry.event_id)
        .bind(entry.event_time)
        .bind(&entry.event_name)
        .bind(&entry.event_source)
        .bind(&entry.read_only)
        .bind(&entry.username)
        .bind(&entry.access_key_id)
        .execute(&mut **write)
        .await?;
        for (place, subject) in (0i64..).zip(&entry.subjects) {
            sqlx::query("INSERT INTO audit_resources (number, place, type, name, arn) VALUES ($1, $2, $3, $4, $5)")
                .bind(number)
                .bind(place)
                .bind(&subject.kind)
                .bind(&subject.name)
                .bind(&subject.arn)
                .execute(&mut **write)
                .await?;
        }
    }
    Ok((number, hash))
}

fn place(row: Option<&AnyRow>) -> Result<(i64, Vec<u8>), StoreError> {
    match row {
        Some(row) => Ok((row.try_get("number")?, row.try_get("hash")?)),
        None => Ok((0, Vec::new())),
    }
}

fn subject(row: &AnyRow) -> Result<AuditSubject, StoreError> {
    Ok(AuditSubject {
        kind: row.try_get("type")?,
        name: row.try_get("name")?,
        arn: row.try_get("arn")?,
    })
}

const LAST: &str = "SELECT number, hash FROM audit_records ORDER BY number DESC LIMIT 1";

/// One statement for each key, so that each can use its index.
macro_rules! selecting {
    ($condition:literal) => {
        concat!(
            "SELECT * FROM audit_records WHERE event_time >= $1 AND event_time <= $2 AND number < $3 AND ",
            $condition,
            " ORDER BY number DESC LIMIT $4"
        )
    };
}

const BY_NOTHING: &str = selecting!("$5 = ''");

fn statement(key: AuditKey) -> &'static str {
    match key {
        AuditKey::EventId => selecting!("event_id = $5"),
        AuditKey::EventName => selecting!("event_name = $5"),
        AuditKey::ReadOnly => selecting!("read_only = $5"),
        AuditKey::Username => selecting!("username = $5"),
        AuditKey::EventSource => selecting!("event_source = $5"),
        AuditKey::AccessKeyId => selecting!("access_key_id = $5"),
        AuditKey::ResourceType => {
            selecting!("number IN (SELECT number FROM audit_resources WHERE type = $5)")
        }
        AuditKey::ResourceName => {
            selecting!(
                "number IN (SELECT number FROM audit_resources WHERE name = $5 UNION SELECT number FROM audit_resources WHERE arn = $5)"
            )
        }
    }
}
