//! What honest webmasters do to their pages, by kind. Written by a hand that did not see the detector.

use std::sync::LazyLock;

use fastrand::Rng;

use crate::{book::Book, facts::Facts};

pub static EDITS: LazyLock<Book> =
    LazyLock::new(|| Book::of(&[include_str!("payloads/edits.txt")]));

/// The page after edits of several kinds, and their names.
pub fn busy_day(page: &str, edits: usize, facts: &Facts, rng: &mut Rng) -> (String, String) {
    let (mut now, mut names) = (page.to_owned(), Vec::new());
    while names.len() < edits {
        let kind = &EDITS.kinds[rng.usize(0..EDITS.kinds.len())];
        let turn = rng.usize(0..12);
        if let Some(done) = kind.done(&EDITS, &now, facts, turn, rng) {
            now = done.page;
            names.push(kind.name.as_str());
        }
    }
    (now, names.join(" + "))
}
