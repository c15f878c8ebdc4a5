//! What the clock does: calls, windows, test calls, the registry's file.

pub mod escalation;
pub mod file_targets;
pub mod shift_check;
pub mod windows;
