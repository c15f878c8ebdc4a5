//! Lists for front ends: open incidents in pages, and portals with their last look.

use std::collections::HashMap;

use crate::{
    actions::{
        access::Access,
        refused::{Noun, Refused},
    },
    model::{Incident, Target, TargetSummary},
    store::Wanted,
};

/// One page of a list.
#[derive(Debug)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// Number of this page, counted from 0.
    pub at: usize,
    /// Number of pages.
    pub pages: usize,
    /// Number of items on all pages.
    pub total: usize,
}

/// A page of the open incidents that the caller may see, newest first, with at most `size` items. A number beyond the
/// last page gives the last page.
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

/// A portal with its stored summary; `None` before its first look.
pub type Seen = (Target, Option<TargetSummary>);

/// All portals that the caller may see.
pub async fn portals(access: &Access<'_>) -> Result<Vec<Seen>, Refused> {
    let targets = access.targets().await?;
    let all_summaries = access.world.store.all_summaries().await?.into_iter();
    let mut all_summaries: HashMap<String, TargetSummary> = all_summaries
        .map(|it| (it.target.to_string(), it))
        .collect();
    let seen = |it: Target| {
        let summary = all_summaries.remove(it.id.as_str());
        (it, summary)
    };
    Ok(targets.into_iter().map(seen).collect())
}

/// A portal that the caller may see, by its id in upper or lower case.
///
/// # Errors
///
/// [`Refused::NotFound`] if there is none.
pub async fn portal(access: &Access<'_>, id: &str) -> Result<Seen, Refused> {
    let id = id.to_lowercase();
    let mut all = portals(access).await?.into_iter();
    let found = all.find(|it| it.0.id.as_str() == id);
    found.ok_or(Refused::NotFound(Noun::Target))
}
