//! One check, from the visit to the commit, and doubt of our own connection before any accusation.

pub mod check;
mod confirm;
pub mod connectivity;
mod delivered;
mod finding;
mod judged;
mod learn;
pub mod line;
pub mod look;
mod other_addresses;
mod outside;
mod parts;
pub mod paths;
pub mod sightings;
pub mod subpages;

pub use look::{Beside, Look, look};
