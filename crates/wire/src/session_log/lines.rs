//! The text log of a session, made from its output piece by piece: whole lines, in pieces that a log event can hold.
//!
//! What was cut waits for its rest, so that neither a line nor a character is torn where two pieces of the output
//! meet; a line that is longer than an event is cut between two characters.

/// The text that has not been given out yet.
#[derive(Debug, Default)]
pub struct Lines {
    rest: Vec<u8>,
    /// Milliseconds since the epoch of what came last.
    at: u64,
    pieces: Vec<(u64, String)>,
    most: usize,
}

impl Lines {
    /// Goes on after `rest`, in pieces of at most `most` bytes as they were shown; `at` is when that was, in milliseconds
    /// since the epoch.
    #[must_use]
    pub fn after(rest: Vec<u8>, at: u64, most: usize) -> Self {
        Self {
            rest,
            at,
            pieces: Vec::new(),
            most,
        }
    }

    /// Appends text that the log has beside what was shown.
    pub fn say(&mut self, text: &str) {
        self.rest.extend_from_slice(text.as_bytes());
        self.cut();
    }

    /// Appends what was shown at that time, in milliseconds since the epoch.
    pub fn take(&mut self, at: u64, bytes: &[u8]) {
        self.at = self.at.max(at);
        self.rest.extend_from_slice(bytes);
        self.cut();
    }

    /// Gives out what is complete, and at the end of the log everything; then what waits, and the time.
    #[must_use]
    pub fn finish(mut self, is_end: bool) -> (Vec<(u64, String)>, Vec<u8>, u64) {
        let complete = if is_end {
            self.rest.len()
        } else {
            self.rest
                .iter()
                .rposition(|byte| *byte == b'\n')
                .map_or(0, |place| place + 1)
        };
        self.give(complete);
        (self.pieces, self.rest, self.at)
    }

    /// Keeps less than a piece waiting.
    fn cut(&mut self) {
        while self.rest.len() > self.most {
            let first = self.rest.get(..self.most).unwrap_or_default();
            let line = first.iter().rposition(|byte| *byte == b'\n');
            let end = line.map_or_else(|| whole_characters(first), |place| place + 1);
            self.give(end);
        }
    }

    fn give(&mut self, count: usize) {
        let rest = self.rest.split_off(count);
        let piece = std::mem::replace(&mut self.rest, rest);
        if !piece.is_empty() {
            let text = String::from_utf8_lossy(&piece).into_owned();
            self.pieces.push((self.at, text));
        }
    }
}

/// How many of the bytes end with no beginning of a character.
#[must_use]
pub fn whole_characters(bytes: &[u8]) -> usize {
    let from = bytes.len().saturating_sub(3);
    let tail = bytes.get(from..).unwrap_or_default();
    for (place, byte) in tail.iter().enumerate().rev() {
        let needs = match byte {
            0x80..=0xbf => continue,
            0xc2..=0xdf => 2,
            0xe0..=0xef => 3,
            0xf0..=0xf4 => 4,
            _ => 1,
        };
        let is_cut = tail.len() - place < needs;
        return if is_cut { from + place } else { bytes.len() };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(pieces: Vec<(u64, String)>) -> Vec<String> {
        pieces.into_iter().map(|(_, text)| text).collect()
    }

    #[test]
    fn a_line_waits_for_its_end() {
        let mut lines = Lines::after(Vec::new(), 0, 100);
        lines.take(5, b"one\ntw");
        let (pieces, rest, at) = lines.finish(false);
        assert_eq!(
            (texts(pieces), &rest[..], at),
            (vec!["one\n".to_owned()], &b"tw"[..], 5)
        );
        let mut lines = Lines::after(rest, at, 100);
        lines.take(3, b"o");
        assert_eq!(lines.finish(true).0, [(5, "two".to_owned())]);
    }

    #[test]
    fn characters_are_not_torn_where_pieces_meet_nor_where_a_line_is_too_long() {
        let text = "ä€😀".repeat(50);
        for most in 4..20 {
            let mut lines = Lines::after(Vec::new(), 0, most);
            for byte in text.as_bytes() {
                lines.take(1, &[*byte]);
            }
            let (pieces, rest, _) = lines.finish(true);
            let pieces = texts(pieces);
            assert!(pieces.iter().all(|piece| piece.len() <= most));
            assert_eq!((pieces.concat(), rest), (text.clone(), Vec::new()));
        }
    }

    #[test]
    fn what_is_no_text_is_replaced_and_ends() {
        let mut lines = Lines::after(Vec::new(), 0, 4);
        lines.take(1, &[0xff; 9]);
        let (pieces, rest, _) = lines.finish(true);
        assert_eq!(texts(pieces).concat(), "\u{fffd}".repeat(9));
        assert!(rest.is_empty());
    }
}
