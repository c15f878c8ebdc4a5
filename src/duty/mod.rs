//! The duty room's rules: the officers on duty at a time, and the calls for incidents that are not taken. Pure.

pub mod escalation;
pub mod roster;

pub use escalation::{due, overdue, steps};
pub use roster::{Handover, Turn, handover, next, on_duty};
