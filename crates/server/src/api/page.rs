//! Pages of a sorted list: a token names the last item given, so that changes between two calls
//! neither repeat nor skip what stayed.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// A part of a list and where the next begins.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Page<T> {
    /// The part.
    pub(crate) items: Vec<T>,
    /// For the next call; none at the end.
    pub(crate) next: Option<String>,
}

/// Cuts `items`, of which there may be more than `limit`, after `limit`.
pub(crate) fn cut<T>(mut items: Vec<T>, limit: usize, key: impl Fn(&T) -> &str) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(|last| token(key(last)));
    Page { items, next }
}

/// The token that names `key`.
pub(crate) fn token(key: &str) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

/// The key that `token` names; none if it is not one of ours.
pub(crate) fn key_of(token: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(token).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_token_names_nothing() {
        assert_eq!(key_of("!"), None);
        assert_eq!(key_of(&URL_SAFE_NO_PAD.encode([0xff])), None);
    }

    #[test]
    fn the_token_names_the_last_item_given() {
        let page = cut(vec!["a", "b", "c"], 2, |item| item);
        assert_eq!(page.items, ["a", "b"]);
        assert_eq!(page.next.as_deref().and_then(key_of).as_deref(), Some("b"));
        assert_eq!(cut(vec!["a", "b"], 2, |item| item).next, None);
    }
}
