//! The account's preferences and the floor they put under every session document.
//!
//! Invariant: where the preferences turn on Run As, KMS or a log sink, no document weakens, redirects or replaces it.
//! Each of these is taken as a group, from one side only, so that a document cannot mix its bucket with our prefix.

use usher_wire::ids::OsUserName;

use crate::inputs::{LogFailure, RunAsInputs, SessionInputs};
use crate::{DocumentError, SessionDocument};

/// The document that holds the account's preferences.
pub const DOCUMENT_NAME: &str = "SSM-SessionManagerRunShell";

/// Idle minutes after which a session ends where nobody said otherwise.
pub const DEFAULT_IDLE_MINUTES: u16 = 20;

/// What `SSM-SessionManagerRunShell` says, or what applies while it does not exist. The default has everything off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preferences {
    inputs: SessionInputs,
}

impl Preferences {
    /// Preferences that only turn on Run As, with a default user.
    #[must_use]
    pub fn with_default_user(name: &OsUserName) -> Self {
        let run_as = RunAsInputs {
            enabled: true,
            default_user: name.to_string(),
        };
        Self {
            inputs: SessionInputs {
                run_as,
                ..SessionInputs::default()
            },
        }
    }

    /// The preferences a document holds.
    ///
    /// # Errors
    /// Where it is not of type `Standard_Stream`, or declares parameters: nobody is there to give them.
    pub fn from_document(document: &SessionDocument) -> Result<Self, DocumentError> {
        document.preferences_inputs().map(|inputs| Self { inputs })
    }

    /// The values as the document has them.
    #[must_use]
    pub fn inputs(&self) -> &SessionInputs {
        &self.inputs
    }

    /// What a session runs with, given the inputs of its document (`None` for documents that have none: command and
    /// port documents are governed by the preferences alone).
    #[must_use]
    pub fn effective(&self, document: Option<&SessionInputs>) -> SessionInputs {
        let floor = &self.inputs;
        let Some(document) = document else {
            return floor.clone();
        };
        let of = |from_floor: bool| if from_floor { floor } else { document };
        SessionInputs {
            s3: of(!floor.s3.bucket.is_empty()).s3.clone(),
            cloud_watch: of(!floor.cloud_watch.log_group.is_empty())
                .cloud_watch
                .clone(),
            kms_key_id: of(!floor.kms_key_id.is_empty()).kms_key_id.clone(),
            run_as: of(floor.run_as.enabled).run_as.clone(),
            idle_minutes: shorter(floor.idle_minutes, document.idle_minutes),
            max_minutes: shorter(floor.max_minutes, document.max_minutes),
            shell_profile: of(document.shell_profile.is_empty()).shell_profile.clone(),
            log_failure: LogFailure::stricter(floor.log_failure, document.log_failure),
        }
    }
}

/// `None` sets no limit.
fn shorter(left: Option<u16>, right: Option<u16>) -> Option<u16> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.min(right)),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inputs::{CloudWatchSink, S3Sink, ShellProfile};

    fn everything(mark: &str, minutes: u16) -> SessionInputs {
        SessionInputs {
            s3: S3Sink {
                bucket: format!("{mark}-bucket"),
                key_prefix: mark.to_owned(),
                encryption_required: true,
            },
            cloud_watch: CloudWatchSink {
                log_group: mark.to_owned(),
                encryption_required: true,
                streaming: true,
            },
            kms_key_id: format!("alias/{mark}"),
            run_as: RunAsInputs {
                enabled: true,
                default_user: mark.to_owned(),
            },
            idle_minutes: Some(minutes),
            max_minutes: Some(minutes),
            shell_profile: ShellProfile {
                linux: mark.to_owned(),
                windows: mark.to_owned(),
            },
            log_failure: LogFailure::End,
        }
    }

    #[test]
    fn a_document_replaces_nothing_that_the_preferences_turn_on() {
        let preferences = Preferences {
            inputs: everything("ours", 10),
        };
        for document in [everything("theirs", 60), SessionInputs::default()] {
            let effective = preferences.effective(Some(&document));
            let profile = if document.shell_profile.is_empty() {
                "ours"
            } else {
                "theirs"
            };
            let expected = SessionInputs {
                shell_profile: ShellProfile {
                    linux: profile.to_owned(),
                    windows: profile.to_owned(),
                },
                ..everything("ours", 10)
            };
            assert_eq!(effective, expected);
        }
    }

    #[test]
    fn a_sink_is_one_group_and_never_mixed() {
        let mut document = everything("theirs", 60);
        document.s3.key_prefix = "elsewhere".to_owned();
        document.s3.encryption_required = false;
        let preferences = Preferences {
            inputs: SessionInputs {
                s3: S3Sink {
                    bucket: "ours-bucket".to_owned(),
                    ..S3Sink::default()
                },
                ..SessionInputs::default()
            },
        };
        let effective = preferences.effective(Some(&document));
        assert_eq!(effective.s3, preferences.inputs().s3);
        assert_eq!(effective.cloud_watch, document.cloud_watch);
    }

    #[test]
    fn a_prefix_without_a_bucket_is_no_floor() {
        let s3 = S3Sink {
            key_prefix: "ours".to_owned(),
            ..S3Sink::default()
        };
        let preferences = Preferences {
            inputs: SessionInputs {
                s3,
                ..SessionInputs::default()
            },
        };
        let document = everything("theirs", 60);
        assert_eq!(preferences.effective(Some(&document)).s3, document.s3);
    }

    #[test]
    fn a_document_may_turn_on_what_the_preferences_leave_off() {
        let document = everything("theirs", 60);
        assert_eq!(Preferences::default().effective(Some(&document)), document);
    }

    #[test]
    fn the_shorter_timeout_wins_on_either_side() {
        for (ours, theirs, expected) in [
            (None, None, None),
            (Some(5), None, Some(5)),
            (None, Some(5), Some(5)),
            (Some(5), Some(60), Some(5)),
            (Some(60), Some(5), Some(5)),
        ] {
            let limits = |minutes| SessionInputs {
                idle_minutes: minutes,
                max_minutes: minutes,
                ..SessionInputs::default()
            };
            let effective = Preferences {
                inputs: limits(ours),
            }
            .effective(Some(&limits(theirs)));
            assert_eq!(
                (effective.idle_minutes, effective.max_minutes),
                (expected, expected)
            );
        }
    }

    #[test]
    fn documents_without_inputs_are_governed_by_the_preferences() {
        let preferences = Preferences {
            inputs: everything("ours", 10),
        };
        assert_eq!(&preferences.effective(None), preferences.inputs());
    }
}
