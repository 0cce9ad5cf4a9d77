//! `usher login`: single sign-on by the provider that the profile names, or with `--console` a link that opens the web
//! console signed in as whoever asks. `usher logout` ends the former.

use std::io::{self, Write};

use usher_aws::CallerOptions;

use crate::error::Error;
use crate::exit::Outcome;
use crate::reach::Reach;
use crate::sign_in::{Said, SignIn, Stanza, profile_of, sign_out};
use crate::text::printable;

/// What was asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct LoginArguments {
    /// Print a link to the web console that works once, for a minute
    #[arg(long, conflicts_with_all = ["device", "no_browser", "save"])]
    console: bool,
    /// Sign in by a browser on another machine: print an address and a code
    #[arg(long, conflicts_with = "no_browser")]
    device: bool,
    /// Only print the address, open no browser
    #[arg(long)]
    no_browser: bool,
    #[command(flatten)]
    said: Said,
}

/// Signs in, or prints the console's link on standard output, and nothing else there.
pub(crate) async fn run(
    arguments: LoginArguments,
    options: CallerOptions,
) -> Result<Outcome, Error> {
    if arguments.console {
        return console(options).await;
    }
    let profile = profile_of(&options);
    let stanza = match arguments.said.save {
        true => Some(Stanza::plan(&arguments.said, &options)?),
        false => None,
    };
    let sign_in = SignIn::of(options, &arguments.said).await?;
    let tokens = match arguments.device {
        true => sign_in.by_device().await?,
        false => sign_in.by_browser(!arguments.no_browser).await?,
    };
    let arn = sign_in.take_role(tokens).await?;
    if let Some(stanza) = stanza {
        eprintln!("The profile {profile} is in {}.", stanza.write()?.display());
    }
    eprintln!("Signed in as {}.", printable(&arn));
    Ok(Outcome::Done)
}

/// Forgets a sign-in.
pub(crate) async fn logout(options: CallerOptions) -> Result<Outcome, Error> {
    let profile = profile_of(&options);
    match sign_out(options).await? {
        true => eprintln!("Nobody is signed in by the profile {profile} any more."),
        false => eprintln!("Nobody was signed in by the profile {profile}."),
    }
    Ok(Outcome::Done)
}

async fn console(options: CallerOptions) -> Result<Outcome, Error> {
    let reach = Reach::find(options).await?;
    let link = reach.console_link().await?;
    writeln!(io::stdout(), "{}", link.url).map_err(Error::Output)?;
    eprintln!(
        "This link signs in whoever opens it first, once, within {} seconds.",
        link.seconds
    );
    Ok(Outcome::Done)
}
