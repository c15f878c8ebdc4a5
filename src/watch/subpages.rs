//! The parts of a portal beyond its home page: sub-pages, sitemap and robots.txt, upload folders, unlinked paths.
//!
//! To be polite, each check of a home page brings at most one look more: all parts are seen in turn. A part has an id of its
//! own (`nghean-portal~a1b2c3`) for its state and its incidents.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use url::Url;

use crate::{
    diff::Norm,
    model::{
        Part, Standing, Target, TargetState,
        target_state::{Beyond, PartRef},
    },
    store::{Commit, StoreError, Wanted},
    watch::{
        commit::commit,
        confirm::confirm,
        confirmed::{Agreement, Confirmed, FirstLook},
        leads,
        look::LookOptions,
        outside::without_exceptions,
        recorded::Recorded,
        sightings,
        visitors::{look_at, look_at_other_addresses},
    },
    world::{World, subpages::target_of},
};

/// The age from which the list of parts is made anew: portals grow.
const LIST_HOLDS: SignedDuration = SignedDuration::from_hours(24);
/// Upload folders in the list, at most.
const FOLDERS: usize = 2;

/// Paths of planted pages that nothing links to, as incidents have shown. Each round through the list tries one of them.
const UNLINKED: &[&str] = &[
    "/slot/",
    "/nhacai/",
    "/casino/",
    "/judi/",
    "/togel/",
    "/xoso/",
    "/taixiu/",
    "/hacked.html",
    "/pwned.txt",
    "/x.txt",
    "/0x.html",
    "/vz.txt",
    "/kurd.html",
    "/index1.html",
    "/1.html",
    "/ok.txt",
    "/wp-content/uploads/index.html",
    "/upload/index.html",
    "/uploads/index.html",
    "/images/index.html",
    "/tmp/index.html",
    "/.well-known/index.html",
];

/// Checks the next part of a portal. The caller has found the home page up.
pub(crate) async fn check_next(world: &World, portal: &Target) {
    if let Some(part) = next(world, portal).await {
        check(world, &part).await;
    }
}

/// The next part to look at; none of a portal that is watched as one page, has no baseline or has an open incident.
async fn next(world: &World, target: &Target) -> Option<Target> {
    if target.settings.pages <= 1 {
        return None;
    }
    let target_state = match world.store.target_state(&target.id).await {
        Ok(target_state) => target_state?,
        Err(error) => {
            tracing::error!(target.id = %target.id, %error, "the target's state cannot be read; the parts of the portal wait");
            return None;
        }
    };
    if target_state.baseline.is_none() || target_state.open.is_some() {
        return None;
    }
    // what the home page may not enter, its parts may not, either
    let target = &*without_exceptions(world, target, &target_state);
    let now = world.clock.now();
    let aged = target_state
        .beyond
        .listed_at
        .is_none_or(|it| now.duration_since(it) >= LIST_HOLDS);
    let parts = if aged {
        let parts = list(world, target, &target_state).await;
        remember(world, target_state, &parts, now).await;
        parts
    } else {
        target_state.beyond.parts
    };
    let turn = world.subpage_turns.next(&target.id);
    // after each round through the list, one unlinked path
    let part = match parts.get(turn % (parts.len() + 1)) {
        Some(part) => part.clone(),
        None => unlinked(world, target, turn / (parts.len() + 1)).await?,
    };
    Some(target_of(target, &part))
}

/// Checks a part once. `part` is the target that stands for it. A part that is gone, slow or in repair opens no incident and
/// does not count towards the portal's availability; an attacker's content in it opens one.
async fn check(world: &World, part: &Target) {
    let now = world.clock.now();
    let target_state = match world.store.target_state(&part.id).await {
        Ok(found) => found.unwrap_or_else(|| TargetState::new(part.id.clone())),
        Err(error) => {
            tracing::error!(target.id = %part.id, %error, "the target's state cannot be read; the part is left for the next round");
            return;
        }
    };
    let recorded = Recorded::with(world, target_state).await;
    let target_state = &recorded.target_state;
    let options = LookOptions {
        address: recorded.address(),
        ..LookOptions::default()
    };
    let first = look_at(world, part, target_state, options).await;
    let first = look_at_other_addresses(world, part, &recorded, first).await;
    tracing::debug!(target.id = %part.id, url = %part.url, class = %first.class, "looked at a part");
    let seen = match first.class.standing() {
        Standing::Up if recorded.open.is_some() || first.seen.is_some() => {
            let agreed = Agreement {
                seen_at: now,
                agreed: 1,
                looked: 1,
            };
            Confirmed::at_once(first, Some(agreed), FirstLook::default())
        }
        Standing::Tampered | Standing::Asked => {
            let seen_at = first.observation.at;
            let (first, reached) = leads::follow(world, part, target_state, first).await;
            match confirm(world, part, &recorded, first, &reached, seen_at).await {
                Some(seen) => seen,
                None => return,
            }
        }
        _ => return,
    };
    sightings::count_good(world, part, target_state, &seen).await;
    sightings::add_up(world, part, target_state, &seen).await;
    if seen.agreed.is_some() {
        commit(world, part, &seen.last, seen.agreed, part.settings.every).await;
    }
}

/// The path to try in the `turn`th turn of unlinked paths. Every second turn goes to a path with an open incident, so that
/// its end does not wait for all other paths.
async fn unlinked(world: &World, target: &Target, turn: usize) -> Option<PartRef> {
    let part = |url: Url| PartRef {
        part: Part::Unlinked,
        url,
    };
    let paths = UNLINKED.iter().filter_map(|it| target.url.join(it).ok());
    let paths: Vec<PartRef> = paths.map(part).collect();
    let wanted = Wanted {
        open_only: true,
        ..Wanted::default()
    };
    let open = world.store.incidents(&wanted).await.unwrap_or_default();
    let is_open = |it: &&PartRef| {
        let id = target_of(target, it).id;
        open.iter().any(|incident| incident.target == id)
    };
    match paths.iter().find(is_open) {
        Some(open) if turn.is_multiple_of(2) => Some(open.clone()),
        Some(_) => paths.get(turn / 2 % paths.len()).cloned(),
        None => paths.get(turn % paths.len()).cloned(),
    }
}

async fn remember(world: &World, mut target_state: TargetState, parts: &[PartRef], now: Timestamp) {
    let id = target_state.target.clone();
    target_state.beyond = Beyond {
        parts: parts.to_vec(),
        listed_at: Some(now),
    };
    let commit = Commit {
        target_state: Some(target_state),
        ..Commit::default()
    };
    match world.store.commit(commit).await {
        // after a conflict the list is made anew at the next check: it holds nothing that a person decided
        Ok(()) | Err(StoreError::Conflict) => (),
        Err(error) => {
            tracing::error!(target.id = %id, %error, "the list of a portal's parts cannot be kept")
        }
    }
}

async fn list(world: &World, target: &Target, target_state: &TargetState) -> Vec<PartRef> {
    let norm = world.norm(target, target_state).await;
    let mut parts: Vec<PartRef> = Vec::new();
    let mut put = |part, url: Option<Url>| {
        if let Some(url) = url
            && !parts.iter().any(|it: &PartRef| it.url == url)
        {
            parts.push(PartRef { part, url });
        }
    };
    for url in sub_pages(
        &norm,
        &target.url,
        target.settings.pages.saturating_sub(1) as usize,
    ) {
        put(Part::Page, Some(url));
    }
    put(Part::Robots, target.url.join("/robots.txt").ok());
    let robots = world.store.target_state(&target.id.child("robots")).await;
    let named = robots
        .ok()
        .flatten()
        .and_then(|it| it.site)
        .and_then(|it| it.first.into_iter().find_map(|it| own(&it, &target.url)));
    put(
        Part::Sitemap,
        named.or_else(|| target.url.join("/sitemap.xml").ok()),
    );
    for url in folders(&norm, &target.url) {
        put(Part::Folder, Some(url));
    }
    parts
}

/// An absolute URL on the portal's own host.
fn own(text: &str, home: &Url) -> Option<Url> {
    let url = Url::parse(text).ok()?;
    let same = url.host_str() == home.host_str()
        && url.port_or_known_default() == home.port_or_known_default();
    (same && matches!(url.scheme(), "http" | "https")).then_some(url)
}

/// Stable links into the portal, one of each section before the second of any, shorter paths first.
fn sub_pages(norm: &Norm, home: &Url, most: usize) -> Vec<Url> {
    const FILES: &[&str] = &[
        ".pdf", ".doc", ".docx", ".xls", ".xlsx", ".ppt", ".pptx", ".zip", ".rar", ".jpg", ".jpeg",
        ".png", ".gif", ".svg", ".mp4", ".mp3", ".xml", ".rss", ".txt", ".apk", ".exe", ".ics",
        ".css", ".js",
    ];
    let mut sections: BTreeMap<String, Vec<Url>> = BTreeMap::new();
    for text in &norm.own_urls {
        let Some(mut url) = own(text, home) else {
            continue;
        };
        url.set_fragment(None);
        let path = url.path().to_ascii_lowercase();
        let leaves = ["logout", "dang-xuat", "signout", "print", "cart"]
            .iter()
            .any(|it| path.contains(it));
        if url.path() == home.path() && url.query() == home.query()
            || FILES.iter().any(|it| path.ends_with(it))
            || leaves
        {
            continue;
        }
        let section = path.split('/').nth(1).unwrap_or_default().to_owned();
        let of = sections.entry(section).or_default();
        if !of.contains(&url) {
            of.push(url);
        }
    }
    let mut sections: Vec<Vec<Url>> = sections.into_values().collect();
    for urls in &mut sections {
        urls.sort_by_key(|it| (it.as_str().len(), it.to_string()));
    }
    sections.sort_by_key(|it| it.first().map(|it| (it.as_str().len(), it.to_string())));
    let deepest = sections.iter().map(Vec::len).max().unwrap_or(0);
    (0..deepest)
        .flat_map(|at| sections.iter().filter_map(move |it| it.get(at)))
        .take(most)
        .cloned()
        .collect()
}

/// Folders that images and files of the page were uploaded to.
fn folders(norm: &Norm, home: &Url) -> Vec<Url> {
    const NAMES: &[&str] = &[
        "upload",
        "uploads",
        "userfiles",
        "files",
        "images",
        "media",
        "attachments",
        "documents",
        "public",
    ];
    let mut out: Vec<Url> = Vec::new();
    for text in &norm.own_files {
        let Some(url) = own(text, home) else {
            continue;
        };
        let named = url
            .path_segments()
            .is_some_and(|mut it| it.any(|it| NAMES.contains(&it.to_ascii_lowercase().as_str())));
        let Some(folder) = url.join(".").ok().filter(|it| named && it.path() != "/") else {
            continue;
        };
        if !out.contains(&folder) {
            out.push(folder);
        }
        if out.len() == FOLDERS {
            break;
        }
    }
    out
}
