//! Gambling, pharmacy, loan and essay advertising, shown or hidden, in text, title or meta.

use std::collections::BTreeSet;

use crate::{
    detect::{
        Detector, Found, Place, View,
        phrases::{SOBER, SPAM},
    },
    model::Say,
    page::fold::fold,
};

pub struct Spam;

/// Hits of one text that are looked at.
const HITS: usize = 40;

impl Detector for Spam {
    fn name(&self) -> &'static str {
        "spam"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let mut phrases = BTreeSet::new();
        let mut shown: Option<&str> = None;
        let mut loud = 0;
        for (at, text) in view.texts.iter().enumerate() {
            let mut hits = SPAM
                .find(&text.folded)
                .take(HITS)
                .filter(|it| view.change.is_none() || !view.knows(it.phrase))
                .peekable();
            if hits.peek().is_none() || is_sober(view, at) {
                continue;
            }
            loud += usize::from(matches!(
                text.place,
                Place::Title | Place::Meta | Place::Hidden
            ));
            phrases.extend(hits.map(|it| it.phrase));
            shown.get_or_insert(&text.raw);
        }
        let shown = shown?;
        let links = view
            .page
            .links
            .iter()
            .filter(|it| view.is_strange(&it.host) && SPAM.any(&fold(&it.text)))
            .take(3)
            .count();
        let strength = if view.norm.looks > 0 {
            0.5 * phrases.len() as f64 + 0.4 * loud.min(2) as f64 + 0.4 * links as f64
        } else {
            // an unknown page may be a lottery's own: it takes a whole page of it
            0.12 * phrases.len() as f64 + 0.15 * loud.min(3) as f64 + 0.2 * links as f64
        };
        let count = phrases.len();
        let phrase = phrases.into_iter().next().unwrap_or_default();
        let say = Say::new("signal-spam")
            .with("phrase", phrase)
            .with("count", count);
        Some(Found::new(strength, say, shown))
    }
}

/// The text or the one before or after it reads like a newspaper, a court or a ministry.
fn is_sober(view: &View, at: usize) -> bool {
    let from = at.saturating_sub(1);
    view.texts[from..(at + 2).min(view.texts.len())]
        .iter()
        .any(|it| SOBER.any(&it.folded))
}
