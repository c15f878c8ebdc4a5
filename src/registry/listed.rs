//! Compares the targets of targets.yaml with those at the last comparison: a change of the file changes the registry,
//! too.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{
    Digest, Target,
    registration::{AuditEntry, AuditEvent},
};

/// The ids of targets, each with a digest of its settings in the file.
pub type Listed = BTreeMap<String, String>;

/// Ids and digests of targets, in the form that is stored for the next comparison.
pub fn listed(targets: &[Target]) -> Listed {
    let digest = |it: &Target| {
        let text = serde_json::to_vec(it).unwrap_or_default();
        Digest::of(&text).hex()[..16].to_owned()
    };
    targets
        .iter()
        .map(|it| (it.id.to_string(), digest(it)))
        .collect()
}

/// The lines of history for the differences between two versions of the file.
pub fn entries(
    before: &Listed,
    now: &Listed,
    targets: &[Target],
    by: &str,
    at: Timestamp,
) -> Vec<AuditEntry> {
    let entry = |target, deed| AuditEntry {
        at,
        target,
        by: by.to_owned(),
        deed,
    };
    let mut out = Vec::new();
    for it in targets {
        let url = it.url.clone();
        match (before.get(it.id.as_str()), now.get(it.id.as_str())) {
            (None, _) => out.push(entry(it.id.clone(), AuditEvent::Listed { url })),
            (old, new) if old != new => out.push(entry(it.id.clone(), AuditEvent::Changed { url })),
            _ => (),
        }
    }
    let gone = before.keys().filter(|it| !now.contains_key(*it));
    out.extend(gone.filter_map(|it| Some(entry(it.parse().ok()?, AuditEvent::Unlisted))));
    out
}
