//! What lists and commands show: open incidents by pages, portals with their last look.

use std::collections::HashMap;

use crate::{
    actions::{
        access::Access,
        refused::{Noun, Refused},
    },
    model::{Glance, Incident, Target},
    store::Wanted,
};

/// A page of a list.
#[derive(Debug)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// Which page it is, counted from 0, and how many there are.
    pub at: usize,
    pub pages: usize,
    /// Items on all pages.
    pub total: usize,
}

/// A page of the open incidents that the caller is told of, the newest first, with at most `size` of them. A page behind the
/// last is the last.
pub async fn open_incidents(
    access: &Access<'_>,
    at: usize,
    size: usize,
) -> Result<Page<Incident>, Refused> {
    let wanted = Wanted {
        open_only: true,
        ..Wanted::default()
    };
    let all = access.world.store.incidents(&wanted).await?;
    let mut ours = access.visible(all).await?;
    ours.reverse();
    let total = ours.len();
    let pages = total.div_ceil(size.max(1));
    let at = at.min(pages.saturating_sub(1));
    let items = ours.into_iter().skip(at * size).take(size).collect();
    Ok(Page {
        items,
        at,
        pages,
        total,
    })
}

/// A portal with what is known of it; `None` before its first look.
pub type Seen = (Target, Option<Glance>);

/// All portals that the caller is told of.
pub async fn portals(access: &Access<'_>) -> Result<Vec<Seen>, Refused> {
    let targets = access.targets().await?;
    let glances = access.world.store.glances().await?.into_iter();
    let mut glances: HashMap<String, Glance> =
        glances.map(|it| (it.target.to_string(), it)).collect();
    let seen = |it: Target| {
        let glance = glances.remove(it.id.as_str());
        (it, glance)
    };
    Ok(targets.into_iter().map(seen).collect())
}

/// One of them by its id, in letters of any case.
pub async fn portal(access: &Access<'_>, id: &str) -> Result<Seen, Refused> {
    let id = id.to_lowercase();
    let mut all = portals(access).await?.into_iter();
    let found = all.find(|it| it.0.id.as_str() == id);
    found.ok_or(Refused::NotFound(Noun::Target))
}
