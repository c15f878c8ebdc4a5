//! What targets.yaml names, compared with what it named before: a change of the file is a change of the registry, too.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{
    Digest, Target,
    registration::{Deed, Entry},
};

/// Ids with a digest of what the file says of each.
pub type Listed = BTreeMap<String, String>;

/// The ids and digests of targets, as they are stored for the next comparison.
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

/// The lines that lead from one to the other.
pub fn entries(
    before: &Listed,
    now: &Listed,
    targets: &[Target],
    by: &str,
    at: Timestamp,
) -> Vec<Entry> {
    let entry = |target, deed| Entry {
        at,
        target,
        by: by.to_owned(),
        deed,
    };
    let mut out = Vec::new();
    for it in targets {
        let url = it.url.clone();
        match (before.get(it.id.as_str()), now.get(it.id.as_str())) {
            (None, _) => out.push(entry(it.id.clone(), Deed::Listed { url })),
            (old, new) if old != new => out.push(entry(it.id.clone(), Deed::Changed { url })),
            _ => (),
        }
    }
    let gone = before.keys().filter(|it| !now.contains_key(*it));
    out.extend(gone.filter_map(|it| Some(entry(it.parse().ok()?, Deed::Unlisted))));
    out
}
