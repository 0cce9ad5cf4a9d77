//! The lines by which every AWS tool finds the sign-in: they are added to a profile in `~/.aws/config`, and what somebody
//! else wrote is neither changed nor outranked.

use std::collections::BTreeMap;
use std::fs::{self, DirBuilder, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use usher_aws::CallerOptions;

use super::aws_files::{self, AwsFile};
use super::{Said, SignInError, profile_of};

/// Keys by which AWS's tools would find other credentials in the same profile, and sooner.
const OTHER_CREDENTIALS: [&str; 8] = [
    "aws_access_key_id",
    "aws_secret_access_key",
    "role_arn",
    "source_profile",
    "credential_source",
    "web_identity_token_file",
    "sso_session",
    "sso_start_url",
];

/// What a profile is to have.
#[derive(Debug)]
pub(crate) struct Stanza {
    profile: String,
    pairs: Vec<(String, String)>,
}

impl Stanza {
    /// What was said, and this program as what gives the keys.
    ///
    /// Refused where it would not fit into a line, or not beside what the profile has already.
    pub(crate) fn plan(said: &Said, options: &CallerOptions) -> Result<Self, SignInError> {
        let profile = profile_of(options);
        let mut pairs: Vec<(String, String)> = Vec::new();
        let mut add = |key: &str, value: &str| pairs.push((key.to_owned(), value.to_owned()));
        if let Some(region) = &options.region {
            add("region", region);
        }
        if let Some(endpoint) = &options.endpoint_url {
            add("endpoint_url", endpoint);
        }
        if let Some(bundle) = &options.ca_bundle {
            let bundle = std::path::absolute(bundle).map_err(at(bundle))?;
            add("ca_bundle", &bundle.to_string_lossy());
        }
        for (key, value) in said.pairs() {
            add(key, value);
        }
        let program = std::env::current_exe().map_err(at(Path::new("usher")))?;
        let program = program.to_string_lossy();
        let name = shell_words::quote(&profile);
        let command = format!(
            "{} credentials --profile {name}",
            shell_words::quote(&program)
        );
        add("credential_process", &command);
        let stanza = Self { profile, pairs };
        stanza.check()?;
        stanza.missing(&aws_files::config()?, &aws_files::credentials()?)?;
        Ok(stanza)
    }

    /// Writes what the profile does not have yet. The file is replaced whole or not at all, and keeps its mode; where it is
    /// a link, what it leads to is replaced.
    pub(crate) fn write(&self) -> Result<PathBuf, SignInError> {
        // Anew: minutes have passed since it was planned.
        let config = aws_files::config()?;
        let missing = self.missing(&config, &aws_files::credentials()?)?;
        if !missing.is_empty() {
            let text = config.with(&self.profile, &missing);
            replace(config.path(), &text).map_err(at(config.path()))?;
        }
        Ok(config.path().to_owned())
    }

    /// Names and values must be one line, and mean the same to every reader of the file.
    fn check(&self) -> Result<(), SignInError> {
        let wrong = |key: &str, value: &str, rule| SignInError::Setting {
            profile: self.profile.clone(),
            key: key.to_owned(),
            value: value.to_owned(),
            rule,
        };
        let in_name = |c: char| c.is_ascii_alphanumeric() || "_.@+-".contains(c);
        if self.profile.is_empty() || !self.profile.chars().all(in_name) {
            let rule = "only letters, digits and _.@+- are written into the file";
            return Err(wrong("the name", &self.profile, rule));
        }
        for (key, value) in &self.pairs {
            let is_plain = |value: &str| {
                let is_comment = value.contains(" #") || value.contains(" ;");
                !is_comment && value == value.trim() && !value.chars().any(char::is_control)
            };
            if !is_plain(value) {
                return Err(wrong(key, value, "it must be one line without comments"));
            }
        }
        Ok(())
    }

    /// The lines that the profile lacks.
    fn missing(&self, config: &AwsFile, credentials: &AwsFile) -> Result<Vec<String>, SignInError> {
        let taken = |file: &AwsFile, key: &str| SignInError::Taken {
            profile: self.profile.clone(),
            path: file.path().to_owned(),
            key: key.to_owned(),
        };
        for file in [config, credentials] {
            let there = file.profile(&self.profile);
            if let Some(key) = other_credentials(&there) {
                return Err(taken(file, key));
            }
        }
        let there = config.profile(&self.profile);
        let mut lines = Vec::new();
        for (key, value) in &self.pairs {
            match there.get(key) {
                None => lines.push(format!("{key} = {value}")),
                Some(known) if known == value => {}
                Some(_) => return Err(taken(config, key)),
            }
        }
        Ok(lines)
    }
}

fn other_credentials(there: &BTreeMap<String, String>) -> Option<&'static str> {
    OTHER_CREDENTIALS
        .into_iter()
        .find(|key| there.contains_key(*key))
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(directory)?;
    }
    let path = match path.canonicalize() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => path.to_owned(),
        real => real?,
    };
    let mode = match path.metadata() {
        Ok(metadata) => metadata.permissions().mode() & 0o777,
        Err(_) => 0o600,
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.fresh", std::process::id()));
    let fresh = path.with_file_name(name);
    let written = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(text.as_bytes())?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.sync_all()?;
        fs::rename(&fresh, &path)
    };
    written().inspect_err(|_| {
        let _ = fs::remove_file(&fresh);
    })
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> SignInError + '_ {
    |source| SignInError::File {
        path: path.to_owned(),
        source,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn stanza(profile: &str, pairs: &[(&str, &str)]) -> Stanza {
        let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
        Stanza {
            profile: profile.to_owned(),
            pairs: pairs.iter().map(owned).collect(),
        }
    }

    #[test]
    fn what_is_more_than_a_line_is_refused() {
        for (profile, value) in [
            ("work]", "x"),
            ("", "x"),
            ("a b", "x"),
            ("work", "x\ncredential_process = evil"),
            ("work", "x # y"),
            ("work", " x"),
        ] {
            let refused = stanza(profile, &[("usher_issuer", value)]).check();
            assert!(refused.is_err(), "{profile:?} {value:?}");
        }
        assert!(
            stanza("work-1", &[("usher_issuer", "https://h/a")])
                .check()
                .is_ok()
        );
    }

    #[test]
    fn a_file_is_replaced_through_its_link_and_keeps_its_mode() {
        let directory = tempfile::tempdir().unwrap();
        let (real, link) = (directory.path().join("real"), directory.path().join("link"));
        fs::write(&real, "old").unwrap();
        fs::set_permissions(&real, Permissions::from_mode(0o640)).unwrap();
        symlink(&real, &link).unwrap();
        replace(&link, "new").unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&real).unwrap(), "new");
        assert_eq!(real.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        let made = directory.path().join("a/config");
        replace(&made, "new").unwrap();
        assert_eq!(made.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
    }
}
