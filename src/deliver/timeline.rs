//! Notes about deliveries in the time lines of incidents.

use jiff::Timestamp;

use crate::{
    model::{
        Incident, IncidentId,
        incident::{Event, What},
    },
    store::{Commit, StoreError},
    world::{
        World,
        decide::{Decision, decide},
    },
};

/// Incidents of one commit.
const IN_ONE: usize = 200;

/// Whether the time line records that a notifier was told of the incident.
pub(super) fn was_told(it: &Incident, notifier: &str) -> bool {
    let told = |it: &Event| it.what == What::Told && it.note.as_deref() == Some(notifier);
    it.timeline.iter().any(told)
}

/// Whether the event's reminder may be grouped with others: the incident keeps coming back, or its portal has refused
/// the service's looks for long. A reminder that a person's action causes always gets its own message.
pub(super) fn lasts(it: &Event) -> bool {
    matches!(it.what, What::Blind | What::Reminded)
}

fn event(what: What, note: String, at: Timestamp) -> Event {
    Event {
        at,
        what,
        by: None,
        origin: None,
        note: Some(note),
    }
}

/// Records that a notifier was told of an incident, once.
pub(super) async fn note_told(world: &World, id: &IncidentId, notifier: &str) {
    note(world, id, What::Told, notifier.to_owned()).await;
}

/// Records that a notifier refused an alert for good, and why.
pub(super) async fn note_undelivered(world: &World, id: &IncidentId, notifier: &str, why: &str) {
    note(world, id, What::Undelivered, format!("{notifier}: {why}")).await;
}

/// Records that a notifier was told of several incidents.
pub(super) async fn note_all_told(world: &World, members: Vec<Incident>, notifier: &str) {
    let now = world.clock.now();
    let mut untold = members;
    untold.retain(|it| !was_told(it, notifier));
    for it in &mut untold {
        let told = event(What::Told, notifier.to_owned(), now);
        it.timeline.push(told);
    }
    for some in untold.chunks(IN_ONE) {
        let commit = Commit {
            incidents: some.to_vec(),
            ..Commit::default()
        };
        // on a conflict, write the incidents of this commit one by one
        if world.store.commit(commit).await.is_err() {
            for it in some {
                note_told(world, &it.id, notifier).await;
            }
        }
    }
}

/// Adds a line to the incident's time line, unless it already records that the notifier was told.
async fn note(world: &World, id: &IncidentId, what: What, note: String) {
    let noted = decide(world, |now| {
        let note = note.clone();
        async move {
            let Some(mut incident) = world.store.incident(id).await? else {
                return Ok(Decision::nothing(()));
            };
            if what == What::Told && was_told(&incident, &note) {
                return Ok(Decision::nothing(()));
            }
            incident.timeline.push(event(what, note, now));
            let commit = Commit {
                incidents: vec![incident],
                ..Commit::default()
            };
            Ok::<_, StoreError>(Decision::write(commit, ()))
        }
    });
    if let Err(error) = noted.await {
        tracing::error!(incident.id = %id, %error, "the time line cannot be written");
    }
}
