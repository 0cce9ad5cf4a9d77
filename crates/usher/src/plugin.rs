//! AWS's `session-manager-plugin`, as far as the `aws` command and scripts can tell: its forms, its texts, its exit
//! statuses. Everything here is written to standard output, as AWS's plugin does.

mod arguments;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use usher_aws::CallerOptions;
use usher_wire::version::CLIENT_VERSION;

use crate::client::{self, Near, Session, Signals};
use crate::error::Error;
use crate::exit::{self, Face, Outcome};
use crate::reach::Reach;
use crate::text::printable;
use arguments::{Invocation, StartSessionResponse, Started};

/// The name that chooses this face.
pub(crate) const NAME: &str = "session-manager-plugin";

/// Set to 1, the status is the shell's instead of AWS's 0.
const REAL_STATUS: &str = "USHER_PLUGIN_EXIT_STATUS";

/// Set to true, the upgrade is unsigned (the name is AWS's, seen in plugin 1.2.835.0).
const SKIP_SIGNATURE: &str = "SSM_PLUGIN_SKIP_CLIENT_CONFIGURE";

const INSTALLED: &str = "\nThe Session Manager plugin was installed successfully. Use the AWS CLI to start a session.\n\n";

/// Runs the plugin; `arguments` begin after the program's name.
pub(crate) fn main(arguments: &[OsString]) -> ExitCode {
    let arguments: Vec<String> = arguments
        .iter()
        .map(|a| a.to_string_lossy().into_owned())
        .collect();
    let text = match Invocation::parse(&arguments) {
        Invocation::Bare => INSTALLED.to_owned(),
        Invocation::Version => format!("{CLIENT_VERSION}\n"),
        Invocation::UnknownOperation(word) => format!(
            "\nUnknown operation {}. \nUse session-manager-plugin --version to check the version.\n\n",
            printable(&word)
        ),
        Invocation::InvalidOperation => "Invalid Operation".to_owned(),
        Invocation::Start(started) => return start(started),
    };
    let written = io::stdout().write_all(text.as_bytes());
    if written.is_ok() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn start(started: Started) -> ExitCode {
    let real_status = std::env::var_os(REAL_STATUS).is_some_and(|value| value == "1");
    let face = Face::Plugin { real_status };
    let result = crate::cli::block_on(crate::cli::Threads::One, hold(started, face));
    if let Err(error) = &result {
        tell(error);
    }
    ExitCode::from(exit::code(face, &result))
}

async fn hold(started: Started, face: Face) -> Result<Outcome, Error> {
    let signals = Signals::install().map_err(Error::Terminal)?;
    let StartSessionResponse {
        session_id,
        stream_url,
        token_value,
    } = started.response()?;
    let options = CallerOptions {
        profile: started.profile,
        region: started.region,
        endpoint_url: started.endpoint_url,
        ca_bundle: None,
        require_encryption: false,
    };
    let target = started.target.unwrap_or_default();
    let mut reach = Reach::find(options).await?;
    if std::env::var_os(SKIP_SIGNATURE).is_some_and(|value| value.eq_ignore_ascii_case("true")) {
        reach = reach.without_upgrade_signatures();
    }
    let session = Session {
        id: session_id,
        target,
        stream_url,
        token: token_value,
    };
    client::hold(session, reach, face, signals, Near::Usual).await
}

/// The texts of a session's end were said already; what is left is a session that could not be held.
fn tell(error: &Error) {
    if matches!(error, Error::Ended { .. } | Error::TimedOut { .. }) {
        return;
    }
    let mut text = format!(
        "Cannot perform start session: {}\n",
        printable(&error.to_string())
    );
    if let Some(hint) = error.hint() {
        text.push_str(&format!("\nhint: {hint}\n"));
    }
    let _ = io::stdout().write_all(text.as_bytes());
}
