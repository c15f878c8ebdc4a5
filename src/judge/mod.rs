//! The judge: what a visit brought back, and what is known of the target, become a [`Look`]. Pure, and the only one: the
//! service, `gaccong judge`, the tests, the evaluation and the benches call it. Only fitting weights and `judge --explain`
//! ask the detectors themselves.
//!
//! Judging is a ladder, the cheapest rung first. [`glance`] decides without reading: the portal was silent, answered "not
//! modified", or sent known bytes. [`Candidate`] decides by a mask: the bytes differ only where this page varies; [`cached`]
//! by a judgement of these very bytes. [`read`] builds the page, compares it with the norm and weighs it; [`read_crudely`]
//! is for pages that take longer than their time, and [`unread`] for those that cannot be read at all. Two rungs come first
//! where they apply: [`shown_over_http2`] for a page that broke off over HTTP/2, [`is_soft_404`] for unlinked paths.
//! [`Gravest`] chooses among the looks of several visitors, and [`learn`] is what a look teaches.

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
pub mod sheets;
mod site;
mod visitors;

pub use cut::{is_another_page, shown_over_http2};
pub use glance::glance;
pub use known::{Case, Known, Reference, expectations, known_looks, mask_source};
pub use look::{DecidedBy, Look};
pub use read::{needs_mask, needs_norm, read, read_crudely, unread};
pub use recall::{Candidate, Judgement, cache_key, cached, is_current, judgement};
pub use site::{NOWHERE, could_be_soft_404, is_soft_404, soft_404};
pub use visitors::{Gravest, goes_on};

pub use crate::detect::shows_mark;
