//! `usher sessions`: what is known of sessions beside AWS's own calls.

use std::io::{self, Write};

use usher_aws::{CallerOptions, Identity, VerifiedRecording};

use crate::error::Error;
use crate::exit::Outcome;
use crate::reach::Reach;
use crate::recording::Reader;
use crate::text::printable;

/// Verifies the recording of `session`; the status is 1 where it is not what was written.
pub(crate) async fn verify(session: &str, options: CallerOptions) -> Result<Outcome, Error> {
    let reach = Reach::find(options).await?;
    let credentials = reach.credentials().await?;
    let mut found = reach
        .ssm()
        .verify_recording(Identity::Keys(&credentials), session)
        .await?;
    if found.is_sealed && found.is_intact {
        found.problem = unreadable(&reach, session).await?;
        found.is_intact = found.problem.is_none();
    }
    io::stdout()
        .write_all(sentences(&found).as_bytes())
        .map_err(Error::Output)?;
    Ok(match found.is_intact {
        true => Outcome::Done,
        false => Outcome::Status(1),
    })
}

/// Reads all of a sealed recording: every message must open under the session's key, in its place. What is wrong with it.
async fn unreadable(reach: &Reach, session: &str) -> Result<Option<String>, Error> {
    let mut reader = Reader::new(reach, session.to_owned());
    loop {
        match reader.next().await {
            Ok(Some(_)) => {}
            Ok(None) => return Ok(None),
            Err(error @ (Error::Unseal(_) | Error::SenselessRecording)) => {
                return Ok(Some(error.to_string()));
            }
            Err(error) => return Err(error),
        }
    }
}

fn sentences(found: &VerifiedRecording) -> String {
    let mut text = match &found.problem {
        Some(problem) => format!("NOT INTACT: {}\n", printable(problem)),
        None if found.is_sealed => {
            "intact, and every message opens under the session's key\n".to_owned()
        }
        None => "intact\n".to_owned(),
    };
    if !found.is_finished {
        text.push_str("the session is not over: its end cannot be checked yet\n");
    }
    if let Some(lost) = &found.lost {
        text.push_str(&format!("not the whole session: {}\n", printable(lost)));
    }
    let VerifiedRecording {
        bytes,
        blocks,
        hash,
        ..
    } = found;
    let hash = printable(hash);
    text.push_str(&format!("{blocks} blocks, {bytes} bytes, hash {hash}\n"));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_damaged_recording_is_named_first_and_an_unfinished_one_is_said_to_be() {
        let found = VerifiedRecording {
            is_intact: false,
            problem: Some("block 3 \u{1b}[2J".to_owned()),
            is_finished: false,
            is_sealed: false,
            lost: Some("full".to_owned()),
            bytes: 9,
            blocks: 3,
            hash: "00ff".to_owned(),
        };
        assert_eq!(
            sentences(&found),
            "NOT INTACT: block 3 \\u{1b}[2J\nthe session is not over: its end cannot be checked yet\n\
             not the whole session: full\n3 blocks, 9 bytes, hash 00ff\n"
        );
    }
}
