//! Whom identity providers have signed out, and when.

use sqlx::Row;

use super::{Store, StoreError};

/// What a logout token said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SignOutRow {
    /// The provider.
    pub(crate) provider_id: String,
    /// The person; empty where the token names only a session.
    pub(crate) subject: String,
    /// The session at the provider; empty where all of the person's are meant.
    pub(crate) sid: String,
    /// Seconds, by the provider's clock.
    pub(crate) issued: i64,
    /// The token's id; empty if it has none.
    pub(crate) jti: String,
    /// Milliseconds, by ours.
    pub(crate) heard: i64,
}

/// The latest time at which somebody was signed out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SignedOut {
    /// Seconds, by the provider's clock.
    pub(crate) issued: i64,
    /// Milliseconds, by ours.
    pub(crate) heard: i64,
}

impl Store {
    /// Keeps a sign-out and forgets those heard before `forget_before_ms`. False if nothing comes of it: the token was
    /// heard before, or a later one.
    pub(crate) async fn record_sign_out(
        &self,
        row: &SignOutRow,
        forget_before_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        sqlx::query("DELETE FROM sign_outs WHERE heard < $1")
            .bind(forget_before_ms)
            .execute(&mut *write)
            .await?;
        let kept = sqlx::query(
            "INSERT INTO sign_outs (provider_id, subject, sid, issued, jti, heard) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (provider_id, subject, sid) DO UPDATE SET issued = excluded.issued, jti = excluded.jti, \
             heard = excluded.heard WHERE excluded.issued > sign_outs.issued \
             OR (excluded.issued = sign_outs.issued AND excluded.jti <> sign_outs.jti)",
        )
        .bind(&row.provider_id)
        .bind(&row.subject)
        .bind(&row.sid)
        .bind(row.issued)
        .bind(&row.jti)
        .bind(row.heard)
        .execute(&mut *write)
        .await?;
        write.commit().await?;
        Ok(kept.rows_affected() > 0)
    }

    /// When the person was signed out last, whose session at the provider may be unknown: then each of theirs is meant.
    pub(crate) async fn signed_out(
        &self,
        provider_id: &str,
        subject: &str,
        sid: Option<&str>,
    ) -> Result<Option<SignedOut>, StoreError> {
        let rows = sqlx::query(
            "SELECT issued, heard FROM sign_outs WHERE provider_id = $1 AND ((sid = '' AND subject = $2) \
             OR (sid <> '' AND sid = $3 AND (subject = '' OR subject = $2)) \
             OR (sid <> '' AND $3 = '' AND subject = $2))",
        )
        .bind(provider_id)
        .bind(subject)
        .bind(sid.unwrap_or_default())
        .fetch_all(self.readers())
        .await?;
        let mut latest: Option<SignedOut> = None;
        for row in rows {
            let (issued, heard): (i64, i64) = (row.try_get("issued")?, row.try_get("heard")?);
            let so_far = latest.unwrap_or(SignedOut { issued, heard });
            latest = Some(SignedOut {
                issued: so_far.issued.max(issued),
                heard: so_far.heard.max(heard),
            });
        }
        Ok(latest)
    }
}
