//! Sessions that an earlier monitor started: their logins are not our children, so they are reached
//! through their doors and judged by what they leave.
//!
//! Owns that every session found at the start is either watched or reported as ended, once.

use std::collections::BTreeMap;
use std::io;

use usher_wire::ids::SessionId;

use super::left_behind;
use super::outcome::{SessionEnd, lost_with_its_login};
use crate::ipc::{FromLogin, Link, Outcome, ToLogin};
use crate::running::Running;

#[derive(Debug)]
enum State {
    Live(Link),
    Ended(Outcome),
}

/// The sessions that were found.
#[derive(Debug)]
pub(super) struct Adopted {
    running: Running,
    table: BTreeMap<SessionId, State>,
}

impl Adopted {
    /// Looks for sessions of an earlier monitor and connects to each one's login.
    pub(super) fn find(running: Running) -> io::Result<Self> {
        let table = running
            .all()?
            .into_iter()
            .map(|session| {
                let state = match running.knock(&session) {
                    Ok(socket) => State::Live(Link::new(socket)),
                    Err(_) => State::Ended(ended(&running, &session)),
                };
                tracing::info!(%session, alive = matches!(state, State::Live(_)), "an earlier session is taken over");
                (session, state)
            })
            .collect();
        Ok(Self { running, table })
    }

    pub(super) fn contains(&self, id: &SessionId) -> bool {
        self.table.contains_key(id)
    }

    /// The service has ended the session; its login hangs up and kills by itself.
    pub(super) fn end(&mut self, id: &SessionId) {
        if let Some(State::Live(link)) = self.table.get(id)
            && let Err(error) = link.send(&ToLogin::End)
        {
            tracing::error!(session = %id, "login could not be told to end: {error}");
        }
    }

    pub(super) fn end_all(&mut self) {
        let all: Vec<SessionId> = self.table.keys().cloned().collect();
        for id in all {
            self.end(&id);
        }
    }

    /// Forgets a session whose end the service has acknowledged.
    pub(super) fn forget(&mut self, id: &SessionId) -> bool {
        let has_ended = matches!(self.table.get(id), Some(State::Ended(_)));
        has_ended && self.table.remove(id).is_some()
    }

    pub(super) fn unreported(&self) -> impl Iterator<Item = (&SessionId, &Outcome)> {
        self.table.iter().filter_map(|(id, state)| match state {
            State::Ended(outcome) => Some((id, outcome)),
            State::Live(_) => None,
        })
    }

    pub(super) fn links(&self) -> impl Iterator<Item = (&SessionId, &Link)> {
        self.table.iter().filter_map(|(id, state)| match state {
            State::Live(link) => Some((id, link)),
            State::Ended(_) => None,
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    pub(super) fn all_ended(&self) -> bool {
        self.links().next().is_none()
    }

    /// The session's login has something to say, or has ended. True when it has: how, it wrote down.
    pub(super) fn on_login(&mut self, id: &SessionId) -> bool {
        let Some(State::Live(link)) = self.table.get_mut(id) else {
            return false;
        };
        if link.next_ready::<FromLogin>().is_ok() {
            return false;
        }
        let ended = State::Ended(ended(&self.running, id));
        self.table.insert(id.clone(), ended);
        true
    }
}

/// Login is gone: what it said of the end, or the end of what it left.
fn ended(running: &Running, id: &SessionId) -> Outcome {
    match running.end(id) {
        Some(code) => SessionEnd::judge_code(code),
        None => {
            left_behind::kill(running, id);
            lost_with_its_login()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(name: &str) -> SessionId {
        SessionId::parse(name).unwrap()
    }

    #[test]
    fn a_login_that_died_while_nobody_watched_is_a_failure_and_one_that_said_so_is_not() {
        let directory = tempfile::tempdir().unwrap();
        let running = Running::new(directory.path());
        drop(running.open_door(&session("dead-1")).unwrap());
        running
            .open_door(&session("ended-1"))
            .unwrap()
            .close(0)
            .unwrap();
        let adopted = Adopted::find(running).unwrap();
        let outcomes: Vec<&Outcome> = adopted.unreported().map(|(_, outcome)| outcome).collect();
        assert!(
            matches!(outcomes[0], Outcome::Failed(sentence) if sentence.contains("login process"))
        );
        assert_eq!(*outcomes[1], Outcome::Success);
    }

    #[test]
    fn a_live_session_is_told_to_end_and_forgotten_only_when_it_has() {
        let directory = tempfile::tempdir().unwrap();
        let running = Running::new(directory.path());
        let id = session("alive-1");
        let door = running.open_door(&id).unwrap();
        let mut adopted = Adopted::find(running).unwrap();
        assert!(adopted.contains(&id) && !adopted.all_ended());
        assert!(!adopted.forget(&id));
        adopted.end(&id);
        let mut login = Link::new(door.answer().unwrap());
        assert_eq!(login.receive::<ToLogin>().unwrap(), ToLogin::End);
        door.close(0).unwrap();
        drop(login);
        assert!(adopted.on_login(&id));
        assert!(adopted.forget(&id) && adopted.is_empty());
    }
}
