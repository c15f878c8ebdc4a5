//! Real pages, if the corpus lies beside the repository, which contains none of it.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    sync::{Arc, Mutex},
};

use gaccong::{model::Class, watch::check::check, world::clock::Fixed};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use crate::{
    portal::{Portal, Reply},
    scene::{Scene, parse, yaml},
};

const CORPUS: &str = "../shared/corpus";

fn load(row: &Value) -> Vec<u8> {
    zstd::decode_all(fs::File::open(Path::new(CORPUS).join(row["path"].as_str().unwrap())).unwrap())
        .unwrap()
}

/// The rows of each URL, oldest first.
fn sequences(rows: &[Value]) -> Vec<Vec<&Value>> {
    let mut all: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for row in rows.iter().filter(|it| it["kind"] == "benign-sequence") {
        all.entry(row["sequence"].as_str().unwrap())
            .or_default()
            .push(row);
    }
    let mut out: Vec<Vec<&Value>> = Vec::new();
    for mut versions in all.into_values() {
        versions.sort_by_key(|it| it["index"].as_i64());
        let first = versions
            .iter()
            .position(|it| it["url_changed"] == true)
            .unwrap_or(versions.len());
        versions.truncate(first.max(1));
        out.push(versions);
    }
    out.retain(|it| it.len() >= 4);
    out
}

fn raw(body: Vec<u8>) -> Reply {
    Reply::Full {
        status: 200,
        headers: vec![("content-type", "text/html".into())],
        body,
    }
}

/// Portals go through their honest versions; every third one is then replaced by a real defacement and restored.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn honest_versions_are_quiet_and_replacements_are_told() {
    let Ok(manifest) = fs::read_to_string(Path::new(CORPUS).join("manifest.jsonl")) else {
        eprintln!("no corpus at {CORPUS}: nothing to look at");
        return;
    };
    let rows: Vec<Value> = manifest
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    let attacks: Vec<&Value> = rows
        .iter()
        .filter(|it| it["kind"] == "defaced" && it["subtype"] == "full")
        .collect();
    let (mut looks, mut wrong, mut caught, mut attacked) = (0, Vec::new(), 0, 0);
    for (nth, versions) in sequences(&rows).into_iter().take(30).enumerate() {
        let portal = Portal::start(|_| Reply::Close).await;
        let show = |body: Vec<u8>| portal.set(move |_| raw(body.clone()));
        // a version every twenty minutes, as in a portal that changes often
        let clock = Arc::new(Fixed(Mutex::new(Timestamp::UNIX_EPOCH)));
        let later = || {
            let mut now = clock.0.lock().unwrap();
            *now = now.checked_add(SignedDuration::from_mins(20)).unwrap();
        };
        let text = yaml("", &[("a", &portal.url())]).replace("every: 1s", "every: 5m");
        let scene = Scene::at(parse(&text), "memory", clock.clone());
        let target = scene.target(0);
        let mut accused = 0;
        show(load(versions[0]));
        for _ in 0..3 {
            check(&scene.world, &target).await;
        }
        for version in &versions[1..] {
            show(load(version));
            later();
            looks += 1;
            let class = check(&scene.world, &target).await.class;
            let told = scene
                .incidents()
                .await
                .iter()
                .filter(|it| it.kind.is_tampering())
                .count();
            if told > accused {
                accused = told;
                wrong.push(format!("{} {class:?}", version["path"]));
            }
        }
        if nth % 3 == 0 {
            attacked += 1;
            later();
            show(load(attacks[nth % attacks.len()]));
            let class = check(&scene.world, &target).await.class;
            caught += usize::from(matches!(class, Some(Class::Defaced | Class::Suspicious)));
        }
    }
    eprintln!(
        "{looks} honest versions, {} accused: {wrong:?}; {caught} of {attacked} replacements told",
        wrong.len()
    );
    assert!(
        wrong.len() * 100 <= looks,
        "more than 1 % of honest versions were accused: {wrong:?}"
    );
    assert!(caught * 10 >= attacked * 9, "{caught} of {attacked}");
}
