//! The commit loop: a decision that another commit overtakes is made again from the present state.

use std::sync::atomic::{AtomicUsize, Ordering};

use gaccong::{
    incident,
    model::IncidentId,
    store::{Commit, StoreError},
    world::{
        World,
        decide::{Decision, TRIES, decide},
    },
};

use crate::{
    portal::{Portal, defaced, honest},
    scene::{Scene, Turned, parse, yaml},
};

/// A scene with an open incident.
async fn scene() -> (Portal, Scene, IncidentId) {
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let portal = Portal::page(honest(1)).await;
    let text = yaml("", &[("a", &portal.url())]);
    let scene = Scene::at(parse(&text), "memory", clock);
    scene.learn(0).await;
    portal.show(defaced());
    scene.check(0).await;
    let id = scene.incidents().await.remove(0).id;
    (portal, scene, id)
}

/// Adds a note, as another writer.
async fn note(world: &World, id: &IncidentId, text: &str) {
    let known = world.store.incident(id).await.unwrap().unwrap();
    let noted = incident::note(&known, "another", text, world.clock.now()).unwrap();
    let commit = Commit {
        incidents: vec![noted],
        ..Commit::default()
    };
    world.store.commit(commit).await.unwrap();
}

/// Takes the incident while another writer overtakes it `overtaken` times; returns the outcome and the number of
/// attempts.
async fn take(world: &World, id: &IncidentId, overtaken: usize) -> (Result<(), StoreError>, usize) {
    let attempts = AtomicUsize::new(0);
    let count = &attempts;
    let taken = decide(world, |now| async move {
        let known = world.store.incident(id).await?.unwrap();
        let attempt = count.fetch_add(1, Ordering::SeqCst);
        if attempt < overtaken {
            note(world, id, &attempt.to_string()).await;
        }
        let commit = Commit {
            incidents: vec![incident::take(&known, "An", now).unwrap()],
            ..Commit::default()
        };
        Ok::<_, StoreError>(Decision::write(commit, ()))
    });
    (taken.await, attempts.into_inner())
}

#[tokio::test]
async fn a_decision_that_is_overtaken_is_made_anew_and_loses_nothing() {
    let (_portal, scene, id) = scene().await;
    assert_eq!(take(&scene.world, &id, 2).await, (Ok(()), 3));
    let incident = scene.incidents().await.remove(0);
    assert_eq!(incident.taken.unwrap().by, "An");
    let notes = incident.timeline.iter().filter_map(|it| it.note.as_deref());
    let notes: Vec<&str> = notes.filter(|it| ["0", "1"].contains(it)).collect();
    assert_eq!(notes, ["0", "1"], "what the others wrote stays");
}

#[tokio::test]
async fn a_writer_that_never_stops_is_given_way_to() {
    let (_portal, scene, id) = scene().await;
    let tries = TRIES as usize;
    let (taken, attempts) = take(&scene.world, &id, tries).await;
    assert_eq!((taken, attempts), (Err(StoreError::Conflict), tries));
    assert!(scene.incidents().await[0].taken.is_none());
}
