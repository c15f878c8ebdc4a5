//! The life of an incident: confirmed findings and people's actions, as steps of a pure state machine. Each step
//! takes what happened and returns the incidents in their new state; the caller commits them with their alerts.

pub mod campaign;
mod loudness;
mod people;
pub mod plan;
pub mod question;
mod sighted;
mod step;
mod timeline;

pub use loudness::{Loudness, loudness, remind};
pub use people::{dismiss, escalate, mute, note, remind_taken, resolve, take, unmute, unwatch};
pub use sighted::{amounts, came_before, is_doubted, is_restless, is_stale, lasts, sighted};
pub use step::{Finding, is_graver, is_news, step};
