//! What can keep a person from signing in, or keys from being renewed: cause and subject in the sentence, the remedy in
//! the hint.

use std::io;
use std::path::PathBuf;

use usher_aws::CallError;
use usher_aws::openid::OpenIdError;

/// Why there are no keys.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SignInError {
    /// Nowhere to keep anything.
    #[error("the environment names no home directory")]
    NoHome,
    /// A file of AWS's tools, or ours.
    #[error("{path} cannot be used: {source}", path = path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A key that is none.
    #[error("the profile {profile} has `{key}`, which is no setting")]
    UnknownSetting {
        /// The profile.
        profile: String,
        /// The key.
        key: String,
    },
    /// A key that is needed.
    #[error("the profile {profile} has no {key}")]
    MissingSetting {
        /// The profile.
        profile: String,
        /// The key.
        key: &'static str,
    },
    /// A value that cannot be.
    #[error("{key} of the profile {profile} is `{value}`: {rule}")]
    Setting {
        /// The profile.
        profile: String,
        /// The key.
        key: String,
        /// Its value.
        value: String,
        /// What it must be.
        rule: &'static str,
    },
    /// Something else than what should be written.
    #[error("the profile {profile} in {path} already has `{key}`, which would not go together with this sign-in", path = path.display())]
    Taken {
        /// The profile.
        profile: String,
        /// Where it is.
        path: PathBuf,
        /// The key that is in the way.
        key: String,
    },
    /// Nothing is kept for the profile.
    #[error("nobody is signed in by the profile {profile}")]
    Nobody {
        /// The profile.
        profile: String,
    },
    /// What is kept is for another issuer, client or role.
    #[error("the profile {profile} was changed since somebody signed in by it")]
    Changed {
        /// The profile.
        profile: String,
    },
    /// Others could have copied the keys.
    #[error("{path} is open to others than its owner, or is another's (mode {mode:04o}): its keys are not used", path = path.display())]
    Exposed {
        /// The file or directory.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not ours, or cut.
    #[error("{path} holds no sign-in that can be read", path = path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
    },
    /// The keys ended, and there is nothing to renew them with.
    #[error("the sign-in of the profile {profile} has ended: its provider gave no refresh token")]
    NoRefreshToken {
        /// The profile.
        profile: String,
    },
    /// The provider does not renew.
    #[error("the sign-in of the profile {profile} is not renewed: {cause}")]
    NotRenewed {
        /// The profile.
        profile: String,
        /// What the provider said.
        cause: OpenIdError,
    },
    /// The provider did not sign anybody in.
    #[error(transparent)]
    Provider(#[from] OpenIdError),
    /// The server does not give the role.
    #[error("the role {role_arn} is not given: {cause}")]
    Role {
        /// The role.
        role_arn: String,
        /// What the server said.
        cause: CallError,
    },
    /// The browser has nowhere to come back to.
    #[error("no port of 127.0.0.1 can be listened on for the browser: {0}")]
    Listen(#[source] io::Error),
    /// No browser came.
    #[error("nobody signed in at {issuer} within {minutes} minutes")]
    NobodyCame {
        /// The provider.
        issuer: String,
        /// How long we waited.
        minutes: u64,
    },
}

impl SignInError {
    /// What to do about it.
    pub(crate) fn hint(&self) -> Option<String> {
        let again = |profile: &str| format!("sign in again: `usher login --profile {profile}`");
        let hint = match self {
            Self::NoHome => "set HOME",
            Self::UnknownSetting { .. } => {
                return Some(format!("known are {}", super::settings::KEYS.join(", ")));
            }
            Self::MissingSetting { .. } => {
                "`usher login --save --issuer URL --client-id ID --role-arn ARN` writes what a profile needs"
            }
            Self::Taken { .. } => "name another profile with --profile, or change this one by hand",
            Self::Nobody { profile } => {
                return Some(format!("sign in: `usher login --profile {profile}`"));
            }
            Self::Changed { profile }
            | Self::NoRefreshToken { profile }
            | Self::NotRenewed {
                profile,
                cause: OpenIdError::Refused { .. } | OpenIdError::Token { .. },
            } => return Some(again(profile)),
            Self::Exposed { path, mode } => {
                return Some(format!(
                    "somebody may have copied the keys: `chmod {:o} {}`, then sign in again with `usher login`",
                    mode & 0o700,
                    path.display()
                ));
            }
            Self::Unreadable { .. } => "sign in again with `usher login`, which replaces it",
            Self::Provider(cause) | Self::NotRenewed { cause, .. } => return provider_hint(cause),
            Self::Role { cause, .. } => return role_hint(cause),
            Self::NobodyCame { .. } => {
                "run it again, or `usher login --device` where the browser is on another machine"
            }
            Self::File { .. } | Self::Setting { .. } | Self::Listen(_) => return None,
        };
        Some(hint.to_owned())
    }
}

fn provider_hint(cause: &OpenIdError) -> Option<String> {
    let hint = match cause {
        OpenIdError::Address(_) => {
            "usher_issuer is the address that the provider has in its tokens"
        }
        OpenIdError::Silent { .. } => {
            "is usher_issuer the provider's address, and can it be reached from here?"
        }
        OpenIdError::OtherIssuer { .. } => {
            "usher_issuer must be the provider's name to the letter, a slash at the end included"
        }
        OpenIdError::Lacks { .. } => {
            "`usher login --device` and `usher login` need different things: try the other one"
        }
        OpenIdError::Refused { .. } => {
            "the provider's administrator knows why: ask with this sentence"
        }
        OpenIdError::State { .. } => {
            "somebody else sent it, or it is from an earlier attempt: close the browser's pages of it and sign in again"
        }
        OpenIdError::Incomplete { .. } => {
            "usher_scopes needs `openid`, and the provider a client for signing in"
        }
        OpenIdError::Token { .. } => {
            "compare the clocks, and ask the provider's administrator if that is not it"
        }
        OpenIdError::DeviceExpired { .. } => "run it again and enter the new code",
        OpenIdError::Random(_) | OpenIdError::Tls(_) => return None,
    };
    Some(hint.to_owned())
}

fn role_hint(cause: &CallError) -> Option<String> {
    let hint = match cause.code() {
        Some("AccessDenied") => {
            "the role's trust policy must name the provider and allow sts:AssumeRoleWithWebIdentity and sts:TagSession"
        }
        Some("InvalidIdentityToken") => {
            "the server must know the provider and this client: `aws iam create-open-id-connect-provider`"
        }
        Some("ExpiredTokenException") => {
            "the provider's clock and the server's differ: compare them"
        }
        Some("IDPCommunicationError") => "the server itself must reach the provider",
        Some("IDPRejectedClaim") => {
            "the provider's tags on the server say which claims a token needs"
        }
        _ => return crate::error::call_hint(cause),
    };
    Some(hint.to_owned())
}
