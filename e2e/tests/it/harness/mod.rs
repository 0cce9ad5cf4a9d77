//! What the tests stand on: the programs, a server, callers, terminals, OS users and an observer.
//!
//! Nothing here asserts what the product should do; it only drives it and waits, always with a deadline.

pub(crate) mod aws_node;
pub(crate) mod boto3;
pub(crate) mod dev;
pub(crate) mod https;
pub(crate) mod observer;
pub(crate) mod os_users;
pub(crate) mod postgres;
pub(crate) mod process;
pub(crate) mod programs;
pub(crate) mod random;
pub(crate) mod shared;
pub(crate) mod site;
pub(crate) mod skip;
pub(crate) mod terminal;

use std::time::Duration;

/// How long anything may take before the test gives up: generous, since it is only waited out by a failure.
pub(crate) const DEADLINE: Duration = Duration::from_secs(60);
