//! What an alert says, from what is true when it is sent: one file a kind of alert, and the list of them.

mod absent;
mod call;
mod calls;
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

/// What one kind of alert is: how its message is made, and what becomes of it at notifiers. A value holds what the alert is
/// about.
#[async_trait]
pub(super) trait Kind: Send + Sync {
    /// Makes the message for one notifier. Where it does not mark a repeat itself, [`compose`] does.
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent>;

    /// The notifiers that are told of it, each by an alert of its own.
    fn audience(&self) -> Audience<'_>;

    /// The message that this one takes the place of. By default each message is a new one.
    async fn earlier(&self, _world: &World, _notifier: &str) -> Option<Receipt> {
        None
    }

    /// What other notifiers are told where this one does not take it.
    fn fallback(&self) -> Fallback<'_> {
        Fallback::Itself
    }
}

/// The kind of an alert, by what it is about.
pub(super) fn kind_of(about: &About) -> Box<dyn Kind + '_> {
    match about {
        About::Absent(at) => Box::new(absent::Absent(*at)),
        About::Call(id, to) => Box::new(call::Call(id, *to)),
        About::Calls(to) => Box::new(calls::Calls(*to)),
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
        About::Roll(id) => Box::new(storm_list::StormList(id)),
        About::ShiftCheck(at) => Box::new(shift_check::ShiftCheck(*at)),
        About::Storm(id) => Box::new(storm::OfStorm(id)),
        About::TakenReminder(id) => Box::new(taken_reminder::TakenReminder(id)),
        About::TakenReminders => Box::new(taken_reminders::TakenReminders),
        About::Window(news) => Box::new(window::OfWindow(news)),
    }
}

/// The notifier that a message is made for.
pub(super) struct Addressee<'a> {
    pub world: &'a World,
    pub notifier: &'a str,
    /// When the alert was written.
    pub since: Timestamp,
    /// Whether the message may have arrived before.
    pub repeat: bool,
}

/// A message, and the incidents that it tells of where a storm's note of them follows.
pub(super) struct Composed {
    pub message: Message,
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

/// Why there is no message.
pub(super) enum Unsent {
    /// The store cannot be read now: tried again.
    Store(String),
    /// What the alert is about is not in the store: a dead letter.
    Gone(String),
    /// There is nothing to say any more: the alert ends as if it were sent.
    Moot,
}

impl From<StoreError> for Unsent {
    fn from(error: StoreError) -> Self {
        Self::Store(error.to_string())
    }
}

/// What other notifiers are told where one does not take an alert.
pub(super) enum Fallback<'a> {
    /// The alert.
    Itself,
    /// The incidents of the storm with that id, one by one, where the notifier refused for good; nothing where it is slow: a
    /// storm belongs to one notifier.
    Members(&'a str),
    /// Nothing: another alert says as much.
    Nothing,
}

/// Makes the message of an alert; `repeat`, where it may have arrived before.
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
        composed.message = composed.message.repeated(repeat, &world.words);
    }
    Ok(composed)
}
