//! One login, from the grant to the end of the last process it started.
//!
//! The process is root (or the ordinary user the agent runs as) until its child becomes the user.
//! It reads no JSON and no network; it parses the grant, which is a fixed layout, and loads the
//! name service, which the monitor must not. Refused, it ends before any uid has changed.

mod check;
mod environment;
mod environment_file;
mod grant;
mod opened;
mod permit;
mod policy;
mod program;
mod shell;
pub(crate) mod ssm_user;

use std::io;

use usher_sys::Worker;
use usher_wire::grant::GrantPublicKey;
use usher_wire::ids::SessionId;

use crate::config::Config;
use crate::identities::Identities;
use crate::ipc::{Asked, FromLogin, Link, LinkError, ToLogin};
use crate::registration::{RegistrationError, StateDir};
use crate::running::{Door, Running};
use check::Checker;
use grant::SpentGrants;
use opened::OpenedLogin;

/// Name service, useradd, visudo and PAM together get this long. The monitor gives up earlier and says why; this is for
/// a login whose monitor is gone.
const CHECK_SECONDS: u32 = 60;

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
    #[error("the directory of used grants: {0}")]
    Grants(io::Error),
    #[error("what a later monitor finds the session by could not be written: {0}")]
    Door(io::Error),
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
    let (id, grant) = match monitor.receive()? {
        ToLogin::Check { session, grant } => (session, grant),
        ToLogin::Explain { user } => return explain(config, user.as_deref(), &monitor),
        ToLogin::End => return Err(LoginError::OutOfOrder),
    };
    let (opened, door) = match open(config, &id, &grant, &monitor) {
        Ok(Ok(open)) => open,
        Ok(Err(refusal)) => {
            tracing::info!(session = %id, "{refusal}");
            let sentence = refusal.to_string();
            return Ok(monitor.send(&FromLogin::Refused { sentence })?);
        }
        Err(error) => {
            tracing::error!(session = %id, "{error}");
            let sentence = format!("The session could not start on the node: {error}.");
            return Ok(monitor.send(&FromLogin::Refused { sentence })?);
        }
    };
    tracing::info!(session = %id, user = opened.account().name(), "the login is granted");
    monitor.send(&FromLogin::Accepted)?;
    usher_sys::deadline(0);

    let ends = shell::Ends {
        monitor,
        session: Link::new(session),
        door,
    };
    shell::serve(opened, &id, ends, config.policy.linger)
}

/// Says whether the OS user would be let in, as far as the node's rules and the account database go. PAM is not asked: its
/// modules act.
fn explain(config: &Config, user: Option<&str>, monitor: &Link) -> Result<(), LoginError> {
    let said = with_checker(config, |checker| Ok(checker.explain(user)))?;
    let said = match said {
        Ok(()) => FromLogin::Accepted,
        Err(refusal) => FromLogin::Refused {
            sentence: refusal.to_string(),
        },
    };
    Ok(monitor.send(&said)?)
}

fn with_checker<T>(
    config: &Config,
    ask: impl FnOnce(&Checker<'_>) -> Result<T, LoginError>,
) -> Result<T, LoginError> {
    let registration = StateDir::new(&config.state_dir).load()?;
    let grant_key: GrantPublicKey = registration
        .grant_public_key
        .parse()
        .map_err(|_| LoginError::GrantKey)?;
    let own_user = if usher_sys::running_as_root() {
        None
    } else {
        Some(usher_sys::own_name()?)
    };
    ask(&Checker {
        config,
        grant_key: &grant_key,
        node: &registration.node_id,
        identities: Identities::resolve()?,
        own_user: own_user.as_deref(),
    })
}

/// From the grant to an open login with its door. The monitor is told whom it takes long with.
fn open(
    config: &Config,
    session: &SessionId,
    grant: &[u8],
    monitor: &Link,
) -> Result<Result<(OpenedLogin, Door), check::Refusal>, LoginError> {
    let spent = SpentGrants::open(&config.run_dir).map_err(LoginError::Grants)?;
    with_checker(config, |checker| {
        monitor.send(&FromLogin::Asks(Asked::AccountDatabase))?;
        let permit = match checker.check(session, grant, &spent, usher_aws::wall_ms()) {
            Ok(permit) => permit,
            Err(refusal) => return Ok(Err(refusal)),
        };
        monitor.send(&FromLogin::Asks(Asked::Pam))?;
        let opened = match OpenedLogin::open(permit, session, checker.node, &config.policy) {
            Ok(opened) => opened,
            Err(refusal) => return Ok(Err(refusal)),
        };
        // Before the monitor hears of it: were it to end now, its successor finds this login.
        let door = open_door(config, session, &opened).map_err(LoginError::Door)?;
        Ok(Ok((opened, door)))
    })
}

/// One that cannot be written whole leaves nothing, or a successor would take the session for one that was lost.
fn open_door(config: &Config, session: &SessionId, opened: &OpenedLogin) -> io::Result<Door> {
    let running = Running::new(&config.run_dir);
    let door = running.open_door(session).and_then(|door| {
        opened
            .cgroup()
            .map_or(Ok(()), |cgroup| door.tell_cgroup(cgroup.path()))?;
        Ok(door)
    });
    if door.is_err() {
        running.forget(session);
    }
    door
}
