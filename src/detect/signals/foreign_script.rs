//! A script from a host that is neither known on this page nor commonly embedded.

use std::{cmp::Ordering, collections::BTreeSet};

use crate::{
    detect::{Detector, Found, Role, View, hosts},
    model::{Localized, excerpt},
    page::{Usage, place},
};

/// Strength 1.0 on a risky host; 0.75 for one of a holder of a `.vn` name, which the agency is asked about; else 0.93 or 0.88 for a
/// few in an otherwise unchanged page, 0.3 in a redesign; half of it on a public body's host. Only beside a baseline.
pub struct ForeignScript;

/// Whether the script is of a company at home that gives scripts to others. The files of a company's own site, in the folders of its
/// content management system or among its uploads, are for no one else.
fn is_at_home(url: &str) -> bool {
    let (host, path) = (place::host(url), place::path(url));
    let is_own_file = path.contains("/wp-") || place::upload(path).is_some();
    hosts::is_registered_in_vietnam(host)
        && !hosts::is_public_body(host)
        && !place::is_shared(host)
        && !is_own_file
}

/// Share of known scripts up to which all of them are others now, and the fewest that a portal had.
const GONE: f64 = 0.1;
const HAD: usize = 3;

/// Whether all files of the page moved to another host while the page stays as it was: a new place for files.
pub(super) fn moved_house(view: &View) -> bool {
    let change = view.change.as_ref();
    let gone = change
        .and_then(|it| it.kept_scripts)
        .is_some_and(|it| it <= GONE);
    gone && view.norm.scripts.len() >= HAD && view.kept() > 0.6
}

impl Detector for ForeignScript {
    fn name(&self) -> &'static str {
        "foreign-script"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let change = view.change.as_ref()?;
        let scripts = change.scripts.iter().filter_map(|it| it.src.as_deref());
        // what is preloaded runs later
        let early = change.uses.iter().filter(|it| it.usage == Usage::Code);
        let strange: Vec<(f64, &str)> = scripts
            .chain(early.map(|it| it.url.as_str()))
            .map(|it| (view.doubt(it, Role::Script), it))
            .filter(|it| it.0 > 0.0)
            .collect();
        let risky = |url: &str| hosts::is_risky(place::host(url));
        let (doubt, worst) = *strange.iter().max_by(|a, b| {
            (risky(a.1), a.0)
                .partial_cmp(&(risky(b.1), b.0))
                .unwrap_or(Ordering::Equal)
        })?;
        let places: BTreeSet<String> = strange
            .iter()
            .map(|it| place::of(it.1, place::host(it.1)).name().to_owned())
            .collect();
        // a redesign brings its own hosts; a single new host in an otherwise unchanged page was planted
        let at_home = is_at_home(worst);
        let strength = match (risky(worst), view.kept()) {
            (true, _) => 1.0,
            // rates, weather, chats of companies at home
            (false, kept) if kept > 0.6 && at_home && places.len() == 1 => 0.75,
            (false, kept) if kept > 0.9 && places.len() <= 2 => 0.93,
            (false, kept) if kept > 0.6 && places.len() <= 3 => 0.88,
            (false, _) => 0.3,
        };
        let strength = if moved_house(view) {
            strength * 0.42
        } else {
            strength
        };
        let host = excerpt::defang(place::host(worst));
        let say = Localized::new("signal-foreign-script").with("host", host);
        Some(Found::new(strength * doubt, say, worst))
    }
}
