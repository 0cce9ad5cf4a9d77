//! What a seed means: which strokes of bad weather hit which leg, and after how many bytes.
//!
//! Pure: the same seed is the same weather. When a stroke falls is counted in bytes and not in seconds, so that it
//! falls in the middle of a flood, and mostly in the middle of a frame, on a fast machine as on a slow one.

use std::time::Duration;

use crate::harness::random::Random;

/// One blow to the connection that carries the byte at which it falls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stroke {
    /// Bytes on this leg, in both directions, since the stroke before.
    pub(crate) after: u64,
    pub(crate) kind: Kind,
}

/// What happens then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Nothing is lost of what had arrived; the connection ends in both directions.
    Cut,
    /// The same at exactly that byte, wherever in a frame it is; the bytes behind it are lost.
    Truncate,
    /// This direction ends at that byte; the other one goes on as long as its sender likes.
    HalfClose,
    /// Everything behind that byte waits.
    Delay(Duration),
    /// The sender loses the connection at that byte; what is behind it arrives when the next connection is up.
    Late,
    /// The server is killed and started again.
    KillServer,
}

/// The weather of one session: the strokes on each leg, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Forecast {
    pub(crate) client: Vec<Stroke>,
    pub(crate) agent: Vec<Stroke>,
}

impl Forecast {
    /// `flood` is how many bytes pass each leg at least; all strokes fall before.
    pub(crate) fn of(random: &mut Random, flood: u64) -> Self {
        let mut leg = |may_kill: bool| -> Vec<Stroke> {
            let count = random.between(1, 4);
            (0..count)
                .map(|_| Stroke {
                    after: random.between(1, flood / (count + 1)),
                    kind: kind(random, may_kill),
                })
                .collect()
        };
        Self {
            client: leg(true),
            agent: leg(false),
        }
    }
}

/// So many strokes on one leg, at most `calm` bytes apart. The server is left alone.
pub(crate) fn squalls(random: &mut Random, count: usize, calm: u64) -> Vec<Stroke> {
    let stroke = || Stroke {
        after: random.between(1, calm),
        kind: kind(random, false),
    };
    std::iter::repeat_with(stroke).take(count).collect()
}

fn kind(random: &mut Random, may_kill: bool) -> Kind {
    match random.between(0, 11) {
        0 | 1 => Kind::Cut,
        2..=4 => Kind::Truncate,
        5 | 6 => Kind::HalfClose,
        7 => Kind::Delay(Duration::from_millis(random.between(5, 300))),
        8 | 9 => Kind::Late,
        _ if may_kill => Kind::KillServer,
        _ => Kind::Truncate,
    }
}

#[test]
fn a_seed_is_always_the_same_weather_and_the_first_hundred_hold_every_kind() {
    let of = |seed| Forecast::of(&mut Random::new(seed), 1_000_000);
    assert_eq!(of(7), of(7));
    let all: Vec<Stroke> = (0..100)
        .map(of)
        .flat_map(|forecast| [forecast.client, forecast.agent].concat())
        .collect();
    let has = |wanted: fn(&Kind) -> bool| all.iter().any(|stroke| wanted(&stroke.kind));
    assert!(has(|kind| *kind == Kind::Cut));
    assert!(has(|kind| *kind == Kind::Truncate));
    assert!(has(|kind| *kind == Kind::HalfClose));
    assert!(has(|kind| matches!(kind, Kind::Delay(_))));
    assert!(has(|kind| *kind == Kind::Late));
    assert!(has(|kind| *kind == Kind::KillServer));
}
