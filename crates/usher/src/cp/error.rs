//! Why a copy was not begun, or was not complete. Each names the path and whose it is.

use usher_copy::{CopyError, Side};

/// What is wrong with a copy.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CpError {
    /// Both ends are local.
    #[error(
        "neither the source nor the destination is on a managed node: write NODE:PATH for one of them"
    )]
    NoNode,
    /// Both ends are remote, or several nodes are.
    #[error("one end of a copy is this machine, and the other is one managed node")]
    TwoNodes,
    /// A source or the destination cannot be used.
    #[error("{place}: {cause}")]
    Place {
        /// As the person would write it.
        place: String,
        /// Why.
        cause: String,
    },
    /// The rest was copied.
    #[error("{0} of what was to be copied was left out")]
    LeftOut(usize),
    /// It ended in the middle.
    #[error("the copy broke off: {0}")]
    Copy(#[source] CopyError),
}

impl CpError {
    /// Of a copy with `node`.
    pub(super) fn of(error: CopyError, node: &str) -> Self {
        match error {
            CopyError::Place { side, path, cause } => Self::Place {
                place: match side {
                    Side::Here => path.display().to_string(),
                    Side::There => format!("{node}:{}", path.display()),
                },
                cause,
            },
            error => Self::Copy(error),
        }
    }

    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Copy(_) => Some("give the same command again: it goes on where it stopped"),
            _ => None,
        }
    }
}
