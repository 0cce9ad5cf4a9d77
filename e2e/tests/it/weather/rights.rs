//! Who may take up a session that lost its client: the person who started it, as the OS user it was started as.

use std::time::Duration;

use serde_json::json;

use super::piped::{Client, Piped};
use super::place::Place;
use crate::fixtures::SESSION;
use crate::harness::boto3::Keys;
use crate::harness::os_users::OsUser;
use crate::harness::shared::Shared;
use crate::harness::skip::lacks;

const PATIENCE: Duration = Duration::from_secs(60);

static PLACE: Shared<Place> = Shared::new();

/// The id of the session that this client holds.
fn session_of(place: &Place, owner: &str) -> String {
    let arguments = json!({"State": "Active"});
    let told = place
        .call(place.admin(), "ssm", "describe_sessions", &arguments)
        .must();
    let sessions = told["Sessions"].as_array().unwrap();
    let ours = sessions.iter().find(|session| {
        session["Owner"]
            .as_str()
            .unwrap()
            .ends_with(&format!("user/{owner}"))
    });
    ours.unwrap()["SessionId"].as_str().unwrap().to_owned()
}

fn held(place: &Place, keys: &Keys) -> Piped {
    Piped::start(place, Client::Usher, keys, PATIENCE).unwrap()
}

/// The client goes on as if nobody had asked.
fn is_untouched(person: &mut Piped) {
    person.type_in(b"echo al\"\"ive\r");
    person.take_until(b"alive").unwrap();
}

#[test]
fn another_user_cannot_resume_a_session_whatever_policy_allows() {
    if lacks(&SESSION) {
        return;
    }
    let place = PLACE.hold(|| Place::start("rights"));
    let (owner, other) = (place.user("carol"), place.user("dave"));
    let mut person = held(&place, &owner);
    let id = json!({"SessionId": session_of(&place, "carol")});
    let refused = place
        .call(&other, "ssm", "resume_session", &id)
        .refused_with("AccessDeniedException");
    assert!(refused.message.contains("not the owner"), "{refused:?}");
    is_untouched(&mut person);
    place.call(&owner, "ssm", "resume_session", &id).must();
}

#[test]
fn a_name_that_begins_like_anothers_opens_none_of_its_sessions() {
    if lacks(&SESSION) {
        return;
    }
    let place = PLACE.hold(|| Place::start("rights"));
    let (alice, admin) = (place.user("alice"), place.user("alice-admin"));
    let own = json!({"Effect": "Allow", "Action": "ssm:*", "Resource": [
        "arn:aws:ssm:*:*:session/${aws:username}-*",
        "arn:aws:ssm:*:*:managed-instance/*", "arn:aws:ssm:*:*:document/*",
    ]});
    let (mut hers, mut admins) = (held(&place, &alice), held(&place, &admin));
    for name in ["alice", "alice-admin"] {
        place.allow(name, &own);
    }
    let of = |owner: &str| json!({"SessionId": session_of(&place, owner)});
    let resume =
        |keys: &Keys, owner: &str| place.call(keys, "ssm", "resume_session", &of(owner)).send();
    for (keys, owner) in [(&admin, "alice"), (&alice, "alice-admin")] {
        assert_eq!(
            resume(keys, owner).unwrap_err().code,
            "AccessDeniedException"
        );
    }
    is_untouched(&mut hers);
    is_untouched(&mut admins);
    resume(&alice, "alice").unwrap();
    resume(&admin, "alice-admin").unwrap();
}

#[test]
fn a_session_is_not_resumed_once_its_owner_would_be_another_os_user() {
    if lacks(&SESSION) {
        return;
    }
    let place = PLACE.hold(|| Place::start("rights"));
    let [first, second] = ["first", "second"].map(|name| OsUser::with_home(name, "/bin/bash", &[]));
    let erin = place.user("erin");
    place.tag_run_as("erin", first.name());
    let mut person = held(&place, &erin);
    let id = json!({"SessionId": session_of(&place, "erin")});
    for changed in [second.name(), "root"] {
        place.tag_run_as("erin", changed);
        let refused = place
            .call(&erin, "ssm", "resume_session", &id)
            .refused_with("AccessDeniedException");
        assert!(
            refused.message.contains("OS user of this session"),
            "{refused:?}"
        );
    }
    is_untouched(&mut person);
    place.tag_run_as("erin", first.name());
    place.call(&erin, "ssm", "resume_session", &id).must();
    person.type_in(b"exit\r");
}
