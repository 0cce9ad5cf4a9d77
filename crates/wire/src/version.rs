//! The version numbers our programs announce to AWS's programs.
//!
//! They are protocol facts rather than release numbers: AWS's peers switch features by comparing them, part by part
//! and only between numbers with equally many parts, so both must have four parts and lie above every known gate.

/// What our agent calls itself. Above all gates of AWS's plugin (2.3.722.0 terminate flag, 3.0.196.0 multiplexed
/// ports, 3.1.1511.0 no multiplexer keep-alive).
pub const AGENT_VERSION: &str = "3.3.9999.0";

/// What our client calls itself, and what it prints for `--version` under AWS's plugin name: above 1.2.497.0, so that
/// the `aws` command hands the token over in the environment instead of on the command line.
pub const CLIENT_VERSION: &str = "1.2.900.0";

/// Whether a peer's dotted version reaches `floor`, compared part by part; what is no version reaches none. Missing parts
/// count as zero.
pub fn reaches(version: &str, floor: [u64; 4]) -> bool {
    let mut parts = [0; 4];
    for (index, part) in version.trim().split('.').enumerate() {
        match (part.parse(), parts.get_mut(index)) {
            (Ok(number), Some(place)) => *place = number,
            _ => return false,
        }
    }
    parts >= floor
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_version_reaches_none() {
        for version in ["", "x", "1..2", "1.2.3.4.5", "-1.0", "1.2.x"] {
            assert!(!reaches(version, [0; 4]), "{version:?}");
        }
    }

    #[test]
    fn versions_are_compared_as_numbers() {
        assert!(!reaches("1.1.69.0", [1, 1, 70, 0]));
        assert!(!reaches("1.1.9", [1, 1, 70, 0]));
        for version in ["1.1.70", "1.1.70.0", "1.2", "1.10.0.0", "2"] {
            assert!(reaches(version, [1, 1, 70, 0]), "{version}");
        }
    }
}
