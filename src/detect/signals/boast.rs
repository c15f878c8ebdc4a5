//! A signature: "hacked by" and its kin, where it leads a title or a line.

use crate::{
    detect::{
        Detector, Found, View,
        phrases::{REPORTED, SIGNED},
    },
    model::Say,
};

pub struct Boast;

/// A signature is a line of its own; a sentence of a news item is longer.
const LINE: usize = 14;

/// Hits of one text that are looked at: a page may repeat a phrase a hundred thousand times.
const HITS: usize = 8;

impl Detector for Boast {
    fn name(&self) -> &'static str {
        "boast"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let mut best: Option<Found> = None;
        for text in &view.texts {
            let mut hits = SIGNED.find(&text.folded).take(HITS).peekable();
            if hits.peek().is_none()
                || (view.change.is_some() && view.norm.folded.contains(&text.folded))
            {
                continue;
            }
            let words = text.folded.split(' ').count();
            let reported = REPORTED.any(&text.folded);
            for hit in hits {
                let before = text.folded[..hit.at].split_whitespace().count();
                let bare = !hit.phrase.contains(' ');
                // "owned by", "tested by", "attacked by" stand in law and news: only as first words
                let leads =
                    before == 0 || (before <= 4 && words <= LINE && !is_everyday(hit.phrase));
                let strength = match (leads, words <= LINE, reported) {
                    (true, true, false) if bare && words > 4 => 0.3,
                    (true, true, false)
                        if is_everyday(hit.phrase) && view.kept() > 0.5 && view.words > 60 =>
                    {
                        // on a page seen for the first time it may always have stood there
                        if view.change.is_some() && words <= 5 {
                            0.72
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
                if best.as_ref().is_none_or(|it| it.strength < strength) {
                    let say = Say::new("signal-boast").with("phrase", hit.phrase);
                    best = Some(Found::new(strength, say, text.raw));
                }
            }
        }
        best
    }
}

/// Phrases that honest pages lead a line with too.
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
    ]
    .contains(&phrase)
}
