//! Questions whether somebody would be let in: each is a login process that answers and ends.
//!
//! Owns that they are few, that each ends, and that each is answered once. Nothing is started for anybody.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use usher_sys::Pid;

use super::launcher::Launcher;
use crate::ipc::{FromLogin, Link, LinkError, ToLogin};

/// Questions at one time; further ones are answered with a refusal to look.
const MOST: usize = 4;

/// Name services get this long.
const ANSWERS_WITHIN: Duration = Duration::from_secs(20);

#[derive(Debug)]
struct Explanation {
    login: Pid,
    link: Link,
    by: Instant,
}

/// What is to be told: of which question, and why somebody would be refused.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) request: String,
    pub(super) refusal: Option<String>,
}

/// The open questions.
#[derive(Debug, Default)]
pub(super) struct Explanations {
    open: BTreeMap<String, Explanation>,
}

impl Explanations {
    /// Asks a new login process. What cannot be asked is answered at once.
    pub(super) fn ask(
        &mut self,
        launcher: &Launcher,
        request: String,
        user: Option<String>,
    ) -> Option<Answer> {
        let unasked = |why: String| Answer {
            request: request.clone(),
            refusal: Some(format!("The node could not look: {why}.")),
        };
        if self.open.contains_key(&request) {
            return None;
        }
        if self.open.len() >= MOST {
            return Some(unasked(format!(
                "{MOST} such questions are open already; ask again"
            )));
        }
        let login = match launcher.login() {
            Ok(login) => login,
            Err(error) => return Some(unasked(error.to_string())),
        };
        if let Err(error) = login.link.send(&ToLogin::Explain { user }) {
            usher_sys::kill(login.pid);
            return Some(unasked(error.to_string()));
        }
        let explanation = Explanation {
            login: login.pid,
            link: login.link,
            by: Instant::now() + ANSWERS_WITHIN,
        };
        self.open.insert(request, explanation);
        None
    }

    /// The links to be watched, each with its question.
    pub(super) fn links(&self) -> impl Iterator<Item = (&String, &Link)> {
        self.open.iter().map(|(request, one)| (request, &one.link))
    }

    /// The processes that look.
    pub(super) fn processes(&self) -> impl Iterator<Item = Pid> {
        self.open.values().map(|one| one.login)
    }

    /// When the next question has waited long enough.
    pub(super) fn next_overdue(&self) -> Option<Instant> {
        self.open.values().map(|one| one.by).min()
    }

    /// A login process has something to say.
    pub(super) fn on_login(&mut self, request: &str) -> Option<Answer> {
        let one = self.open.get_mut(request)?;
        let refusal = match one.link.next_ready() {
            Ok(None | Some(FromLogin::Asks(_))) => return None,
            Ok(Some(FromLogin::Accepted)) => None,
            Ok(Some(FromLogin::Refused { sentence })) => Some(sentence),
            Err(LinkError::Closed) => Some("The node gave no answer.".to_owned()),
            Err(error) => {
                tracing::error!("{error}");
                Some("The node gave no answer.".to_owned())
            }
        };
        Some(self.answered(request, refusal))
    }

    /// Gives up on what waited too long.
    pub(super) fn overdue(&mut self, now: Instant) -> Vec<Answer> {
        let late: Vec<String> = self
            .open
            .iter()
            .filter(|(_, one)| one.by <= now)
            .map(|(request, _)| request.clone())
            .collect();
        let sentence = format!(
            "The node's account database gave no answer within {} seconds.",
            ANSWERS_WITHIN.as_secs()
        );
        late.iter()
            .map(|request| self.answered(request, Some(sentence.clone())))
            .collect()
    }

    /// The process has said all that it was for.
    fn answered(&mut self, request: &str, refusal: Option<String>) -> Answer {
        if let Some(one) = self.open.remove(request) {
            usher_sys::kill(one.login);
        }
        Answer {
            request: request.to_owned(),
            refusal,
        }
    }
}
