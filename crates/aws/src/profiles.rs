//! Region, endpoint and credentials of the person who calls, found exactly where the AWS CLI finds them.
//! The official loader does the finding; here its answers become ours, once, at the start of a command.

use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use aws_config::environment::EnvironmentVariableRegionProvider;
use aws_config::meta::region::RegionProviderChain;
use aws_config::profile::ProfileFileRegionProvider;
use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_types::service_config::ServiceConfigKey;
use tokio::sync::Mutex;

use crate::{CredentialError, CredentialSource, Credentials, Endpoint, EndpointError, Trust};

/// A key this close to its end is not used for another call.
const RENEW_BEFORE: Duration = Duration::from_secs(5 * 60);

/// What was said on the command line; anything absent is looked up.
#[derive(Debug, Clone, Default)]
pub struct CallerOptions {
    /// `--profile`, else `AWS_PROFILE`, else `default`.
    pub profile: Option<String>,
    /// `--region`, else `AWS_REGION`, `AWS_DEFAULT_REGION`, else the profile's.
    pub region: Option<String>,
    /// `--endpoint-url`, else `AWS_ENDPOINT_URL_SSM`, `AWS_ENDPOINT_URL`, else the profile's, else AWS's own.
    pub endpoint_url: Option<String>,
    /// `--ca-bundle`, else `AWS_CA_BUNDLE`, else the profile's: believed beside the platform's certificates.
    pub ca_bundle: Option<PathBuf>,
    /// `--require-encryption`, else `USHER_REQUIRE_ENCRYPTION`, else `require_encryption` of the profile.
    pub require_encryption: bool,
}

/// Everything an outbound call needs to know about its caller.
#[derive(Debug)]
pub struct Caller {
    /// Where SSM is.
    pub endpoint: Endpoint,
    /// Where KMS is: `AWS_ENDPOINT_URL_KMS`, else `AWS_ENDPOINT_URL`, else the profile's, else where SSM is if that is not
    /// AWS's own, else AWS's.
    pub kms: Endpoint,
    /// Where STS is, by the same rule.
    pub sts: Endpoint,
    /// Whether sessions without encryption by KMS are refused.
    pub requires_encryption: bool,
    /// Region of the credential scope.
    pub region: String,
    /// Who signs.
    pub credentials: CredentialSource,
    /// Whose certificates are believed.
    pub trust: Trust,
}

/// Why a caller is not complete.
#[derive(Debug, thiserror::Error)]
pub enum ProfileError {
    /// No region in options, environment or profile.
    #[error("no region is configured")]
    NoRegion,
    /// The setting says neither yes nor no.
    #[error("require_encryption is `{0}`: it must be true or false")]
    RequireEncryption(String),
    /// The endpoint is not usable.
    #[error("the endpoint URL {0}")]
    Endpoint(#[from] EndpointError),
}

/// Looks up what the options leave open. Credentials are resolved later, when first needed.
///
/// # Errors
/// When there is no region, or the endpoint found is not usable.
pub async fn resolve_caller(options: CallerOptions) -> Result<Caller, ProfileError> {
    let CallerOptions {
        profile,
        region,
        endpoint_url,
        ca_bundle,
        require_encryption,
    } = options;
    let mut from_profile = ProfileFileRegionProvider::builder();
    if let Some(name) = &profile {
        from_profile = from_profile.profile_name(name);
    }
    // Instance metadata is left out of the region's chain: a laptop would wait a second for nothing.
    let region = RegionProviderChain::first_try(region.map(Region::new))
        .or_else(EnvironmentVariableRegionProvider::new())
        .or_else(from_profile.build())
        .region()
        .await
        .ok_or(ProfileError::NoRegion)?;
    let mut loader = aws_config::defaults(BehaviorVersion::latest()).region(region.clone());
    if let Some(name) = &profile {
        loader = loader.profile_name(name);
    }
    let config = loader.load().await;
    let region = region.as_ref().to_owned();
    let endpoint = match endpoint_url.or_else(|| configured_endpoint(&config, "SSM")) {
        Some(text) => text.parse()?,
        None => Endpoint::of_aws("ssm", &region),
    };
    let beside = |service: &str, name: &str| match configured_endpoint(&config, service) {
        Some(text) => text.parse(),
        None if endpoint.is_of_aws() => Ok(Endpoint::of_aws(name, &region)),
        None => Ok(endpoint.clone()),
    };
    let (kms, sts) = (beside("KMS", "kms")?, beside("STS", "sts")?);
    let requires_encryption = require_encryption || configured_requirement(&config)?;
    let bundle = ca_bundle.or_else(|| configured_bundle(&config));
    Ok(Caller {
        endpoint,
        kms,
        sts,
        requires_encryption,
        region,
        credentials: CredentialSource::Chain(Chain::new(&config)),
        trust: bundle.map_or_else(Trust::default, |path| Trust::with_bundle(&path)),
    })
}

/// `AWS_ENDPOINT_URL_SSM` before `AWS_ENDPOINT_URL`, environment before profile: the loader knows the order.
fn configured_endpoint(config: &SdkConfig, service: &str) -> Option<String> {
    let key = ServiceConfigKey::builder()
        .service_id(service)
        .env("AWS_ENDPOINT_URL")
        .profile("endpoint_url")
        .build()
        .ok()?;
    config
        .service_config()
        .and_then(|service| service.load_config(key))
        .or_else(|| config.endpoint_url().map(str::to_owned))
}

/// `AWS_CA_BUNDLE`, then the profile's `ca_bundle`. An empty variable is none.
fn configured_bundle(config: &SdkConfig) -> Option<PathBuf> {
    let key = ServiceConfigKey::builder()
        .service_id("SSM")
        .env("AWS_CA_BUNDLE")
        .profile("ca_bundle")
        .build()
        .ok()?;
    let named = config.service_config()?.load_config(key)?;
    Some(PathBuf::from(named)).filter(|path| !path.as_os_str().is_empty())
}

fn configured_requirement(config: &SdkConfig) -> Result<bool, ProfileError> {
    let key = ServiceConfigKey::builder()
        .service_id("Usher")
        .env("USHER_REQUIRE_ENCRYPTION")
        .profile("require_encryption")
        .build();
    let text = match (key, config.service_config()) {
        (Ok(key), Some(settings)) => settings.load_config(key).unwrap_or_default(),
        _ => return Ok(false),
    };
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" => Ok(true),
        "false" | "0" | "" => Ok(false),
        _ => Err(ProfileError::RequireEncryption(text)),
    }
}

/// The credential chain with the last answer kept, so that one command does not assume a role three times.
#[derive(Debug)]
pub struct Chain {
    provider: Option<SharedCredentialsProvider>,
    last: Mutex<Option<Credentials>>,
}

impl Chain {
    fn new(config: &SdkConfig) -> Self {
        Self {
            provider: config.credentials_provider(),
            last: Mutex::new(None),
        }
    }

    pub(crate) async fn current(&self) -> Result<Credentials, CredentialError> {
        let mut last = self.last.lock().await;
        if let Some(known) = last
            .as_ref()
            .filter(|known| known.outlives(SystemTime::now(), RENEW_BEFORE))
        {
            return Ok(known.clone());
        }
        let provider = self
            .provider
            .as_ref()
            .ok_or_else(|| CredentialError("no provider is configured".to_owned()))?;
        let found = provider
            .provide_credentials()
            .await
            .map_err(|e| CredentialError(cause(&e)))?;
        let fresh = Credentials {
            access_key_id: found.access_key_id().to_owned(),
            secret_access_key: found.secret_access_key().into(),
            session_token: found.session_token().map(Into::into),
            expires: found.expiry(),
        };
        *last = Some(fresh.clone());
        Ok(fresh)
    }
}

/// The loader's errors say only "an error occurred" until their sources are asked.
fn cause(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut inner = error.source();
    while let Some(source) = inner {
        text = format!("{text}: {source}");
        inner = source.source();
    }
    text
}
