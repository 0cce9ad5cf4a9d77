//! `usher login --console`: a link that opens the web console signed in as whoever asks.

use std::io::{self, Write};

use usher_aws::CallerOptions;

use crate::error::Error;
use crate::exit::Outcome;
use crate::reach::Reach;

/// What was asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct LoginArguments {
    /// Print a link to the web console that works once, for a minute
    #[arg(long, required = true)]
    console: bool,
}

/// Prints the link on standard output, and nothing else there.
pub(crate) async fn run(_: LoginArguments, options: CallerOptions) -> Result<Outcome, Error> {
    let reach = Reach::find(options).await?;
    let link = reach.console_link().await?;
    writeln!(io::stdout(), "{}", link.url).map_err(Error::Output)?;
    eprintln!(
        "This link signs in whoever opens it first, once, within {} seconds.",
        link.seconds
    );
    Ok(Outcome::Done)
}
