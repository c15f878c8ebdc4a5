//! An attacker's signature: "hacked by" and the like at the beginning of a title or a line, or any word for breaking in
//! beside a made-up name, an agent's "by", or an address to the administrator.

use std::borrow::Cow;

use crate::{
    detect::{
        Detector, Found, Place, Text, View,
        phrases::{ADDRESS, AGENTS, DEEDS, EVERYDAY_DEEDS, REPORTED, SIGNED, SOBER},
        signature,
    },
    model::Localized,
    page::{cancel, fold},
};

/// Strength 1.0 for a known signature that leads a short line, less for every doubt; texts of known looks do not count.
pub struct Boast;

/// Most words of a signature, which is a line of its own; a sentence of a news item is longer.
const LINE: usize = 14;

/// Most suspicious texts that are searched in the known looks; a page has a handful.
const ASKED: usize = 300;

/// Most hits of one text that are weighed: a page may repeat a phrase a hundred thousand times.
const HITS: usize = 8;

impl Detector for Boast {
    fn name(&self) -> &'static str {
        "boast"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let mut best: Option<(f64, String, &Text)> = None;
        let mut asked = 0;
        for text in &view.texts {
            // of equal strengths the last wins: a known signature says more than a word
            let Some((mut strength, phrase)) = deed(view, text)
                .into_iter()
                .map(|(strength, phrase)| (strength.min(1.0), phrase))
                .chain(signed(view, text))
                .max_by(|a, b| a.0.total_cmp(&b.0))
            else {
                continue;
            };
            asked += 1;
            if cancel::is_cancelled() || asked > ASKED {
                break;
            }
            if view.change.is_some() && view.norm.folded.contains(&text.folded) {
                continue;
            }
            // a full page without a baseline may have had the text for years, and news quotes boasts
            if view.change.is_none() && (view.is_full() || view.is_sober()) {
                strength *= if text.place == Place::Title && !view.is_sober() {
                    0.7
                } else {
                    0.35
                };
            }
            if best.as_ref().is_none_or(|it| it.0 < strength) {
                best = Some((strength.min(1.0), phrase, text));
            }
        }
        let (strength, phrase, text) = best?;
        let say = Localized::new("signal-boast").with("phrase", phrase);
        Some(Found::new(strength, say, &text.raw))
    }
}

/// The strongest known signature in a text.
fn signed(view: &View, text: &Text) -> Option<(f64, String)> {
    let words = text.folded.split(' ').count();
    let reported = REPORTED.any(&text.folded);
    let mut best: Option<(f64, &str)> = None;
    for hit in SIGNED.find(&text.folded).take(HITS) {
        let before = text.folded[..hit.at].split_whitespace().count();
        let bare = !hit.phrase.contains(' ') && hit.phrase.is_ascii();
        // law and news contain "owned by", "tested by", "attacked by": these count only as first words
        let leads = before == 0 || (before <= 4 && words <= LINE && !is_everyday(hit.phrase));
        let strength = match (leads, words <= LINE, reported) {
            (true, true, false) if bare && words > 4 => 0.3,
            (true, true, false)
                if is_everyday(hit.phrase) && view.kept() > 0.5 && view.words > 60 =>
            {
                // without a baseline, the line may be old
                // "Tested by …" names a laboratory as well: a made-up name or a shout tells
                let odd = signature::handles(&text.raw) + signature::numbered(&text.raw) > 0
                    || signature::is_decorated(&text.raw)
                    || signature::is_loud(&text.raw);
                if view.change.is_some() && words <= 5 && odd {
                    0.72
                } else if view.change.is_none() && is_prominent(view, text) && words <= 6 {
                    0.8
                } else {
                    0.35
                }
            }
            (true, true, false) => 1.0,
            (false, true, false) => 0.5,
            (_, _, true) => 0.1,
            (true, false, false) => 0.5,
            (false, false, false) => 0.2,
        };
        if best.is_none_or(|it| it.0 < strength) {
            best = Some((strength, hit.phrase));
        }
    }
    best.map(|(strength, phrase)| (strength, phrase.to_owned()))
}

/// The strength of a word for breaking in, by the words around it; in a long text, by those of its own sentence.
fn deed(view: &View, text: &Text) -> Option<(f64, String)> {
    let whole = fold::visible(&text.raw);
    let short = text.folded.split(' ').count() <= LINE;
    let (raw, folded) = if short {
        (whole.as_str(), Cow::Borrowed(text.folded.as_str()))
    } else {
        let edge = edges(&whole).find(|it| {
            let folded = fold::fold(it);
            DEEDS.any(&folded) || EVERYDAY_DEEDS.any(&folded)
        })?;
        (edge, Cow::Owned(fold::fold(edge)))
    };
    let words = folded.split(' ').count();
    let plain = DEEDS.find(&folded).next();
    let hit = plain.or_else(|| EVERYDAY_DEEDS.find(&folded).next())?;
    if words > 2 * LINE || (view.change.is_some() && view.knows(hit.phrase)) {
        return None;
    }
    // the word appears only after look-alikes, leet, blanks and invisible letters are undone
    let disguised = hit.phrase.is_ascii() && !text.raw.to_lowercase().contains(hit.phrase);
    let by = AGENTS.any(&folded);
    let named = signature::handles(raw) > 0;
    let addressed = ADDRESS.any(&folded);
    if plain.is_none() && !(by || named || addressed || disguised) {
        return None;
    }
    let mut strength = if plain.is_some() { 0.35 } else { 0.15 };
    for (holds, adds) in [
        (disguised, 0.3),
        (by, 0.25),
        (named, 0.35),
        (!named && signature::numbered(raw) > 0, 0.15),
        (addressed, 0.25),
        (signature::is_signed(raw), 0.15),
        (signature::is_decorated(raw), 0.15),
        (signature::is_loud(raw), 0.1),
        (words <= 6, 0.1),
        (is_prominent(view, text), 0.15),
        (words > LINE, -0.2),
        (REPORTED.any(&text.folded) || SOBER.any(&text.folded), -0.5),
    ] {
        strength += if holds { adds } else { 0.0 };
    }
    (strength > 0.1).then(|| (strength, hit.phrase.to_owned()))
}

/// Whether the text is the title or among the first blocks that a visitor reads.
fn is_prominent(view: &View, text: &Text) -> bool {
    text.place == Place::Title || view.first_read().iter().any(|it| it.text == text.raw)
}

/// First and last sentence of a text: a planted line runs into the text before or after it.
fn edges(text: &str) -> impl Iterator<Item = &str> {
    let ends = |it: char| matches!(it, '.' | '!' | '?' | '。' | '！' | '؟' | '\n' | '|');
    let mut parts = text
        .split_inclusive(ends)
        .filter(|it| it.chars().filter(|it| it.is_alphabetic()).count() > 5);
    let first = parts.next();
    first.into_iter().chain(parts.next_back())
}

/// Whether honest pages begin a line with this phrase, too.
fn is_everyday(phrase: &str) -> bool {
    [
        "owned by",
        "tested by",
        "testing by",
        "attacked by",
        "greetings from",
        "locked by",
        "hit by cyber",
        "was here",
        "struck by",
        "touched by",
        "stamped by",
        "seized by",
        "pesan dari",
        "destroyed by",
        "encrypted by",
        "conquered by",
        // what a Vietnamese intruder says of it is for the signal "intruder"
        "tấn công bởi",
        "bị tấn công bởi",
        "bị hack",
    ]
    .contains(&phrase)
}
