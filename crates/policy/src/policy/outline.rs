//! What every text that matches a pattern must have, told without walking the pattern: how it begins, how it ends, and
//! the longest run of plain characters in it.
//!
//! A caller may have ten thousand statements, each of which is asked, and this tells most of them from the request by
//! three comparisons with one piece of memory. It only ever says "certainly not".

use std::ops::Range;

/// The plain characters of a pattern, as far as they stand together.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Outline {
    /// The plain characters, runs one after the other.
    plain: Box<str>,
    begin: usize,
    end: usize,
    longest: Range<usize>,
    is_whole: bool,
}

impl Outline {
    /// Of a pattern's characters; `None` is a place where anything may stand, or nothing.
    pub(super) fn of(characters: impl Iterator<Item = Option<char>>) -> Self {
        let mut plain = String::new();
        let (mut begin, mut last, mut longest) = (None, 0, 0..0);
        for character in characters {
            if let Some(character) = character {
                plain.push(character);
                if plain.len() - last > longest.len() {
                    longest = last..plain.len();
                }
            } else {
                begin.get_or_insert(plain.len());
                last = plain.len();
            }
        }
        Self {
            begin: begin.unwrap_or(plain.len()),
            end: last,
            longest,
            is_whole: begin.is_none(),
            plain: plain.into_boxed_str(),
        }
    }

    /// Whether there is no place where anything may stand.
    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// False only for texts that cannot match.
    pub(super) fn admits(&self, text: &str) -> bool {
        let part = |range: Range<usize>| self.plain.get(range).unwrap_or_default();
        text.ends_with(part(self.end..self.plain.len()))
            && text.starts_with(part(0..self.begin))
            && text.contains(part(self.longest.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_texts_without_the_plain_parts_are_turned_away() {
        for (pattern, refused, admitted) in [
            ("", &[][..], &["", "a"][..]),
            ("*", &[], &["", "a"]),
            ("a*", &["", "ba"], &["a", "ab"]),
            ("*é", &["", "éb"], &["é", "bé"]),
            (
                "a*bcd*e",
                &["ae", "abce", "abcd"],
                &["abcde", "axbcdye", "abcdxe"],
            ),
        ] {
            let outline = Outline::of(pattern.chars().map(|c| Some(c).filter(|c| *c != '*')));
            assert!(
                refused.iter().all(|text| !outline.admits(text)),
                "{pattern}"
            );
            assert!(
                admitted.iter().all(|text| outline.admits(text)),
                "{pattern}"
            );
        }
    }
}
