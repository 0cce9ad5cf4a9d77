//! What dscl(1), sysadminctl(8) and createhomedir(8) are told on macOS, and what dscl answers.
//!
//! Pure, and tested on every system. Owns that nobody can open an account of ours by a password: sysadminctl makes one
//! that an empty password opens, so the password is taken away before the account gets a home.

use std::ops::RangeInclusive;

/// Ids below those of people, above those that macOS hands out to its own.
const SERVICE_IDS: RangeInclusive<i64> = 400..=499;

/// A program to run, with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Dscl(Vec<String>),
    Sysadminctl(Vec<String>),
    CreateHome(Vec<String>),
}

/// The names in an answer to `-list /Users UniqueID` or `-list /Groups PrimaryGroupID`.
pub(super) fn names(listing: &str) -> impl Iterator<Item = &str> {
    entries(listing).map(|(name, _)| name)
}

/// Lines of a name, blanks and a number, which may be negative; others are passed over.
fn entries(listing: &str) -> impl Iterator<Item = (&str, i64)> {
    listing.lines().filter_map(|line| {
        let (name, id) = line.trim_end().rsplit_once([' ', '\t'])?;
        Some((name.trim_end(), id.parse().ok()?))
    })
}

/// The greatest id that neither a user nor a group has.
pub(super) fn free_service_id(users: &str, groups: &str) -> Option<i64> {
    let taken: Vec<i64> = entries(users)
        .chain(entries(groups))
        .map(|(_, id)| id)
        .collect();
    SERVICE_IDS.rev().find(|id| !taken.contains(id))
}

/// Makes a service account and its group. The uid comes last: until then nobody can be it.
pub(super) fn new_service(name: &str, id: i64) -> Vec<Step> {
    let (user, group, id) = (user(name), group(name), id.to_string());
    vec![
        create(&group, &[]),
        create(&group, &["Password", "*"]),
        create(&group, &["PrimaryGroupID", &id]),
        create(&user, &[]),
        create(&user, &["Password", "*"]),
        create(&user, &["IsHidden", "1"]),
        create(&user, &["UserShell", "/usr/bin/false"]),
        create(&user, &["NFSHomeDirectory", "/var/empty"]),
        create(&user, &["PrimaryGroupID", &id]),
        create(&user, &["UniqueID", &id]),
    ]
}

/// Removes a service account and its group.
pub(super) fn gone_service(name: &str) -> Vec<Step> {
    vec![
        dscl(&["-delete", &user(name)]),
        dscl(&["-delete", &group(name)]),
    ]
}

/// Makes an account to log in to.
pub(super) fn new_person(name: &str, home: &str, shell: &str) -> Vec<Step> {
    let user = user(name);
    vec![
        Step::Sysadminctl(owned(&["-addUser", name, "-home", home, "-shell", shell])),
        create(&user, &["Password", "*"]),
        dscl(&["-delete", &user, "AuthenticationAuthority"]),
        create(&user, &["IsHidden", "1"]),
        Step::CreateHome(owned(&["-c", "-u", name])),
    ]
}

/// Removes it.
pub(super) fn gone_person(name: &str, with_home: bool) -> Step {
    let mut arguments = owned(&["-deleteUser", name]);
    arguments.extend((!with_home).then(|| "-keepHome".to_owned()));
    Step::Sysadminctl(arguments)
}

fn user(name: &str) -> String {
    format!("/Users/{name}")
}

fn group(name: &str) -> String {
    format!("/Groups/{name}")
}

/// `-create` also sets anew.
fn create(record: &str, attribute: &[&str]) -> Step {
    dscl(&[&["-create", record], attribute].concat())
}

fn dscl(arguments: &[&str]) -> Step {
    Step::Dscl(owned(&[&["."], arguments].concat()))
}

fn owned(arguments: &[&str]) -> Vec<String> {
    arguments.iter().map(|text| (*text).to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    // As macOS 14 prints them, shortened.
    const RECORDED_USERS: &str = "\
_accessoryupdater        278
_amavisd                 83
_analyticsd              263
_oahd                    441
_usbmuxd                 213
alice                    501
daemon                   1
nobody                   -2
root                     0
";
    const RECORDED_GROUPS: &str = "\
_analyticsusers                         250
_oahd                                   441
admin                                   80
com.apple.access_ssh                    399
nogroup                                 -1
staff                                   20
wheel                                   0
";

    #[test]
    fn lines_that_are_no_entry_name_nobody() {
        let broken =
            "\nname-alone\n   \nalice five\n<dscl_cmd> DS Error: -14136 (eDSRecordNotFound)\n";
        assert_eq!(names(broken).count(), 0);
    }

    #[test]
    fn an_id_of_a_user_or_a_group_is_not_given_to_a_service() {
        assert_eq!(free_service_id("a 499\n", "b 498\n"), Some(497));
        let all: String = (400..=499).map(|id| format!("s{id} {id}\n")).collect();
        assert_eq!(free_service_id(&all, ""), None);
        assert_eq!(free_service_id("", &all), None);
    }

    #[test]
    fn recorded_listings_are_read_whole_negative_ids_included() {
        let users: Vec<_> = entries(RECORDED_USERS).collect();
        assert_eq!(users.len(), 9);
        assert!(users.contains(&("nobody", -2)) && users.contains(&("root", 0)));
        assert!(names(RECORDED_GROUPS).any(|group| group == "com.apple.access_ssh"));
        assert_eq!(free_service_id(RECORDED_USERS, RECORDED_GROUPS), Some(499));
    }

    #[test]
    fn the_empty_password_that_sysadminctl_leaves_is_taken_away_before_there_is_a_home() {
        let steps = new_person("ssm-user", "/Users/ssm-user", "/bin/bash");
        let at = |wanted: &Step| steps.iter().position(|step| step == wanted).unwrap();
        let home = at(&Step::CreateHome(owned(&["-c", "-u", "ssm-user"])));
        let star = at(&create("/Users/ssm-user", &["Password", "*"]));
        let authority = dscl(&["-delete", "/Users/ssm-user", "AuthenticationAuthority"]);
        assert!(star < home && at(&authority) < home);
        assert!(steps.contains(&create("/Users/ssm-user", &["IsHidden", "1"])));
    }

    #[test]
    fn a_service_account_gets_its_uid_when_all_else_is_set() {
        let steps = new_service("usher-agent", 499);
        let uid = create("/Users/usher-agent", &["UniqueID", "499"]);
        assert_eq!(steps.last(), Some(&uid));
        assert!(steps.contains(&create(
            "/Users/usher-agent",
            &["UserShell", "/usr/bin/false"]
        )));
        let removed = gone_service("usher-agent");
        assert!(removed.contains(&dscl(&["-delete", "/Groups/usher-agent"])));
    }

    #[test]
    fn a_home_that_was_there_before_stays() {
        let kept = gone_person("ssm-user", false);
        assert_eq!(
            kept,
            Step::Sysadminctl(owned(&["-deleteUser", "ssm-user", "-keepHome"]))
        );
        let gone = gone_person("ssm-user", true);
        assert_eq!(gone, Step::Sysadminctl(owned(&["-deleteUser", "ssm-user"])));
    }
}
