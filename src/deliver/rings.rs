//! Grouping of alerts that ring a whole chat: calls, reminders of taken incidents, reminders of lasting incidents.
//! The first few are sent one by one; further ones become one common message, at most one a minute.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::{grouping::Channel, outbox::in_order, timeline::lasts};
use crate::{
    model::{About, Alert, Incident, alert::ONE_BY_ONE},
    store::{Commit, Delivery, Result},
    world::World,
};

/// Period in which [`ONE_BY_ONE`] calls, and as many reminders of each kind, get a message each; further ones become
/// one message.
const WHILE: SignedDuration = SignedDuration::from_mins(2);
/// The shortest time between two common messages of a kind.
const EVERY: SignedDuration = SignedDuration::from_secs(60);

/// The kinds of alerts that are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ring {
    /// An incident has not been taken.
    Call,
    /// An incident was taken long ago and is still open.
    Taken,
    /// An incident keeps coming back, or its portal has refused the service's looks for long.
    Lasting,
}

impl Ring {
    fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Taken => "taken",
            Self::Lasting => "lasting",
        }
    }
}

/// When a notifier rang for one kind: the last common message, and the last messages about single incidents.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Rang {
    common: Option<Timestamp>,
    alone: Vec<Timestamp>,
}

impl Rang {
    /// Parses the marker: the time of the common message or `-`, then the times of the others, one on each line.
    fn read(text: &str) -> Self {
        let mut lines = text.lines().map(|it| it.parse().ok());
        let common = lines.next().flatten();
        Self {
            common,
            alone: lines.flatten().collect(),
        }
    }

    fn written(&self) -> String {
        let common = self.common.map_or("-".to_owned(), |it| it.to_string());
        let alone = self.alone.iter().map(Timestamp::to_string);
        std::iter::once(common)
            .chain(alone)
            .collect::<Vec<_>>()
            .join("\n")
    }

    /// How many messages about single incidents were sent within [`WHILE`].
    fn lately(&self, now: Timestamp) -> usize {
        let lately = |at: &&Timestamp| is_within(**at, WHILE, now);
        self.alone.iter().filter(lately).count()
    }

    /// When the next common message may go out; `None` if at once.
    fn next(&self, now: Timestamp) -> Option<Timestamp> {
        let last = self.common.filter(|it| is_within(*it, EVERY, now))?;
        last.checked_add(EVERY).ok()
    }
}

/// Whether `at` lies within `span` before now; false for a future time, which comes from a clock that was set back.
fn is_within(at: Timestamp, span: SignedDuration, now: Timestamp) -> bool {
    (SignedDuration::ZERO..span).contains(&now.duration_since(at))
}

fn marker(notifier: &str, ring: Ring) -> String {
    format!("rang/{notifier}/{}", ring.as_str())
}

async fn rang(world: &World, notifier: &str, ring: Ring) -> Result<Rang> {
    let kept = world.store.marker(&marker(notifier, ring)).await?;
    Ok(Rang::read(&kept.unwrap_or_default()))
}

async fn kind(world: &World, alert: &Alert) -> Result<Option<Ring>> {
    let id = match &alert.about {
        About::Call(..) | About::Calls(_) => return Ok(Some(Ring::Call)),
        About::TakenReminder(_) | About::TakenReminders => return Ok(Some(Ring::Taken)),
        About::Reminders => return Ok(Some(Ring::Lasting)),
        About::Reminder(id) => id,
        _ => return Ok(None),
    };
    let of = |it: &Incident| {
        let mut since = it.timeline.iter().filter(|it| it.at >= alert.created);
        it.stage.is_open() && since.any(lasts)
    };
    let known = world.store.incident(id).await?;
    Ok(known.filter(of).map(|_| Ring::Lasting))
}

fn is_common(about: &About) -> bool {
    matches!(
        about,
        About::Calls(_) | About::TakenReminders | About::Reminders
    )
}

/// Takes the alerts that ring out of a queue and, if there are many, replaces them by one common alert for each kind.
pub(super) async fn gather(
    world: &World,
    channel: &Channel<'_>,
    queue: Vec<Alert>,
) -> Result<Vec<Alert>> {
    let now = world.clock.now();
    let mut rest = Vec::new();
    let mut rings: BTreeMap<Ring, Vec<Alert>> = BTreeMap::new();
    for alert in queue {
        match kind(world, &alert).await? {
            // an alert stays alone once its sending has begun: it may have arrived
            Some(ring) if !alert.begun => rings.entry(ring).or_default().push(alert),
            _ => rest.push(alert),
        }
    }
    for (ring, alerts) in rings {
        let rang = rang(world, channel.name, ring).await?;
        let next = rang.next(now);
        let common = alerts.iter().any(|it| is_common(&it.about));
        if !common && next.is_none() && rang.lately(now) + alerts.len() <= ONE_BY_ONE {
            rest.extend(alerts);
            continue;
        }
        rest.extend(together(world, channel.name, alerts, next).await?);
    }
    in_order(&mut rest);
    Ok(rest)
}

/// Replaces several alerts by one. Returns it if it is due; otherwise it waits in the outbox until `next`. It is
/// written before the others are removed: after a crash in between, the remaining ones are grouped again.
async fn together(
    world: &World,
    name: &str,
    alerts: Vec<Alert>,
    next: Option<Timestamp>,
) -> Result<Option<Alert>> {
    let now = world.clock.now();
    let Some(about) = alerts.iter().filter_map(common_of).max() else {
        return Ok(None);
    };
    let (same, others): (Vec<Alert>, Vec<Alert>) =
        alerts.into_iter().partition(|it| it.about == about);
    let created = others.iter().map(|it| it.created).min();
    let urgency = others.iter().map(|it| it.urgency).max().unwrap_or_default();
    let due = next.unwrap_or(now).max(now);
    let rerouted = others.iter().all(|it| it.rerouted);
    match same.into_iter().next() {
        Some(waiting) => {
            let again = Alert {
                urgency: urgency.max(waiting.urgency),
                due,
                ..waiting
            };
            world.store.delivery(Delivery::Postponed(again)).await?;
        }
        None => {
            let one = Alert {
                rerouted,
                due,
                ..Alert::new(name, about.clone(), urgency, created.unwrap_or(now))
            };
            let commit = Commit {
                alerts: vec![one],
                ..Commit::default()
            };
            world.store.commit(commit).await?;
        }
    }
    let many = others.len();
    tracing::info!(
        notifier = name,
        about = about.key(),
        many,
        "many rings are one"
    );
    for alert in others {
        let taken_out = Delivery::Sent {
            alert,
            receipt: None,
        };
        world.store.delivery(taken_out).await?;
    }
    // an alert that was already waiting, and is not in this queue, keeps its own due time
    let stored = world.store.outbox().await?;
    let stored = stored
        .into_iter()
        .find(|it| it.notifier == name && it.about == about);
    Ok(stored.filter(|it| it.due <= now))
}

/// The subject of the common message that replaces this alert; for a call, with its escalation step.
fn common_of(alert: &Alert) -> Option<About> {
    match &alert.about {
        About::Call(_, to) | About::Calls(to) => Some(About::Calls(*to)),
        About::TakenReminder(_) | About::TakenReminders => Some(About::TakenReminders),
        About::Reminder(_) | About::Reminders => Some(About::Reminders),
        _ => None,
    }
}

/// Records that a message of these kinds was sent.
pub(super) async fn sent(world: &World, alert: &Alert) {
    let name = alert.notifier.as_str();
    let noted = async {
        let Some(ring) = kind(world, alert).await? else {
            return Ok(());
        };
        let now = world.clock.now();
        let mut rang = rang(world, name, ring).await?;
        if is_common(&alert.about) {
            rang.common = Some(now);
        } else {
            rang.alone.push(now);
            let surplus = rang.alone.len().saturating_sub(ONE_BY_ONE);
            rang.alone.drain(..surplus);
        }
        let commit = Commit {
            marker: Some((marker(name, ring), rang.written())),
            ..Commit::default()
        };
        world.store.commit(commit).await
    };
    if let Err(error) = noted.await {
        tracing::error!(%error, "what rang cannot be written");
    }
}

#[cfg(test)]
mod tests {
    use crate::deliver::rings::*;

    #[test]
    fn what_rang_is_read_back_and_forgotten_in_time() {
        let at = |second: i64| Timestamp::from_second(1_800_000_000 + second).unwrap();
        let rang = Rang {
            common: Some(at(0)),
            alone: vec![at(-200), at(-30), at(40)],
        };
        assert_eq!(Rang::read(&rang.written()), rang);
        assert_eq!(Rang::read(""), Rang::default());
        let alone = Rang {
            common: None,
            ..rang.clone()
        };
        assert_eq!(Rang::read(&alone.written()), alone);
        assert_eq!((rang.lately(at(41)), rang.next(at(41))), (2, Some(at(60))));
        assert_eq!((rang.lately(at(100)), rang.next(at(60))), (1, None));
        // the clock was set back
        assert_eq!((rang.lately(at(-500)), rang.next(at(-500))), (0, None));
    }
}
