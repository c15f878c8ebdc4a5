//! Fallback to other notifiers: at once if a notifier refuses an alert for good, after some minutes if it cannot be
//! reached.

use jiff::{SignedDuration, Timestamp};

use super::{
    compose::{Fallback, kind_of},
    recipients::{Audience, recipients},
};
use crate::{
    model::{About, Alert, Localized, Notice, Recipient, Urgency, alert::Topic, excerpt::excerpt},
    notify::{
        Message, Notifier, Place,
        notifiers::{Console, trouble},
    },
    store::Commit,
    world::World,
};

/// Age at which an undelivered urgent alert is also given to other notifiers.
const TOO_LONG: SignedDuration = SignedDuration::from_mins(3);

/// The notifiers that get an alert instead: the configured `fallback`, otherwise the operator's. Never another
/// agency's, and none that gets the alert anyway.
async fn alternatives(world: &World, name: &str, of: Audience<'_>) -> Vec<String> {
    let configured = world.config.notifiers.get(name);
    let configured = configured.and_then(|it| it.fallback.clone());
    let mut others = match configured {
        Some(other) => vec![other],
        None => world.config.operators().names().to_vec(),
    };
    let anyway = recipients(world, of).await;
    others.retain(|it| it != name && world.notifier(it).is_some() && !anyway.contains(it));
    others
}

async fn commit(world: &World, alerts: Vec<Alert>) -> bool {
    if alerts.is_empty() {
        return false;
    }
    let commit = Commit {
        alerts,
        ..Commit::default()
    };
    match world.store.commit(commit).await {
        Ok(()) => true,
        Err(error) => {
            tracing::error!(%error, "an alert cannot be given to another notifier");
            false
        }
    }
}

/// Copies of the alert for its alternative notifiers.
async fn elsewhere(world: &World, alert: &Alert, now: Timestamp) -> Vec<Alert> {
    let kind = kind_of(&alert.about);
    let others = alternatives(world, &alert.notifier, kind.audience()).await;
    let again = |other: &String| Alert {
        rerouted: true,
        ..Alert::new(other, alert.about.clone(), alert.urgency, now)
    };
    others.iter().map(again).collect()
}

/// The incidents of a storm for the alternative notifiers, as one alert each: the storm's message is composed for one
/// notifier only.
async fn members_elsewhere(world: &World, name: &str, storm: &str, now: Timestamp) -> Vec<Alert> {
    let storms = world.store.storms(name).await.unwrap_or_default();
    let Some(storm) = storms.iter().find(|it| it.id == storm) else {
        return Vec::new();
    };
    let mut out = Vec::new();
    for incident in world.store.members(storm).await.unwrap_or_default() {
        let about = About::Incident(incident.id.clone());
        let alert = Alert::new(name, about, Urgency::of(&incident), now);
        out.extend(elsewhere(world, &alert, now).await);
    }
    out
}

/// Handles a refusal for good: the alert goes to other notifiers, or to the console if there are none. The operator
/// is informed about this notifier once.
pub(super) async fn mark_dead(world: &World, alert: &Alert, message: &Message, why: &str) {
    let now = world.clock.now();
    let name = alert.notifier.as_str();
    // an asker can ask again, and any Telegram user can create such chats and leave them
    if matches!(alert.about, About::Request(_)) && !world.config.operators().include(name) {
        tracing::info!(
            notifier = name,
            why,
            "the asker of a request cannot be told"
        );
        return;
    }
    let alerts = match kind_of(&alert.about).fallback() {
        _ if alert.rerouted => Vec::new(),
        Fallback::Nothing => Vec::new(),
        Fallback::Members(storm) => members_elsewhere(world, name, storm, now).await,
        Fallback::Itself => elsewhere(world, alert, now).await,
    };
    let first = world.metrics.mark_dead(name, why);
    if !commit(world, alerts).await {
        tracing::error!(
            notifier = name,
            about = alert.about.key(),
            why,
            "an alert was refused for good and has no other way; it goes to the console"
        );
        let _ = Console.send(message, Place::default()).await;
    } else {
        tracing::error!(
            notifier = name,
            about = alert.about.key(),
            why,
            "an alert was refused for good; it goes another way"
        );
    }
    if first {
        tell_operators(world, name, why, now).await;
    }
}

/// Informs the operator, through other notifiers, what is wrong with a notifier and what to do.
async fn tell_operators(world: &World, name: &str, why: &str, now: Timestamp) {
    // known refusals of Telegram have their own texts; in another service these words may mean something else
    let of = Recipient::from(name).notifier;
    let notifiers = &world.config.notifiers;
    let telegram = notifiers.get(&of).is_some_and(|it| it.kind == "telegram");
    let detail = match trouble(why).filter(|_| telegram) {
        Some(kind) => Localized::new(&format!("detail-notifier-{kind}")),
        None => Localized::new("detail-notifier").with("why", excerpt(why, 160)),
    };
    let detail = detail.with("name", name);
    let notice = Notice::Event {
        topic: Topic::Notifier,
        at: now,
        detail,
    };
    let mut alerts = world.notices_to_duty(&notice, now);
    alerts.retain(|it| it.notifier != name);
    commit(world, alerts).await;
}

/// Records that a notifier takes messages.
pub(super) fn mark_alive(world: &World, name: &str) {
    world.metrics.mark_alive(name);
}

/// Gives an urgent alert that is [`TOO_LONG`] undelivered to other notifiers, once; it stays queued for its own
/// notifier. Alerts of storms stay where they are: a storm belongs to one notifier.
pub(super) async fn also_elsewhere(world: &World, alert: &mut Alert) {
    let now = world.clock.now();
    let late = now.duration_since(alert.created) >= TOO_LONG;
    if !late || alert.rerouted || alert.urgency < Urgency::Urgent {
        return;
    }
    if !matches!(kind_of(&alert.about).fallback(), Fallback::Itself) {
        return;
    }
    let alerts = elsewhere(world, alert, now).await;
    if commit(world, alerts).await {
        tracing::warn!(
            notifier = alert.notifier,
            about = alert.about.key(),
            "an alert that waits for long goes another way as well"
        );
    }
    alert.rerouted = true;
}
