//! The one instant format of SigV4, `yyyymmddThhmmssZ`, and the older `Date` header that may stand in for it.
//!
//! Proleptic Gregorian arithmetic on whole seconds, so that this room needs neither a clock nor a time zone database.

use std::fmt;

const SECONDS_PER_DAY: u64 = 86_400;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// A signing time in whole seconds, 1970 to 9999. `Display` is the ISO 8601 basic form that is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct AmzDate {
    unix_seconds: u64,
}

impl AmzDate {
    /// The instant `unix_ms` milliseconds after the epoch, cut to the second.
    #[must_use]
    pub fn from_unix_ms(unix_ms: u64) -> Self {
        Self {
            unix_seconds: unix_ms / 1000,
        }
    }

    /// Seconds since the epoch.
    #[must_use]
    pub fn unix_seconds(self) -> u64 {
        self.unix_seconds
    }

    /// Reads `20150830T123600Z`; `None` for anything else, impossible dates included.
    #[must_use]
    pub fn parse_basic(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if bytes.len() != 16 || bytes.get(8) != Some(&b'T') || bytes.get(15) != Some(&b'Z') {
            return None;
        }
        let digits = |from: usize, to: usize| text.get(from..to).and_then(number);
        Self::from_civil(
            digits(0, 4)?,
            digits(4, 6)?,
            digits(6, 8)?,
            digits(9, 11)?,
            digits(11, 13)?,
            digits(13, 15)?,
        )
    }

    /// Reads a `Date` header: the basic form, or RFC 9110's `Sun, 30 Aug 2015 12:36:00 GMT` (botocore writes `-0000`
    /// in place of `GMT`).
    #[must_use]
    pub fn parse_date_header(text: &str) -> Option<Self> {
        if let Some(date) = Self::parse_basic(text) {
            return Some(date);
        }
        let (_weekday, rest) = text.split_once(", ")?;
        let mut words = rest.split(' ');
        let day = number(words.next()?)?;
        let month_name = words.next()?;
        let month = MONTHS.iter().position(|name| *name == month_name)? as u64 + 1;
        let year = number(words.next()?)?;
        let mut clock = words.next()?.split(':');
        let (hour, minute, second) = (
            number(clock.next()?)?,
            number(clock.next()?)?,
            number(clock.next()?)?,
        );
        let zone_is_utc = matches!(words.next()?, "GMT" | "UTC" | "+0000" | "-0000");
        if !zone_is_utc || words.next().is_some() || clock.next().is_some() {
            return None;
        }
        Self::from_civil(year, month, day, hour, minute, second)
    }

    /// The `yyyymmdd` of the credential scope.
    #[must_use]
    pub fn day(self) -> String {
        let (year, month, day) = civil_from_days(self.unix_seconds / SECONDS_PER_DAY);
        format!("{year:04}{month:02}{day:02}")
    }

    /// ISO 8601's extended form, `2015-08-30T12:36:00Z`.
    #[must_use]
    pub fn extended(self) -> String {
        let (year, month, day) = civil_from_days(self.unix_seconds / SECONDS_PER_DAY);
        let second = self.unix_seconds % SECONDS_PER_DAY;
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }

    /// This instant moved back, stopping at the epoch.
    pub(super) fn earlier_by(self, seconds: u64) -> Self {
        Self {
            unix_seconds: self.unix_seconds.saturating_sub(seconds),
        }
    }

    /// This instant moved forward.
    pub(super) fn later_by(self, seconds: u64) -> Self {
        Self {
            unix_seconds: self.unix_seconds.saturating_add(seconds),
        }
    }

    fn from_civil(
        year: u64,
        month: u64,
        day: u64,
        hour: u64,
        minute: u64,
        second: u64,
    ) -> Option<Self> {
        let plausible = (1970..=9999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        plausible.then(|| Self {
            unix_seconds: days_from_civil(year, month, day) * SECONDS_PER_DAY
                + hour * 3600
                + minute * 60
                + second,
        })
    }
}

impl fmt::Display for AmzDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of_day = self.unix_seconds % SECONDS_PER_DAY;
        write!(
            f,
            "{}T{:02}{:02}{:02}Z",
            self.day(),
            of_day / 3600,
            of_day / 60 % 60,
            of_day % 60
        )
    }
}

/// Digits only: `str::parse` would take a leading plus.
fn number(text: &str) -> Option<u64> {
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

fn days_in_month(year: u64, month: u64) -> u64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        _ => 31,
    }
}

/// Days since 1970-01-01. Years are counted from March, so that the leap day is the last of its year.
fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 {
        (year, month - 3)
    } else {
        (year - 1, month + 9)
    };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    // 719 468 days lie between 0000-03-01 and 1970-01-01.
    year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - 719_468
}

/// The inverse of [`days_from_civil`].
fn civil_from_days(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn impossible_and_foreign_dates_are_refused() {
        for text in [
            "",
            "20150830T123600",
            "20150830T123600z",
            "20150830 123600Z",
            "20151301T000000Z",
            "20150229T000000Z",
            "20150832T000000Z",
            "20150830T240000Z",
            "20150830T006000Z",
            "20150830T000060Z",
            "+0150830T123600Z",
            "19691231T235959Z",
            "2015083éT12360Z",
        ] {
            assert_eq!(AmzDate::parse_basic(text), None, "{text}");
        }
        for text in [
            "Sun, 30 Aug 2015 12:36:00 CET",
            "Sun, 30 Aux 2015 12:36:00 GMT",
            "Sun, 30 Aug 2015 12:36 GMT",
        ] {
            assert_eq!(AmzDate::parse_date_header(text), None, "{text}");
        }
    }

    #[test]
    fn known_instants_read_and_print() {
        for (text, seconds) in [
            ("19700101T000000Z", 0),
            ("20000229T235959Z", 951_868_799),
            ("20150830T123600Z", 1_440_938_160),
            ("21000301T000000Z", 4_107_542_400),
        ] {
            let date = AmzDate::parse_basic(text).unwrap();
            assert_eq!(
                (date.unix_seconds(), date.to_string().as_str()),
                (seconds, text)
            );
        }
    }

    #[test]
    fn every_day_of_four_centuries_prints_as_itself() {
        let mut last = String::new();
        for days in 0..=146_097 {
            let date = AmzDate::from_unix_ms(days * SECONDS_PER_DAY * 1000);
            assert!(date.day() > last, "{days}");
            assert_eq!(AmzDate::parse_basic(&date.to_string()), Some(date));
            last = date.day();
        }
    }

    #[test]
    fn date_headers_of_both_spellings_name_the_same_instant() {
        let expected = AmzDate::parse_basic("20150830T123600Z");
        for text in [
            "20150830T123600Z",
            "Sun, 30 Aug 2015 12:36:00 GMT",
            "Sun, 30 Aug 2015 12:36:00 -0000",
        ] {
            assert_eq!(AmzDate::parse_date_header(text), expected, "{text}");
        }
    }
}
