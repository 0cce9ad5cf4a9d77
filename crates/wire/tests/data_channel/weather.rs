//! How badly a link behaves.

use super::dice::Dice;

/// What the link does to messages, in percent and milliseconds, and how often it breaks.
#[derive(Debug, Clone, Default)]
pub(crate) struct Weather {
    pub(crate) loss: u64,
    pub(crate) repeats: u64,
    pub(crate) truncation: u64,
    pub(crate) delay: u64,
    pub(crate) jitter: u64,
    pub(crate) breaks: u64,
    pub(crate) pauses: u64,
    /// Chance that a sink does not take what is ready at once.
    pub(crate) slow_sink: u64,
}

impl Weather {
    pub(crate) fn of(dice: &mut Dice) -> Self {
        Self {
            loss: dice.below(30),
            repeats: dice.below(20),
            truncation: dice.below(3),
            delay: dice.below(100),
            jitter: dice.below(300),
            breaks: dice.below(4),
            pauses: dice.below(3),
            slow_sink: dice.below(40),
        }
    }
}
