//! Single sign-on at the person's end: a profile says where people sign in and which role they get, a provider vouches
//! for the person, and STS gives keys that `usher credentials` hands to every tool and renews.
//!
//! Invariants: no token, code or key reaches a command line, a log or an error text; what is kept lies in one file that
//! nobody else can read, and is changed only by who holds its lock, so that a refresh token is never spent twice. The main
//! path is [`SignIn::by_browser`] or [`SignIn::by_device`], then [`SignIn::take_role`]. Must not know sessions or nodes.

mod aws_files;
mod browser;
mod error;
mod kept;
mod renewal;
mod settings;
mod stanza;

use std::time::{SystemTime, UNIX_EPOCH};

use usher_aws::openid::{IdToken, Provider, Tokens};
use usher_aws::{
    CallerOptions, JsonClient, Trust, WebIdentityRole, assume_role_with_web_identity,
    resolve_caller,
};

use crate::error::Error;
use crate::reach::PROGRAM;
use crate::text::printable;
pub(crate) use error::SignInError;
pub(crate) use kept::Keys;
use kept::{Kept, Place};
pub(crate) use settings::Said;
use settings::Settings;
pub(crate) use stanza::Stanza;

/// A profile whose people sign in at a provider.
#[derive(Debug)]
pub(crate) struct SignIn {
    profile: String,
    settings: Settings,
    sts: JsonClient,
    trust: Trust,
}

impl SignIn {
    /// As the profile has it that the options or `AWS_PROFILE` name, with what was said beside it.
    pub(crate) async fn of(options: CallerOptions, said: &Said) -> Result<Self, Error> {
        let profile = profile_of(&options);
        let written = aws_files::config()?.profile(&profile);
        let settings = Settings::read(&profile, &written, said)?;
        let caller = resolve_caller(options).await?;
        let trust = caller.trust.clone();
        let sts = JsonClient::trusting(caller.trust, caller.sts, &caller.region, PROGRAM)?;
        Ok(Self {
            profile,
            settings,
            sts,
            trust,
        })
    }

    /// Signs a person in by a browser on this machine.
    pub(crate) async fn by_browser(&self, opens_browser: bool) -> Result<Tokens, SignInError> {
        let (provider, client) = (self.provider().await?, &self.settings.client);
        let redirect = browser::Redirect::listen().await?;
        let question = provider.ask(client, &redirect.url())?;
        eprintln!(
            "To sign in at {}, open this address in a browser on this machine:\n\n  {}\n",
            printable(provider.issuer()),
            printable(question.url())
        );
        if opens_browser {
            browser::open(question.url());
        }
        let code = redirect.code(&question).await?;
        Ok(provider.redeem(client, question, code).await?)
    }

    /// Signs a person in by a browser anywhere.
    pub(crate) async fn by_device(&self) -> Result<Tokens, SignInError> {
        let (provider, client) = (self.provider().await?, &self.settings.client);
        let question = provider.ask_by_device(client).await?;
        eprintln!(
            "To sign in at {}, open this address on any device:\n\n  {}\n\nand enter the code\n\n  {}\n",
            printable(provider.issuer()),
            printable(&question.verification_uri),
            printable(&question.user_code)
        );
        if let Some(whole) = &question.verification_uri_complete {
            eprintln!(
                "This address has the code in it:\n\n  {}\n",
                printable(whole)
            );
        }
        Ok(provider.wait_for_device(client, &question).await?)
    }

    /// Exchanges the proof of who it is for a role's keys, and keeps them. Returns the ARN of the role's session.
    pub(crate) async fn take_role(&self, tokens: Tokens) -> Result<String, SignInError> {
        let session_name = self.settings.session_name(&tokens.id_token);
        let (keys, arn) = self.assume(&tokens.id_token, &session_name).await?;
        let kept = Kept {
            issuer: self.settings.issuer.clone(),
            client_id: self.settings.client.id.clone(),
            role_arn: self.settings.role_arn.clone(),
            subject: tokens.id_token.subject,
            session_name,
            refresh_token: tokens.refresh_token,
            keys,
        };
        Place::of(&self.profile)?.lock().await?.write(&kept)?;
        Ok(arn)
    }

    /// Keys that are good now; nobody is asked for anything.
    pub(crate) async fn keys(&self) -> Result<Keys, SignInError> {
        renewal::current(self, now_ms()).await
    }

    async fn provider(&self) -> Result<Provider, SignInError> {
        Ok(Provider::discover(&self.settings.issuer, &self.trust).await?)
    }

    async fn assume(
        &self,
        token: &IdToken,
        session_name: &str,
    ) -> Result<(Keys, String), SignInError> {
        let asked = WebIdentityRole {
            role_arn: &self.settings.role_arn,
            session_name,
            token: &token.text,
        };
        let role = assume_role_with_web_identity(&self.sts, &asked).await;
        let role = role.map_err(|cause| SignInError::Role {
            role_arn: self.settings.role_arn.clone(),
            cause,
        })?;
        Ok((Keys::from(role.credentials), role.arn))
    }
}

/// Forgets the sign-in of the profile, here and at its provider. False: there was none.
pub(crate) async fn sign_out(options: CallerOptions) -> Result<bool, Error> {
    let locked = Place::of(&profile_of(&options))?.lock().await?;
    let kept = locked.read();
    // Whatever comes of the rest, nothing stays here.
    locked.remove()?;
    let Some(kept) = kept? else {
        return Ok(false);
    };
    let sign_in = SignIn::of(options, &Said::default()).await?;
    renewal::revoke(&sign_in, kept).await?;
    Ok(true)
}

/// `--profile`, else `AWS_PROFILE`, else `default`, as the aws command has it.
pub(crate) fn profile_of(options: &CallerOptions) -> String {
    let named = std::env::var("AWS_PROFILE");
    let named = named.ok().filter(|name| !name.is_empty());
    let chosen = options.profile.clone().or(named);
    chosen.unwrap_or_else(|| "default".to_owned())
}

fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}
