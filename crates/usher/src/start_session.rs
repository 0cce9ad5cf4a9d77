//! `usher start-session TARGET`: from a name to a shell.

use usher_aws::{CallerOptions, Identity, StartSession};

use crate::client::{self, Near, Session};
use crate::error::Error;
use crate::exit::{Face, Outcome};
use crate::parameters::{self, Parameters};
use crate::reach::Reach;
use crate::target;

/// What was asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct StartSessionArguments {
    #[command(flatten)]
    target: Target,
    /// Session document; the account's preferences when absent
    #[arg(long, value_name = "NAME")]
    document_name: Option<String>,
    /// Why the session is held; shown in history and audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// Values of the document's parameters: JSON, or NAME=VALUE,NAME=VALUE
    #[arg(long, value_name = "MAP", value_parser = parameters::parse, default_value = "{}", hide_default_value = true)]
    parameters: Parameters,
}

/// Where to; either spelling.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Target {
    /// Node id (mi-…) or the unique name of a computer
    #[arg(value_name = "TARGET")]
    place: Option<String>,
    /// The same, as `aws ssm start-session` has it
    #[arg(long = "target", value_name = "TARGET")]
    option: Option<String>,
}

/// Holds one session on the target and ends with its shell's status.
pub(crate) async fn run(
    arguments: StartSessionArguments,
    options: CallerOptions,
) -> Result<Outcome, Error> {
    let signals = client::Signals::install().map_err(Error::Terminal)?;
    let reach = Reach::find(options).await?;
    let Target { place, option } = arguments.target;
    let name = place.or(option).unwrap_or_default();
    let target = target::resolve(&reach, &name).await?;
    let request = StartSession {
        target,
        document_name: arguments.document_name,
        reason: arguments.reason,
        parameters: arguments.parameters,
    };
    on_node(reach, request, signals).await
}

/// Starts the session that `request` describes and holds it.
pub(crate) async fn on_node(
    reach: Reach,
    request: StartSession,
    signals: client::Signals,
) -> Result<Outcome, Error> {
    with(reach, request, signals, Near::Usual).await
}

/// The same, with `near` at this end.
pub(crate) async fn with(
    reach: Reach,
    request: StartSession,
    signals: client::Signals,
    near: Near,
) -> Result<Outcome, Error> {
    let credentials = reach.credentials().await?;
    let started = reach
        .ssm()
        .start_session(Identity::Keys(&credentials), &request)
        .await?;
    let session = Session {
        id: started.session_id,
        target: request.target,
        stream_url: started.stream_url,
        token: started.token_value,
    };
    client::hold(session, reach, Face::Usher, signals, near).await
}
