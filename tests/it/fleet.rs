//! What a fleet of portals knows: from a file for the judge, from the store for the service.

use std::{fs, path::Path};

use gaccong::{
    model::{
        HostRole,
        portal_hosts::{HostUse, PortalHosts, ShownHost},
        time::day,
    },
    store::{Commit, Put, RegistryUpdate, Store},
    world::clock::{Clock, System},
};
use jiff::{Timestamp, ToSpan, civil::Date};
use serde_json::Value;

use crate::{
    portal::{Portal, honest},
    scene::{Scene, Turned, folder, gaccong, id, parse, run_jobs, said, store_at, yaml},
};

/// A page with a piece of markup at the end of its body.
fn with(markup: &str) -> String {
    honest(2).replace("</body>", &format!("{markup}</body>"))
}

/// Judges pages after a history of two, each with further fields of its case; returns one answer a page.
fn judged(files: &[(&str, &str)], cases: &[(&str, &str)]) -> Vec<Value> {
    let (_keep, path) = folder("");
    for (name, text) in files {
        fs::write(path.join(name), text).unwrap();
    }
    fs::write(path.join("1.html"), honest(1)).unwrap();
    fs::write(path.join("2.html"), honest(2)).unwrap();
    let cases = cases.iter().enumerate().map(|(at, (markup, fields))| {
        fs::write(path.join(format!("c{at}.html")), with(markup)).unwrap();
        format!(
            "{{\"case\":\"{at}\",\"url\":\"https://xa.example.vn/\",\"history\":[\"1.html\",\"2.html\"],\"current\":\"c{at}.html\"{fields}}}\n"
        )
    });
    let cases: String = cases.collect();
    fs::write(path.join("cases.jsonl"), cases).unwrap();
    let (out, err, code) = said(&gaccong(&path, &["judge", "--batch", "cases.jsonl"]));
    assert_eq!(code, 0, "{err}");
    out.lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect()
}

fn score(answer: &Value) -> f64 {
    answer["score"]
        .as_f64()
        .unwrap_or_else(|| panic!("{answer}"))
}

const WIDGET: &str = "<script src=\"https://s1.trochuyen.top/w.js\"></script>";
const KNOWS: &str = ",\"fleet\":\"fleet.tsv\",\"at\":\"2026-11-22T03:10:04+07:00\"";
const HEAD: &str = "host\trole\tportals\tdays\n";

#[test]
fn the_judge_takes_a_fleet_and_a_time_from_a_case() {
    let rows = format!("{HEAD}trochuyen.top\tcode\t52\t410\nmoi.top\tcode\t52\t4\n");
    let answers = judged(
        &[("fleet.tsv", &rows)],
        &[
            (WIDGET, ""),
            (WIDGET, KNOWS),
            (&WIDGET.replace("trochuyen", "moi"), KNOWS),
            ("", ",\"at\":\"2026-11-22T03:10:04+07:00\""),
            (
                "<meta http-equiv=\"refresh\" content=\"0;url=https://trochuyen.top/\">",
                KNOWS,
            ),
        ],
    );
    assert!(score(&answers[0]) > 0.05, "{}", answers[0]);
    assert!(score(&answers[1]) < 0.02, "{}", answers[1]);
    assert!(score(&answers[2]) > 0.05, "a campaign: {}", answers[2]);
    assert_eq!(answers[3]["level"], "normal");
    assert!(score(&answers[4]) > 0.5, "{}", answers[4]);
}

#[test]
fn what_is_wrong_with_a_fleet_is_an_answer_of_its_case() {
    let answers = judged(
        &[("bad.tsv", &format!("{HEAD}a.vn\tcode\tmany\t3\n"))],
        &[
            (WIDGET, ",\"fleet\":\"bad.tsv\""),
            (WIDGET, ",\"fleet\":\"gone.tsv\""),
            (WIDGET, ",\"at\":\"yesterday\""),
            (WIDGET, ",\"fleets\":\"bad.tsv\""),
            ("", ""),
        ],
    );
    for (answer, wanted) in answers.iter().zip([
        "bad.tsv: line 2: portals: \"many\" is no number",
        "gone.tsv",
        "line 3: ",
        "unknown field `fleets`",
    ]) {
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains(wanted), "{error}");
    }
    assert_eq!(answers[4]["level"], "normal", "the run goes on");
}

/// Writes what a portal uses as code since a day.
async fn uses(store: &dyn Store, portal: &str, host: &str, since: Date) {
    let mut hosts = PortalHosts::new(id(portal));
    let shown = ShownHost {
        name: host.to_owned(),
        role: HostRole::Code,
        is_old: true,
    };
    hosts.learn(&[shown], since, since);
    let commit = Commit {
        puts: vec![Put::of(hosts).unwrap()],
        ..Commit::default()
    };
    store.commit(commit).await.unwrap();
}

async fn known(scene: &Scene, portal: &str) -> Vec<HostUse> {
    let found = scene.world.store.record::<PortalHosts>(portal).await;
    found.unwrap().map(|it| it.uses).unwrap_or_default()
}

fn script(host: &str) -> String {
    format!("<script src='https://{host}/w.js'></script>")
}

#[tokio::test]
async fn what_a_portal_uses_is_learnt_from_its_looks_and_not_from_alarms() {
    let portal = Portal::page(with(&script("www.tienich.vn"))).await;
    let clock = Turned::at("2026-11-01T08:00:00+07:00");
    let text = yaml("", &[("a", &portal.url())]);
    let scene = Scene::at(parse(&text), "memory", clock.clone());
    scene.learn(0).await;
    let learnt = known(&scene, "a").await;
    assert_eq!(learnt.len(), 1, "{learnt:?}");
    let it = &learnt[0];
    assert_eq!((it.name.as_str(), it.role), ("tienich.vn", HostRole::Code));
    assert_eq!(it.since.to_string(), "2026-11-01");
    // an alarm teaches nothing, and neither does the page while the alarm lasts
    let casino =
        "<div style='display:none'><a href='https://nhacai.top/'>Nhà cái tài xỉu uy tín</a></div>";
    portal.show(with(
        &(script("www.tienich.vn") + casino + &script("kho.top")),
    ));
    for _ in 0..3 {
        clock.pass(60);
        scene.check(0).await;
    }
    assert_eq!(scene.incidents().await.len(), 1, "{:?}", scene.heard());
    assert_eq!(known(&scene, "a").await, learnt);
    // the registry takes a portal out with what it used
    let revision = scene.world.store.registry_revision().await.unwrap();
    let removed = RegistryUpdate {
        revision,
        registered: Vec::new(),
        removed: vec![id("a")],
    };
    let commit = Commit {
        registry: Some(removed),
        ..Commit::default()
    };
    scene.world.store.commit(commit).await.unwrap();
    assert!(known(&scene, "a").await.is_empty());
}

/// Portals of as many agencies; the first is at `url`.
fn portals(url: &str, count: usize) -> String {
    let one = |n: usize| {
        let url = match n {
            0 => url.to_owned(),
            _ => format!("https://xa{n}.example{n}.vn/"),
        };
        format!(
            "  - id: coquan{n}\n    name: Cơ quan {n}\n    targets:\n      - {{ id: p{n}, name: Cổng {n}, url: '{url}' }}\n"
        )
    };
    let head = yaml("", &[]);
    let head = head.split("agencies:").next().unwrap();
    let all: String = (0..count).map(one).collect();
    format!("{head}agencies:\n{all}")
}

/// Fills a store: `cu.top` in twelve portals for a year, `moi.top` in twelve since a few days, `it.top` in three for a
/// year, `gone.top` in portals that are not watched.
async fn filled(store: &dyn Store, now: Timestamp) {
    let today = day(now);
    let (long, new) = (
        today.saturating_sub(400.days()),
        today.saturating_sub(4.days()),
    );
    for n in 1..40 {
        let (host, since) = match n {
            1..=12 => ("cu.top", long),
            13..=24 => ("moi.top", new),
            25..=27 => ("it.top", long),
            _ => ("gone.top", long),
        };
        let portal = format!("p{n}");
        uses(store, &portal, host, since).await;
    }
}

#[tokio::test]
async fn a_script_that_many_portals_have_long_used_is_no_news_here() {
    let portal = Portal::page(honest(1)).await;
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let config = parse(&portals(&portal.url(), 28));
    let scene = Scene::at(config, "memory", clock.clone());
    filled(scene.world.store.as_ref(), clock.now()).await;
    run_jobs(&scene.world, &["fleet"]).await;
    scene.learn(0).await;
    for (host, is_doubted) in [
        ("s1.cu.top", false),
        ("moi.top", true),
        ("it.top", true),
        ("gone.top", true),
    ] {
        portal.show(with(&script(host)));
        let state = scene.target_state(0).await;
        let target = scene.target(0);
        let profile = gaccong::model::Profile::Desktop;
        let options = gaccong::watch::LookOptions::default();
        let look = gaccong::watch::look(&scene.world, &target, profile, &state, options).await;
        let signals = &look.verdict.signals;
        let doubted = signals.iter().any(|it| it.name == "foreign-script");
        assert_eq!(doubted, is_doubted, "{host}: {signals:?}");
    }
}

fn hosts(path: &Path, more: &[&str]) -> (String, String, i32) {
    said(&gaccong(path, &[&["fleet", "hosts"][..], more].concat()))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_command_prints_what_the_fleet_knows() {
    let (_keep, path) = folder(&portals("https://xa0.example0.vn/", 28));
    {
        let store = store_at("sled", &path.join("data"));
        filled(store.as_ref(), System.now()).await;
    }
    let (out, err, code) = hosts(&path, &["--json"]);
    assert_eq!(code, 0, "{err}");
    let rows: Vec<Value> = out
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    let row = |it: &Value| {
        let number = |key: &str| it[key].as_u64().unwrap();
        let host = it["host"].as_str().unwrap().to_owned();
        (
            host,
            number("portals"),
            number("settled"),
            it["ordinary"] == true,
        )
    };
    let rows: Vec<_> = rows.iter().map(row).collect();
    let wanted = [
        ("cu.top", 12, 12, true),
        ("moi.top", 12, 0, false),
        ("it.top", 3, 3, false),
    ];
    assert_eq!(rows, wanted.map(|it| (it.0.to_owned(), it.1, it.2, it.3)));
    let (out, _, _) = hosts(&path, &["--role", "code"]);
    let lines: Vec<&str> = out.lines().collect();
    assert!(
        lines[0].contains("MÁY CHỦ") && lines[0].contains("SỐ CỔNG"),
        "{out}"
    );
    assert!(lines[1].contains("cu.top") && lines.len() == 4, "{out}");
    let (out, _, _) = hosts(&path, &["--lang", "en", "--role", "form"]);
    assert_eq!(
        (out.lines().count(), out.contains("PORTALS")),
        (1, true),
        "{out}"
    );
    let (_, err, code) = hosts(&path, &["--role", "virus"]);
    assert!(code == 2 && err.contains("roles are code, frame"), "{err}");
}
