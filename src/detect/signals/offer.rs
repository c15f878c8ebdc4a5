//! Trade and fraud by subject: a line that sells what no public body sells, and names in the shape of betting brands.

use std::{cell::LazyCell, collections::BTreeMap};

use crate::{
    detect::{
        Detector, Found, Place, Text, View,
        phrases::{SOBER, SPAM},
        viet,
    },
    model::{Localized, excerpt},
    page::{Link, fold},
};

/// The strength of the line's structure, more for place and a link that leads out; for a brand, by where it stands.
pub struct Offer;

/// Most words that are asked whether they look like a brand.
const ASKED: usize = 4000;
/// Most links to strange hosts that are compared.
const STRANGE: usize = 50;
/// What the signal "spam" makes of one listed phrase, in the strength of this signal; and most phrases asked about.
const SPAM_SAYS: f64 = 0.5;
const LISTED: usize = 8;
/// Most characters of a line that is named as a whole.
const EXCERPT: usize = 80;
/// Words from which a line is prose.
const PROSE: usize = 30;

impl Detector for Offer {
    fn name(&self) -> &'static str {
        "offer"
    }

    fn look(&self, view: &View) -> Option<Found> {
        // asked only if a line sells: a page has thousands of links
        let outward = LazyCell::new(|| strange_links(view));
        let brands = brands(view);
        let mut best: Option<(f64, String, &Text)> = None;
        let mut lines = 0;
        for (text, line) in view.lines() {
            let told = viet::offer::weigh(line);
            let formed = dealt(view, text, line, || leads_out(text, &outward));
            let strength = told.as_ref().map_or(0.0, |it| it.strength).max(formed);
            if strength <= 0.0 || view.change.is_some() && view.knows(&text.folded) {
                continue;
            }
            let mut strength = weigh(view, text, line, strength, &outward);
            let words = told.map_or_else(|| excerpt::excerpt(&text.raw, EXCERPT), |it| it.words);
            // a listed phrase is weighed by the signal "spam": the same words count once
            let mut listed = SPAM.find(&text.folded).take(LISTED);
            if listed.any(|it| !view.knows(it.phrase)) {
                strength -= SPAM_SAYS;
            }
            lines += usize::from(strength >= 0.4);
            if best.as_ref().is_none_or(|it| it.0 < strength) {
                best = Some((strength, words, text));
            }
        }
        if let Some((strength, name, text)) = brands
            && best.as_ref().is_none_or(|it| it.0 < strength)
        {
            best = Some((strength, name, text));
        }
        let (mut strength, words, text) = best?;
        strength += 0.1 * (lines.clamp(1, 4) - 1) as f64;
        if view.change.is_none() {
            // an old page of a lottery or a bank for the poor: only a page full of it counts
            strength *= if view.is_sober() {
                0.2
            } else if view.is_full() {
                0.35
            } else {
                0.7
            };
        }
        let say = Localized::new("signal-offer").with("words", words);
        (strength > 0.15).then(|| Found::new(strength, say, &text.raw))
    }
}

/// The strength of a new line by the form of a deal, whatever is sold: one that leads to a stranger, or has the seller's
/// telephone. Also of one that has a visitor paste a command.
fn dealt(view: &View, text: &Text, line: &viet::Line, leads: impl Fn() -> bool) -> f64 {
    if view.change.is_none() || text.place == Place::Written {
        return 0.0;
    }
    if viet::deal::pastes_command(line) {
        return 0.85;
    }
    let Some(deal) = viet::deal::read(line, &text.raw) else {
        return 0.0;
    };
    match deal.marks {
        0 | 1 => 0.0,
        2 if leads() => 0.1,
        3 if leads() => 0.25,
        _ if leads() => 0.4,
        3 if deal.contact => 0.3,
        4 if deal.contact => 0.45,
        5.. if deal.contact => 0.6,
        _ => 0.0,
    }
}

fn weigh(view: &View, text: &Text, line: &viet::Line, told: f64, outward: &[&Link]) -> f64 {
    let loud = view.is_loud(text) || matches!(text.place, Place::Hidden | Place::Meta);
    let mut strength = told;
    for (holds, adds) in [
        (line.disguised, 0.15),
        (line.unmarked && view.is_vietnamese(), 0.1),
        (leads_out(text, outward), 0.25),
        (loud, 0.1),
        (loud && view.is_intact(), 0.1),
        (line.tokens.len() > PROSE, -0.3),
        (text.linked && view.leads_inside(text), -0.25),
    ] {
        strength += if holds { adds } else { 0.0 };
    }
    strength
}

/// Whether a text is, or holds, the text of a link to a strange host.
fn leads_out(text: &Text, outward: &[&Link]) -> bool {
    outward
        .iter()
        .any(|it| !it.text.is_empty() && text.raw.contains(&it.text))
}

/// New links to strange hosts.
fn strange_links<'v>(view: &'v View) -> Vec<&'v Link> {
    let links = view.links().into_iter();
    links
        .filter(|it| view.is_strange(&it.host))
        .take(STRANGE)
        .collect()
}

/// The loudest name in the shape of a betting brand that no known look had, and how strongly it is advertised.
fn brands<'v>(view: &'v View) -> Option<(f64, String, &'v Text<'v>)> {
    view.change.as_ref()?;
    let outward = LazyCell::new(|| strange_links(view));
    let mut found: BTreeMap<String, (usize, f64, &Text)> = BTreeMap::new();
    let words = view
        .texts
        .iter()
        .filter(|it| it.place != Place::Written)
        .flat_map(|text| text.raw.split_whitespace().map(move |word| (text, word)));
    for (text, word) in words.take(ASKED) {
        let letters = fold::letters(word);
        let name = letters.trim_matches(|c: char| !c.is_alphanumeric());
        if !viet::brand::is_brand(name) || view.knows(name) {
            continue;
        }
        let (place, quoted) = match text.place {
            Place::Title => (0.55, 0.2),
            Place::Heading => (0.4, 0.1),
            Place::Hidden | Place::Meta => (0.35, 0.1),
            Place::Block | Place::Written => (0.25, 0.1),
        };
        let sober = SOBER.any(&text.folded);
        let place = if sober { quoted } else { place };
        let label = name.split('.').next().unwrap_or(name);
        let leads = !sober && outward.iter().any(|it| it.host.contains(label));
        let sum = place + if leads { 0.45 } else { 0.0 };
        let known = found.entry(name.to_owned()).or_insert((0, sum, text));
        known.0 += 1;
        if known.1 < sum {
            (known.1, known.2) = (sum, text);
        }
    }
    let names = found.len();
    found
        .into_iter()
        .map(|(name, (times, sum, text))| {
            let more = 0.1 * (times.min(4) - 1) as f64 + if names >= 3 { 0.2 } else { 0.0 };
            (sum + more, name, text)
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
}
