//! How a session is reached through the API: where SSM is and who calls, for as long as the session lasts.

use usher_aws::{
    CallError, Caller, CallerOptions, ConsoleLink, CredentialError, CredentialSource, Credentials,
    Identity, JsonClient, Kms, ResumedSession, Ssm, Trust, console_link, resolve_caller,
};

use crate::error::Error;

/// Goes into `User-Agent`.
pub(crate) const PROGRAM: &str = concat!("usher/", env!("CARGO_PKG_VERSION"));

/// SSM as one caller.
#[derive(Debug)]
pub(crate) struct Reach {
    ssm: Ssm,
    kms: Kms,
    requires_encryption: bool,
    credentials: CredentialSource,
    region: String,
    trust: Trust,
    sign_upgrades: bool,
}

impl Reach {
    /// Finds endpoint, region and credentials as the `aws` command would.
    pub(crate) async fn find(options: CallerOptions) -> Result<Self, Error> {
        let caller = resolve_caller(options).await?;
        Ok(Self::of(caller)?)
    }

    /// SSM as `caller`.
    pub(crate) fn of(caller: Caller) -> Result<Self, CallError> {
        let Caller {
            endpoint,
            kms,
            sts: _,
            requires_encryption,
            region,
            credentials,
            trust,
        } = caller;
        let client = |endpoint| JsonClient::trusting(trust.clone(), endpoint, &region, PROGRAM);
        Ok(Self {
            ssm: Ssm::new(client(endpoint)?),
            kms: Kms::new(client(kms)?),
            requires_encryption,
            credentials,
            region,
            trust,
            sign_upgrades: true,
        })
    }

    /// Leaves WebSocket upgrades unsigned, as AWS's plugin does when it is told to.
    pub(crate) fn without_upgrade_signatures(self) -> Self {
        Self {
            sign_upgrades: false,
            ..self
        }
    }

    /// The operations.
    pub(crate) fn ssm(&self) -> &Ssm {
        &self.ssm
    }

    /// Where data keys are made.
    pub(crate) fn kms(&self) -> &Kms {
        &self.kms
    }

    /// Whether the caller wants no session that KMS does not encrypt.
    pub(crate) fn requires_encryption(&self) -> bool {
        self.requires_encryption
    }

    /// Region of the credential scope.
    pub(crate) fn region(&self) -> &str {
        &self.region
    }

    /// Whose certificates are believed.
    pub(crate) fn trust(&self) -> &Trust {
        &self.trust
    }

    /// Credentials that are good now.
    pub(crate) async fn credentials(&self) -> Result<Credentials, CredentialError> {
        self.credentials.current().await
    }

    /// Credentials for an upgrade, where there are any: the token is the authority, a signature only adds to it.
    pub(crate) async fn upgrade_credentials(&self) -> Option<Credentials> {
        if self.sign_upgrades {
            self.credentials().await.ok()
        } else {
            None
        }
    }

    /// A single-use link to the web console, signed in as the caller.
    pub(crate) async fn console_link(&self) -> Result<ConsoleLink, Error> {
        let credentials = self.credentials().await?;
        Ok(console_link(self.ssm.client(), Identity::Keys(&credentials)).await?)
    }

    /// Asks for a new token. None where nobody can sign the call.
    pub(crate) async fn resume(&self, session: &str) -> Option<Result<ResumedSession, CallError>> {
        let credentials = self.credentials().await.ok()?;
        Some(
            self.ssm
                .resume_session(Identity::Keys(&credentials), session)
                .await,
        )
    }
}
