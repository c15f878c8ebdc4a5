//! Confirmed findings and what people say of them, as steps of an incident's life. A pure state machine:
//! what happened comes in, the incidents as they are now go out, and the caller commits them with their alerts.

mod people;
pub mod plan;
mod sighted;
mod step;
mod timeline;

pub use people::{dismiss, escalate, mute, note, remind_taken, resolve, take, unmute, unwatch};
pub use sighted::{amounts, came_before, is_doubted, is_restless, is_stale, lasts, sighted};
pub use step::{Finding, Voice, is_graver, is_news, remind, step, voice};
