//! Which passwd entries may become an `Account`.

use usher_sys::{Account, AccountError};

use crate::throwaway::{User, skip_unless_root};

#[test]
fn an_alias_of_root_is_refused_under_any_name() {
    if skip_unless_root("an_alias_of_root_is_refused_under_any_name") {
        return;
    }
    let alias = User::new(&["-M", "-N", "-o", "-u", "0", "-g", "100"]);
    assert_eq!(Account::lookup(&alias.name), Err(AccountError::UidZero));
}

#[test]
fn an_account_whose_primary_group_is_0_is_refused() {
    if skip_unless_root("an_account_whose_primary_group_is_0_is_refused") {
        return;
    }
    let user = User::new(&["-M", "-N", "-g", "0"]);
    assert_eq!(Account::lookup(&user.name), Err(AccountError::GidZero));
}

#[test]
fn a_uid_is_not_accepted_in_place_of_a_name() {
    if skip_unless_root("a_uid_is_not_accepted_in_place_of_a_name") {
        return;
    }
    let user = User::new(&["-M"]);
    let uid = Account::lookup(&user.name).unwrap().uid();
    assert_eq!(
        Account::lookup(&uid.to_string()),
        Err(AccountError::Missing)
    );
}

#[test]
fn an_ordinary_account_carries_its_passwd_entry_and_all_its_groups() {
    if skip_unless_root("an_ordinary_account_carries_its_passwd_entry_and_all_its_groups") {
        return;
    }
    let user = User::new(&[
        "-M",
        "-c",
        "Throw Away",
        "-s",
        "",
        "-d",
        "/nowhere",
        "-G",
        "mail,news",
    ]);
    let account = Account::lookup(&user.name).unwrap();
    assert_eq!(account.name(), user.name);
    assert_eq!(account.gecos(), "Throw Away");
    assert_eq!(account.home().to_str(), Some("/nowhere"));
    assert_eq!(account.shell().to_str(), Some("/bin/sh"));
    assert_eq!(account.groups().len(), 3);
    assert!(account.groups().contains(&account.gid()));
    assert!(!account.uid().is_root());
}
