//! Composes the message of an alert from the state at sending time: one file for each kind of alert, and the list of
//! them.

mod absent;
mod call;
mod calls;
mod campaign;
mod facts;
mod handover;
mod incident;
mod joined;
mod notice;
mod plan;
mod reminder;
mod reminders;
mod report;
mod request;
mod requests;
mod shift_check;
mod storm;
mod storm_list;
mod taken_reminder;
mod taken_reminders;
mod window;

use async_trait::async_trait;
use jiff::Timestamp;

use super::{receipts, recipients::Audience};
use crate::{
    model::{About, Alert, Incident, Receipt},
    notify::Message,
    store::StoreError,
    world::World,
};

/// One kind of alert: how its message is composed, which notifiers get it, and what happens if a notifier refuses it.
/// A value holds the subject of the alert.
#[async_trait]
pub(super) trait Kind: Send + Sync {
    /// Composes the message for one notifier. [`compose`] marks it as a repeat unless this method does.
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent>;

    /// The notifiers that get this alert, each as an alert of its own.
    fn audience(&self) -> Audience<'_>;

    /// The message that this one replaces. By default each message is a new one.
    async fn earlier(&self, _world: &World, _notifier: &str) -> Option<Receipt> {
        None
    }

    /// What other notifiers get if this one does not take the alert.
    fn fallback(&self) -> Fallback<'_> {
        Fallback::Itself
    }
}

/// The kind of an alert with this subject.
pub(super) fn kind_of(about: &About) -> Box<dyn Kind + '_> {
    match about {
        About::Absent(at) => Box::new(absent::Absent(*at)),
        About::Call(id, to) => Box::new(call::Call(id, *to)),
        About::Calls(to) => Box::new(calls::Calls(*to)),
        About::Campaign(trace) => Box::new(campaign::OfCampaign(trace)),
        About::Handover(at) => Box::new(handover::Handover(*at)),
        About::Incident(id) => Box::new(incident::OfIncident(id)),
        About::Joined(id) => Box::new(joined::Joined(id)),
        About::Notice(notice) => Box::new(notice::OfNotice(notice)),
        About::Plan(id) => Box::new(plan::OfPlan(id)),
        About::Reminder(id) => Box::new(reminder::Reminder(id)),
        About::Reminders => Box::new(reminders::Reminders),
        About::Report(file) => Box::new(report::OfReport(file)),
        About::Request(id) => Box::new(request::OfRequest(id)),
        About::Requests(_) => Box::new(requests::Requests(about)),
        About::StormList(id) => Box::new(storm_list::StormList(id)),
        About::ShiftCheck(at) => Box::new(shift_check::ShiftCheck(*at)),
        About::Storm(id) => Box::new(storm::OfStorm(id)),
        About::TakenReminder(id) => Box::new(taken_reminder::TakenReminder(id)),
        About::TakenReminders => Box::new(taken_reminders::TakenReminders),
        About::Window(news) => Box::new(window::OfWindow(news)),
    }
}

/// The notifier that a message is composed for.
pub(super) struct Addressee<'a> {
    pub world: &'a World,
    pub notifier: &'a str,
    /// When the alert was written to the outbox.
    pub since: Timestamp,
    /// Whether an earlier attempt may have arrived.
    pub repeat: bool,
}

/// A composed message.
pub(super) struct Composed {
    pub message: Message,
    /// The incidents of a storm that the message covers; empty for other kinds.
    pub members: Vec<Incident>,
}

impl From<Message> for Composed {
    fn from(message: Message) -> Self {
        Self {
            message,
            members: Vec::new(),
        }
    }
}

/// Why no message was composed.
pub(super) enum Unsent {
    /// The store cannot be read now. The alert is tried again.
    Store(String),
    /// The subject of the alert is not in the store. The alert becomes a dead letter.
    Gone(String),
    /// There is nothing left to report. The alert is recorded as sent.
    Moot,
}

impl From<StoreError> for Unsent {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

/// What other notifiers get if one notifier does not take an alert.
pub(super) enum Fallback<'a> {
    /// A copy of the alert.
    Itself,
    /// The incidents of the storm with this id, each as an alert of its own, if the notifier refused for good.
    /// Nothing if the notifier is only slow, because a storm belongs to one notifier.
    Members(&'a str),
    /// Nothing: another alert carries this news.
    Nothing,
}

/// Composes the message of an alert. `repeat`: an earlier attempt may have arrived.
pub(super) async fn compose(
    world: &World,
    alert: &Alert,
    repeat: bool,
) -> Result<Composed, Unsent> {
    let to = Addressee {
        world,
        notifier: &alert.notifier,
        since: alert.created,
        repeat,
    };
    let mut composed = kind_of(&alert.about).compose(&to).await?;
    if !composed.message.repeat {
        composed.message = composed.message.repeated(repeat, &world.locale);
    }
    Ok(composed)
}
