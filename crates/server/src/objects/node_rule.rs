//! What a node's credentials may write: the logs of its own sessions, each once.
//!
//! Pure. It holds whatever policies say, so that a node's role can be as generous as somebody made it and a node still
//! reaches no other node's logs, nor its own a second time.

use usher_wire::ids::{NodeId, SessionId};

use crate::identity::NodeScope;

/// A key below which a session's log is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LogKey<'a> {
    /// `prefix/<session>.log`: the whole log.
    Whole {
        /// The session's id.
        session: &'a str,
    },
    /// `prefix/.usher/<session>/<n>`, twelve digits: a segment, while the session lasts.
    Segment {
        /// The session's id.
        session: &'a str,
    },
}

impl<'a> LogKey<'a> {
    /// Reads a key; none: it is no log's.
    fn parse(key: &'a str) -> Option<Self> {
        let (above, name) = key.rsplit_once('/').unwrap_or(("", key));
        if let Some(session) = name.strip_suffix(".log") {
            let is_plain = !above.split('/').any(|part| part == ".usher");
            return is_plain.then_some(Self::Whole { session });
        }
        let is_number = name.len() == 12 && name.bytes().all(|byte| byte.is_ascii_digit());
        let (above, session) = above.rsplit_once('/')?;
        let is_ours = above == ".usher" || above.ends_with("/.usher");
        (is_number && is_ours).then_some(Self::Segment { session })
    }

    /// The session that the key says it is of. Whose that is, is the database's to say.
    fn session(&self) -> Option<SessionId> {
        let (Self::Whole { session } | Self::Segment { session }) = self;
        SessionId::parse(session).ok()
    }
}

/// The session that `key` says it is a log of.
pub(crate) fn log_session(key: &str) -> Option<SessionId> {
    LogKey::parse(key)?.session()
}

/// Whether credentials of `scope` may create the object `key`, where `ran_on` is the node that the session named in the
/// key runs or ran on, if there is such a session. Whoever lets it do so must create, never replace.
pub(crate) fn node_may_create(scope: &NodeScope, key: &str, ran_on: Option<&NodeId>) -> bool {
    let named = log_session(key);
    let is_meant = match (&scope.session, &named) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(own), Some(named)) => own == named,
    };
    is_meant && ran_on == Some(&scope.node)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: &str = "alice-0123456789abcdef0";

    fn node(id: &str) -> NodeId {
        NodeId::parse(id).unwrap()
    }

    fn scope(session: Option<&str>) -> NodeScope {
        NodeScope {
            node: node("mi-0123456789abcdef0"),
            session: session.map(|id| SessionId::parse(id).unwrap()),
        }
    }

    #[test]
    fn a_node_writes_no_other_nodes_logs_nor_those_of_no_session() {
        let key = format!("logs/{SESSION}.log");
        let other = node("mi-0fedcba9876543210");
        assert!(!node_may_create(&scope(None), &key, Some(&other)));
        assert!(!node_may_create(&scope(None), &key, None));
    }

    #[test]
    fn keys_of_one_session_write_no_other_sessions_log() {
        let own = node("mi-0123456789abcdef0");
        let key = format!("{SESSION}.log");
        let other = scope(Some("bob-0123456789abcdef0"));
        assert!(!node_may_create(&other, &key, Some(&own)));
        assert!(node_may_create(&scope(Some(SESSION)), &key, Some(&own)));
    }

    #[test]
    fn keys_that_are_no_logs_are_refused() {
        let own = node("mi-0123456789abcdef0");
        for key in [
            "",
            "x",
            ".log",
            "logs/",
            "logs/../.log",
            "a/.usher/alice-0123456789abcdef0.log",
            ".usher/alice-0123456789abcdef0/1",
            ".usher/alice-0123456789abcdef0/0000000000001",
            ".usher/alice-0123456789abcdef0/00000000000x",
            ".usher/000000000001",
            "usher/alice-0123456789abcdef0/000000000001",
            "x.usher/alice-0123456789abcdef0/000000000001",
            "alice-0123456789abcdef0.log/",
            "a b.log",
            "alice-0123456789abcdef0\u{0}.log",
        ] {
            assert!(!node_may_create(&scope(None), key, Some(&own)), "{key:?}");
        }
    }

    #[test]
    fn a_node_creates_the_log_and_the_segments_of_its_own_session() {
        let own = node("mi-0123456789abcdef0");
        for key in [
            format!("{SESSION}.log"),
            format!("a/b/{SESSION}.log"),
            format!(".usher/{SESSION}/000000000001"),
            format!("a/b/.usher/{SESSION}/000000000001"),
        ] {
            assert!(node_may_create(&scope(None), &key, Some(&own)), "{key}");
        }
    }
}
