//! Records that the store gives out and takes back unchanged keep all that was in them.

use std::path::Path;

use gaccong::store::{Commit, Delivery, Enrolment, Wanted};
use serde_json::Value;

use super::{ALL, Records, assert_all_same, backed_up, is_whole, laid, wanted};
use crate::scene::store_at;

/// The part of a key after its first `/`.
fn ids<'a>(of: &'a Records, kind: &str) -> Vec<&'a str> {
    let ids = of.keys().filter_map(|it| it.strip_prefix(kind));
    ids.collect()
}

/// Reads every record by the store's verbs and writes it again.
async fn rewrite(data: &Path, of: &Records) {
    let store = store_at("sled", data);
    let commit = Commit::default;
    for dossier in store.dossiers().await.unwrap() {
        let dossier = Some(dossier);
        store
            .commit(Commit {
                dossier,
                ..commit()
            })
            .await
            .unwrap();
    }
    for id in ids(of, "k/") {
        let id = id.parse().unwrap();
        let mask = store.mask(&id).await.unwrap().unwrap();
        let mask = Some((id, mask.as_ref().clone()));
        store.commit(Commit { mask, ..commit() }).await.unwrap();
    }
    let incidents = store.incidents(&Wanted::default()).await.unwrap();
    store
        .commit(Commit {
            incidents,
            ..commit()
        })
        .await
        .unwrap();
    let requests = store.requests().await.unwrap();
    store
        .commit(Commit {
            requests,
            ..commit()
        })
        .await
        .unwrap();
    let plans = store.plans().await.unwrap();
    store.commit(Commit { plans, ..commit() }).await.unwrap();
    let registry = Some(Enrolment {
        revision: store.registry_revision().await.unwrap(),
        registered: store.registry().await.unwrap(),
        removed: Vec::new(),
    });
    store
        .commit(Commit {
            registry,
            ..commit()
        })
        .await
        .unwrap();
    for name in ids(of, "m/milestone/") {
        let text = store.milestone(name).await.unwrap().unwrap();
        let milestone = Some((name.to_owned(), text));
        store
            .commit(Commit {
                milestone,
                ..commit()
            })
            .await
            .unwrap();
    }
    for alert in store.outbox().await.unwrap() {
        store.delivery(Delivery::Postponed(alert)).await.unwrap();
    }
    for alert in store.dead_letters().await.unwrap() {
        store.delivery(Delivery::Dead(alert)).await.unwrap();
    }
    for key in ids(of, "w/") {
        let notifier = key.split('/').next().unwrap();
        for storm in store.storms(notifier).await.unwrap() {
            store.put_storm(storm).await.unwrap();
        }
    }
}

#[tokio::test]
async fn records_that_are_written_again_lose_no_field() {
    for directory in ALL {
        let (_keep, path) = laid(directory);
        let mut wanted = wanted(directory);
        rewrite(&path.join("data"), &wanted).await;
        // each was written once
        for (key, record) in &mut wanted {
            let count = match key.as_str() {
                "m/registry" => Some(record),
                _ => record.get_mut("revision"),
            };
            if let Some(count) = count {
                *count = Value::from(count.as_u64().unwrap() + 1);
            }
        }
        if !wanted.contains_key("m/registry") {
            wanted.insert("m/registry".to_owned(), Value::from(1));
        }
        assert_all_same(&backed_up(&path), &wanted);
        is_whole(&path, directory);
    }
}
