//! Session documents as anybody may upload them: what is taken can be bound, and its content names no placeholder.
#![no_main]

use std::collections::BTreeMap;

use libfuzzer_sys::fuzz_target;
use usher_policy::{DocumentFormat, Preferences, SessionDocument};

fuzz_target!(|text: &str| {
    for format in [DocumentFormat::Json, DocumentFormat::Yaml] {
        let Ok(document) = SessionDocument::parse(text, format) else {
            continue;
        };
        document
            .run_as()
            .expect("a stored document keeps the rules");
        let preferences = Preferences::from_document(&document).unwrap_or_default();
        let given = BTreeMap::from([("portNumber".to_owned(), vec!["22".to_owned()])]);
        for parameters in [BTreeMap::new(), given] {
            if let Ok(bound) = document.bind(&parameters) {
                let _ = bound.start_content(&preferences).to_string();
            }
        }
    }
});
