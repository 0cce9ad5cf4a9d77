//! OpenSSH through managed nodes: `usher ssh-proxy` is a ProxyCommand, and `usher ssh-config` writes the lines that use it.

use std::io::{self, Write};
use std::path::Path;

use usher_aws::{CallerOptions, StartSession};

use crate::client;
use crate::error::Error;
use crate::exit::Outcome;
use crate::reach::Reach;
use crate::start_session;
use crate::target;

const DOCUMENT: &str = "AWS-StartSSHSession";

/// What was asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct SshProxyArguments {
    /// Node id (mi-…) or the unique name of a computer; ssh's %h
    target: String,
    /// Port of the SSH server on the node; ssh's %p
    #[arg(default_value_t = 22)]
    port: u16,
}

/// Carries standard input and output to the node's SSH server.
pub(crate) async fn proxy(
    arguments: SshProxyArguments,
    options: CallerOptions,
) -> Result<Outcome, Error> {
    let signals = client::Signals::install().map_err(Error::Terminal)?;
    let reach = Reach::find(options).await?;
    let target = target::resolve(&reach, &arguments.target).await?;
    let request = StartSession {
        target,
        document_name: Some(DOCUMENT.to_owned()),
        parameters: [("portNumber".to_owned(), vec![arguments.port.to_string()])].into(),
        ..StartSession::default()
    };
    start_session::on_node(reach, request, signals).await
}

/// Whose configuration is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum For {
    /// A stanza for ~/.ssh/config: ssh, scp, sftp, rsync, git, and VS Code's Remote - SSH, which reads the same file
    Ssh,
    /// A line of an inventory for Ansible's ssh connection
    Ansible,
}

/// What was asked for.
#[derive(Debug, clap::Args)]
pub(crate) struct SshConfigArguments {
    /// Names for the stanza: nodes by id or computer name; all node ids when absent
    nodes: Vec<String>,
    /// OS user on the node whom sshd lets in
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// What reads it
    #[arg(long = "for", value_enum, default_value_t = For::Ssh)]
    reader: For,
}

/// Writes the lines to standard output.
pub(crate) fn config(arguments: &SshConfigArguments) -> Result<Outcome, Error> {
    let program = std::env::current_exe().map_err(Error::Terminal)?;
    let text = lines(arguments, &program);
    let written = io::stdout().lock().write_all(text.as_bytes());
    written.map_err(Error::Output).map(|()| Outcome::Done)
}

fn lines(arguments: &SshConfigArguments, program: &Path) -> String {
    let program = shell_words::quote(&program.to_string_lossy()).into_owned();
    let user = arguments.user.as_deref();
    match arguments.reader {
        For::Ssh => {
            let hosts = if arguments.nodes.is_empty() {
                "mi-*".to_owned()
            } else {
                arguments.nodes.join(" ")
            };
            let user = user.map_or(String::new(), |user| format!("    User {user}\n"));
            format!(
                "Host {hosts}\n{user}    ProxyCommand {program} ssh-proxy %h %p\n    ServerAliveInterval 30\n"
            )
        }
        For::Ansible => {
            let proxy = format!("-o ProxyCommand=\"{program} ssh-proxy %h %p\"");
            let user = user.map_or(String::new(), |user| format!(" ansible_user={user}"));
            let line = |node: &String| format!("{node}{user} ansible_ssh_common_args='{proxy}'\n");
            arguments.nodes.iter().map(line).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn arguments(nodes: &[&str], user: Option<&str>, reader: For) -> SshConfigArguments {
        SshConfigArguments {
            nodes: nodes.iter().map(|node| (*node).to_owned()).collect(),
            user: user.map(str::to_owned),
            reader,
        }
    }

    #[test]
    fn a_program_with_a_blank_in_its_path_is_still_one_word() {
        let told = lines(&arguments(&[], None, For::Ssh), Path::new("/opt/my usher"));
        assert!(
            told.contains("ProxyCommand '/opt/my usher' ssh-proxy %h %p\n"),
            "{told}"
        );
    }

    #[test]
    fn the_stanza_names_all_nodes_unless_some_are_given() {
        let usher = Path::new("/usr/bin/usher");
        assert!(lines(&arguments(&[], None, For::Ssh), usher).starts_with("Host mi-*\n"));
        let told = lines(
            &arguments(&["web-1", "web-2"], Some("ann"), For::Ssh),
            usher,
        );
        assert!(
            told.starts_with("Host web-1 web-2\n    User ann\n"),
            "{told}"
        );
    }

    #[test]
    fn an_inventory_has_a_line_for_each_node() {
        let usher = Path::new("/usr/bin/usher");
        let told = lines(&arguments(&["web-1"], Some("ann"), For::Ansible), usher);
        assert_eq!(
            told,
            "web-1 ansible_user=ann ansible_ssh_common_args='-o ProxyCommand=\"/usr/bin/usher ssh-proxy %h %p\"'\n"
        );
    }
}
