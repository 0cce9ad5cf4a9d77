//! The text of AWS's own files, `~/.aws/config` and `~/.aws/credentials`: which keys a profile has, and where its section
//! ends, so that lines can be added and nothing else is touched.
//!
//! Read as botocore reads them: sections in brackets, `key = value` or `key: value`, comments on lines of their own, and
//! lines that begin with a blank belong to the key above.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::SignInError;

/// How sections are named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// `[profile NAME]`, and `[default]`.
    Config,
    /// `[NAME]`.
    Credentials,
}

/// One of the files; absent is empty.
#[derive(Debug)]
pub(super) struct AwsFile {
    path: PathBuf,
    text: String,
    kind: Kind,
}

enum Line<'a> {
    Section(Option<String>),
    Key(String, &'a str),
    Other,
}

/// `AWS_CONFIG_FILE`, else `~/.aws/config`.
pub(super) fn config() -> Result<AwsFile, SignInError> {
    AwsFile::read(named("AWS_CONFIG_FILE", "config")?, Kind::Config)
}

/// `AWS_SHARED_CREDENTIALS_FILE`, else `~/.aws/credentials`.
pub(super) fn credentials() -> Result<AwsFile, SignInError> {
    let path = named("AWS_SHARED_CREDENTIALS_FILE", "credentials")?;
    AwsFile::read(path, Kind::Credentials)
}

fn named(variable: &str, name: &str) -> Result<PathBuf, SignInError> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let home = || set("HOME").map(PathBuf::from).ok_or(SignInError::NoHome);
    match set(variable).map(PathBuf::from) {
        None => Ok(home()?.join(".aws").join(name)),
        Some(path) => match path.strip_prefix("~") {
            Ok(rest) => Ok(home()?.join(rest)),
            Err(_) => Ok(path),
        },
    }
}

impl AwsFile {
    fn read(path: PathBuf, kind: Kind) -> Result<Self, SignInError> {
        match fs::read_to_string(&path) {
            Ok(text) => Ok(Self { path, text, kind }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self {
                path,
                text: String::new(),
                kind,
            }),
            Err(source) => Err(SignInError::File { path, source }),
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The profile's keys, in lower case, with their values; none for a profile that is not there.
    pub(super) fn profile(&self, name: &str) -> BTreeMap<String, String> {
        let mut is_inside = false;
        let mut keys = BTreeMap::new();
        for line in self.text.lines() {
            match self.line(line) {
                Line::Section(section) => is_inside = section.as_deref() == Some(name),
                Line::Key(key, value) if is_inside => {
                    keys.insert(key, value.to_owned());
                }
                Line::Key(..) | Line::Other => {}
            }
        }
        keys
    }

    /// The text with these lines at the end of the profile's section, which is made where there is none.
    pub(super) fn with(&self, name: &str, lines: &[String]) -> String {
        let added: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let mut is_inside = false;
        let (mut place, mut at) = (None, 0);
        for line in self.text.split_inclusive('\n') {
            at += line.len();
            match self.line(line.trim_end_matches(['\n', '\r'])) {
                Line::Section(section) => is_inside = section.as_deref() == Some(name),
                Line::Key(..) | Line::Other if line.trim().is_empty() => continue,
                Line::Key(..) | Line::Other => {}
            }
            if is_inside {
                place = Some(at);
            }
        }
        let (before, after) = match place.and_then(|place| self.text.split_at_checked(place)) {
            Some(parts) => parts,
            None => (self.text.as_str(), ""),
        };
        let end = match before.is_empty() || before.ends_with('\n') {
            true => "",
            false => "\n",
        };
        match place {
            Some(_) => format!("{before}{end}{added}{after}"),
            None => {
                let blank = if before.is_empty() { "" } else { "\n" };
                let header = self.header(name);
                format!("{before}{end}{blank}{header}\n{added}")
            }
        }
    }

    fn header(&self, name: &str) -> String {
        match self.kind {
            Kind::Config if name != "default" => format!("[profile {name}]"),
            Kind::Config | Kind::Credentials => format!("[{name}]"),
        }
    }

    fn line<'a>(&self, line: &'a str) -> Line<'a> {
        if line.starts_with([' ', '\t', '#', ';']) {
            return Line::Other;
        }
        if let Some(section) = line.strip_prefix('[') {
            let inside = section.split(']').next().unwrap_or_default();
            return Line::Section(self.profile_named(inside));
        }
        match line.split_once(['=', ':']) {
            Some((key, value)) => Line::Key(key.trim().to_ascii_lowercase(), value.trim()),
            None => Line::Other,
        }
    }

    /// The profile whose section has this in its brackets.
    fn profile_named(&self, inside: &str) -> Option<String> {
        if self.kind == Kind::Credentials {
            return Some(inside.trim().to_owned());
        }
        let words = shell_words::split(inside).ok()?;
        match words.as_slice() {
            [default] if default == "default" => Some(default.clone()),
            [profile, name] if profile == "profile" => Some(name.clone()),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "# mine\n[default]\nregion = eu-1\n\n[profile work]\nRegion: usher-1\n; usher_issuer = no\ns3 =\n  \
                          usher_client_id = no\n\n[sso-session work]\nusher_issuer = no\n[profile \"a b\"]\nx=1";

    fn file(text: &str, kind: Kind) -> AwsFile {
        AwsFile {
            path: PathBuf::from("config"),
            text: text.to_owned(),
            kind,
        }
    }

    fn keys(text: &str, kind: Kind, name: &str) -> Vec<(String, String)> {
        file(text, kind).profile(name).into_iter().collect()
    }

    fn pair(key: &str, value: &str) -> (String, String) {
        (key.to_owned(), value.to_owned())
    }

    #[test]
    fn keys_of_other_sections_comments_and_nested_lines_are_not_the_profiles() {
        let work = keys(CONFIG, Kind::Config, "work");
        assert_eq!(work, [pair("region", "usher-1"), pair("s3", "")]);
        assert_eq!(keys(CONFIG, Kind::Config, "nowhere"), []);
        assert_eq!(keys("[work]\na=1\n", Kind::Config, "work"), []);
    }

    #[test]
    fn profiles_are_found_by_their_names() {
        assert_eq!(
            keys(CONFIG, Kind::Config, "default"),
            [pair("region", "eu-1")]
        );
        assert_eq!(keys(CONFIG, Kind::Config, "a b"), [pair("x", "1")]);
        assert_eq!(
            keys("[work]\na=1\n", Kind::Credentials, "work"),
            [pair("a", "1")]
        );
    }

    #[test]
    fn lines_are_added_at_the_end_of_the_section_and_nothing_else_changes() {
        let added = file(CONFIG, Kind::Config).with("work", &["new = 1".to_owned()]);
        let nested = "  usher_client_id = no\n";
        assert_eq!(added, CONFIG.replace(nested, &format!("{nested}new = 1\n")));
        let last = file(CONFIG, Kind::Config).with("a b", &["new = 1".to_owned()]);
        assert_eq!(last, format!("{CONFIG}\nnew = 1\n"));
    }

    #[test]
    fn a_section_that_is_not_there_is_made_at_the_end() {
        let made = file(CONFIG, Kind::Config).with("other", &["a = 1".to_owned()]);
        assert_eq!(made, format!("{CONFIG}\n\n[profile other]\na = 1\n"));
        let first = file("", Kind::Config).with("default", &["a = 1".to_owned()]);
        assert_eq!(first, "[default]\na = 1\n");
    }
}
