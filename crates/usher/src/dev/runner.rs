//! Who runs `usher dev`, and whom sessions therefore run as until somebody saves preferences.

use usher_server::Preferences;
use usher_wire::ids::OsUserName;

use super::DevError;

/// Who runs us.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Runner {
    /// An ordinary user, who serves nobody else.
    Ordinary(OsUserName),
    /// Root through sudo: the person behind it.
    Sudo {
        /// Their name.
        user: OsUserName,
        /// Their uid, who may own what lies above the data.
        uid: u32,
    },
    /// Root itself.
    Root,
}

impl Runner {
    /// From the process and, as root, from what sudo says about its caller.
    pub(super) fn find() -> Result<Self, DevError> {
        if usher_sys::running_as_root() {
            return Self::of_root(
                std::env::var("SUDO_USER").ok(),
                std::env::var("SUDO_UID").ok(),
            );
        }
        let name = usher_sys::own_name().map_err(|e| DevError::Runner(e.to_string()))?;
        OsUserName::parse(&name)
            .map(Self::Ordinary)
            .map_err(|e| DevError::Runner(e.to_string()))
    }

    fn of_root(sudo_user: Option<String>, sudo_uid: Option<String>) -> Result<Self, DevError> {
        let Some(name) = sudo_user.filter(|name| name != "root") else {
            return Ok(Self::Root);
        };
        let user =
            OsUserName::parse(&name).map_err(|e| DevError::Runner(format!("SUDO_USER: {e}")))?;
        let uid = sudo_uid.and_then(|uid| uid.parse().ok());
        let uid =
            uid.ok_or_else(|| DevError::Runner("SUDO_USER is set without SUDO_UID".to_owned()))?;
        Ok(Self::Sudo { user, uid })
    }

    /// What applies until a preferences document is saved.
    pub(super) fn preferences(&self) -> Preferences {
        match self {
            Self::Ordinary(user) | Self::Sudo { user, .. } => Preferences::with_default_user(user),
            Self::Root => Preferences::default(),
        }
    }

    /// The same, for the person.
    pub(super) fn sentence(&self) -> String {
        match self {
            Self::Ordinary(user) => {
                format!("sessions run as {user}, and as nobody else, since usher dev does not run as root")
            }
            Self::Sudo { user, .. } => format!("sessions run as {user} until you save preferences (Run As is on)"),
            Self::Root => "sessions run as ssm-user until you save preferences (Run As is off); the first session \
                           makes that account with its sudo rule, and both are removed when usher dev stops"
                .to_owned(),
        }
    }

    /// The one uid beside root whose directories are trusted.
    pub(super) fn trusted_uid(&self) -> Option<u32> {
        match self {
            Self::Sudo { uid, .. } => Some(*uid),
            Self::Ordinary(_) | Self::Root => None,
        }
    }

    /// What this machine is called.
    pub(super) fn host_name(&self) -> String {
        rustix::system::uname()
            .nodename()
            .to_string_lossy()
            .into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_root(user: Option<&str>, uid: Option<&str>) -> Result<Runner, DevError> {
        Runner::of_root(user.map(str::to_owned), uid.map(str::to_owned))
    }

    #[test]
    fn a_caller_of_sudo_that_is_no_user_is_refused() {
        assert!(of_root(Some("al ice"), Some("1000")).is_err());
        assert!(of_root(Some("alice"), None).is_err());
        assert!(of_root(Some("alice"), Some("x")).is_err());
    }

    #[test]
    fn root_by_sudo_of_root_is_plain_root() {
        assert_eq!(of_root(None, None).unwrap(), Runner::Root);
        assert_eq!(of_root(Some("root"), Some("0")).unwrap(), Runner::Root);
    }

    #[test]
    fn run_as_is_on_for_people_and_off_for_plain_root() {
        let sudo = of_root(Some("alice"), Some("1000")).unwrap();
        assert!(sudo.preferences().inputs().run_as.enabled);
        assert_eq!(sudo.preferences().inputs().run_as.default_user, "alice");
        assert_eq!(sudo.trusted_uid(), Some(1000));
        assert!(!Runner::Root.preferences().inputs().run_as.enabled);
        assert!(Runner::Root.sentence().contains("ssm-user"));
    }
}
