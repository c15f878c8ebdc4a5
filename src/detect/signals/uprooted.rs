//! The page no longer leads anywhere in its own portal.

use crate::{
    detect::{Detector, Found, View},
    diff::norm::own_links,
    model::Say,
};

pub struct Uprooted;

/// Links into the portal that approved looks had at the least, for their loss to mean something.
const HAD: usize = 6;

impl Detector for Uprooted {
    fn name(&self) -> &'static str {
        "uprooted"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let kept_links = view.change.as_ref()?.kept_links.unwrap_or(0.0);
        let (had, has) = (view.norm.own_links, own_links(view.page));
        if had < HAD || has * 10 > had || kept_links > 0.1 {
            return None;
        }
        let say = Say::new("signal-uprooted")
            .with("had", had)
            .with("has", has);
        let shown = view.page.visible().map(|it| it.text.as_str()).take(3).collect::<Vec<_>>().join(" · ");
        Some(Found::new(if has == 0 { 1.0 } else { 0.8 }, say, &shown))
    }
}
