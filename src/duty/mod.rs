//! The duty room's rules: who is on duty when, and who is called when nobody has taken an incident. Pure.

pub mod escalation;
pub mod roster;

pub use escalation::{due, overdue, steps};
pub use roster::{Handover, Turn, handover, next, on_duty};
