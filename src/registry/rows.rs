//! Targets from an imported table or from the command line.

use std::collections::HashMap;

use unicode_normalization::UnicodeNormalization;

use super::names::portal_key;
use crate::model::{
    Agency, Target, TargetId,
    target::{ID_RULE, Settings, is_id, portal_url},
};

/// One row of an imported table.
#[derive(Clone, Debug, Default)]
pub struct Row {
    /// The row's position in the table, for error messages.
    pub at: String,
    pub id: String,
    pub agency: String,
    pub agency_name: Option<String>,
    pub name: String,
    pub url: String,
}

/// Converts rows to targets; on any fault, returns all faults.
///
/// # Errors
///
/// All faults, each with the position of its row.
pub fn targets(
    rows: Vec<Row>,
    known: &[Target],
    agencies: &[Agency],
    defaults: &Settings,
) -> Result<Vec<Target>, Vec<String>> {
    let mut targets: Vec<Target> = Vec::new();
    let mut faults = Vec::new();
    let mut names = Names::of(known);
    for row in rows {
        match target(&row, agencies, defaults) {
            Ok(it) => match names.take(&it) {
                Some(fault) => faults.push(format!("{}: {fault}", row.at)),
                None => targets.push(it),
            },
            Err(found) => faults.extend(found.into_iter().map(|it| format!("{}: {it}", row.at))),
        }
    }
    if faults.is_empty() {
        Ok(targets)
    } else {
        Err(faults)
    }
}

/// Ids and addresses in use, each with its owner.
pub struct Names(HashMap<String, String>);

impl Names {
    /// The ids and addresses of `known`.
    pub fn of(known: &[Target]) -> Self {
        let mut names = Self(HashMap::new());
        for it in known {
            names.put(it);
        }
        names
    }

    fn put(&mut self, it: &Target) {
        for key in Self::keys(it) {
            self.0.insert(key, it.id.to_string());
        }
    }

    fn keys(it: &Target) -> [String; 2] {
        [format!("id {}", it.id), portal_key(&it.url)]
    }

    /// Reserves id and address of a target. Returns the reason if another target has one of them.
    pub fn take(&mut self, it: &Target) -> Option<String> {
        let keys = Self::keys(it);
        let other = keys.iter().find_map(|key| self.0.get(key));
        if let Some(other) = other {
            let (id, url) = (&it.id, &it.url);
            return Some(format!("{id} ({url}): is registered already, as {other}"));
        }
        self.put(it);
        None
    }
}

fn target(row: &Row, agencies: &[Agency], defaults: &Settings) -> Result<Target, Vec<String>> {
    let mut faults = Vec::new();
    let mut wrong = |column: &str, error: String| faults.push(format!("{column}: {error}"));
    let id: Option<TargetId> = row.id.parse().map_err(|error| wrong("id", error)).ok();
    let url = portal_url(&row.url)
        .map_err(|error| wrong("url", error))
        .ok();
    if !is_id(&row.agency) {
        faults.push(format!("agency: {:?} is not an id: {ID_RULE}", row.agency));
    }
    let (Some(id), Some(url), true) = (id, url, faults.is_empty()) else {
        return Err(faults);
    };
    let agency = agencies.iter().find(|it| it.id == row.agency);
    let mut settings = defaults.clone();
    if let Some(agency) = agency.filter(|it| !it.notify.is_empty()) {
        settings.notify.clone_from(&agency.notify);
    }
    let mut target = Target::unregistered(url, settings);
    target.id = id;
    target.agency.clone_from(&row.agency);
    target.agency_name = match (agency, &row.agency_name) {
        (Some(agency), _) => agency.name.clone(),
        (None, Some(name)) => name.nfc().collect(),
        (None, None) => row.agency.clone(),
    };
    if !row.name.is_empty() {
        target.name = row.name.nfc().collect();
    }
    Ok(target)
}
