//! The messages, one file for each kind: functions from facts to [`Message`](super::Message). `deliver::compose`
//! collects the facts.

pub mod absent;
pub mod call;
pub mod calls;
pub mod handover;
pub mod incident;
pub mod joined;
pub mod notice;
pub mod plan;
pub mod reminder;
pub mod reminders;
pub mod report;
pub mod request;
pub mod requests;
pub mod shift_check;
pub mod storm;
pub mod storm_list;
pub mod taken_reminder;
pub mod taken_reminders;
pub mod window;
