//! Single sign-on as a person does it: a provider that is nobody's mock (npm's oidc-provider), a browser played by a plain
//! HTTP client, and AWS's own tools, which know nothing but a profile.

#[cfg(test)]
mod person;
#[cfg(test)]
mod provider;

use std::time::Duration;

use serde_json::json;

use crate::harness::process::output_of;
use crate::harness::programs;
use crate::harness::skip::{Need, lacks};
use crate::harness::terminal::Terminal;
use person::{Person, World};
use provider::get;

const NEEDS: [Need; 3] = [Need::Root, Need::Aws, Need::IdentityProvider];

/// What boto3 finds by the profile alone.
const WHO_BY_BOTO3: &str = "import boto3
print(boto3.Session(profile_name='work').client('sts').get_caller_identity()['Arn'])";

#[test]
fn who_does_not_answer_the_question_is_not_signed_in() {
    if lacks(&NEEDS) {
        return;
    }
    let mut world = World::start("alice");
    let person = Person::new(&world);

    let told = person.refused(&["login", "--profile", "work"]);
    assert!(told.contains("the profile work has no usher_"), "{told}");
    assert!(told.contains("usher login --save"), "{told}");
    let told = person.refused(&["credentials", "--profile", "work"]);
    assert!(told.contains("the profile work has no usher_"), "{told}");

    // Somebody else reaches the port first.
    let login = person.login(&[]);
    let page = get(&format!("{}?code=stolen&state=guessed", login.redirect()));
    assert!(page.starts_with("HTTP/1.1 400 "), "{page}");
    let told = login.refused();
    assert!(told.contains("its state is another"), "{told}");
    assert!(told.contains("hint: "), "{told}");

    for (lie, cause, remedy) in [
        (
            "nonce",
            "has another nonce than the question",
            "compare the clocks",
        ),
        ("late", "expired 3", "compare the clocks"),
    ] {
        world.provider.obey(&format!("lie {lie}"));
        let login = person.login(&[]);
        world.browse(&login.address);
        let told = login.refused();
        assert!(
            told.contains(&format!(
                "the ID token of {} {cause}",
                world.provider.issuer
            )),
            "{told}"
        );
        assert!(told.contains(remedy), "{told}");
    }
    world.provider.obey("lie issuer");
    let told = person.refused(&person.arguments(&["login", "--no-browser"]));
    assert!(
        told.contains("in the name of another issuer, https://id.example.com"),
        "{told}"
    );
    assert!(told.contains("usher_issuer must be"), "{told}");
    world.provider.obey("truth");

    // The provider vouches, but the server does not know it any more.
    world.forget_provider();
    let login = person.login(&[]);
    world.browse(&login.address);
    let told = login.refused();
    assert!(told.contains("role/people is not given: "), "{told}");
    assert!(told.contains("create-open-id-connect-provider"), "{told}");

    world.provider.stop();
    let told = person.refused(&person.arguments(&["login", "--no-browser"]));
    assert!(
        told.contains(&format!("{} cannot be asked", world.provider.issuer)),
        "{told}"
    );
    assert!(told.contains("can it be reached"), "{told}");
    assert_eq!(
        person.config(),
        None,
        "a profile was written though nobody signed in"
    );
}

#[test]
fn a_person_signs_in_by_browser_and_every_tool_finds_keys_that_renew_themselves() {
    if lacks(&NEEDS) {
        return;
    }
    let mut world = World::start("alice");
    let person = Person::new(&world);
    person.write_config("# by hand\n[default]\nregion = eu-west-1\n");
    let login = person.login(&[]);
    let page = world.browse(&login.address);
    assert!(
        page.starts_with("200 ") && page.contains("can be closed"),
        "{page}"
    );
    let told = login.signed_in();
    let session = format!(
        "arn:aws:sts::000000000000:assumed-role/people/{}",
        world.os_user.name()
    );
    assert!(told.contains(&session), "{told}");
    let config = person.config().unwrap();
    assert!(
        config.starts_with("# by hand\n[default]\nregion = eu-west-1\n\n[profile work]\n"),
        "{config}"
    );

    let who = person.aws(&["sts", "get-caller-identity", "--query", "Arn"]);
    assert_eq!(who.trim(), format!("\"{session}\""));
    let python = programs::aws().unwrap().join("python");
    let who = output_of(person.command(&python).args(["-c", WHO_BY_BOTO3]));
    assert_eq!(who.trim(), session);
    let node = world.dev.node();
    let exec = [
        "exec",
        "--profile",
        "work",
        "--target",
        node,
        "--",
        "id",
        "-un",
    ];
    let told = output_of(person.command(programs::usher()).args(exec));
    assert_eq!(told.trim(), world.os_user.name());

    // A sign-in again writes nothing that is there already.
    let login = person.login(&[]);
    world.browse(&login.address);
    login.signed_in();
    assert_eq!(person.config().unwrap(), config);

    // The keys are at their end: many ask at once, and the refresh token is spent once.
    let first = person.keys();
    person.age();
    let asked: Vec<_> = (0..4)
        .map(|_| person.start(&["credentials", "--profile", "work"]))
        .collect();
    let renewed: Vec<String> = asked.into_iter().map(person::key_of).collect();
    assert!(
        renewed
            .iter()
            .all(|key| *key == renewed[0] && *key != first),
        "{renewed:?}"
    );
    person.age();
    let who = person.aws(&["sts", "get-caller-identity", "--query", "Arn"]);
    assert_eq!(who.trim(), format!("\"{session}\""));

    person.expose();
    let told = person.refused(&["credentials", "--profile", "work"]);
    assert!(
        told.contains("work.json is open to others than its owner"),
        "{told}"
    );
    assert!(told.contains("chmod 600"), "{told}");
    let shown = person.refused_exec(node);
    assert!(
        shown.contains("is open to others than its owner"),
        "{shown}"
    );
    person.close();

    // A provider that is away for a while takes nothing from keys that are still good.
    person.nearly_age();
    world.provider.stop();
    let who = person.aws(&["sts", "get-caller-identity", "--query", "Arn"]);
    assert_eq!(who.trim(), format!("\"{session}\""));
    person.age();
    let told = person.refused(&["credentials", "--profile", "work"]);
    assert!(told.contains("cannot be asked"), "{told}");
}

#[test]
fn what_ends_a_sign_in_ends_what_it_was_good_for() {
    if lacks(&NEEDS) {
        return;
    }
    let mut world = World::start("alice");
    let person = Person::new(&world);
    let login = person.login(&["--device"]);
    let page = world.enter(&login);
    assert!(page.contains("Sign-in Success"), "{page}");
    login.signed_in();

    let mut aws = person.command("aws".as_ref());
    aws.args([
        "--profile",
        "work",
        "ssm",
        "start-session",
        "--target",
        world.dev.node(),
    ]);
    let mut terminal = Terminal::start(&aws, 80, 24);
    terminal.expect_shell();
    assert_eq!(terminal.shell("id -un").trim_end(), world.os_user.name());

    // At the provider: nothing is renewed any more.
    world.provider.obey("revoke");
    person.age();
    let told = person.refused(&["credentials", "--profile", "work"]);
    assert!(
        told.contains("the sign-in of the profile work is not renewed"),
        "{told}"
    );
    assert!(told.contains("invalid_grant"), "{told}");
    assert!(told.contains("usher login --profile work"), "{told}");
    let shown = person.refused_exec(world.dev.node());
    assert!(shown.contains("is not renewed"), "{shown}");

    // At the server: the session ends.
    world.forget_provider();
    terminal.expect("was deleted or switched off");
    terminal.end();

    // Signing out forgets what is kept, and says so once.
    let told = person.told(&["logout", "--profile", "work"]);
    assert!(told.contains("any more"), "{told}");
    let told = person.told(&["logout", "--profile", "work"]);
    assert!(told.contains("Nobody was signed in"), "{told}");
    let told = person.refused(&["credentials", "--profile", "work"]);
    assert!(
        told.contains("nobody is signed in by the profile work"),
        "{told}"
    );
    assert_eq!(person.kept(), json!(null));
}

#[test]
fn whoever_signs_out_at_the_provider_is_out_of_live_sessions_until_the_next_sign_in() {
    if lacks(&NEEDS) {
        return;
    }
    let mut world = World::start("alice");
    let person = Person::new(&world);
    let login = person.login(&[]);
    world.browse(&login.address);
    login.signed_in();
    let start = ["--profile", "work", "ssm", "start-session", "--target"];
    let mut aws = person.command("aws".as_ref());
    aws.args(start).arg(world.dev.node());
    let mut terminal = Terminal::start(&aws, 80, 24);
    terminal.expect_shell();
    assert_eq!(terminal.shell("id -un").trim_end(), world.os_user.name());

    world.provider.obey("logout");
    terminal.expect("you were signed out at the identity provider");
    terminal.end();
    // The keys were good for an hour, and no tool asks for others before.
    let told = person
        .command("aws".as_ref())
        .args(["--profile", "work", "sts", "get-caller-identity"])
        .output()
        .unwrap();
    assert!(!told.status.success());
    let told = String::from_utf8_lossy(&told.stderr);
    assert!(
        told.contains("ExpiredToken") && told.contains("signed out"),
        "{told}"
    );

    // Sign-out and the next sign-in are told apart by the second.
    std::thread::sleep(Duration::from_secs(1));
    let login = person.login(&[]);
    world.browse(&login.address);
    login.signed_in();
    let who = person.aws(&["sts", "get-caller-identity", "--query", "Arn"]);
    assert!(who.contains("assumed-role/people/"), "{who}");
}
