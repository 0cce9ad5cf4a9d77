//! Tokens that open channels, as hashes only.
//!
//! Spending a node's token is one statement, so that two sockets cannot both open with it. A client's token stays
//! until it expires or is revoked: AWS's plugin opens again with the same token when its first attempts fail.

use sqlx::{Any, Row, Transaction};

use super::{Store, StoreError};

/// A token at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenRow {
    /// SHA-256 of the token's text.
    pub(crate) hash: Vec<u8>,
    /// Which kind of channel it opens.
    pub(crate) side: TokenSide,
    /// The node id for a control channel, else the session id.
    pub(crate) subject: String,
    /// The identity it was given to: a node id, or the session owner's id.
    pub(crate) holder: String,
    /// Milliseconds.
    pub(crate) expires: i64,
}

/// What a token opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenSide {
    /// A node's control channel.
    Control,
    /// The node's end of one session.
    Agent,
    /// The person's end of one session.
    Client,
}

impl TokenSide {
    fn as_str(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Agent => "agent",
            Self::Client => "client",
        }
    }
}

/// Stores a token inside somebody's transaction, and forgets those that expired before `now_ms`.
pub(super) async fn insert(
    write: &mut Transaction<'static, Any>,
    token: &TokenRow,
    now_ms: i64,
) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM channel_tokens WHERE expires < $1")
        .bind(now_ms)
        .execute(&mut **write)
        .await?;
    sqlx::query("INSERT INTO channel_tokens (token_hash, side, subject, holder, expires) VALUES ($1, $2, $3, $4, $5)")
        .bind(token.hash.as_slice())
        .bind(token.side.as_str())
        .bind(&token.subject)
        .bind(&token.holder)
        .bind(token.expires)
        .execute(&mut **write)
        .await?;
    Ok(())
}

impl Store {
    /// Stores a node's token.
    pub(crate) async fn insert_token(
        &self,
        token: &TokenRow,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        insert(&mut write, token, now_ms).await?;
        Ok(write.commit().await?)
    }

    /// Stores a client's token and revokes the session's earlier ones.
    pub(crate) async fn replace_client_token(
        &self,
        token: &TokenRow,
        now_ms: i64,
    ) -> Result<(), StoreError> {
        let mut write = self.write().await?;
        sqlx::query("DELETE FROM channel_tokens WHERE subject = $1 AND side = 'client'")
            .bind(&token.subject)
            .execute(&mut *write)
            .await?;
        insert(&mut write, token, now_ms).await?;
        Ok(write.commit().await?)
    }

    /// The holder of an unexpired token for exactly this side and subject.
    pub(crate) async fn token_holder(
        &self,
        hash: &[u8],
        side: TokenSide,
        subject: &str,
        now_ms: i64,
    ) -> Result<Option<String>, StoreError> {
        let row = sqlx::query(
            "SELECT holder FROM channel_tokens WHERE token_hash = $1 AND side = $2 AND subject = $3 AND expires > $4",
        )
        .bind(hash)
        .bind(side.as_str())
        .bind(subject)
        .bind(now_ms)
        .fetch_optional(self.readers())
        .await?;
        Ok(row.map(|row| row.try_get("holder")).transpose()?)
    }

    /// Spends a single-use token. False when it is unknown, expired, spent, or for another side, subject or holder.
    pub(crate) async fn spend_token(
        &self,
        token: &TokenRow,
        now_ms: i64,
    ) -> Result<bool, StoreError> {
        let mut write = self.write().await?;
        let spent = sqlx::query(
            "DELETE FROM channel_tokens \
             WHERE token_hash = $1 AND side = $2 AND subject = $3 AND holder = $4 AND expires > $5",
        )
        .bind(token.hash.as_slice())
        .bind(token.side.as_str())
        .bind(&token.subject)
        .bind(&token.holder)
        .bind(now_ms)
        .execute(&mut *write)
        .await?
        .rows_affected();
        write.commit().await?;
        Ok(spent == 1)
    }
}
