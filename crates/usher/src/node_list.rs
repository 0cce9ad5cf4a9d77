//! `usher nodes`: the managed nodes the caller may see.

use std::io::{self, Write};

use usher_aws::{CallerOptions, Identity, ManagedNode};

use crate::error::Error;
use crate::exit::Outcome;
use crate::reach::Reach;
use crate::text::printable;

/// How data is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    /// One aligned line for each
    Text,
    /// As the aws command writes it
    Json,
}

/// Lists the nodes on standard output.
pub(crate) async fn run(format: Format, options: CallerOptions) -> Result<Outcome, Error> {
    let reach = Reach::find(options).await?;
    let credentials = reach.credentials().await?;
    let nodes = reach.ssm().nodes(Identity::Keys(&credentials)).await?;
    let text = match format {
        Format::Text => table(&nodes),
        Format::Json => json(&nodes),
    };
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(Error::Output)?;
    Ok(Outcome::Done)
}

fn json(nodes: &[ManagedNode]) -> String {
    let list = serde_json::json!({"InstanceInformationList": nodes});
    format!("{list:#}\n")
}

fn table(nodes: &[ManagedNode]) -> String {
    let rows: Vec<[String; 4]> = nodes
        .iter()
        .map(|node| {
            let platform = format!("{} {}", node.platform_name, node.platform_version);
            [
                &node.instance_id,
                &node.computer_name,
                &node.ping_status,
                platform.trim(),
            ]
            .map(printable)
        })
        .collect();
    let mut widths = [0; 4];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = cell.chars().count().max(*width);
        }
    }
    let line = |row: &[String; 4]| {
        let cells = row
            .iter()
            .zip(widths)
            .map(|(cell, width)| format!("{cell:width$}"));
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned() + "\n"
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nodes() -> Vec<ManagedNode> {
        serde_json::from_value(serde_json::json!([
            {"InstanceId": "mi-0123456789abcdef0", "ComputerName": "web\u{1b}[2J", "PingStatus": "Online",
             "PlatformName": "Debian GNU/Linux", "PlatformVersion": "12"},
            {"InstanceId": "mi-1", "ComputerName": "db", "PingStatus": "ConnectionLost"},
        ]))
        .unwrap()
    }

    #[test]
    fn no_nodes_are_no_lines() {
        assert_eq!(table(&[]), "");
    }

    #[test]
    fn columns_are_aligned_and_hostile_names_are_escaped() {
        let expected = "mi-0123456789abcdef0  web\\u{1b}[2J  Online          Debian GNU/Linux 12\n\
                        mi-1                  db            ConnectionLost\n";
        assert_eq!(table(&nodes()), expected);
    }

    #[test]
    fn json_has_the_shape_of_aws() {
        let parsed: serde_json::Value = serde_json::from_str(&json(&nodes())).unwrap();
        assert_eq!(parsed["InstanceInformationList"][1]["ComputerName"], "db");
    }
}
