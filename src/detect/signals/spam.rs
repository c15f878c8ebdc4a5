//! Gambling, pharmacy, loan and essay advertising, shown or hidden, in text, title or meta.

use std::collections::BTreeSet;

use crate::{
    detect::{
        Detector, Found, Place, Text, View,
        phrases::{SOBER, SPAM},
    },
    model::Localized,
    page::fold::fold,
};

/// Strength 0.5 for each new phrase, more in titles, meta and hidden text; far less without a baseline.
pub struct Spam;

/// Most hits of one text that are weighed.
const HITS: usize = 40;

impl Detector for Spam {
    fn name(&self) -> &'static str {
        "spam"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let mut phrases = BTreeSet::new();
        let mut shown: Option<&str> = None;
        let mut loud = 0;
        let mut titled = false;
        for (at, text) in view.texts.iter().enumerate() {
            let mut hits = SPAM
                .find(&text.folded)
                .take(HITS)
                .filter(|it| view.change.is_none() || !view.knows(it.phrase))
                .peekable();
            if hits.peek().is_none() {
                continue;
            }
            let hits: BTreeSet<&str> = hits.map(|it| it.phrase).collect();
            if is_sober(view, at, hits.len()) || is_named_only(text, &hits) {
                continue;
            }
            titled |= text.place == Place::Title;
            loud += usize::from(matches!(
                text.place,
                Place::Title | Place::Meta | Place::Hidden
            ));
            phrases.extend(hits);
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
            // a page without a baseline may be a lottery's own: only a page full of it counts
            let whole = 0.1 * phrases.len() as f64
                + 0.1 * loud.min(3) as f64
                + 0.2 * links as f64
                + if titled { 0.4 } else { 0.0 };
            whole * if view.is_sober() { 0.5 } else { 1.0 }
        };
        let count = phrases.len();
        let phrase = phrases.into_iter().next().unwrap_or_default();
        let say = Localized::new("signal-spam")
            .with("phrase", phrase)
            .with("count", count);
        Some(Found::new(strength, say, shown))
    }
}

/// Names of medicines: hospitals publish their prices.
const MEDICINES: &[&str] = &["viagra", "cialis", "levitra", "tadalafil", "sildenafil"];
/// Words of selling, in the languages of such advertising.
const SELLING: &[&str] = &[
    "buy",
    "order",
    "cheap",
    "cheapest",
    "online",
    "prescription",
    "generic",
    "discount",
    "shop",
    "sale",
    "shipping",
    "mua",
    "rẻ",
    "giao",
    "chính hãng",
    "kaufen",
    "rezeptfrei",
    "acheter",
    "ordonnance",
    "comprar",
    "acquistare",
    "купить",
    "pills",
];

/// Whether a visible text names medicines and sells none.
fn is_named_only(text: &Text, hits: &BTreeSet<&str>) -> bool {
    matches!(text.place, Place::Block | Place::Heading)
        && hits.iter().all(|it| MEDICINES.contains(it))
        && !text.folded.split(' ').any(|it| SELLING.contains(&it))
}

/// Whether the text reads like one of a newspaper, a court or a ministry. For a single phrase, the texts beside it
/// count, too.
fn is_sober(view: &View, at: usize, phrases: usize) -> bool {
    let near = usize::from(phrases < 2);
    view.texts[at.saturating_sub(near)..(at + near + 1).min(view.texts.len())]
        .iter()
        .any(|it| SOBER.any(&it.folded))
}
