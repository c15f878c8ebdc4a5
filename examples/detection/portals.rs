//! Portals for deeds and edits: real pages that hold facts, with their earlier versions.

use fastrand::Rng;

use crate::{
    cases::HISTORY,
    corpus::{Corpus, Page},
    edits::EDITS,
    facts::Facts,
    plant,
};

/// A portal with its looks, oldest first; the last is the one that is changed.
pub struct Portal {
    pub name: String,
    pub facts: Facts,
    pub looks: Vec<String>,
}

/// Larger pages tell no more and take the time.
const LARGEST: usize = 120_000;
const SMALLEST: usize = 3_000;

/// At most `count` portals, Vietnamese ones first: a third with real versions, a third of one page that stays or has small
/// news, the rest in other languages.
pub fn portals(corpus: &Corpus, count: usize) -> Vec<Portal> {
    let fits = |it: &Page| {
        (SMALLEST..LARGEST).contains(&it.bytes.len()) && std::str::from_utf8(&it.bytes).is_ok()
    };
    let mut rng = Rng::with_seed(2026);
    let mut runs: Vec<_> = corpus
        .runs
        .iter()
        .filter(|it| it.pages.len() >= 3 && it.pages.iter().rev().take(HISTORY).all(fits))
        .collect();
    let mut single: Vec<&Page> = corpus
        .benign
        .iter()
        .filter(|it| it.vietnamese && fits(it))
        .collect();
    rng.shuffle(&mut runs);
    rng.shuffle(&mut single);
    let (mut real, others): (Vec<_>, Vec<_>) = runs.into_iter().partition(|it| it.vietnamese());
    real.truncate(count / 3);
    single.truncate(count * 2 / 3 - real.len());
    let rest = count.saturating_sub(real.len() + single.len());
    let mut out: Vec<Portal> = real
        .into_iter()
        .chain(others.into_iter().take(rest))
        .map(|run| {
            let from = run.pages.len().saturating_sub(HISTORY);
            portal(&run.name, run.pages[from..].iter())
        })
        .collect();
    for (nth, page) in single.into_iter().enumerate() {
        let mut portal = portal(&page.name, std::iter::repeat_n(page, 4));
        if nth % 2 == 0 {
            news(&mut portal, &mut rng);
        }
        out.push(portal);
    }
    out
}

fn portal<'a>(name: &str, pages: impl Iterator<Item = &'a Page>) -> Portal {
    let seed = blake3::hash(name.as_bytes());
    let seed = seed.as_bytes().first_chunk().copied().unwrap_or_default();
    let facts = Facts::of(u64::from_le_bytes(seed));
    let block = facts.block();
    Portal {
        name: name.to_owned(),
        looks: pages
            .map(|it| plant::before_end(&it.bytes, &block))
            .filter_map(|it| String::from_utf8(it).ok())
            .collect(),
        facts,
    }
}

/// Gives each look a small item of its own, as a living page has.
fn news(portal: &mut Portal, rng: &mut Rng) {
    const SMALL: &[&str] = &[
        "documents",
        "tender-notice",
        "sports-news",
        "notice-service",
    ];
    for look in &mut portal.looks {
        let name = SMALL[rng.usize(0..SMALL.len())];
        let kind = EDITS.kinds.iter().find(|it| it.name == name);
        let edited = kind.and_then(|it| it.done(&EDITS, look, &portal.facts, 0, rng));
        if let Some(edited) = edited {
            *look = edited.page;
        }
    }
}
