//! How an event proves that it is ours: the signature of the Standard Webhooks specification (version 1, symmetric), for
//! which receivers have libraries.

use aws_lc_rs::hmac;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use zeroize::Zeroizing;

/// What a secret's text begins with.
const PREFIX: &str = "whsec_";

/// Bytes of a secret, by the specification.
const BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// What is no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "is not whsec_ and 24 to 64 bytes in base64: make one with `echo whsec_$(openssl rand -base64 32)`"
)]
pub(crate) struct Malformed;

/// What the receiver knows as well.
#[derive(Debug)]
pub(super) struct SigningSecret(hmac::Key);

impl SigningSecret {
    /// Reads a secret's text; white space around it does not count.
    pub(super) fn parse(text: &str) -> Result<Self, Malformed> {
        let encoded = text.trim().strip_prefix(PREFIX).ok_or(Malformed)?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| Malformed)?);
        match BYTES.contains(&bytes.len()) {
            true => Ok(Self(hmac::Key::new(hmac::HMAC_SHA256, &bytes))),
            false => Err(Malformed),
        }
    }

    /// The headers for the message `id`, sent at `now` (seconds since the Unix epoch).
    pub(super) fn headers(&self, id: &str, now: i64, body: &str) -> [(&'static str, String); 3] {
        let signed = format!("{id}.{now}.{body}");
        let tag = hmac::sign(&self.0, signed.as_bytes());
        [
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", now.to_string()),
            ("webhook-signature", format!("v1,{}", STANDARD.encode(tag))),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_secret_is_refused() {
        let short = format!("whsec_{}", STANDARD.encode([7; 23]));
        let long = format!("whsec_{}", STANDARD.encode([7; 65]));
        let bare = STANDARD.encode([7; 32]);
        for text in ["", "whsec_", "whsec_!", &short, &long, &bare] {
            assert!(SigningSecret::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_message_is_signed_as_the_specification_says() {
        // The example of the specification's own libraries.
        let secret = SigningSecret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n").unwrap();
        let headers = secret.headers(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        let expected = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        assert_eq!(headers[2], ("webhook-signature", expected.to_owned()));
        assert_eq!(headers[1].1, "1614265330");
    }
}
