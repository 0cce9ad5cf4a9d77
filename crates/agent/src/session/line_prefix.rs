//! A prefix before each line of a stream, as documents ask for it (`stdOutSeparatorPrefix`, agent.md 6.3).

use bytes::{Bytes, BytesMut};

/// The prefix, and whether the next byte begins a line.
#[derive(Debug)]
pub(super) struct LinePrefix {
    prefix: String,
    at_line_start: bool,
}

impl LinePrefix {
    /// Nothing is changed by an empty prefix.
    pub(super) fn new(prefix: String) -> Self {
        Self {
            prefix,
            at_line_start: true,
        }
    }

    /// The next bytes of the stream with the prefix before each line that begins in them.
    pub(super) fn apply(&mut self, bytes: Bytes) -> Bytes {
        if self.prefix.is_empty() {
            return bytes;
        }
        let mut out = BytesMut::with_capacity(bytes.len() + self.prefix.len());
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if self.at_line_start {
                out.extend_from_slice(self.prefix.as_bytes());
            }
            out.extend_from_slice(line);
            self.at_line_start = line.ends_with(b"\n");
        }
        out.freeze()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_marked_once_however_they_are_cut() {
        let mut errors = LinePrefix::new("E:".to_owned());
        let pieces = ["one\ntw", "o\n", "\n", "three"];
        let marked: Vec<Bytes> = pieces.map(|piece| errors.apply(Bytes::from(piece))).into();
        assert_eq!(marked.concat(), b"E:one\nE:two\nE:\nE:three");
    }

    #[test]
    fn without_a_prefix_bytes_pass_unchanged() {
        let mut plain = LinePrefix::new(String::new());
        assert_eq!(plain.apply(Bytes::from("a\nb")), "a\nb");
    }
}
