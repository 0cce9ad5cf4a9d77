//! The documents that come with the service (control-plane.md 4, end): owner Amazon, version 1,
//! read-only.

/// The content of the built-in document `name`, JSON.
pub(super) fn content(name: &str) -> Option<&'static str> {
    DOCUMENTS
        .iter()
        .find(|(built_in, _)| *built_in == name)
        .map(|(_, content)| *content)
}

/// Their names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    DOCUMENTS.iter().map(|(name, _)| *name)
}

const DOCUMENTS: &[(&str, &str)] = &[
    (
        "AWS-StartSSHSession",
        r#"{
  "schemaVersion": "1.0",
  "description": "Document to start an SSH session over Session Manager",
  "sessionType": "Port",
  "parameters": {
    "portNumber": {
      "type": "String",
      "description": "(Optional) Port number of SSH server on the node",
      "allowedPattern": "^([1-9]|[1-9][0-9]{1,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$",
      "default": "22"
    }
  },
  "properties": {
    "portNumber": "{{ portNumber }}"
  }
}"#,
    ),
    (
        "AWS-StartPortForwardingSession",
        r#"{
  "schemaVersion": "1.0",
  "description": "Document to start port forwarding session over Session Manager",
  "sessionType": "Port",
  "parameters": {
    "portNumber": {
      "type": "String",
      "description": "(Optional) Port number of the server on the node",
      "allowedPattern": "^([1-9]|[1-9][0-9]{1,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$",
      "default": "80"
    },
    "localPortNumber": {
      "type": "String",
      "description": "(Optional) Port number on the local machine to forward traffic to; 0 chooses a free one",
      "allowedPattern": "^([0-9]|[1-9][0-9]{1,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$",
      "default": "0"
    }
  },
  "properties": {
    "portNumber": "{{ portNumber }}",
    "type": "LocalPortForwarding",
    "localPortNumber": "{{ localPortNumber }}"
  }
}"#,
    ),
    (
        "AWS-StartPortForwardingSessionToRemoteHost",
        r#"{
  "schemaVersion": "1.0",
  "description": "Document to start port forwarding session over Session Manager to remote host",
  "sessionType": "Port",
  "parameters": {
    "portNumber": {
      "type": "String",
      "description": "(Optional) Port number of the server on the remote host",
      "allowedPattern": "^([1-9]|[1-9][0-9]{1,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$",
      "default": "80"
    },
    "localPortNumber": {
      "type": "String",
      "description": "(Optional) Port number on the local machine to forward traffic to; 0 chooses a free one",
      "allowedPattern": "^([0-9]|[1-9][0-9]{1,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$",
      "default": "0"
    },
    "host": {
      "type": "String",
      "description": "(Required) Host name or IP address of the remote host, as the node sees it",
      "allowedPattern": "^[^,$^&\\*()=+\\[\\]{}\\\\|;:'\"<>?/\\s]{3,}$|^[0-9a-fA-F:.]+$"
    }
  },
  "properties": {
    "host": "{{ host }}",
    "portNumber": "{{ portNumber }}",
    "type": "LocalPortForwarding",
    "localPortNumber": "{{ localPortNumber }}"
  }
}"#,
    ),
    (
        "AWS-StartInteractiveCommand",
        r#"{
  "schemaVersion": "1.0",
  "description": "Document to run single interactive command on a node",
  "sessionType": "InteractiveCommands",
  "parameters": {
    "command": {
      "type": "String",
      "description": "The command to run on the node"
    }
  },
  "properties": {
    "linux": {"commands": "{{ command }}", "runAsElevated": false},
    "windows": {"commands": "{{ command }}", "runAsElevated": false},
    "macos": {"commands": "{{ command }}", "runAsElevated": false}
  }
}"#,
    ),
    (
        "AWS-StartNonInteractiveCommand",
        r#"{
  "schemaVersion": "1.0",
  "description": "Document to run single non-interactive command on a node",
  "sessionType": "NonInteractiveCommands",
  "parameters": {
    "command": {
      "type": "String",
      "description": "The command to run on the node"
    }
  },
  "properties": {
    "linux": {"commands": "{{ command }}", "runAsElevated": false},
    "windows": {"commands": "{{ command }}", "runAsElevated": false},
    "macos": {"commands": "{{ command }}", "runAsElevated": false}
  }
}"#,
    ),
    (
        "Usher-CopyFiles",
        r#"{
  "schemaVersion": "1.0",
  "description": "Document to copy files and directories to and from a node with usher cp",
  "sessionType": "Copy"
}"#,
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::documents::{Format, Text};

    #[test]
    fn every_built_in_document_passes_its_own_rules() {
        for (name, content) in DOCUMENTS {
            let text = Text {
                content,
                format: Format::Json,
            };
            assert!(text.check().is_ok(), "{name}: {:?}", text.check());
        }
    }
}
