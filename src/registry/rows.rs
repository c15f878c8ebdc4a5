//! Targets as a file or the command line gives them.

use super::names::portal_key;
use crate::model::{
    Agency, Target, TargetId,
    target::{ID_RULE, Settings, is_id, portal_url},
};

#[derive(Clone, Debug, Default)]
pub struct Row {
    /// Where it stands, for a fault.
    pub at: String,
    pub id: String,
    pub agency: String,
    pub agency_name: Option<String>,
    pub name: String,
    pub url: String,
}

/// All rows as targets, or all their faults.
pub fn targets(
    rows: Vec<Row>,
    known: &[Target],
    agencies: &[Agency],
    defaults: &Settings,
) -> Result<Vec<Target>, Vec<String>> {
    let mut targets: Vec<Target> = Vec::new();
    let mut faults = Vec::new();
    for row in rows {
        match target(&row, agencies, defaults) {
            Ok(it) => match taken(known, &it).or_else(|| taken(&targets, &it)) {
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

/// Why a target cannot be registered beside those.
pub fn taken(known: &[Target], it: &Target) -> Option<String> {
    known
        .iter()
        .find(|other| other.id == it.id || portal_key(&other.url) == portal_key(&it.url))
        .map(|other| {
            format!(
                "{} ({}): is registered already, as {}",
                it.id, it.url, other.id
            )
        })
}

fn target(row: &Row, agencies: &[Agency], defaults: &Settings) -> Result<Target, Vec<String>> {
    let mut faults = Vec::new();
    let id: Option<TargetId> = row.id.parse().map_err(|error| faults.push(error)).ok();
    let url = portal_url(&row.url)
        .map_err(|error| faults.push(error))
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
        (None, Some(name)) => name.clone(),
        (None, None) => row.agency.clone(),
    };
    if !row.name.is_empty() {
        target.name.clone_from(&row.name);
    }
    Ok(target)
}
