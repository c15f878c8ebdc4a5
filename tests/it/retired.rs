//! Names that were replaced by plain ones do not come back. Comments and texts for people are free to use the words.

use std::path::Path;

use crate::budgets::{blanked, rust_files};

/// A retired identifier and the name in its place.
const RETIRED: &[(&str, &str)] = &[
    ("Beside", "LookOptions, ReferenceKind"),
    ("Deed", "AuditEvent"),
    ("Desks", "Workers, InFlight"),
    ("Dossier", "TargetState"),
    ("EDITION", "FORMAT"),
    ("Enduring", "Durable"),
    ("Enrolment", "RegistryUpdate"),
    ("Expect", "Expectations"),
    ("Eye", "Fetcher"),
    ("Eyes", "Connectivity"),
    ("Glance", "TargetSummary"),
    ("Imprint", "Features"),
    ("Imprints", "FeatureSets"),
    ("Journey", "Progress"),
    ("Ledger", "RecordStore"),
    ("Lessons", "MaskUpdates"),
    ("Manners", "HostLimits"),
    ("Memo", "VerdictCache"),
    ("Milestone", "Marker"),
    ("Norms", "NormCache"),
    ("NotApproved", "Refused"),
    ("NotDone", "Refused"),
    ("Patience", "Cancel"),
    ("Rung", "EscalationStep"),
    ("Say", "Localized"),
    ("Sees", "Fetch"),
    ("Shelf", "Cache"),
    ("Surroundings", "StormContext"),
    ("Tapped", "CallbackReply"),
    ("Voice", "Loudness"),
    ("Words", "Locale"),
    ("dossier", "target_state"),
    ("dossiers", "target_states"),
    ("imprint", "features"),
    ("milestone", "marker"),
    ("patience", "cancel"),
    ("quieted", "silenced"),
    ("reroute", "fallback"),
    ("scrutinise", "inspect"),
    ("steady", "unchanging"),
];

#[test]
fn retired_names_stay_retired() {
    let mut wrong = Vec::new();
    let mut words = 0;
    for folder in ["src", "tests", "examples", "benches", "fuzz/fuzz_targets"] {
        for (file, text) in rust_files(Path::new(folder)) {
            for (at, line) in blanked(&text).lines().enumerate() {
                for word in identifiers(line) {
                    words += 1;
                    if let Some((_, now)) = RETIRED.iter().find(|(old, _)| *old == word) {
                        let place = format!("{file}:{}", at + 1);
                        wrong.push(format!("{place}: `{word}` is retired; say {now}"));
                    }
                }
            }
        }
    }
    assert!(words > 100_000, "only {words} identifiers were read");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn identifiers(line: &str) -> impl Iterator<Item = &str> {
    line.split(|c: char| !c.is_alphanumeric() && c != '_')
        .filter(|it| !it.is_empty())
}
