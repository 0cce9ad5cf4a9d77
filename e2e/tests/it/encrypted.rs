//! Sessions that KMS encrypts, as the account's preferences ask: who gets one, in which kinds, and who is refused in words.

mod aws_plugin;
mod own;
mod recorded;

use serde_json::{Value, json};

use crate::fixtures::MAY_START;
use crate::harness::dev::{Dev, Principal};
use crate::harness::os_users::OsUser;

/// What people see when an encrypted session opens.
pub(crate) const SAYS_SO: &str = "This session is encrypted using AWS KMS.";

/// The name under which the preferences know the key.
const ALIAS: &str = "alias/sessions";

/// A server whose preferences name a KMS key, and who may use it.
pub(crate) struct Vault {
    pub(crate) dev: Dev,
    pub(crate) vera: Principal,
    pub(crate) os_user: OsUser,
    key: String,
}

impl Vault {
    pub(crate) fn start(name: &str) -> Self {
        let os_user = OsUser::with_home(name, "/bin/bash", &[]);
        let dev = Dev::start();
        let kms = |operation: &str, arguments: Value| {
            dev.call(&dev.admin(), "kms", operation, &arguments).must()
        };
        let made = kms("create_key", json!({}));
        let key = made["KeyMetadata"]["KeyId"].as_str().unwrap().to_owned();
        kms(
            "create_alias",
            json!({"AliasName": ALIAS, "TargetKeyId": key}),
        );
        save_preferences(&dev, os_user.name(), ALIAS);
        let vera = dev.principal(
            "vera",
            &[
                MAY_START[0],
                ("ssm:TerminateSession", "*"),
                ("kms:GenerateDataKey", "*"),
            ],
        );
        Self {
            dev,
            vera,
            os_user,
            key,
        }
    }
}

/// Run As is on for one OS user, and sessions are encrypted under `key`.
pub(crate) fn save_preferences(dev: &Dev, os_user: &str, key: &str) {
    let content = json!({
        "schemaVersion": "1.0",
        "description": "Document to hold regional settings for Session Manager",
        "sessionType": "Standard_Stream",
        "inputs": {"runAsEnabled": true, "runAsDefaultUser": os_user, "kmsKeyId": key},
    });
    let arguments = json!({
        "Name": "SSM-SessionManagerRunShell", "Content": content.to_string(),
        "DocumentType": "Session", "DocumentFormat": "JSON",
    });
    dev.call(&dev.admin(), "ssm", "create_document", &arguments)
        .must();
}
