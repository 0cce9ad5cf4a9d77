//! The `inputs` of a session document, as values: where logs go, which key encrypts, as whom, for how long.
//!
//! The one reader and the one writer of these keys. Reading is strict: an unknown key, a null or a number out of range is
//! refused with the key's path, because a setting that was silently dropped looks set.

use serde_json::{Map, Value, json};

use crate::document::fields::{Fields, Rule, Stage};
use crate::{DEFAULT_IDLE_MINUTES, DocumentError};

/// All settings. The default is what an empty `inputs` means.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionInputs {
    /// Session logs to S3.
    pub s3: S3Sink,
    /// Session logs to CloudWatch Logs.
    pub cloud_watch: CloudWatchSink,
    /// `kmsKeyId`: id, ARN, alias or alias ARN; empty: session data is not encrypted by KMS.
    pub kms_key_id: String,
    /// `runAsEnabled` and `runAsDefaultUser`.
    pub run_as: RunAsInputs,
    /// `idleSessionTimeout`, 1 to 60 minutes; none: [`DEFAULT_IDLE_MINUTES`].
    pub idle_minutes: Option<u16>,
    /// `maxSessionDuration`, 1 to 1440 minutes; none: unlimited.
    pub max_minutes: Option<u16>,
    /// `shellProfile`.
    pub shell_profile: ShellProfile,
    /// `usherLogFailure`.
    pub log_failure: LogFailure,
}

/// The S3 destination. Off while `bucket` is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Sink {
    /// `s3BucketName`.
    pub bucket: String,
    /// `s3KeyPrefix`, without the slash that joins it to the key.
    pub key_prefix: String,
    /// `s3EncryptionEnabled`: refuse to log to a bucket without default encryption.
    pub encryption_required: bool,
}

/// The CloudWatch Logs destination. Off while `log_group` is empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudWatchSink {
    /// `cloudWatchLogGroupName`.
    pub log_group: String,
    /// `cloudWatchEncryptionEnabled`: refuse to log to a group without a KMS key.
    pub encryption_required: bool,
    /// `cloudWatchStreamingEnabled`: events while the session lasts, instead of one upload at its end.
    pub streaming: bool,
}

/// Run As as the document has it; the name is judged when a session starts, not when it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunAsInputs {
    /// `runAsEnabled`.
    pub enabled: bool,
    /// `runAsDefaultUser`; empty: none.
    pub default_user: String,
}

impl RunAsInputs {
    /// Reads the two keys of the map under `inputs`.
    pub(crate) fn read(inputs: &Map<String, Value>) -> Result<Self, DocumentError> {
        Self::of(&Fields::new("inputs", inputs, Stage::Stored))
    }

    /// Who a session becomes is the document author's word alone, never the caller's: neither key holds a placeholder.
    fn of(fields: &Fields<'_>) -> Result<Self, DocumentError> {
        fields.fixed("runAsEnabled")?;
        fields.fixed("runAsDefaultUser")?;
        Ok(Self {
            enabled: fields.flag("runAsEnabled")?.unwrap_or(false),
            default_user: fields.text_or_empty("runAsDefaultUser", &Rule::ANY)?,
        })
    }
}

/// Text fed to the shell at its start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShellProfile {
    /// For Linux and macOS.
    pub linux: String,
    /// For Windows; carried, never used.
    pub windows: String,
}

/// `usherLogFailure`: what happens to a session whose log cannot be written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFailure {
    /// The person is told and the session goes on.
    #[default]
    Continue,
    /// The session ends.
    End,
}

impl Default for S3Sink {
    fn default() -> Self {
        Self {
            bucket: String::new(),
            key_prefix: String::new(),
            encryption_required: true,
        }
    }
}

impl Default for CloudWatchSink {
    fn default() -> Self {
        Self {
            log_group: String::new(),
            encryption_required: true,
            streaming: true,
        }
    }
}

impl ShellProfile {
    /// Whether nothing would be fed to any shell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.linux.is_empty() && self.windows.is_empty()
    }
}

impl LogFailure {
    /// `end` if either says so.
    #[must_use]
    pub fn stricter(left: Self, right: Self) -> Self {
        if left == Self::End { left } else { right }
    }
}

impl SessionInputs {
    /// Minutes without input or output after which the session ends.
    #[must_use]
    pub fn idle_minutes_or_default(&self) -> u16 {
        self.idle_minutes.unwrap_or(DEFAULT_IDLE_MINUTES)
    }

    /// Reads the map under the key `inputs`.
    pub(crate) fn read(map: &Map<String, Value>, stage: Stage) -> Result<Self, DocumentError> {
        let fields = Fields::new("inputs", map, stage);
        fields.only(&[
            "s3BucketName",
            "s3KeyPrefix",
            "s3EncryptionEnabled",
            "cloudWatchLogGroupName",
            "cloudWatchEncryptionEnabled",
            "cloudWatchStreamingEnabled",
            "kmsKeyId",
            "runAsEnabled",
            "runAsDefaultUser",
            "idleSessionTimeout",
            "maxSessionDuration",
            "shellProfile",
            "usherLogFailure",
        ])?;
        let text = |key: &str, rule: &Rule| fields.text_or_empty(key, rule);
        let shell_profile = match fields.map("shellProfile")? {
            Some(profile) => {
                profile.only(&["linux", "windows"])?;
                ShellProfile {
                    linux: profile.text_or_empty("linux", &Rule::ANY)?,
                    windows: profile.text_or_empty("windows", &Rule::ANY)?,
                }
            }
            None => ShellProfile::default(),
        };
        let log_failure = match text("usherLogFailure", &LOG_FAILURE)?.as_str() {
            "end" => LogFailure::End,
            _ => LogFailure::Continue,
        };
        Ok(Self {
            s3: S3Sink {
                bucket: text("s3BucketName", &BUCKET)?,
                key_prefix: text("s3KeyPrefix", &KEY_PREFIX)?,
                encryption_required: fields.flag("s3EncryptionEnabled")?.unwrap_or(true),
            },
            cloud_watch: CloudWatchSink {
                log_group: text("cloudWatchLogGroupName", &LOG_GROUP)?,
                encryption_required: fields.flag("cloudWatchEncryptionEnabled")?.unwrap_or(true),
                streaming: fields.flag("cloudWatchStreamingEnabled")?.unwrap_or(true),
            },
            kms_key_id: text("kmsKeyId", &KMS_KEY)?,
            run_as: RunAsInputs::of(&fields)?,
            idle_minutes: fields.minutes("idleSessionTimeout", 60)?,
            max_minutes: fields.minutes("maxSessionDuration", 1440)?,
            shell_profile,
            log_failure,
        })
    }

    /// The `inputs` of the start task: every key present, flags as booleans, since AWS's agent reads some of them as
    /// nothing else (amazon-ssm-agent `agent/session/contracts`).
    #[must_use]
    pub fn to_json(&self) -> Value {
        let minutes =
            |limit: Option<u16>| limit.map_or_else(String::new, |minutes| minutes.to_string());
        json!({
            "s3BucketName": self.s3.bucket,
            "s3KeyPrefix": self.s3.key_prefix,
            "s3EncryptionEnabled": self.s3.encryption_required,
            "cloudWatchLogGroupName": self.cloud_watch.log_group,
            "cloudWatchEncryptionEnabled": self.cloud_watch.encryption_required,
            "cloudWatchStreamingEnabled": self.cloud_watch.streaming,
            "kmsKeyId": self.kms_key_id,
            "runAsEnabled": self.run_as.enabled,
            "runAsDefaultUser": self.run_as.default_user,
            "idleSessionTimeout": self.idle_minutes_or_default().to_string(),
            "maxSessionDuration": minutes(self.max_minutes),
            "shellProfile": { "linux": self.shell_profile.linux, "windows": self.shell_profile.windows },
            "usherLogFailure": match self.log_failure {
                LogFailure::Continue => "continue",
                LogFailure::End => "end",
            },
        })
    }
}

const BUCKET: Rule = Rule {
    accepts: |text| {
        let inner = |byte: u8| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-')
        };
        let edge = |byte: Option<u8>| {
            byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
        };
        (3..=63).contains(&text.len())
            && text.bytes().all(inner)
            && edge(text.bytes().next())
            && edge(text.bytes().last())
            && !text.contains("..")
    },
    says: "must be a bucket name: 3 to 63 lower-case letters, digits, dots or hyphens, beginning and ending with a \
           letter or digit",
};

const KEY_PREFIX: Rule = Rule {
    accepts: |text| text.len() <= 500 && !text.chars().any(char::is_control),
    says: "must be at most 500 bytes without control characters",
};

const LOG_GROUP: Rule = Rule {
    accepts: |text| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_/.#-".contains(&byte);
        text.len() <= 512 && text.bytes().all(allowed)
    },
    says: "must be a log group name: 1 to 512 letters, digits or any of _ / . # -",
};

const KMS_KEY: Rule = Rule {
    accepts: |text| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"_/:-".contains(&byte);
        let bare = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        let named = text.starts_with("arn:")
            || text
                .strip_prefix("alias/")
                .is_some_and(|name| !name.is_empty());
        text.len() <= 2048
            && if named {
                text.bytes().all(allowed)
            } else {
                text.bytes().all(bare)
            }
    },
    says: "must be a KMS key id, key ARN, alias/… or alias ARN",
};

const LOG_FAILURE: Rule = Rule {
    accepts: |text| matches!(text, "continue" | "end"),
    says: "must be \"continue\" or \"end\"",
};
