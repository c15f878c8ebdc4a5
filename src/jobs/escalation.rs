//! Calls people while an incident is not taken, and reminds the holder of one that is taken and still open.

use std::{collections::HashMap, sync::Arc};

use async_trait::async_trait;
use jiff::Timestamp;

use super::{DUTY_ROOM, Job, When};
use crate::{
    config::Config,
    duty, incident,
    model::{About, Alert, Incident, Urgency, alert::ONE_BY_ONE, duty::EscalationStep},
    store::{Commit, StoreError, Wanted},
    world::World,
};

pub(super) struct Escalation;

#[async_trait]
impl Job for Escalation {
    fn name(&self) -> &'static str {
        "escalation"
    }

    fn when(&self) -> When {
        When::Every(DUTY_ROOM)
    }

    async fn run(&mut self, world: &Arc<World>) {
        if let Err(error) = escalate(world).await {
            tracing::error!(%error, "who is to be called cannot be decided");
        }
    }
}

async fn escalate(world: &World) -> Result<(), StoreError> {
    let Config { duty, agencies, .. } = &world.config;
    let reminds = duty.remind_taken.is_some();
    // the configuration names no person to call: do not read the incidents
    if !reminds && !duty.calls() && agencies.iter().all(|it| it.escalation.is_empty()) {
        return Ok(());
    }
    let now = world.clock.now();
    let windows = world.windows(now);
    let close = windows.iter().any(|it| it.from <= now && now < it.to);
    let wanted = Wanted {
        open_only: true,
        ..Wanted::default()
    };
    let mut due: Vec<Due> = Vec::new();
    for it in world.store.incidents(&wanted).await? {
        let steps = world.config.steps_of(&it.portal.agency);
        let answers = answers(world, &it, now);
        // after a downtime of the service, the highest due step is called at once
        if let Some(call) = duty::due(&steps, &it, now, close, &answers) {
            tracing::info!(incident.id = %it.id, to = call.to.as_str(), "nobody has taken it");
            due.push(Due {
                about: About::Call(it.id.clone(), call.to),
                operator: call.to != EscalationStep::Head,
                agency: it.taken.is_none(),
                known: incident::escalate(&it, call.reached, call.to, now),
            });
        } else if let Some(every) = duty.remind_taken
            && let Some(reminder) = duty::overdue(&steps, &it, now, every, &answers)
        {
            tracing::info!(incident.id = %it.id, "it was taken long ago and is not over");
            due.push(Due {
                about: About::TakenReminder(it.id.clone()),
                operator: true,
                agency: it.led().is_none(),
                known: incident::remind_taken(&it, reminder.to, now),
            });
        }
    }
    call_out(world, due, now).await
}

/// A call or reminder that is due.
struct Due {
    /// The incident, with the call noted in its time line.
    known: Incident,
    about: About,
    /// Whether the operator's notifiers get it.
    operator: bool,
    /// Whether the agency's own notifiers get it.
    agency: bool,
}

/// Delay of the alerts if more than [`ONE_BY_ONE`] are due at once: all must be in the outbox before the notifier's
/// queue groups them into one message.
const TOGETHER: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);

/// Whether an escalation step has a person to call now. Evaluated lazily: most incidents are not due.
fn answers<'a>(
    world: &'a World,
    it: &'a Incident,
    now: Timestamp,
) -> impl Fn(EscalationStep) -> bool + use<'a> {
    let called = move |it: &Incident| world.config.called(it, now);
    move |rung| match rung {
        EscalationStep::Roster => !called(it).now.is_empty(),
        EscalationStep::Head => called(it).head.is_some(),
        EscalationStep::DutyRoom => !world.config.operators().names().is_empty(),
        EscalationStep::National => !called(it).contacts.is_empty(),
    }
}

/// Writes the incidents with their calls, and the alerts to the notifiers concerned.
async fn call_out(world: &World, due: Vec<Due>, now: Timestamp) -> Result<(), StoreError> {
    if due.is_empty() {
        return Ok(());
    }
    let targets = world.targets().await?.into_iter();
    let notify: HashMap<String, Vec<String>> = targets
        .map(|it| (it.id.to_string(), it.settings.notify))
        .collect();
    let mut tell_at = now;
    if due.len() > ONE_BY_ONE {
        tell_at = now.checked_add(TOGETHER).unwrap_or(now);
    }
    for it in due {
        let urgency = Urgency::of(&it.known);
        let alert = |name: String| Alert {
            due: tell_at,
            ..Alert::new(&name, it.about.clone(), urgency, now)
        };
        let names = names(world, &it, &notify, now);
        let commit = Commit {
            alerts: names.into_iter().map(alert).collect(),
            incidents: vec![it.known.clone()],
            ..Commit::default()
        };
        match world.store.commit(commit).await {
            // the incident was changed at this moment, for example taken
            Ok(()) | Err(StoreError::Conflict) => (),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The notifiers that get a call. `notify`: the notifiers of all targets, by target id.
fn names(
    world: &World,
    it: &Due,
    notify: &HashMap<String, Vec<String>>,
    now: Timestamp,
) -> Vec<String> {
    let operators = world.config.operators();
    let target = notify.get(it.known.target.portal());
    let mut names = target.map_or(operators.names(), Vec::as_slice).to_vec();
    // drop the agency's notifiers if its people have the incident, or have muted it in that chat
    let own = |name: &String| it.agency && !it.known.is_muted_for(name, now);
    names.retain(|name| operators.include(name) || own(name));
    // the roster belongs to the operator: a mention rings only in a chat that its officers are members of
    if it.operator {
        names.extend_from_slice(operators.names());
    }
    // if no chat of the agency gets the call to its head, the operator passes it on
    if names.is_empty() {
        names.extend_from_slice(operators.names());
    }
    names.sort();
    names.dedup();
    names
}
