//! The tokens that open channels: random text for the peer, a digest for the database.
//!
//! A token opens exactly one side of one session, or one node's control channel, for one holder (invariant 4 of the
//! design). The text exists in the answer that hands it out and in the open message, nowhere else.

use aws_lc_rs::rand;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use zeroize::Zeroizing;

use super::limits::{CLIENT_TOKEN_MS, NODE_TOKEN_MS};
use crate::error::ApiError;
use crate::identity::digest;
use crate::store::{TokenRow, TokenSide};

/// A token as its holder gets it, once, and as it is kept.
pub(crate) struct NewToken {
    /// 43 letters of base64url.
    pub(crate) text: Zeroizing<String>,
    /// What is stored.
    pub(crate) row: TokenRow,
}

impl NewToken {
    /// A token for `side` of `subject` that only `holder` may present.
    pub(crate) fn issue(
        side: TokenSide,
        subject: &str,
        holder: &str,
        now: i64,
    ) -> Result<Self, ApiError> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        rand::fill(&mut *bytes).map_err(|_| ApiError::internal("no random bytes"))?;
        let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(*bytes));
        let life = match side {
            TokenSide::Client => CLIENT_TOKEN_MS,
            TokenSide::Agent | TokenSide::Control => NODE_TOKEN_MS,
        };
        let row = TokenRow {
            hash: digest(&text),
            side,
            subject: subject.to_owned(),
            holder: holder.to_owned(),
            expires: now.saturating_add(life),
        };
        Ok(Self { text, row })
    }
}

/// What the database knows a presented token by.
pub(crate) fn presented(text: &str, side: TokenSide, subject: &str, holder: &str) -> TokenRow {
    TokenRow {
        hash: digest(text),
        side,
        subject: subject.to_owned(),
        holder: holder.to_owned(),
        expires: 0,
    }
}
