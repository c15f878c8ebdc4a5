//! Another way where one does not work: at once where a chat is gone, after a while where it cannot be reached.

use jiff::{SignedDuration, Timestamp};

use crate::{
    model::{
        About, Alert, Notice, Recipient, Say, Urgency, alert::Topic, duty::Rung, excerpt::excerpt,
    },
    notify::{
        Message, Notifier, Place,
        notifiers::{Console, trouble},
    },
    store::Commit,
    world::World,
};

/// What is urgent and could not be delivered for so long goes another way as well.
const TOO_LONG: SignedDuration = SignedDuration::from_mins(3);

/// The notifiers to go to instead: the configured `fallback`, else those of `defaults.notify`. Never another agency's,
/// and none that is told of it anyway.
async fn ways(world: &World, name: &str, about: &About) -> Vec<String> {
    let configured = world
        .config
        .notifiers
        .get(name)
        .and_then(|it| it.fallback.clone());
    let mut ways = match configured {
        Some(way) => vec![way],
        None => world.config.operators().names().to_vec(),
    };
    let anyway = told_anyway(world, about).await;
    ways.retain(|it| it != name && world.notifier(it).is_some() && !anyway.contains(it));
    ways
}

async fn told_anyway(world: &World, about: &About) -> Vec<String> {
    let operators = world.config.operators();
    let (id, more) = match about {
        About::Incident(id) | About::Reminder(id) => (id, false),
        About::Call(id, to) => (id, *to != Rung::Head),
        About::TakenReminder(id) => (id, true),
        // each notifier works out its own incidents
        About::Calls(_) | About::TakenReminders | About::Reminders => return world.all_notifiers(),
        // each of the operator's chats has it already
        About::Handover(_)
        | About::ShiftCheck(_)
        | About::Absent(_)
        | About::Window(_)
        | About::Request(_)
        | About::Requests(_)
        | About::Plan(_) => {
            return operators.names().to_vec();
        }
        _ => return world.all_notifiers(),
    };
    let incident = world.store.incident(id).await.ok().flatten();
    let mut told = match incident {
        Some(incident) => match world.target(&incident.target).await.ok().flatten() {
            Some(target) => target.settings.notify,
            None => operators.names().to_vec(),
        },
        None => Vec::new(),
    };
    if more {
        told.extend_from_slice(operators.names());
    }
    told
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

fn again(alert: &Alert, way: &str, now: Timestamp) -> Alert {
    Alert {
        rerouted: true,
        ..Alert::new(way, alert.about.clone(), alert.urgency, now)
    }
}

/// A notifier refused for good. The alert goes another way, to the console where there is none, and the people who
/// run the service are told once.
pub(crate) async fn gone(world: &World, name: &str, alert: &Alert, message: &Message, why: &str) {
    let now = world.clock.now();
    // an asker who cannot be told asks again; anybody can make such chats and leave them
    if matches!(alert.about, About::Request(_)) && !world.config.operators().include(name) {
        tracing::info!(
            notifier = name,
            why,
            "who asked for something cannot be told"
        );
        return;
    }
    // a storm's message is made for one notifier; its incidents are told elsewhere one by one, or gathered there
    let alerts: Vec<Alert> = match &alert.about {
        _ if alert.rerouted => Vec::new(),
        // the storm's own message brings its incidents along
        About::Roll(_) | About::Joined(_) => Vec::new(),
        About::Storm(id) => {
            let storms = world.store.storms(name).await.unwrap_or_default();
            let mut out = Vec::new();
            if let Some(storm) = storms.iter().find(|it| it.id == *id) {
                for incident in world.store.members(storm).await.unwrap_or_default() {
                    let urgency = Urgency::of(&incident);
                    let about = About::Incident(incident.id.clone());
                    for way in ways(world, name, &about).await {
                        out.push(Alert {
                            rerouted: true,
                            ..Alert::new(&way, about.clone(), urgency, now)
                        });
                    }
                }
            }
            out
        }
        _ => ways(world, name, &alert.about)
            .await
            .iter()
            .map(|way| again(alert, way, now))
            .collect(),
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
        tell_duty(world, name, why, now).await;
    }
}

/// Tells the operator's people through other notifiers what is wrong with one, and what to do.
async fn tell_duty(world: &World, name: &str, why: &str, now: Timestamp) {
    // in our words where we know the trouble, else in the server's
    // Telegram's words mean something else where another service says them
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

/// It takes messages (again).
pub(crate) fn works(world: &World, name: &str) {
    world.metrics.mark_alive(name);
}

/// What is urgent and waits for long goes another way as well; it stays where it is, too.
pub(crate) async fn slow(world: &World, name: &str, alert: &mut Alert, now: Timestamp) {
    let late = now.duration_since(alert.created) >= TOO_LONG;
    if !late || alert.rerouted || alert.urgency < Urgency::Urgent {
        return;
    }
    let of_storm = |it: &About| matches!(it, About::Storm(_) | About::Roll(_) | About::Joined(_));
    if of_storm(&alert.about) {
        return;
    }
    let alerts: Vec<Alert> = ways(world, name, &alert.about)
        .await
        .iter()
        .map(|way| again(alert, way, now))
        .collect();
    if commit(world, alerts).await {
        tracing::warn!(
            notifier = name,
            about = alert.about.key(),
            "an alert that waits for long goes another way as well"
        );
    }
    alert.rerouted = true;
}
