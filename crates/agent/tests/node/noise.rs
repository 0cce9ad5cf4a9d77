//! Bytes that are nearly right: messages in order, broken by a generator that makes the same of the same seed.

/// Messages for each test that is fed with noise: `USHER_NOISE`, for the long form.
pub(crate) fn rounds(short: u64) -> u64 {
    let asked = std::env::var("USHER_NOISE").ok();
    asked.map_or(short, |rounds| rounds.parse().unwrap())
}

/// xorshift: nobody has to be surprised by it twice.
#[derive(Debug)]
pub(crate) struct Noise(u64);

impl Noise {
    pub(crate) fn of(seed: u64) -> Self {
        Self(seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % end.max(1)
    }

    pub(crate) fn bytes(&mut self, most: usize) -> Vec<u8> {
        let length = self.below(most + 1);
        (0..length).map(|_| self.byte()).collect()
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap()
    }

    /// One of `messages`, or several in a row, with some changes.
    pub(crate) fn mutated(&mut self, messages: &[Vec<u8>]) -> Vec<u8> {
        let count = 1 + self.below(2);
        let mut bytes: Vec<u8> = (0..count)
            .flat_map(|_| messages[self.below(messages.len())].clone())
            .collect();
        for _ in 0..=self.below(4) {
            let at = self.below(bytes.len());
            match self.below(6) {
                0 if !bytes.is_empty() => bytes[at] ^= 1 << self.below(8),
                1 if !bytes.is_empty() => bytes[at] = [0, 1, 0x7f, 0x80, 0xff][self.below(5)],
                2 => bytes.truncate(at),
                3 => {
                    let more = self.bytes(40);
                    bytes.splice(at..at, more);
                }
                4 => {
                    let end = at + self.below(bytes.len() - at + 1);
                    let again = bytes[at..end].to_vec();
                    bytes.splice(at..at, again);
                }
                // The length of what follows, in the header or in a field.
                _ if bytes.len() >= at + 4 => {
                    let length = [0, 1, 0xffff, 0x1_0001, u32::MAX][self.below(5)];
                    bytes[at..at + 4].copy_from_slice(&length.to_be_bytes());
                }
                _ => {}
            }
        }
        bytes
    }
}
