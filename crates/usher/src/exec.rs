//! `usher exec`: a command on a node as if it ran here. Its output, its errors and its status are ours, its input is
//! what we are given, and nothing else is written.
//!
//! It is AWS's document for commands without a terminal, so the same permissions hold. The words arrive as they were
//! given: no shell reads them on the way.

use std::collections::BTreeMap;

use usher_aws::{CallerOptions, StartSession};

use crate::client;
use crate::error::Error;
use crate::exit::Outcome;
use crate::reach::Reach;
use crate::start_session;
use crate::target;

/// The document that every account has.
const DOCUMENT: &str = "AWS-StartNonInteractiveCommand";

/// What was asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct ExecArguments {
    /// Node id (mi-…) or the unique name of a computer
    #[arg(long, value_name = "NODE")]
    target: String,
    /// Session document with a parameter named command
    #[arg(long, value_name = "NAME", default_value = DOCUMENT)]
    document_name: String,
    /// Why it is run; shown in history and audit
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The program and its arguments; for pipes and variables run a shell: -- sh -c 'a | b'
    #[arg(last = true, required = true, value_name = "CMD")]
    command: Vec<String>,
}

/// Runs the command and ends with its status.
pub(crate) async fn run(
    arguments: ExecArguments,
    options: CallerOptions,
) -> Result<Outcome, Error> {
    let signals = client::Signals::install().map_err(Error::Terminal)?;
    let reach = Reach::find(options).await?;
    let target = target::resolve(&reach, &arguments.target).await?;
    let request = StartSession {
        target,
        document_name: Some(arguments.document_name),
        reason: arguments.reason,
        parameters: parameters(&arguments.command),
    };
    start_session::on_node(reach, request, signals).await
}

/// The words quoted, so that the agent splits them as they were.
fn parameters(words: &[String]) -> BTreeMap<String, Vec<String>> {
    [("command".to_owned(), vec![shell_words::join(words)])].into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_word_is_read_by_a_shell_on_the_way() {
        let words = ["printf", "%s\n", "a b", "$HOME", "'", "", "\n", "x;id", "é"];
        let words = words.map(str::to_owned);
        let parameters = parameters(&words);
        let [line] = parameters.get("command").unwrap().as_slice() else {
            panic!("one line");
        };
        assert_eq!(shell_words::split(line).unwrap(), words);
    }
}
