//! `usher cp`: files and directories to and from a managed node, as the OS user that Run As decides.
//!
//! It is a session of its own document, so it is allowed, shown and ended by itself. What was interrupted goes on where it
//! stopped when the same command is given again.

mod error;
mod places;
mod progress;

use std::ffi::OsString;
use std::os::unix::net::UnixStream as Socket;
use std::thread;

use tokio::net::UnixStream;
use usher_aws::{CallerOptions, StartSession};
use usher_copy::{CopyError, Link, fetch, store};

use crate::client::{self, Near};
use crate::error::Error;
use crate::exit::Outcome;
use crate::reach::Reach;
use crate::start_session;
use crate::target;

pub(crate) use error::CpError;
use places::{Copy, Direction};
use progress::Progress;

/// The document that every account has.
const DOCUMENT: &str = "Usher-CopyFiles";

/// What was asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct CpArguments {
    /// What to copy and, last, where to; NODE:PATH is on a managed node, as for scp. No patterns are expanded there
    #[arg(required = true, num_args = 2.., value_name = "PATH")]
    paths: Vec<OsString>,
    /// Copy directories with all that is in them
    #[arg(short, long)]
    recursive: bool,
    /// Show no progress
    #[arg(short, long)]
    quiet: bool,
    /// Why they are copied; shown in history and audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
}

/// Copies all of it, or says what was left out.
pub(crate) async fn run(arguments: CpArguments, options: CallerOptions) -> Result<Outcome, Error> {
    let signals = client::Signals::install().map_err(Error::Terminal)?;
    let copy = Copy::read(&arguments.paths)?;
    let reach = Reach::find(options).await?;
    let request = StartSession {
        target: target::resolve(&reach, &copy.node).await?,
        document_name: Some(DOCUMENT.to_owned()),
        reason: arguments.reason,
        ..StartSession::default()
    };
    let (ours, carried) = Socket::pair().map_err(Error::Terminal)?;
    carried.set_nonblocking(true).map_err(Error::Terminal)?;
    let carried = UnixStream::from_std(carried).map_err(Error::Terminal)?;
    let progress = Progress::new(&copy.node, arguments.quiet);
    let copier = thread::spawn(move || copy_all(copy, arguments.recursive, ours, progress));
    let held = start_session::with(reach, request, signals, Near::Carried(carried)).await;
    // The session has let go of its end, so the copier has come to its own.
    let copied = copier.join().unwrap_or(Err(CpError::Copy(CopyError::Gone)));
    verdict(copied, held)
}

fn copy_all(
    copy: Copy,
    recursive: bool,
    ours: Socket,
    mut progress: Progress,
) -> Result<(), CpError> {
    let to = ours
        .try_clone()
        .map_err(|error| CpError::Copy(CopyError::Stream(error)))?;
    let mut link = Link::new(ours, to);
    let copied = match copy.direction {
        Direction::ToNode => store(
            &copy.sources,
            recursive,
            &copy.destination,
            &mut link,
            &mut progress,
        ),
        Direction::FromNode => fetch(
            copy.sources,
            recursive,
            &copy.destination,
            &mut link,
            &mut progress,
        ),
    };
    copied.map_err(|error| CpError::of(error, &copy.node))?;
    match progress.left_out() {
        0 => Ok(()),
        several => Err(CpError::LeftOut(several)),
    }
}

/// What was copied counts; where the stream just broke off, how its session ended says why.
fn verdict(copied: Result<(), CpError>, held: Result<Outcome, Error>) -> Result<Outcome, Error> {
    match (copied, held) {
        (Ok(()), _) => Ok(Outcome::Done),
        (Err(CpError::Copy(CopyError::Gone)), Err(error)) => Err(error),
        (
            Err(CpError::Copy(CopyError::Gone)),
            Ok(ended @ (Outcome::Signalled(_) | Outcome::Status(1..))),
        ) => Ok(ended),
        (Err(error), _) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone() -> Result<(), CpError> {
        Err(CpError::Copy(CopyError::Gone))
    }

    #[test]
    fn a_copy_that_broke_off_is_never_a_success() {
        for held in [Outcome::Done, Outcome::Status(0)] {
            assert!(verdict(gone(), Ok(held)).is_err());
        }
        let refused = Error::Ended {
            session: "s".to_owned(),
            reason: "no".to_owned(),
        };
        let told = verdict(gone(), Err(refused)).unwrap_err().to_string();
        assert_eq!(told, "no");
        let interrupted = verdict(gone(), Ok(Outcome::Signalled(2))).unwrap();
        assert_eq!(interrupted, Outcome::Signalled(2));
    }

    #[test]
    fn what_was_left_out_is_a_failure_however_the_session_ended() {
        assert!(verdict(Err(CpError::LeftOut(1)), Ok(Outcome::Done)).is_err());
        assert_eq!(verdict(Ok(()), Ok(Outcome::Done)).unwrap(), Outcome::Done);
    }
}
