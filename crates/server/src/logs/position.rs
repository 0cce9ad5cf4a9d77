//! Where in a stream or group a reader stands, as the tokens of GetLogEvents and FilterLogEvents say it.

use std::str::FromStr;

/// An event's place in the order of time, and of arrival within one time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    /// The event's time, milliseconds.
    pub(crate) at: i64,
    /// Its number within the group.
    pub(crate) number: i64,
}

/// Which way a token of GetLogEvents leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    /// To later events.
    Forward,
    /// To earlier ones.
    Backward,
}

/// A token of GetLogEvents: what comes after, or before, a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Token {
    /// Which way.
    pub(crate) direction: Direction,
    /// The event that is not given again.
    pub(crate) from: Position,
}

/// The text is no token of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoToken;

const DIGITS: usize = 20;

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:0DIGITS$}{:0DIGITS$}", self.at, self.number)
    }
}

impl FromStr for Position {
    type Err = NoToken;

    fn from_str(text: &str) -> Result<Self, NoToken> {
        if text.len() != 2 * DIGITS || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(NoToken);
        }
        let (at, number) = text.split_at_checked(DIGITS).ok_or(NoToken)?;
        Ok(Self {
            at: at.parse().map_err(|_| NoToken)?,
            number: number.parse().map_err(|_| NoToken)?,
        })
    }
}

impl std::fmt::Display for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let direction = match self.direction {
            Direction::Forward => 'f',
            Direction::Backward => 'b',
        };
        write!(f, "{direction}/{}", self.from)
    }
}

impl FromStr for Token {
    type Err = NoToken;

    fn from_str(text: &str) -> Result<Self, NoToken> {
        let (direction, from) = text.split_once('/').ok_or(NoToken)?;
        let direction = match direction {
            "f" => Direction::Forward,
            "b" => Direction::Backward,
            _ => return Err(NoToken),
        };
        Ok(Self {
            direction,
            from: from.parse()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_foreign_token_is_none() {
        let long = format!("f/{}", "9".repeat(40));
        for text in [
            "",
            "f",
            "f/",
            "x/1",
            "f/1",
            "f/-1",
            &long,
            "f/+000000000000000000000000000000000000001",
        ] {
            assert_eq!(text.parse::<Token>(), Err(NoToken), "{text}");
        }
        let from = Position {
            at: 1_800_000_000_000,
            number: 7,
        };
        for direction in [Direction::Forward, Direction::Backward] {
            let token = Token { direction, from };
            assert_eq!(token.to_string().parse(), Ok(token));
        }
    }
}
