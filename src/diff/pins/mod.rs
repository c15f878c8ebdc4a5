//! Facts that a portal vouches for: account numbers, telephones, QR pictures, links to services, programs, the logo.
//!
//! The rest of the comparison treats digits and the addresses of pictures as noise. Visitors act on exactly these: they
//! transfer money, call, scan and install. A [`Pin`] is one such fact with the words beside it; the norm counts in how
//! many recent looks it stood (`Norm::pinned`).

mod numbers;
mod pictures;
mod targets;
mod words;

use std::collections::{HashMap, HashSet};

pub use self::{
    pictures::{code_at, picture_at},
    targets::{imitates_state, is_document, is_program, is_state, promises_service},
    words::{bare, names_body, speaks_of_payment},
};
pub use crate::model::pin::{Fact, Pin};
use crate::page::Page;

/// Facts of one kind that a page may have. A page with more is a directory: none of its facts is pinned.
const MOST: usize = 60;
/// What the codes in pictures say (see [`qr::read`](crate::qr::read)), by the pictures' addresses.
pub type Codes = HashMap<String, String>;

/// The facts of all looks with the number of recent looks that had each, by [`Pin::key`].
pub type Pins = HashMap<u64, (Pin, u16)>;

/// Counts the facts of one look. The latest look's spelling is kept.
pub fn count(pins: &mut Pins, look: &[Pin], weight: u16) {
    for pin in look {
        let (kept, looks) = pins.entry(pin.key()).or_insert_with(|| (pin.clone(), 0));
        kept.clone_from(pin);
        *looks += weight;
    }
}

/// The facts of all looks, where the codes of some pictures are known: a picture counts by what its code says.
pub fn told(pins: &Pins, codes: &Codes) -> Pins {
    let mut out = Pins::with_capacity(pins.len());
    for (pin, looks) in pins.values() {
        let said = codes.get(&pin.shown).filter(|_| pin.kind == Fact::Qr);
        let mut pin = pin.clone();
        if let Some(said) = said {
            pin.value.clone_from(said);
            pin.shown.clone_from(said);
        }
        let (_, count) = out.entry(pin.key()).or_insert((pin, 0));
        *count += looks;
    }
    out
}

/// The facts of a page, each once.
pub fn of(page: &Page) -> Vec<Pin> {
    with_codes(page, &Codes::default())
}

/// The facts of a page, each once. `codes` tells what pictures at other addresses say.
pub fn with_codes(page: &Page, codes: &Codes) -> Vec<Pin> {
    let mut all = numbers::of(page);
    all.extend(pictures::of(page, codes));
    all.extend(targets::of(page));
    let mut seen = HashSet::new();
    all.retain(|it| !it.value.is_empty() && seen.insert(it.key()));
    let mut counts: HashMap<Fact, usize> = HashMap::new();
    for pin in &all {
        *counts.entry(pin.kind).or_default() += 1;
    }
    all.retain(|it| counts.get(&it.kind).is_none_or(|count| *count <= MOST));
    all
}

#[cfg(test)]
mod tests;
