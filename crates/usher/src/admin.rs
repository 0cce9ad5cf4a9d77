//! `usher admin`: what is done to a server's data by who holds them, while no server does.
//!
//! Invariant: the secret of the first administrator is written once, to standard output, and kept nowhere in the
//! clear. That it is made once is the server's to know; that nobody else uses the data is the lock's.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use usher_server::{AccessKeyPair, Server, ServerError};

use crate::error::Error;
use crate::exit::Outcome;
use crate::node_list::Format;
use crate::server::{ServeError, SettingsFile, log_to_standard_error};

/// What can be done.
#[derive(Debug, clap::Subcommand)]
pub(crate) enum AdminCommand {
    /// Make the first administrator, once, and print its access key
    Bootstrap {
        #[command(flatten)]
        settings: SettingsFile,
        /// Name of the IAM user
        #[arg(long, value_name = "NAME", default_value = "admin")]
        user: String,
        /// How to write the key
        #[arg(long, value_enum, default_value_t = Format::Text)]
        output: Format,
    },
}

/// Does it.
pub(crate) async fn run(command: AdminCommand) -> Result<Outcome, Error> {
    let AdminCommand::Bootstrap {
        settings,
        user,
        output,
    } = command;
    log_to_standard_error();
    let keys = bootstrap(&settings, &user).await?;
    let text = match output {
        Format::Text => lines(&user, &keys),
        Format::Json => json(&user, &keys),
    };
    io::stdout()
        .write_all(text.as_bytes())
        .map_err(Error::Output)?;
    Ok(Outcome::Done)
}

async fn bootstrap(file: &SettingsFile, user: &str) -> Result<AccessKeyPair, ServeError> {
    let config = file.load()?.config;
    refuse_foreign(&config.data_dir)?;
    let server = Server::open(config).await.map_err(|error| match error {
        ServerError::InUse { path } => ServeError::ServerRuns { path },
        other => ServeError::Open(other),
    })?;
    let keys = server.first_administrator(user).await;
    server.close().await;
    Ok(keys?)
}

/// Root can open everybody's data, and would leave files in it that their owner cannot open.
fn refuse_foreign(data: &Path) -> Result<(), ServeError> {
    let ours = rustix::process::geteuid().as_raw();
    match fs::metadata(data) {
        Ok(metadata) if metadata.uid() != ours => Err(ServeError::ForeignData {
            path: data.to_owned(),
            owner: metadata.uid(),
            ours,
        }),
        // What is missing is made, and what cannot be looked at is named when it is opened.
        _ => Ok(()),
    }
}

fn lines(user: &str, keys: &AccessKeyPair) -> String {
    format!(
        "UserName         {user}\nAccessKeyId      {}\nSecretAccessKey  {}\n",
        keys.access_key_id,
        keys.secret_access_key.expose()
    )
}

/// In the shape of `aws iam create-access-key`.
fn json(user: &str, keys: &AccessKeyPair) -> String {
    let key = serde_json::json!({"AccessKey": {
        "UserName": user,
        "AccessKeyId": keys.access_key_id,
        "Status": "Active",
        "SecretAccessKey": keys.secret_access_key.expose(),
    }});
    format!("{key:#}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys() -> AccessKeyPair {
        AccessKeyPair {
            access_key_id: "AKIAEXAMPLE".to_owned(),
            secret_access_key: "s\"ecret".into(),
        }
    }

    #[test]
    fn the_key_is_written_as_the_aws_command_writes_one() {
        let parsed: serde_json::Value = serde_json::from_str(&json("root-cause", &keys())).unwrap();
        assert_eq!(parsed["AccessKey"]["UserName"], "root-cause");
        assert_eq!(parsed["AccessKey"]["SecretAccessKey"], "s\"ecret");
    }

    #[test]
    fn lines_have_a_name_and_a_value() {
        let text = lines("admin", &keys());
        let words: Vec<&str> = text.split_whitespace().collect();
        let expected = [
            "UserName",
            "admin",
            "AccessKeyId",
            "AKIAEXAMPLE",
            "SecretAccessKey",
            "s\"ecret",
        ];
        assert_eq!(words, expected);
    }
}
