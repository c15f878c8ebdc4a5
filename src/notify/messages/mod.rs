//! The messages, one file for each kind: functions from facts to [`Message`]. `deliver::compose`
//! collects the facts.

pub mod absent;
pub mod call;
pub mod calls;
pub mod campaign;
pub mod handover;
pub mod incident;
pub mod joined;
pub mod notice;
pub mod plan;
pub mod question;
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

use jiff::tz::TimeZone;

use super::Message;
use crate::{
    locale::Locale,
    model::{Incident, Kind},
};

/// The message of an incident in its present state: an alarm's, or a question's. `repeat`: an earlier attempt may have
/// arrived.
pub fn message_of(it: &Incident, locale: &Locale, tz: &TimeZone, repeat: bool) -> Message {
    match it.kind {
        Kind::Asked => question::message(it, locale, tz, repeat),
        _ => incident::message(it, locale, tz, repeat),
    }
}
