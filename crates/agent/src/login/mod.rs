//! One login, from the grant to the end of the last process it started.
//!
//! The process is root (or the ordinary user the agent runs as) until its child becomes the user.
//! It reads no JSON and no network; it parses the grant, which is a fixed layout, and loads the
//! name service, which the monitor must not. Refused, it ends before any uid has changed.

mod check;
mod environment;
mod grant;
mod permit;
mod policy;
mod program;
mod shell;
pub(crate) mod ssm_user;

use std::io;

use usher_sys::Worker;
use usher_wire::grant::GrantPublicKey;

use crate::config::Config;
use crate::identities::Identities;
use crate::ipc::{FromLogin, Link, LinkError, ToLogin};
use crate::registration::{RegistrationError, StateDir};
use crate::running::Running;
use check::Checker;
use grant::SpentGrants;
use permit::Permit;

/// A name service, useradd and visudo together get this long.
const CHECK_SECONDS: u32 = 30;

/// Why the login process ended early. The monitor tells the person.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoginError {
    #[error("login-child is started by the agent itself, not by hand")]
    NotAWorker,
    #[error("{0}")]
    Registration(#[from] RegistrationError),
    #[error("the pinned grant key is not a key: register this node again")]
    GrantKey,
    #[error("the monitor asked for something out of order")]
    OutOfOrder,
    #[error("another process of the agent failed: {0}")]
    Link(#[from] LinkError),
    #[error("{0}")]
    System(#[from] io::Error),
}

/// The subcommand `login-child`.
pub(crate) fn run(config: &Config) -> Result<(), LoginError> {
    let mut given = Worker::given_descriptors().into_iter();
    let (Some(monitor), Some(session)) = (given.next(), given.next()) else {
        return Err(LoginError::NotAWorker);
    };
    let mut monitor = Link::new(monitor);

    usher_sys::deadline(CHECK_SECONDS);
    let ToLogin::Check { session: id, grant } = monitor.receive()? else {
        return Err(LoginError::OutOfOrder);
    };
    let permit = match check(config, &id, &grant)? {
        Ok(permit) => permit,
        Err(refusal) => {
            tracing::info!(session = %id, "{refusal}");
            let sentence = refusal.to_string();
            return Ok(monitor.send(&FromLogin::Refused { sentence })?);
        }
    };
    tracing::info!(session = %id, user = permit.account.name(), "the login is granted");
    // Before the monitor hears of it: were it to end now, its successor finds this login.
    let door = Running::new(&config.run_dir).open_door(&id)?;
    monitor.send(&FromLogin::Accepted)?;
    usher_sys::deadline(0);

    shell::serve(&permit, &id, monitor, Link::new(session), door)
}

fn check(
    config: &Config,
    session: &usher_wire::ids::SessionId,
    grant: &[u8],
) -> Result<Result<Permit, check::Refusal>, LoginError> {
    let registration = StateDir::new(&config.state_dir).load()?;
    let grant_key: GrantPublicKey = registration
        .grant_public_key
        .parse()
        .map_err(|_| LoginError::GrantKey)?;
    let spent = SpentGrants::open(&config.run_dir)?;
    let own_user = if usher_sys::running_as_root() {
        None
    } else {
        Some(usher_sys::own_name()?)
    };
    let checker = Checker {
        config,
        grant_key: &grant_key,
        node: &registration.node_id,
        identities: Identities::resolve()?,
        own_user: own_user.as_deref(),
    };
    Ok(checker.check(session, grant, &spent, usher_aws::wall_ms()))
}
