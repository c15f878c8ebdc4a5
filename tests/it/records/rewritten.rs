//! The store reads each record of an older program, and writes it again without loss.

use std::{collections::BTreeSet, path::Path};

use gaccong::store::{Commit, Delivery, RegistryUpdate, Store, Wanted};
use serde_json::{Value, to_value};

use super::{ALL, Records, assert_all_same, assert_same, backed_up, is_whole, laid, wanted};
use crate::scene::store_at;

/// The ids in the keys with this prefix.
fn keys<'a>(of: &'a Records, prefix: &str) -> Vec<&'a str> {
    of.keys().filter_map(|it| it.strip_prefix(prefix)).collect()
}

async fn put(store: &dyn Store, commit: Commit) {
    store.commit(commit).await.unwrap();
}

/// Reads the records through the store and writes them again.
async fn rewrite(data: &Path, of: &Records) {
    let store = store_at("sled", data);
    let store = store.as_ref();
    // the store leaves out records that it cannot read
    let all = |prefix: &str, count: usize| assert_eq!(count, keys(of, prefix).len(), "{prefix}");
    let mut commit = Commit {
        incidents: store.incidents(&Wanted::default()).await.unwrap(),
        requests: store.requests().await.unwrap(),
        plans: store.plans().await.unwrap(),
        registry: Some(RegistryUpdate {
            revision: store.registry_revision().await.unwrap(),
            registered: store.registry().await.unwrap(),
            removed: Vec::new(),
        }),
        ..Commit::default()
    };
    all("i/", commit.incidents.len());
    all("q/", commit.requests.len());
    all("p/", commit.plans.len());
    all("r/", commit.registry.as_ref().unwrap().registered.len());
    put(store, std::mem::take(&mut commit)).await;
    let target_states = store.target_states().await.unwrap();
    all("d/", target_states.len());
    for target_state in target_states {
        commit.target_state = Some(target_state);
        put(store, std::mem::take(&mut commit)).await;
    }
    for id in keys(of, "k/") {
        let id = id.parse().unwrap();
        let mask = store.mask(&id).await.unwrap().unwrap();
        commit.mask = Some((id, mask.as_ref().clone()));
        put(store, std::mem::take(&mut commit)).await;
    }
    for name in keys(of, "m/milestone/") {
        let text = store.marker(name).await.unwrap().unwrap();
        commit.marker = Some((name.to_owned(), text));
        put(store, std::mem::take(&mut commit)).await;
    }
    rewrite_messages(store, of).await;
    all("y/", store.entries(None).await.unwrap().len());
}

/// Rewrites the outbox, the dead letters and the receipts.
async fn rewrite_messages(store: &dyn Store, of: &Records) {
    let (waiting, dead) = (
        store.outbox().await.unwrap(),
        store.dead_letters().await.unwrap(),
    );
    assert_eq!(waiting.len(), keys(of, "o/").len());
    assert_eq!(dead.len(), keys(of, "x/").len());
    for alert in waiting {
        store.delivery(Delivery::Postponed(alert)).await.unwrap();
    }
    for alert in dead {
        store.delivery(Delivery::Dead(alert)).await.unwrap();
    }
    let storms = keys(of, "w/");
    let of_storm = storms.iter().filter_map(|it| it.split('/').next());
    let mut count = 0;
    for notifier in of_storm.collect::<BTreeSet<_>>() {
        for storm in store.storms(notifier).await.unwrap() {
            store.put_storm(storm).await.unwrap();
            count += 1;
        }
    }
    assert_eq!(count, storms.len());
    for key in keys(of, "t/") {
        let (notifier, subject) = key.split_once('/').unwrap();
        let receipt = store.receipt(notifier, subject).await.unwrap();
        let receipt = to_value(receipt.unwrap()).unwrap();
        assert_same(key, &receipt, &of[&format!("t/{key}")]);
    }
}

#[tokio::test]
async fn records_that_are_written_again_lose_no_field() {
    for directory in ALL {
        let (_keep, path) = laid(directory);
        let mut wanted = wanted(directory);
        rewrite(&path.join("data"), &wanted).await;
        // each was written once, which incremented its revision
        for record in wanted.values_mut() {
            if let Some(revision) = record.get_mut("revision") {
                *revision = Value::from(revision.as_u64().unwrap() + 1);
            }
        }
        let registry = wanted.entry("m/registry".to_owned());
        let registry = registry.or_insert_with(|| 0.into());
        *registry = Value::from(registry.as_u64().unwrap() + 1);
        assert_all_same(&backed_up(&path), &wanted);
        is_whole(&path, directory);
    }
}
