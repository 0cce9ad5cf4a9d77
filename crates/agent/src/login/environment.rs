//! The environment of a login shell: built from nothing, by a pure function.
//!
//! Owns that no variable of the agent and no unchecked value of a client reaches a person's shell.
//! A terminal name and locale come from the person's own client, yet both steer which files
//! libraries open, so both are checked again here, whoever checked them before.

use std::path::Path;

/// What `TERM` is where the client says nothing usable, as AWS's agent sets it.
const TERM: &str = "xterm-256color";

/// What `LANG` is where the client says nothing: as AWS's agent sets it, but a locale that every macOS has.
#[cfg(target_os = "macos")]
const LANG: &str = "en_US.UTF-8";
#[cfg(not(target_os = "macos"))]
const LANG: &str = "C.UTF-8";

#[cfg(target_os = "macos")]
const PATH: &str = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin";
#[cfg(not(target_os = "macos"))]
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Longer names and values than these have no honest use.
const MAX_TEXT: usize = 64;

/// What the environment is made from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms<'a> {
    pub(crate) user: &'a str,
    pub(crate) home: &'a Path,
    pub(crate) shell: &'a Path,
    pub(crate) session: &'a str,
    /// As the client says it; may be empty.
    pub(crate) term: &'a str,
    /// `LANG` and `LC_*` as the client says them.
    pub(crate) locale: &'a [(String, String)],
    /// What the node's administrator sets for every login, by PAM or by `/etc/environment`.
    pub(crate) node: &'a [(String, String)],
}

/// What the account and the session are, which no setting of a node changes.
const FIXED: [&str; 6] = [
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "TERM",
    "USHER_SESSION_ID",
];

/// The whole environment, in a fixed order.
pub(crate) fn environment(terms: Terms<'_>) -> Vec<(String, String)> {
    let term = if is_plain(terms.term) {
        terms.term
    } else {
        TERM
    };
    let mut entries: Vec<(String, String)> = [
        ("HOME", terms.home.to_string_lossy().as_ref()),
        ("USER", terms.user),
        ("LOGNAME", terms.user),
        ("SHELL", terms.shell.to_string_lossy().as_ref()),
        ("PATH", PATH),
        ("MAIL", &format!("/var/mail/{}", terms.user)),
        ("TERM", term),
        ("USHER_SESSION_ID", terms.session),
    ]
    .into_iter()
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .collect();

    let settable = terms
        .node
        .iter()
        .filter(|(name, _)| !FIXED.contains(&name.as_str()));
    for (name, value) in settable {
        set(&mut entries, name, value);
    }
    let mut of_the_client: Vec<&str> = Vec::new();
    let usable = terms
        .locale
        .iter()
        .filter(|(name, value)| is_locale_variable(name) && is_plain(value));
    for (name, value) in usable {
        if !of_the_client.contains(&name.as_str()) {
            of_the_client.push(name);
            set(&mut entries, name, value);
        }
    }
    if entries.iter().all(|(name, _)| name != "LANG") {
        entries.push(("LANG".to_owned(), LANG.to_owned()));
    }
    entries
}

/// The last to set a variable wins, in the place of the first.
fn set(entries: &mut Vec<(String, String)>, name: &str, value: &str) {
    match entries.iter_mut().find(|(present, _)| present == name) {
        Some((_, present)) => value.clone_into(present),
        None => entries.push((name.to_owned(), value.to_owned())),
    }
}

fn is_locale_variable(name: &str) -> bool {
    let category =
        |rest: &str| !rest.is_empty() && rest.bytes().all(|b| b.is_ascii_uppercase() || b == b'_');
    name.len() <= MAX_TEXT && (name == "LANG" || name.strip_prefix("LC_").is_some_and(category))
}

/// No path separators and no leading dot: terminfo and locale names become file names.
fn is_plain(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"_.@+-".contains(&b);
    (1..=MAX_TEXT).contains(&text.len()) && !text.starts_with('.') && text.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(entries: &[(&str, &str)]) -> Vec<(String, String)> {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        entries.iter().map(owned).collect()
    }

    #[test]
    fn a_node_sets_what_it_likes_but_not_who_the_person_is() {
        let node = [
            ("HOME", "/"),
            ("LOGNAME", "root"),
            ("USHER_SESSION_ID", "x"),
            ("PATH", "/opt/bin"),
            ("LANG", "de_DE.UTF-8"),
            ("EDITOR", "vi"),
        ];
        let built = environment(Terms {
            user: "alice",
            home: Path::new("/srv/alice"),
            shell: Path::new("/bin/zsh"),
            session: "alice-0",
            term: "xterm",
            locale: &owned(&[("LC_TIME", "C"), ("LANG", "ja_JP.UTF-8")]),
            node: &owned(&node),
        });
        let value = |name: &str| {
            let values: Vec<&str> = built
                .iter()
                .filter(|(key, _)| key == name)
                .map(|(_, value)| value.as_str())
                .collect();
            assert_eq!(values.len(), 1, "{name}: {values:?}");
            values[0]
        };
        for (name, expected) in [
            ("HOME", "/srv/alice"),
            ("LOGNAME", "alice"),
            ("USHER_SESSION_ID", "alice-0"),
            ("PATH", "/opt/bin"),
            ("EDITOR", "vi"),
            ("LC_TIME", "C"),
            // The person's own terminal knows best what it can show.
            ("LANG", "ja_JP.UTF-8"),
        ] {
            assert_eq!(value(name), expected, "{name}");
        }
    }

    fn check(term: &str, locale: &[(&str, &str)], expected: &[(&str, &str)]) {
        let locale = owned(locale);
        let built = environment(Terms {
            user: "alice",
            home: Path::new("/srv/alice"),
            shell: Path::new("/bin/zsh"),
            session: "alice-0123456789abcdef0",
            term,
            locale: &locale,
            node: &[],
        });
        let fixed = [
            ("HOME", "/srv/alice"),
            ("USER", "alice"),
            ("LOGNAME", "alice"),
            ("SHELL", "/bin/zsh"),
            ("PATH", PATH),
            ("MAIL", "/var/mail/alice"),
        ];
        let session = ("USHER_SESSION_ID", "alice-0123456789abcdef0");
        let (term, locale) = expected.split_first().unwrap();
        let whole = fixed.iter().chain([term, &session]).chain(locale);
        let whole: Vec<(String, String)> = whole
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        assert_eq!(built, whole);
    }

    #[test]
    fn what_could_steer_a_process_never_enters_the_environment() {
        let hostile = [
            ("LD_PRELOAD", "/tmp/x.so"),
            ("PATH", "/tmp"),
            ("LC_", "C"),
            ("LC_ALL", "/tmp/locale"),
            ("LC_TIME", "de\nDE"),
            ("LC_lower", "C"),
            ("LANG", ".hidden"),
        ];
        let defaults = [("TERM", TERM), ("LANG", LANG)];
        check("../../tmp/evil", &hostile, &defaults);
        check("a b", &[], &defaults);
        check(&"x".repeat(65), &[], &defaults);
    }

    #[test]
    fn a_variable_given_twice_counts_once() {
        let twice = [("LANG", "de_DE.UTF-8"), ("LANG", "C")];
        check(
            "xterm",
            &twice,
            &[("TERM", "xterm"), ("LANG", "de_DE.UTF-8")],
        );
    }

    #[test]
    fn a_client_that_says_nothing_gets_the_terminal_of_aws() {
        check("", &[], &[("TERM", "xterm-256color"), ("LANG", "C.UTF-8")]);
    }

    #[test]
    fn terminal_and_locale_of_the_person_are_kept() {
        let locale = [("LC_CTYPE", "ja_JP.UTF-8"), ("LANG", "ja_JP.UTF-8")];
        let expected = [("TERM", "tmux-256color"), locale[0], locale[1]];
        check("tmux-256color", &locale, &expected);
    }
}
