//! One to four words of a line that every look had are others now: a name in a heading, a word in the agency's own name.

use std::collections::HashSet;

use crate::{
    detect::{
        Detector, Found, View,
        phrases::{REPORTED, SIGNED, SLOGANS, SOBER, SPAM},
        viet::{
            Line,
            roles::{self, Part},
        },
    },
    model::Localized,
    page::{Block, fold::fold},
};

/// Strength 1.0 if the portal never used the new words and they insult, boast or sell; else 0.2: editors correct names.
/// Only beside a page of which most is as it was.
pub struct Altered;

/// Most words of a line, and most words of it that may be others.
const LINE: usize = 20;
const CHANGED: usize = 4;
/// Share kept from which a lost line and a new one can be one line: news comes and goes.
const KEPT: f64 = 0.85;
/// Most new lines that are compared with lost ones, and most lost ones.
const ASKED: usize = 30;

impl Detector for Altered {
    fn name(&self) -> &'static str {
        "altered"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let change = view.change.as_ref()?;
        if view.kept() < KEPT {
            return None;
        }
        let now: HashSet<u64> = view.page.blocks.iter().map(|it| it.key).collect();
        let lost: Vec<&str> = view
            .norm
            .lines
            .iter()
            .filter(|it| it.text.split_whitespace().count() <= LINE)
            .filter(|it| {
                let seen = view.norm.blocks.get(&it.key);
                seen.is_some_and(|count| view.norm.is_stable(*count)) && !now.contains(&it.key)
            })
            .map(|it| it.text.as_str())
            .take(ASKED)
            .collect();
        if lost.is_empty() {
            return None;
        }
        let new = change.blocks.iter().filter(|it| it.hidden.is_none());
        new.take(ASKED)
            .filter_map(|block| lost.iter().find_map(|before| altered(view, before, block)))
            .max_by(|a, b| a.strength.total_cmp(&b.strength))
    }
}

fn altered(view: &View, before: &str, block: &Block) -> Option<Found> {
    let old: Vec<&str> = before.split_whitespace().collect();
    let new: Vec<&str> = block.text.split_whitespace().take(LINE + 1).collect();
    if old.len() < 3 || new.len() > LINE {
        return None;
    }
    let shorter = old.len().min(new.len());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let tail = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let tail = tail.min(shorter - head);
    let (gone, come) = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let same = head + tail;
    if come.is_empty()
        || come.len() > CHANGED
        || gone.len() > CHANGED
        || same < 2
        || same < come.len()
    {
        return None;
    }
    let words = fold(&come.join(" "));
    let strange = words
        .split(' ')
        .any(|it| it.chars().filter(|it| it.is_alphabetic()).count() > 1 && !view.knows_word(it));
    let say = Localized::new("signal-altered")
        .with("before", gone.join(" "))
        .with("after", come.join(" "));
    let strength = if is_hostile(&words, &block.text) {
        1.0
    } else {
        0.2
    };
    strange.then(|| Found::new(strength, say, &block.text))
}

/// Whether words that came into a line are an attacker's, in a line that does not report.
fn is_hostile(words: &str, line: &str) -> bool {
    const HOSTILE: &[Part] = &[
        Part::Abuse,
        Part::Evil,
        Part::Revolt,
        Part::Trade,
        Part::Nameless,
        Part::Rude,
    ];
    let parts = roles::find(&Line::read(words));
    // the line stood there before: what it said of rules or advice does not excuse the new words
    let sober = REPORTED.any(&fold(line)) || SOBER.any(words);
    !sober
        && (SIGNED.any(words)
            || SLOGANS.any(words)
            || SPAM.any(words)
            || parts.iter().any(|it| HOSTILE.contains(&it.part))
            || [Part::Suffers, Part::Attack]
                .iter()
                .all(|part| parts.iter().any(|it| it.part == *part)))
}
