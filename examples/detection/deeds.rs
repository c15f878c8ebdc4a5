//! What attackers do to intact pages in 2024–2026, by group and kind, each in several ways. Written by a hand that did not
//! see the detector.

use std::{collections::BTreeMap, sync::LazyLock};

use fastrand::Rng;
use gaccong::model::Profile;

use crate::{
    book::{Book, Kind},
    facts::Facts,
    places,
    spell::Spell,
};

pub struct Deeds {
    pub book: Book,
    /// By the number of the first kind.
    groups: BTreeMap<usize, &'static str>,
}

pub static DEEDS: LazyLock<Deeds> = LazyLock::new(|| {
    let groups = [
        ("malware", include_str!("payloads/deeds/malware.txt")),
        (
            "advertising",
            include_str!("payloads/deeds/advertising.txt"),
        ),
        ("shown-to-some", include_str!("payloads/deeds/shown.txt")),
        ("takeover", include_str!("payloads/deeds/takeover.txt")),
        ("fraud", include_str!("payloads/deeds/fraud.txt")),
    ];
    let mut texts = vec![include_str!("payloads/deeds/words.txt")];
    let (mut first, mut at) = (BTreeMap::new(), 0);
    for (group, text) in groups {
        first.insert(at, group);
        at += Book::of(&[text]).kinds.len();
        texts.push(text);
    }
    Deeds {
        book: Book::of(&texts),
        groups: first,
    }
});

impl Deeds {
    /// The family of a kind: `deed/GROUP/KIND`.
    pub fn family(&self, nth: usize) -> String {
        let kind = &self.book.kinds[nth];
        let group = self.groups.range(..=nth).next_back();
        let group = if kind.replaces() {
            "replaced"
        } else {
            group.map_or("", |it| it.1)
        };
        format!("deed/{group}/{}", kind.name)
    }
}

/// Characters of what was planted that a list of cases shows.
const EXCERPT: usize = 200;

/// A page after a deed or an edit.
pub struct Done {
    pub page: String,
    /// The visitor that alone is shown it.
    pub visitor: Option<Profile>,
    /// Which way was taken, where it was put, and how it begins.
    pub how: String,
}

impl Done {
    /// Shown to all visitors.
    pub fn shown(page: String, how: String) -> Self {
        Self {
            page,
            visitor: None,
            how,
        }
    }
}

impl Kind {
    /// Nothing of the page is kept.
    fn replaces(&self) -> bool {
        let whole = |it: &String| it == "page" || it == "body";
        self.visitors.is_empty() && self.places.iter().all(whole)
    }

    /// Does it to a page; `turn` chooses the way, so that turns in a row take all of them.
    pub fn done(
        &self,
        book: &Book,
        page: &str,
        facts: &Facts,
        turn: usize,
        rng: &mut Rng,
    ) -> Option<Done> {
        let way = turn % self.ways.len();
        let place = rng.choice(&self.places)?;
        let mut piece = Spell::new(book, rng).fill(&self.ways[way]);
        if rng.u8(0..3) == 0 {
            piece = minified(&piece);
        }
        let changed = places::put(page, place, &piece, facts, rng)?;
        let start: String = piece.chars().take(EXCERPT).collect();
        Some(Done {
            page: changed,
            visitor: rng.choice(&self.visitors).copied(),
            how: format!("way {way} at {place}: {start:?}"),
        })
    }
}

fn minified(piece: &str) -> String {
    let lines: Vec<&str> = piece.lines().map(str::trim).collect();
    let joined = lines.join(" ");
    if piece.starts_with(' ') {
        return format!(" {joined}");
    }
    joined
}
