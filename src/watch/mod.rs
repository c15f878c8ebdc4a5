//! Looks: one check, from the visit to the commit, and doubt of our own connection before any accusation.

pub mod check;
pub(crate) mod commit;
mod confirm;
pub(crate) mod confirmed;
pub mod connectivity;
pub(crate) mod incidents;
mod leads;
pub mod line;
pub mod look;
mod outside;
mod recorded;
mod sheets;
mod sightings;
mod subpages;
pub mod teach;
pub mod visitors;

pub use look::{LookOptions, look};
