//! A Vietnamese line in the voice of an intruder, however it is spelt.

use crate::{
    detect::{Detector, Found, Text, View, signature, viet},
    model::Localized,
};

/// The strength of the line's structure, more for place, disguise and a made-up name, less for a link to an own article.
pub struct Intruder;

/// Words from which a line is prose.
const PROSE: usize = 24;

impl Detector for Intruder {
    fn name(&self) -> &'static str {
        "intruder"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let mut best: Option<(f64, String, &Text)> = None;
        for (text, line) in view.lines() {
            let Some(intrusion) = viet::intrusion::weigh(line) else {
                continue;
            };
            let strength = weigh(view, text, line, &intrusion);
            if best.as_ref().is_none_or(|it| it.0 < strength)
                && !(view.change.is_some() && view.knows(&text.folded))
            {
                best = Some((strength, intrusion.words, text));
            }
        }
        let (strength, words, text) = best.filter(|it| it.0 > 0.1)?;
        let say = Localized::new("signal-intruder").with("words", words);
        Some(Found::new(strength, say, &text.raw))
    }
}

fn weigh(view: &View, text: &Text, line: &viet::Line, told: &viet::intrusion::Intrusion) -> f64 {
    let words = line.tokens.len();
    let loud = view.is_loud(text);
    let mut strength = told.strength;
    let linked = text.linked && view.leads_inside(text);
    for (holds, adds) in [
        (line.disguised, 0.2),
        (line.chatted > 0, 0.1),
        (line.unmarked && view.is_vietnamese(), 0.1),
        (signature::handles(&text.raw) > 0, 0.15),
        (signature::is_signed(&text.raw), 0.05),
        (loud, 0.1),
        (loud && view.is_intact(), 0.1),
        (words <= 8, 0.05),
        (words > PROSE, -0.2),
        // a headline of the portal's own speaks of others, or quotes them
        (linked && !told.direct, -0.3),
        (linked && told.direct && is_quoted(&text.raw), -0.2),
    ] {
        strength += if holds { adds } else { 0.0 };
    }
    // without a baseline the text may be old, and pages about attacks quote them
    if view.change.is_none() && (view.is_full() || view.is_sober()) {
        strength *= if loud && !view.is_sober() { 0.7 } else { 0.35 };
    }
    strength
}

/// Whether a part of the line stands between quotation marks.
fn is_quoted(raw: &str) -> bool {
    raw.contains(['“', '”', '«', '»', '"', '‘'])
}
