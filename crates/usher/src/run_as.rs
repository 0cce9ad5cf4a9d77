//! `usher run-as explain`: as whom a session would run, by which rule, and what a node says to that. Nothing is started.
//! `administrators` tells who could change such answers.

mod administrators;

use std::io::{self, Write};

use usher_aws::{CallerOptions, ExplainRunAs, ExplainedRunAs, Identity, Tag};

use crate::error::Error;
use crate::exit::Outcome;
use crate::node_list::Format;
use crate::parameters::{self, Parameters};
use crate::reach::Reach;
use crate::target;
use crate::text::printable;

/// What there is to do.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum RunAsCommand {
    /// Say as whom a session would run, and why
    Explain(ExplainArguments),
    /// List who could set, change or remove anybody's OS user, or give themselves the permission to
    Administrators {
        /// How to write it
        #[arg(long, value_enum, default_value_t = Format::Text)]
        output: Format,
    },
}

/// Whose session.
#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArguments {
    /// ARN of an IAM user or role; you, where it is left out
    #[arg(long, value_name = "ARN")]
    principal: Option<String>,
    /// A session tag as AssumeRole would set it; may be repeated
    #[arg(long = "session-tag", value_name = "KEY=VALUE", value_parser = tag)]
    session_tags: Vec<Tag>,
    /// Node id (mi-…) or the unique name of a computer, to ask that node too
    #[arg(long, value_name = "NODE")]
    target: Option<String>,
    /// Session document; the account's preferences when absent
    #[arg(long, value_name = "NAME")]
    document_name: Option<String>,
    /// Values of the document's parameters: JSON, or NAME=VALUE,NAME=VALUE
    #[arg(long, value_name = "MAP", value_parser = parameters::parse, default_value = "{}", hide_default_value = true)]
    parameters: Parameters,
    /// How to write it
    #[arg(long, value_enum, default_value_t = Format::Text)]
    output: Format,
}

fn tag(text: &str) -> Result<Tag, String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok(Tag {
            key: key.to_owned(),
            value: value.to_owned(),
        }),
        _ => Err("write KEY=VALUE; the value may be empty".to_owned()),
    }
}

/// Asks and writes.
pub(crate) async fn run(command: RunAsCommand, options: CallerOptions) -> Result<Outcome, Error> {
    match command {
        RunAsCommand::Explain(arguments) => explain(arguments, options).await,
        RunAsCommand::Administrators { output } => administrators::run(output, options).await,
    }
}

/// The status is 1 where there would be no session.
async fn explain(arguments: ExplainArguments, options: CallerOptions) -> Result<Outcome, Error> {
    let reach = Reach::find(options).await?;
    let target = match &arguments.target {
        Some(name) => Some(target::resolve(&reach, name).await?),
        None => None,
    };
    let asked = ExplainRunAs {
        principal: arguments.principal,
        session_tags: arguments.session_tags,
        target,
        document_name: arguments.document_name,
        parameters: arguments.parameters,
    };
    let credentials = reach.credentials().await?;
    let said = reach
        .ssm()
        .explain_run_as(Identity::Keys(&credentials), &asked)
        .await?;
    let text = match arguments.output {
        Format::Text => in_words(&said),
        Format::Json => format!("{:#}\n", serde_json::json!(said)),
    };
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(Error::Output)?;
    Ok(Outcome::Status(u8::from(is_refused(&said))))
}

fn is_refused(said: &ExplainedRunAs) -> bool {
    said.decision == "Refused"
        || said
            .node
            .as_ref()
            .is_some_and(|node| node.decision == "Refused")
}

fn in_words(said: &ExplainedRunAs) -> String {
    let as_whom = match (said.decision.as_str(), &said.os_user) {
        ("RunAs", Some(user)) => format!("runs as {user}"),
        ("SsmUser", _) => "runs as ssm-user: Run As is off".to_owned(),
        _ => "is refused".to_owned(),
    };
    let mut lines = vec![
        format!("A session of {} {as_whom}.", said.principal),
        format!("Rule: {} (document {})", said.rule, said.document_name),
    ];
    lines.extend(said.reason.clone());
    if let Some(node) = &said.node {
        lines.push(format!("{}: {}", node.target, node.decision.to_lowercase()));
        lines.extend(node.reason.clone());
    }
    printable(&(lines.join("\n") + "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(json: serde_json::Value) -> ExplainedRunAs {
        serde_json::from_value(json).unwrap()
    }

    #[test]
    fn a_session_tag_needs_a_key_and_may_be_empty() {
        assert!(tag("SSMSessionRunAs").is_err());
        assert!(tag("=alice").is_err());
        assert_eq!(tag("SSMSessionRunAs=").unwrap().value, "");
        assert_eq!(tag("k=a=b").unwrap().value, "a=b");
    }

    #[test]
    fn either_refusal_makes_the_status() {
        let base =
            serde_json::json!({"Principal": "a", "DocumentName": "d", "Rule": "principal-tag"});
        let with = |decision: &str, node: Option<&str>| {
            let mut value = base.clone();
            value["Decision"] = decision.into();
            if let Some(decision) = node {
                value["Node"] = serde_json::json!({"Target": "mi-1", "Decision": decision});
            }
            said(value)
        };
        assert!(is_refused(&with("Refused", None)));
        assert!(is_refused(&with("RunAs", Some("Refused"))));
        assert!(!is_refused(&with("RunAs", Some("Unknown"))));
        assert!(!is_refused(&with("SsmUser", None)));
    }

    #[test]
    fn a_node_cannot_write_to_the_terminal_otherwise_than_in_words() {
        let told = in_words(&said(serde_json::json!({
            "Principal": "arn", "DocumentName": "d", "Rule": "principal-tag", "Decision": "RunAs", "OsUser": "alice",
            "Node": {"Target": "mi-1", "Decision": "Refused", "Reason": "no\u{1b}[2J"}
        })));
        assert!(
            told.starts_with("A session of arn runs as alice.\n"),
            "{told}"
        );
        assert!(told.ends_with("mi-1: refused\nno\\u{1b}[2J\n"), "{told}");
    }
}
