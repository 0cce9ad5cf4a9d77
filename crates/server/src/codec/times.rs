//! Timestamps as the protocols write them, from milliseconds since the epoch.

use serde::{Serialize, Serializer};

/// awsJson: a number of seconds with a fraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct EpochSeconds(pub(crate) i64);

impl Serialize for EpochSeconds {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        // Milliseconds of any date we meet are exact in a double.
        to.serialize_f64(self.0 as f64 / 1000.0)
    }
}

/// awsQuery: `2026-11-22T08:51:16Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IsoTime(pub(crate) i64);

impl Serialize for IsoTime {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&iso_time(self.0))
    }
}

/// `ms` as `2026-11-22T08:51:16Z`; the earliest or latest time there is, where it is outside.
pub(crate) fn iso_time(ms: i64) -> String {
    let bounds = jiff::Timestamp::MIN.as_millisecond()..=jiff::Timestamp::MAX.as_millisecond();
    let ms = ms.clamp(*bounds.start(), *bounds.end());
    let time = jiff::Timestamp::from_millisecond(ms).unwrap_or_default();
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_protocol_has_its_form() {
        let ms = 1_795_337_476_250;
        assert_eq!(
            serde_json::to_string(&EpochSeconds(ms)).unwrap(),
            "1795337476.25"
        );
        assert_eq!(
            serde_json::to_string(&IsoTime(ms)).unwrap(),
            "\"2026-11-22T08:51:16Z\""
        );
    }
}
