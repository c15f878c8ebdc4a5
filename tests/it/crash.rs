//! Kills the real program with its real store by kill -9 at random moments. `GACCONG_KILLS=200` kills more often.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;

use crate::{
    portal::{Portal, Reply, defaced, honest, planted},
    scene::{folder, gaccong, said, yaml},
};

/// Name of the environment variable with the webhook's secret.
const SECRET: &str = "GACCONG_TEST_SECRET";

fn start(path: &Path) -> Child {
    let log = std::fs::File::options()
        .create(true)
        .append(true)
        .open(path.join("log"))
        .unwrap();
    Command::new(env!("CARGO_BIN_EXE_gaccong"))
        .args(["watch", "--fast"])
        .current_dir(path)
        .env("RUST_LOG", "gaccong=info")
        .env(SECRET, "secret")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

async fn open_incidents(path: PathBuf) -> Vec<Value> {
    let (out, err, code) = tokio::task::spawn_blocking(move || {
        said(&gaccong(&path, &["incidents", "list", "--json"]))
    })
    .await
    .unwrap();
    assert_eq!(code, 0, "{err}");
    out.lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_moment_it_loses_nothing_and_repeats_only_what_it_marks() {
    let kills = std::env::var("GACCONG_KILLS")
        .ok()
        .and_then(|it| it.parse().ok())
        .unwrap_or(50);
    let mut portals = Vec::new();
    // many portals, because a flapping portal has only one incident
    for _ in 0..20 {
        portals.push(Portal::page(honest(1)).await);
    }
    let heard: Arc<Mutex<Vec<Value>>> = Arc::default();
    let of = heard.clone();
    let hook = Portal::start(move |request| {
        of.lock()
            .unwrap()
            .push(serde_json::from_slice(&request.body).unwrap());
        Reply::status(200, "")
    })
    .await;
    let ids: Vec<(String, String)> = portals
        .iter()
        .enumerate()
        .map(|(n, it)| (format!("p{n}"), it.url()))
        .collect();
    let named: Vec<(&str, &str)> = ids.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let text = yaml("", &named)
        .replace(
            "agencies:",
            &format!(
                "notifiers:\n  hook: {{ kind: webhook, with: {{ url: '{}', secret_env: {SECRET} }} }}\nagencies:",
                hook.url()
            ),
        )
        .replace("  timeout: 2s", "  timeout: 2s\n  notify: [hook]");
    let (_keep, path) = folder(&text);
    let mut random = fastrand::Rng::new();
    let mut state = vec![0_u8; portals.len()];
    for _ in 0..kills {
        let mut child = start(&path);
        let end = std::time::Instant::now() + Duration::from_millis(random.u64(60..1600));
        while std::time::Instant::now() < end {
            let n = random.usize(..portals.len());
            state[n] = random.u8(..3);
            match state[n] {
                0 => portals[n].show(honest(random.u64(..50))),
                1 => portals[n].show(defaced()),
                _ => portals[n].show(planted(random.u64(..50))),
            }
            tokio::time::sleep(Duration::from_millis(random.u64(20..300))).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    // the last process lives, and everything is normal in the end
    portals.iter().for_each(|it| it.show(honest(1)));
    let mut child = start(&path);
    let calm = async {
        loop {
            tokio::time::sleep(Duration::from_millis(500)).await;
            let all = open_incidents(path.clone()).await;
            let over = all.iter().all(|it| it["stage"] == "resolved");
            let told: BTreeSet<String> = heard
                .lock()
                .unwrap()
                .iter()
                .filter(|it| it["facts"]["stage"] == "resolved")
                .map(|it| it["key"].as_str().unwrap().to_owned())
                .collect();
            if over
                && all
                    .iter()
                    .all(|it| told.contains(it["id"].as_str().unwrap()))
            {
                return all;
            }
        }
    };
    let all = tokio::time::timeout(Duration::from_secs(90), calm)
        .await
        .expect("every incident ends and is told");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(all.len() >= 10, "{} incidents in {kills} lives", all.len());
    let known: BTreeMap<&str, &Value> = all
        .iter()
        .map(|it| (it["id"].as_str().unwrap(), it))
        .collect();
    let mut told = BTreeSet::new();
    let mut repeats = 0;
    for message in heard.lock().unwrap().iter() {
        let key = message["key"].as_str().unwrap();
        if !key.starts_with("SC-") {
            continue;
        }
        assert!(
            known.contains_key(key.trim_end_matches("-reminder")),
            "{key} was told and is lost"
        );
        let text = message["text"].as_str().unwrap().to_owned();
        if !told.insert(text.clone()) {
            assert_eq!(message["repeat"], true, "said twice, unmarked: {text}");
        }
        repeats += usize::from(message["repeat"] == true);
    }
    assert!(repeats <= kills, "{repeats} repeats in {kills} crashes");
    let log = std::fs::read_to_string(path.join("log")).unwrap();
    assert!(!log.contains("panicked"), "{log}");
    let (out, err, code) = {
        let path = path.clone();
        tokio::task::spawn_blocking(move || said(&gaccong(&path, &["store", "verify"])))
            .await
            .unwrap()
    };
    assert_eq!(code, 0, "{out}{err}");
    println!("{kills} kills, {} incidents, {repeats} repeats", all.len());
}
