//! Vietnamese lines read by structure: which words play which part, however they are spelt.
//!
//! A portal writes about attacks in the third person. An attacker writes about this machine, to its keeper, as the one
//! that did it. [`intrusion`] weighs that; [`offer`] weighs trade and fraud.

pub mod brand;
pub mod deal;
mod heard;
pub mod intrusion;
pub mod line;
pub mod offer;
pub mod roles;
pub mod syllable;
mod voice;

pub use line::Line;
