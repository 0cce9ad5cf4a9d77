//! Of which services a statement's actions are, as a mask that stands in the statement itself.
//!
//! Most of a caller's statements are about another service than the one that is asked. The mask says so without a look at
//! their patterns, which lie elsewhere in memory; that is most of what a statement costs. It only says "certainly not".

use super::element::OneOrNone;
use super::pattern::Pattern;

/// A set of services, some of which share a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Services(u64);

impl Services {
    const ALL: Self = Self(u64::MAX);

    /// Of a statement's actions. No service name holds a wildcard; `*` alone is every service.
    pub(super) fn of_all(actions: &OneOrNone<Pattern>) -> Self {
        match actions {
            OneOrNone::NoneOf(_) => Self::ALL,
            OneOrNone::OneOf(patterns) => patterns
                .iter()
                .map(|pattern| Self::of(pattern.text()))
                .fold(Self(0), |all, one| Self(all.0 | one.0)),
        }
    }

    /// Of one action in lower case.
    pub(crate) fn of(action: &str) -> Self {
        match action.split_once(':') {
            Some((service, _)) => {
                let place = service.bytes().fold(0_u32, |sum, byte| {
                    sum.wrapping_mul(31).wrapping_add(byte.into())
                });
                Self(1 << (place % u64::BITS))
            }
            None => Self::ALL,
        }
    }

    pub(super) fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}
