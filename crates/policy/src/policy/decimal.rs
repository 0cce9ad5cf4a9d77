//! Decimal numbers of any length, compared exactly: a quota or an account number must not be rounded.

use std::cmp::Ordering;

/// A number without superfluous zeros, so that equal numbers are equal values. Zero is not negative.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Decimal {
    negative: bool,
    whole: String,
    fraction: String,
}

impl Decimal {
    /// Reads `-12.50`; exponents, spaces and bare dots are no numbers.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (whole, fraction) = match digits.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (digits, ""),
        };
        if whole.is_empty()
            || !whole
                .bytes()
                .chain(fraction.bytes())
                .all(|byte| byte.is_ascii_digit())
        {
            return None;
        }
        let whole = whole.trim_start_matches('0').to_owned();
        let fraction = fraction.trim_end_matches('0').to_owned();
        let negative = negative && !(whole.is_empty() && fraction.is_empty());
        Some(Self {
            negative,
            whole,
            fraction,
        })
    }

    fn magnitude(&self, other: &Self) -> Ordering {
        let whole = self
            .whole
            .len()
            .cmp(&other.whole.len())
            .then_with(|| self.whole.cmp(&other.whole));
        // Fractions compare as text: digits align at the point.
        whole.then_with(|| self.fraction.cmp(&other.fraction))
    }
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.negative, other.negative) {
            (false, false) => self.magnitude(other),
            (true, true) => other.magnitude(self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_are_no_decimal_are_refused() {
        for text in [
            "", "-", ".", "1.", ".5", "1e3", " 1", "1 ", "--1", "0x1", "1,5", "NaN",
        ] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn numbers_are_ordered_by_value() {
        let ascending = [
            "-100", "-12.5", "-0.001", "0", "0.001", "0.01", "0.1", "1", "1.05", "1.5", "9", "10",
            "100",
        ];
        for (index, left) in ascending.iter().enumerate() {
            for (other, right) in ascending.iter().enumerate() {
                let compared = Decimal::parse(left)
                    .unwrap()
                    .cmp(&Decimal::parse(right).unwrap());
                assert_eq!(compared, index.cmp(&other), "{left} {right}");
            }
        }
        let same = ["1.50", "+1.5", "01.5", "001.500"];
        assert!(
            same.iter()
                .all(|text| Decimal::parse(text) == Decimal::parse("1.5"))
        );
        assert_eq!(Decimal::parse("-0.0"), Decimal::parse("0"));
        assert!(Decimal::parse("9007199254740993") > Decimal::parse("9007199254740992"));
    }
}
