//! `usher credentials`: a profile's keys on standard output, in the shape that AWS's tools take from a
//! `credential_process` (AWS SDKs and Tools reference guide, "Process credential provider").

use std::io::{self, Write};

use serde_json::json;
use usher_aws::CallerOptions;

use crate::error::Error;
use crate::exit::Outcome;
use crate::sign_in::{Keys, Said, SignIn};

/// Prints keys that are good now, after renewing them where that was due.
pub(crate) async fn run(options: CallerOptions) -> Result<Outcome, Error> {
    let sign_in = SignIn::of(options, &Said::default()).await?;
    let keys = sign_in.keys().await?;
    writeln!(io::stdout(), "{}", shape(&keys)).map_err(Error::Output)?;
    Ok(Outcome::Done)
}

fn shape(keys: &Keys) -> serde_json::Value {
    // A time that no calendar has is one in the past: the tool asks again.
    let expires = jiff::Timestamp::from_millisecond(keys.expires_ms).unwrap_or_default();
    json!({
        "Version": 1,
        "AccessKeyId": keys.access_key_id,
        "SecretAccessKey": keys.secret_access_key.expose(),
        "SessionToken": keys.session_token.expose(),
        "Expiration": expires.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_the_one_that_awss_tools_read() {
        let keys = Keys {
            access_key_id: "ASIAEXAMPLE".to_owned(),
            secret_access_key: "s".into(),
            session_token: "t".into(),
            expires_ms: 1_700_000_000_000,
        };
        let expected = json!({
            "Version": 1, "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "s", "SessionToken": "t",
            "Expiration": "2023-11-14T22:13:20Z",
        });
        assert_eq!(shape(&keys), expected);
    }
}
