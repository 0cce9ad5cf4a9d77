//! The servers the tests share, each with its preferences, its callers and its OS users.
//!
//! In each, the server is dropped before the OS users its sessions ran as.

use crate::harness::dev::{Dev, Principal};
use crate::harness::os_users::{OsGroup, OsUser};
use crate::harness::shared::Shared;
use crate::harness::skip::Need;
use crate::harness::terminal::Terminal;

/// What every test with a session needs.
pub(crate) const SESSION: [Need; 2] = [Need::Root, Need::Aws];

/// What a caller may do who may open sessions anywhere, with any document.
pub(crate) const MAY_START: [(&str, &str); 1] = [("ssm:StartSession", "*")];

/// Run As is on and has no default user; alice's tag names her OS user.
pub(crate) struct ByTag {
    pub(crate) dev: Dev,
    pub(crate) alice: Principal,
    pub(crate) os_user: OsUser,
    pub(crate) groups: [OsGroup; 2],
}

impl ByTag {
    /// A server of the test's own.
    pub(crate) fn start(name: &str) -> Self {
        let group = |n: u8| OsGroup::create(&format!("{name}{n}"));
        let groups = [group(1), group(2)];
        let os_user = OsUser::with_home(name, "/bin/bash", &[&groups[0], &groups[1]]);
        let dev = Dev::start();
        dev.save_run_as("");
        let alice = dev.principal("alice", &MAY_START);
        dev.tag_run_as(&alice, os_user.name());
        Self {
            dev,
            alice,
            os_user,
            groups,
        }
    }
}

/// The server for tests that need alice and do not mind one another.
pub(crate) static BY_TAG: Shared<ByTag> = Shared::new();

/// Run As is on with a default user; bob has no tag.
pub(crate) struct ByDefault {
    pub(crate) dev: Dev,
    pub(crate) bob: Principal,
    pub(crate) os_user: OsUser,
    pub(crate) group: OsGroup,
}

impl ByDefault {
    /// A server of the test's own.
    pub(crate) fn start(name: &str) -> Self {
        let group = OsGroup::create(&format!("{name}1"));
        let os_user = OsUser::with_home(name, "/bin/bash", &[&group]);
        let dev = Dev::start();
        dev.save_run_as(os_user.name());
        let bob = dev.principal("bob", &MAY_START);
        Self {
            dev,
            bob,
            os_user,
            group,
        }
    }

    /// A session of bob's that has reached its shell.
    pub(crate) fn shell(&self) -> Terminal {
        let mut terminal = self.dev.start_session(&self.bob.keys);
        terminal.expect_shell();
        terminal
    }
}

/// The server for tests that need bob and do not mind one another.
pub(crate) static BY_DEFAULT: Shared<ByDefault> = Shared::new();
