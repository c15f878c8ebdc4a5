//! A slogan that stands alone on a page that had no such text.

use crate::{
    detect::{
        Detector, Found, Place, Text, View,
        phrases::{ADDRESS, CAUSES, DEEDS, REPORTED, RHETORIC, SLOGANS, SOBER},
        signature,
    },
    model::Localized,
};

/// Strength 1.0 for a known slogan that leads a short line; else a sum over subject, manner, tags and addresses.
pub struct Slogan;

/// Most words of a slogan; a longer text is an article.
const LONGEST: usize = 22;

/// What a heading, and any line that leads nowhere, weighs more in a page that is otherwise as it was: it is no news.
const LOUD: f64 = 1.1;
const ALONE: f64 = 1.06;

impl Detector for Slogan {
    fn name(&self) -> &'static str {
        "slogan"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let mut best: Option<(f64, String, &Text)> = None;
        for text in &view.texts {
            let words = text.folded.split(' ').count();
            if words > LONGEST
                || text.linked
                || text.place == Place::Meta
                || REPORTED.any(&text.folded)
            {
                continue;
            }
            let is_loud = matches!(text.place, Place::Title | Place::Heading);
            let factor = match (view.is_intact(), is_loud) {
                (true, true) => LOUD,
                (true, false) => ALONE,
                (false, _) => 1.0,
            };
            for (strength, phrase) in listed(view, text, words)
                .into_iter()
                .chain(spoken(view, text, words))
            {
                let strength = (strength * factor).min(1.0);
                if best.as_ref().is_none_or(|it| it.0 < strength) {
                    best = Some((strength, phrase, text));
                }
            }
        }
        let (strength, phrase, text) = best?;
        let say = Localized::new("signal-slogan").with("phrase", phrase);
        Some(Found::new(strength, say, &text.raw))
    }
}

/// The strength of known slogans: one that leads the line, or several.
fn listed(view: &View, text: &Text, words: usize) -> Option<(f64, String)> {
    let hits: Vec<_> = SLOGANS
        .find(&text.folded)
        .take(8)
        .filter(|it| view.change.is_none() || !view.knows(it.phrase))
        .collect();
    let first = *hits.first()?;
    let strength = match (first.at == 0 || hits.len() > 1, words <= 12) {
        (true, true) => 1.0,
        (true, false) | (false, true) => 0.4,
        (false, false) => 0.2,
    };
    Some((strength, first.phrase.to_owned()))
}

/// The strength of a text with the subject and the manner of slogans that is no known slogan.
fn spoken(view: &View, text: &Text, words: usize) -> Option<(f64, String)> {
    let mut causes: Vec<&str> = Vec::new();
    for hit in CAUSES.find(&text.folded).take(8) {
        if !(causes.contains(&hit.phrase) || view.change.is_some() && view.knows(hit.phrase)) {
            causes.push(hit.phrase);
        }
    }
    let tag = signature::has_rallying_tag(&text.raw);
    let first = causes.first().copied().or(tag.then_some("#"))?;
    let mut manners: Vec<&str> = RHETORIC
        .find(&text.folded)
        .take(8)
        .map(|it| it.phrase)
        .collect();
    manners.sort_unstable();
    manners.dedup();
    // a country alone is an entry of a list; a language is named after it
    let bare = causes.len() == 1 && words <= 2 && manners.is_empty();
    if bare && !tag && !signature::is_loud(&text.raw) {
        return None;
    }
    let mut strength = 0.35 * causes.len().min(2) as f64;
    strength += 0.25 * manners.len().min(2) as f64;
    strength += if tag { 0.4 } else { 0.0 };
    strength += if signature::is_loud(&text.raw) {
        0.2
    } else {
        0.0
    };
    strength += if ADDRESS.any(&text.folded) { 0.1 } else { 0.0 };
    strength += if DEEDS.any(&text.folded) { 0.3 } else { 0.0 };
    strength -= if SOBER.any(&text.folded) { 0.3 } else { 0.0 };
    strength -= if words > 16 { 0.1 } else { 0.0 };
    if view.change.is_none() && (view.is_full() || view.is_sober()) {
        strength *= 0.3;
    }
    (strength > 0.1).then(|| (strength, first.to_owned()))
}
