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
