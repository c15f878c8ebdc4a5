//! Compares a page with its baseline: what was added, removed, replaced.
//!
//! [`Norm`] is the model of what several looks have in common and what varies between them, made from the features
//! ([`Features`]) of each; [`compare()`] returns what of a page is not normal. [`mask`] knows where the bytes of a page
//! vary, so that most looks need no tree. This module is pure; every comparison is bounded by the guard's limits or a
//! deadline.

pub mod compare;
pub mod features;
pub mod features_codec;
pub mod lines;
pub mod mask;
pub mod norm;
pub mod pins;
pub mod places;
pub mod styled;

pub use compare::{Change, compare};
pub use features::Features;
pub use features_codec::FeatureSets;
pub use lines::{Line, changed_lines, lines};
pub use norm::Norm;
