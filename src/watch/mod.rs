//! One check, from the visit to the commit, and doubt of our own connection before any accusation.

pub(crate) mod announced;
pub mod check;
mod confirm;
pub mod connectivity;
mod finding;
pub mod line;
pub mod look;
mod other_addresses;
mod outside;
pub mod sightings;
pub mod subpages;
pub mod teach;

pub use look::{Beside, look};
