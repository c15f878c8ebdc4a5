//! Other notifiers for an alert: at once where a notifier refuses for good, after a while where it cannot be reached.

use jiff::{SignedDuration, Timestamp};

use super::{
    compose::{Fallback, kind_of},
    recipients::{Audience, recipients},
};
use crate::{
    model::{About, Alert, Notice, Recipient, Say, Urgency, alert::Topic, excerpt::excerpt},
    notify::{
        Message, Notifier, Place,
        notifiers::{Console, trouble},
    },
    store::Commit,
    world::World,
};

/// Age at which an urgent alert that could not be delivered is given to other notifiers too.
const TOO_LONG: SignedDuration = SignedDuration::from_mins(3);

/// The notifiers that are told instead: the configured `fallback`, else the operator's. Never another agency's, and none
/// that is told of it anyway.
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

/// The alert for each of the alternatives.
async fn elsewhere(world: &World, alert: &Alert, now: Timestamp) -> Vec<Alert> {
    let kind = kind_of(&alert.about);
    let others = alternatives(world, &alert.notifier, kind.audience()).await;
    let again = |other: &String| Alert {
        rerouted: true,
        ..Alert::new(other, alert.about.clone(), alert.urgency, now)
    };
    others.iter().map(again).collect()
}

/// The incidents of a storm for the alternatives, one by one: its message is made for one notifier.
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

/// A notifier refused an alert for good: other notifiers get it, the console where there is none, and the operator is
/// told of the notifier once.
pub(super) async fn mark_dead(world: &World, alert: &Alert, message: &Message, why: &str) {
    let now = world.clock.now();
    let name = alert.notifier.as_str();
    // an asker that cannot be told asks again; anyone can make such chats and leave them
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
    let first = world.measure.gone(name, why);
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

/// Tells the operator, through other notifiers, what is wrong with one and what to do.
async fn tell_operators(world: &World, name: &str, why: &str, now: Timestamp) {
    // known refusals of Telegram have a text of their own; another service may mean something else by the same words
    let of = Recipient::from(name).notifier;
    let notifiers = &world.config.notifiers;
    let telegram = notifiers.get(&of).is_some_and(|it| it.kind == "telegram");
    let detail = match trouble(why).filter(|_| telegram) {
        Some(kind) => Say::new(&format!("detail-notifier-{kind}")),
        None => Say::new("detail-notifier").with("why", excerpt(why, 160)),
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

/// A notifier takes messages (again).
pub(super) fn mark_alive(world: &World, name: &str) {
    world.measure.works(name);
}

/// An urgent alert that waits for long is given to other notifiers too, once; it stays where it is as well. A storm belongs
/// to one notifier.
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
