//! Link texts that always led to the portal's own pages and now lead to strange hosts.

use crate::{
    detect::{Detector, Found, View},
    model::{Say, digest::key},
    page::Link,
};

pub struct SwappedLinks;

impl Detector for SwappedLinks {
    fn name(&self) -> &'static str {
        "swapped-links"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let change = view.change.as_ref()?;
        let swapped: Vec<&&Link> = change
            .links
            .iter()
            .filter(|it| !it.text.is_empty() && view.is_strange(&it.host))
            .filter(|it| view.norm.own_link_texts.contains(&key(&it.text)))
            .collect();
        let first = swapped.first()?;
        let strength = swapped.len() as f64 / 3.0;
        let say = Say::new("signal-swapped-links").with("count", swapped.len());
        Some(Found::new(
            strength,
            say,
            &format!("{} → {}", first.text, first.host),
        ))
    }
}
