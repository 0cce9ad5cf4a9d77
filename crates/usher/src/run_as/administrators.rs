//! `usher run-as administrators`: who could set, change or remove anybody's OS user, and by what.

use std::io::{self, Write};

use usher_aws::{CallerOptions, Identity, RunAsAdministrator, RunAsWay};

use crate::error::Error;
use crate::exit::Outcome;
use crate::node_list::Format;
use crate::reach::Reach;
use crate::text::printable;

/// Asks and writes.
pub(super) async fn run(output: Format, options: CallerOptions) -> Result<Outcome, Error> {
    let reach = Reach::find(options).await?;
    let credentials = reach.credentials().await?;
    let found = reach
        .ssm()
        .run_as_administrators(Identity::Keys(&credentials))
        .await?;
    let text = match output {
        Format::Text => found.iter().map(in_words).collect(),
        Format::Json => format!("{:#}\n", serde_json::json!({"Administrators": found})),
    };
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(Error::Output)?;
    Ok(Outcome::Done)
}

fn in_words(administrator: &RunAsAdministrator) -> String {
    let mut lines = vec![printable(&administrator.principal)];
    lines.extend(administrator.ways.iter().map(way));
    for provider in &administrator.trusted_providers {
        lines.push(printable(&format!("  trusts the people of {provider}")));
    }
    lines.join("\n") + "\n"
}

fn way(way: &RunAsWay) -> String {
    let first = way.resources.first().map_or("nothing", String::as_str);
    let further = way.resources.len().saturating_sub(1) as u64 + way.further_resources;
    let more = match further {
        0 => String::new(),
        further => format!(" and {further} more"),
    };
    let hangs = match way.depends_on.as_slice() {
        [] => String::new(),
        keys => format!(", as {} may be", keys.join(", ")),
    };
    printable(&format!(
        "  {}: {} on {first}{more}, by {}{hangs}",
        way.way, way.action, way.allowed_by
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_is_a_line_that_counts_what_it_does_not_name() {
        let administrator: RunAsAdministrator = serde_json::from_value(serde_json::json!({
            "Principal": "arn:user/alice",
            "Ways": [
                {"Way": "SetsTag", "Action": "iam:TagUser", "Resources": ["arn:user/a", "arn:user/b"],
                 "FurtherResources": 3, "AllowedBy": "statement 1 of p", "DependsOn": ["aws:SourceIp"]},
                {"Way": "TakesKeys", "Action": "iam:CreateAccessKey", "Resources": ["arn:user/\u{1b}[2J"],
                 "FurtherResources": 0, "AllowedBy": "statement 2 of p", "DependsOn": []},
            ],
            "TrustedProviders": ["arn:oidc-provider/p"],
        }))
        .unwrap();
        assert_eq!(
            in_words(&administrator),
            "arn:user/alice\n  \
             SetsTag: iam:TagUser on arn:user/a and 4 more, by statement 1 of p, as aws:SourceIp may be\n  \
             TakesKeys: iam:CreateAccessKey on arn:user/\\u{1b}[2J, by statement 2 of p\n  \
             trusts the people of arn:oidc-provider/p\n"
        );
    }
}
