//! The judge: what a visit brought back, and what is known of the target, become a [`Look`]. Pure, and the only one: the
//! service, `gaccong judge`, the tests, the evaluation and the benches call it.
//!
//! Judging is a ladder, the cheapest rung first. [`glance`] decides without reading: the portal was silent, answered "not
//! modified", or sent known bytes. [`recall`] decides by what was learnt before: the bytes differ only where this page
//! varies, or were judged already. [`read`] builds the page, compares it with the norm and weighs it; [`read_crudely`] is for
//! pages that take longer than their time, and [`unread`] for those that cannot be read at all. [`gravest`] chooses among
//! the looks of several visitors, and [`learn`] is what a look teaches.

mod class;
mod conclude;
mod cut;
mod delivery;
mod glance;
mod known;
pub mod learn;
mod look;
mod origin;
mod read;
mod recall;
pub mod replay;
mod site;
mod visitors;

pub use glance::glance;
pub use known::{Case, Known, expectations, known_looks, mask_source};
pub use look::{DecidedBy, Look};
pub use read::{needs_norm, read, read_crudely, unread};
pub use recall::{
    Judgement, Matched, Memory, cache_key, could_match, is_current, judgement, recall,
};
pub use site::{NOWHERE, could_be_soft_404};
pub use visitors::{goes_on, gravest};
