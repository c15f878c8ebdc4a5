//! In what uses a page holds which places: the standing that a norm learns.

use std::collections::{HashMap, HashSet};

use crate::{
    model::digest::key,
    page::{
        Page, Usage, cancel,
        place::{self, upload},
        registrable,
    },
};

/// Most places kept of one page. A portal of a thousand links has some hundred.
const MOST: usize = 4000;

/// The hash of a place in a use. `name` is that of [`Place::name`](place::Place::name), or of [`name`].
pub fn place_key(usage: Usage, name: &str) -> u64 {
    key(&format!("{} {name}", usage.as_str()))
}

/// The name of the place of an address. Inside `own`, a registrable domain, folders of uploads are places of their own,
/// and so are files of which the ending says that they are no code, where they are used as code.
pub fn name(usage: Usage, url: &str, host: &str, own: &str) -> String {
    let domain = registrable(host);
    if domain != own {
        return place::of(url, host).name().to_owned();
    }
    if matches!(usage, Usage::Image | Usage::Relation | Usage::Ping) {
        return domain;
    }
    match upload(place::path(url)) {
        Some(it) => format!("{domain}/{}/*.{}", it.folder, it.ending),
        None if usage == Usage::Code => match place::no_code(place::path(url)) {
            Some(ending) => format!("{domain}/*.{ending}"),
            None => domain,
        },
        None => domain,
    }
}

/// All uses that a page makes of addresses with a host.
pub fn uses(page: &Page) -> impl Iterator<Item = (Usage, &str, &str)> {
    let links = page
        .links
        .iter()
        .map(|it| (Usage::Link, &*it.url, &*it.host));
    let images = page
        .images
        .iter()
        .map(|it| (Usage::Image, &*it.src, &*it.host));
    let frames = page
        .frames
        .iter()
        .map(|it| (Usage::Frame, &*it.src, &*it.host));
    let forms = page
        .forms
        .iter()
        .map(|it| (Usage::Form, &*it.action, &*it.host));
    let scripts = page.scripts.iter().filter_map(|it| {
        let src = it.src.as_deref()?;
        Some((Usage::Code, src, &*it.host))
    });
    let refreshes = page
        .refreshes
        .iter()
        .map(|it| (Usage::Refresh, &**it, place::host(it)));
    let relations = page
        .relations
        .iter()
        .map(|it| (Usage::Relation, &*it.url, &*it.host));
    let others = page.uses.iter().map(|it| (it.usage, &*it.url, &*it.host));
    // what decides most stands first: the rest of an endless page is left out
    scripts
        .chain(frames)
        .chain(forms)
        .chain(refreshes)
        .chain(relations)
        .chain(others)
        .chain(links)
        .chain(images)
        .filter(|it| !it.2.is_empty())
}

/// Hashes of the places of a page, ascending, each once.
pub(super) fn places(page: &Page) -> Vec<u64> {
    let own = page.domain();
    // most addresses are of the same few hosts
    let mut plain: HashMap<&str, bool> = HashMap::new();
    let mut told: HashSet<(Usage, &str)> = HashSet::new();
    let mut keys: HashSet<u64> = HashSet::new();
    for (usage, url, host) in uses(page) {
        if cancel::step(1) || keys.len() >= MOST {
            break;
        }
        let whole = *plain
            .entry(host)
            .or_insert_with(|| registrable(host) != own && !place::is_shared(host));
        if whole && !told.insert((usage, host)) {
            continue;
        }
        keys.insert(place_key(usage, &name(usage, url, host, &own)));
    }
    let mut keys: Vec<u64> = keys.into_iter().collect();
    keys.sort_unstable();
    keys
}
