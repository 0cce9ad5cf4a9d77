//! Resource limits of this process, kept and taken on again.
//!
//! PAM's modules set a person's limits on the process that opens the login. That process has work to do until the
//! session ends, so it keeps its own and hands theirs to the shell alone.

use nix::errno::Errno;
use nix::sys::resource::{Resource, getrlimit, rlim_t, setrlimit};

use crate::after_fork::{Failure, Stage};

#[cfg(target_os = "linux")]
const ALL: [Resource; 16] = [
    Resource::RLIMIT_AS,
    Resource::RLIMIT_CORE,
    Resource::RLIMIT_CPU,
    Resource::RLIMIT_DATA,
    Resource::RLIMIT_FSIZE,
    Resource::RLIMIT_LOCKS,
    Resource::RLIMIT_MEMLOCK,
    Resource::RLIMIT_MSGQUEUE,
    Resource::RLIMIT_NICE,
    Resource::RLIMIT_NOFILE,
    Resource::RLIMIT_NPROC,
    Resource::RLIMIT_RSS,
    Resource::RLIMIT_RTPRIO,
    Resource::RLIMIT_RTTIME,
    Resource::RLIMIT_SIGPENDING,
    Resource::RLIMIT_STACK,
];
#[cfg(not(target_os = "linux"))]
const ALL: [Resource; 7] = [
    Resource::RLIMIT_AS,
    Resource::RLIMIT_CORE,
    Resource::RLIMIT_CPU,
    Resource::RLIMIT_DATA,
    Resource::RLIMIT_FSIZE,
    Resource::RLIMIT_NOFILE,
    Resource::RLIMIT_STACK,
];

/// All resource limits of a process, soft and hard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    values: Vec<(Resource, rlim_t, rlim_t)>,
}

impl Limits {
    /// Those of this process.
    pub fn current() -> Self {
        let values = ALL.into_iter().filter_map(|resource| {
            let (soft, hard) = getrlimit(resource).ok()?;
            Some((resource, soft, hard))
        });
        Self {
            values: values.collect(),
        }
    }

    /// Gives this process these limits as far as it may have them: without the privilege to raise a hard limit, the
    /// soft one goes as high as that allows.
    pub fn restore(&self) {
        for (resource, soft, hard) in &self.values {
            if setrlimit(*resource, *soft, *hard).is_err()
                && let Ok((_, hard)) = getrlimit(*resource)
            {
                let _ = setrlimit(*resource, (*soft).min(hard), hard);
            }
        }
    }

    /// All of them or a failure; async-signal-safe. A limit that is in force already is not set again: that would need
    /// a privilege where the value is above what the system lets anybody set.
    pub(crate) fn take_on(&self) -> Result<(), Failure> {
        for (resource, soft, hard) in &self.values {
            let in_force = getrlimit(*resource) == Ok((*soft, *hard));
            if !in_force {
                setrlimit(*resource, *soft, *hard)
                    .map_err(|errno: Errno| (Stage::Limits, errno))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lowered_soft_limit_is_restored() {
        let before = Limits::current();
        let (_, hard) = getrlimit(Resource::RLIMIT_CORE).unwrap();
        setrlimit(Resource::RLIMIT_CORE, 0, hard).unwrap();
        let lowered = Limits::current();
        before.restore();
        assert_eq!(Limits::current(), before);
        assert!(lowered.values.contains(&(Resource::RLIMIT_CORE, 0, hard)));
    }
}
