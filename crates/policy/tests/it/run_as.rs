//! The Run As rule, every row of it, against an oracle that knows states and not values.

use usher_policy::{
    DocumentFormat, Preferences, RUN_AS_TAG, RunAs, RunAsInputs, RunAsRule, SessionDocument, Tags,
    resolve_run_as,
};

/// What stands in one place that may name a user.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Named {
    Absent,
    Valid,
    Empty,
    Blank,
    OtherCasing,
    Invalid,
    Root,
    Zero,
}

/// What the session document says.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Document {
    None,
    Off,
    OnWithDefault,
    OnWithout,
}

#[derive(Debug, PartialEq)]
enum Expected {
    Off,
    As(String, RunAsRule),
    Refused(&'static str, RunAsRule),
}

const TAGS: [Named; 8] = [
    Named::Absent,
    Named::Valid,
    Named::Empty,
    Named::Blank,
    Named::OtherCasing,
    Named::Invalid,
    Named::Root,
    Named::Zero,
];
const DEFAULTS: [Named; 4] = [Named::Absent, Named::Valid, Named::Root, Named::Invalid];
const DOCUMENTS: [Document; 4] = [
    Document::None,
    Document::Off,
    Document::OnWithDefault,
    Document::OnWithout,
];

/// The tags of one place; each place names its own user, so that the test sees which one was taken.
fn tags(named: Named, user: &str) -> Tags {
    let tag = |value: &str| Tags::from_iter([(RUN_AS_TAG, value)]);
    match named {
        Named::Absent => Tags::default(),
        Named::Valid => tag(user),
        Named::Empty => tag(""),
        Named::Blank => tag("  "),
        Named::OtherCasing => Tags::from_iter([
            ("ssmsessionrunas", user),
            ("SSMSESSIONRUNAS", user),
            ("SSMSessionRunas", user),
        ]),
        Named::Invalid => tag("alice; id"),
        Named::Root => tag("root"),
        Named::Zero => tag("0"),
    }
}

fn inputs(enabled: bool, default_user: &str) -> RunAsInputs {
    let text = format!(
        r#"{{"schemaVersion":"1.0","sessionType":"Standard_Stream",
            "inputs":{{"runAsEnabled":{enabled},"runAsDefaultUser":"{default_user}"}}}}"#
    );
    preferences(&text).inputs().run_as.clone()
}

fn preferences(text: &str) -> Preferences {
    Preferences::from_document(&SessionDocument::parse(text, DocumentFormat::Json).unwrap())
        .unwrap()
}

fn with_default(enabled: bool, default: Named) -> Preferences {
    let name = match default {
        Named::Valid => "preferred",
        Named::Root => "root",
        Named::Invalid => "not a name",
        _ => "",
    };
    preferences(&format!(
        r#"{{"schemaVersion":"1.0","sessionType":"Standard_Stream",
            "inputs":{{"runAsEnabled":{enabled},"runAsDefaultUser":"{name}"}}}}"#
    ))
}

fn document(document: Document) -> Option<RunAsInputs> {
    match document {
        Document::None => None,
        Document::Off => Some(inputs(false, "documented")),
        Document::OnWithDefault => Some(inputs(true, "documented")),
        Document::OnWithout => Some(inputs(true, "")),
    }
}

/// The rule in words: the first place that is not absent decides, and what it holds is final.
fn oracle(tag: Named, session: Named, on: bool, default: Named, document: Document) -> Expected {
    let document_on = matches!(document, Document::OnWithDefault | Document::OnWithout);
    if !on && !document_on {
        return Expected::Off;
    }
    let last = match (on, document) {
        (true, _) => (default, "preferred", RunAsRule::PreferencesDefault),
        (false, Document::OnWithDefault) => {
            (Named::Valid, "documented", RunAsRule::DocumentDefault)
        }
        (false, _) => (Named::Absent, "", RunAsRule::DocumentDefault),
    };
    let places = [
        (session, "sessioned", RunAsRule::SessionTag),
        (tag, "tagged", RunAsRule::PrincipalTag),
        last,
    ];
    let read = |named: Named| !matches!(named, Named::Absent | Named::OtherCasing);
    match places.into_iter().find(|(named, ..)| read(*named)) {
        None => Expected::Refused("names no OS user", RunAsRule::NothingNamed),
        Some((Named::Valid, user, rule)) => Expected::As(user.to_owned(), rule),
        Some((Named::Root, _, rule)) => Expected::Refused("root is never allowed", rule),
        Some((_, _, rule)) => Expected::Refused("is not a valid OS user name", rule),
    }
}

fn check(decision: &RunAs, expected: &Expected, row: &str) {
    match (decision, expected) {
        (RunAs::Off, Expected::Off) => {}
        (RunAs::As(user), Expected::As(name, rule)) => {
            assert_eq!(
                (user.name().as_str(), user.rule()),
                (name.as_str(), *rule),
                "{row}"
            );
        }
        (RunAs::Refused(refusal), Expected::Refused(sentence, rule)) => {
            assert!(refusal.to_string().contains(sentence), "{row}: {refusal}");
            assert_eq!(decision.rule(), *rule, "{row}");
        }
        _ => assert!(
            matches!(expected, Expected::Off),
            "{row}: {decision:?} instead of {expected:?}"
        ),
    }
    assert_eq!(
        matches!(decision, RunAs::Off),
        matches!(expected, Expected::Off),
        "{row}: {decision:?}"
    );
}

#[test]
fn every_row_of_the_run_as_rule_is_decided_as_the_oracle_says() {
    let mut rows = 0;
    for tag in TAGS {
        for session in TAGS {
            for on in [false, true] {
                for default in DEFAULTS {
                    for said in DOCUMENTS {
                        let decision = resolve_run_as(
                            &tags(tag, "tagged"),
                            &tags(session, "sessioned"),
                            &with_default(on, default),
                            document(said).as_ref(),
                            &[],
                        );
                        let row = format!(
                            "tag {tag:?}, session tag {session:?}, on {on}, default {default:?}, {said:?}"
                        );
                        check(&decision, &oracle(tag, session, on, default, said), &row);
                        rows += 1;
                    }
                }
            }
        }
    }
    assert_eq!(rows, 8 * 8 * 2 * 4 * 4);
}

fn refusal_of_tag(value: &str, reserved: &[&str]) -> String {
    let tags = Tags::from_iter([(RUN_AS_TAG, value)]);
    let reserved: Vec<String> = reserved.iter().map(|name| (*name).to_owned()).collect();
    match resolve_run_as(
        &tags,
        &Tags::default(),
        &with_default(true, Named::Valid),
        None,
        &reserved,
    ) {
        RunAs::Refused(refusal) => refusal.to_string(),
        decision => format!("not refused: {decision:?}"),
    }
}

#[test]
fn the_accounts_of_usher_and_of_the_server_are_refused() {
    for (name, reserved) in [
        ("usher-agent", &[][..]),
        ("usher-session", &[]),
        ("usher", &["daemon", "usher"]),
    ] {
        let sentence = refusal_of_tag(name, reserved);
        assert!(
            sentence.contains(name) && sentence.contains("no session may use"),
            "{sentence}"
        );
    }
}

#[test]
fn refusals_name_the_place_and_the_remedy() {
    let sentence = refusal_of_tag("", &[]);
    assert_eq!(
        sentence,
        "The tag SSMSessionRunAs on the IAM user or role is empty, which is not a valid OS user name. Set it to the \
         exact name of an account on the node."
    );
    let nothing = resolve_run_as(
        &Tags::default(),
        &Tags::default(),
        &with_default(true, Named::Absent),
        None,
        &[],
    );
    let RunAs::Refused(refusal) = nothing else {
        unreachable!("nothing names a user")
    };
    let sentence = refusal.to_string();
    for part in [
        "SSMSessionRunAs",
        "Tag the IAM user or role",
        "Session Manager preferences",
    ] {
        assert!(sentence.contains(part), "{sentence}");
    }
}

#[test]
fn hostile_values_are_shown_escaped_and_short() {
    let sentence = refusal_of_tag("\u{1b}[2J\u{202e}\n", &[]);
    assert!(
        sentence
            .chars()
            .all(|character| !character.is_control() && character != '\u{202e}'),
        "{sentence}"
    );
    let sentence = refusal_of_tag(&"a ".repeat(5000), &[]);
    assert!(sentence.len() < 300, "{sentence}");
}

#[test]
fn values_are_never_trimmed() {
    for value in [" alice", "alice ", "alice\n", "\talice"] {
        assert!(
            refusal_of_tag(value, &[]).contains("is not a valid OS user name"),
            "{value:?}"
        );
    }
}

#[test]
fn a_document_cannot_bring_its_own_user_where_the_preferences_turn_run_as_on() {
    let document = inputs(true, "documented");
    let none = Tags::default();
    let decision = resolve_run_as(
        &none,
        &none,
        &with_default(true, Named::Absent),
        Some(&document),
        &[],
    );
    assert!(matches!(decision, RunAs::Refused(_)), "{decision:?}");
}
