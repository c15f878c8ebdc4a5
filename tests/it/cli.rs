use std::fs;

use serde_json::Value;

use crate::{
    portal::{Portal, Reply, defaced, honest},
    scene::{folder, gaccong, said, yaml},
};

/// Runs the program off the runtime's threads, so that scripted portals can answer it.
async fn run(path: &std::path::Path, args: &[&str]) -> (String, String, i32) {
    let (path, args) = (
        path.to_owned(),
        args.iter().map(|it| (*it).to_owned()).collect::<Vec<_>>(),
    );
    tokio::task::spawn_blocking(move || {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        said(&gaccong(&path, &args))
    })
    .await
    .unwrap()
}

fn objects(text: &str) -> Vec<Value> {
    text.lines()
        .map(|it| serde_json::from_str(it).unwrap_or_else(|error| panic!("{error}: {it}")))
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_prints_the_contracts_objects() {
    let portal = Portal::page(honest(1)).await;
    let bad = Portal::page(defaced()).await;
    let gone = Portal::page("x").await;
    gone.shut().await;
    let (_keep, path) = folder(&yaml(
        "",
        &[
            ("good", &portal.url()),
            ("bad", &bad.url()),
            ("gone", &gone.url()),
        ],
    ));
    let (out, err, code) = run(&path, &["check", "--json"]).await;
    assert_eq!(code, 1, "{err}");
    let all = objects(&out);
    let classes: Vec<&str> = all.iter().map(|it| it["class"].as_str().unwrap()).collect();
    assert_eq!(
        classes,
        ["up: normal change", "changed: defaced", "down: connection"]
    );
    let keys: Vec<&str> = all[1]
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    for key in [
        "id",
        "url",
        "at",
        "class",
        "level",
        "score",
        "status",
        "final_url",
        "elapsed_ms",
        "bytes",
        "digest",
        "vantage",
        "signals",
        "cause",
    ] {
        assert!(keys.contains(&key), "{key}");
    }
    assert!(all[1]["at"].as_str().unwrap().ends_with("+07:00"));
    assert_eq!(all[1]["level"], "defaced");
    assert_eq!(
        all[1]["signals"][0]["sentence"],
        "Xuất hiện cụm từ «hacked by»"
    );
    assert!(all[2]["cause"].is_string() && all[2]["status"].is_null());

    let (out, _, code) = run(&path, &["check", "good", "--learn", "--json"]).await;
    assert_eq!((code, objects(&out).len()), (0, 1));
    portal.show(honest(99));
    let (out, _, code) = run(&path, &["check", "good", "--json", "--lang", "en"]).await;
    assert_eq!(
        (code, objects(&out)[0]["class"].as_str()),
        (0, Some("up: unchanged"))
    );
    portal.show(defaced());
    let (out, _, code) = run(&path, &["check", &portal.url(), "--json", "--lang", "en"]).await;
    assert_eq!(code, 1, "a registered target's URL is the target");
    assert!(
        objects(&out)[0]["signals"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["name"] == "replaced")
    );
    let (out, err, code) = run(&path, &["check"]).await;
    assert_eq!(code, 1);
    assert!(
        out.contains("KẾT QUẢ") && out.contains("down: connection") && !out.contains('\u{1b}'),
        "{out}"
    );
    assert!(err.is_empty(), "no bar in a pipe: {err}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unregistered_url_meets_itself_again() {
    let portal = Portal::page(honest(1)).await;
    let (_keep, path) = folder("service: { allow_networks: [127.0.0.0/8] }\n");
    let url = portal.url();
    let (_, err, code) = run(&path, &["check", &url, "--learn"]).await;
    assert_eq!(code, 0, "{err}");
    portal.show(honest(5));
    let (out, _, _) = run(&path, &["check", &url, "--json"]).await;
    assert_eq!(objects(&out)[0]["class"], "up: unchanged");
    let id = objects(&out)[0]["id"].as_str().unwrap().to_owned();
    assert!(gaccong::model::target::is_id(&id), "{id}");
}

#[test]
fn wrong_words_get_a_hint_and_code_2() {
    let (_keep, path) = folder(&yaml("", &[("a", "http://127.0.0.1:1/")]));
    for (args, hint) in [
        (vec!["chekc"], "check"),
        (vec!["check", "example.vn"], "https://example.vn/"),
        (vec!["check", "ftp://example.vn/"], "only http and https"),
        (vec!["approve", "a"], "--by"),
        (
            vec!["approve", "nobody", "--by", "x"],
            "no target is called nobody",
        ),
        (
            vec!["incidents", "show", "SC-1"],
            "no incident is called SC-1",
        ),
        (vec!["report", "weekly", "--week", "47"], "2026-W47"),
        (
            vec!["report", "weekly", "--format", "pdf"],
            "html, csv, json",
        ),
        (vec!["report", "weekly", "--agency", "x"], "there are: thu"),
        (
            vec!["targets", "add", "A", "https://x.vn/", "--agency", "thu"],
            "an id is 1 to 64 characters",
        ),
        (
            vec![
                "targets",
                "add",
                "b",
                "http://127.0.0.1:1/",
                "--agency",
                "thu",
            ],
            "registered already, as a",
        ),
        (vec!["targets", "remove", "a"], "take it out there"),
        (vec!["watch", "--config", "nowhere.yaml"], "nowhere.yaml"),
        (vec!["judge", "--batch", "nowhere.jsonl"], "nowhere.jsonl"),
    ] {
        let (_, err, code) = said(&gaccong(&path, &args));
        assert_eq!(code, 2, "{args:?}: {err}");
        assert!(err.contains(hint), "{args:?}: {err}");
    }
}

#[test]
fn a_broken_configuration_says_everything_at_once() {
    let (_keep, path) = folder(
        "service:\n  nmae: x\ndefaults: { every: soon }\nnotifiers:\n  a: { kind: pigeon }\n",
    );
    let (_, err, code) = said(&gaccong(&path, &["watch"]));
    assert_eq!(code, 2);
    assert!(
        err.contains("targets.yaml:2:3:") && err.contains("targets.yaml:3:20:"),
        "{err}"
    );
    let (_keep, path) = folder(
        "notifiers:\n  a: { kind: pigeon }\n  b: { kind: telegram, with: { chat: 1 } }\nservice: { store: { kind: nats } }\n",
    );
    let (_, err, code) = said(&gaccong(&path, &["targets", "validate"]));
    assert_eq!(code, 2);
    for part in [
        "targets.yaml:2:6: notifiers.a: no notifier kind is called \"pigeon\"",
        "targets.yaml:3:6: notifiers.b: with",
        "no store called \"nats\"",
    ] {
        assert!(err.contains(part), "{part} in {err}");
    }
}

#[test]
fn targets_are_added_imported_exported_and_removed() {
    let (_keep, path) =
        folder(&yaml("", &[("a", "http://127.0.0.1:1/")]).replace("every: 1s", "every: 30s"));
    let run = |args: &[&str]| said(&gaccong(&path, args));
    assert_eq!(
        run(&[
            "targets",
            "add",
            "b",
            "https://b.example.vn/",
            "--agency",
            "moi",
            "--agency-name",
            "Cơ quan Mới"
        ])
        .2,
        0
    );
    fs::write(path.join("in.csv"), "\u{feff}id,agency,name,url\nc,thu,\"Cổng C, tỉnh X\",https://c.example.vn/\nd,thu,,https://d.example.vn/\n").unwrap();
    assert_eq!(run(&["targets", "import", "in.csv"]).2, 0);
    fs::write(path.join("bad.csv"), "id,agency,name,url\ne,thu,,https://e.example.vn/\nf f,thu,,nope\nc,thu,,https://x.example.vn/\n").unwrap();
    let (_, err, code) = run(&["targets", "import", "bad.csv"]);
    assert_eq!(code, 2);
    assert!(
        err.contains("bad.csv:3: id: \"f f\"")
            && err.contains("bad.csv:3: url: \"nope\" is not a URL")
            && err.contains("bad.csv:4: c"),
        "{err}"
    );
    let (out, _, _) = run(&["targets", "list", "--json"]);
    let ids: Vec<String> = objects(&out)
        .iter()
        .map(|it| it["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        ids,
        ["a", "b", "c", "d"],
        "nothing of the bad file was taken"
    );
    let (yaml, _, _) = run(&["targets", "export"]);
    fs::write(path.join("out.yaml"), &yaml).unwrap();
    let (out, err, code) = run(&["targets", "validate", "--config", "out.yaml"]);
    assert_eq!(code, 0, "{err}\n{yaml}");
    assert!(out.contains("4 cổng của 2 cơ quan"), "{out}");
    assert_eq!(run(&["targets", "remove", "c"]).2, 0);
    assert_eq!(run(&["targets", "remove", "c"]).2, 2);
}

#[test]
fn an_imported_file_is_held_to_the_interval_of_a_service() {
    let (_keep, path) =
        folder(&yaml("", &[("a", "http://127.0.0.1:1/")]).replace("every: 1s", "every: 30s"));
    let run = |args: &[&str]| said(&gaccong(&path, args));
    let other = |every: &str| {
        let text = yaml("", &[("b", "https://b.example.vn/")]);
        let text = text.replace("every: 1s", &format!("every: {every}"));
        fs::write(path.join("other.yaml"), text).unwrap();
    };
    other("29s");
    let (_, err, code) = run(&["targets", "import", "other.yaml"]);
    assert!(code == 2 && err.contains("every: from 30s to 1d"), "{err}");
    assert_eq!(run(&["targets", "list", "--json"]).0.lines().count(), 1);
    other("30s");
    let (_, err, code) = run(&["targets", "import", "other.yaml"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(run(&["targets", "list", "--json"]).0.lines().count(), 2);
}

#[test]
fn judge_answers_every_line_in_order_and_goes_on() {
    let (_keep, path) = folder("");
    fs::write(path.join("good.html"), honest(1)).unwrap();
    fs::write(path.join("bad.html"), defaced()).unwrap();
    fs::write(path.join("deep.html"), "<div>".repeat(5000)).unwrap();
    let gz = fs::File::create(path.join("good2.html.gz")).unwrap();
    let mut gz = flate2::write::GzEncoder::new(gz, flate2::Compression::fast());
    std::io::Write::write_all(&mut gz, honest(2).as_bytes()).unwrap();
    gz.finish().unwrap();
    fs::write(
        path.join("bad.html.zst"),
        zstd::encode_all(defaced().as_bytes(), 3).unwrap(),
    )
    .unwrap();
    let url = "https://x.example.vn/";
    let cases = format!(
        "{{\"case\":\"1\",\"url\":\"{url}\",\"history\":[\"good.html\",\"good2.html.gz\"],\"current\":\"good.html\"}}\n\
         {{\"case\":\"2\",\"url\":\"{url}\",\"history\":[\"good.html\"],\"current\":\"bad.html.zst\"}}\n\
         {{\"case\":\"3\",\"url\":\"{url}\",\"current\":\"missing.html\"}}\nnot json\n\
         {{\"case\":\"5\",\"url\":\"{url}\",\"history\":[],\"current\":{{\"desktop\":\"good.html\",\"googlebot\":\"bad.html\"}},\"content_type\":\"text/html\"}}\n\
         {{\"case\":\"6\",\"url\":\"{url}\",\"history\":[\"good.html\"],\"current\":\"deep.html\"}}\n"
    );
    fs::write(path.join("cases.jsonl"), cases).unwrap();
    let (out, err, code) = said(&gaccong(&path, &["judge", "--batch", "cases.jsonl"]));
    assert_eq!(code, 0, "{err}");
    let all = objects(&out);
    assert_eq!(
        (
            all[0]["level"].as_str(),
            all[1]["level"].as_str(),
            all[4]["level"].as_str()
        ),
        (Some("normal"), Some("defaced"), Some("defaced"))
    );
    assert!(all[1]["score"].as_f64().unwrap() > 0.9 && all[1]["elapsed_us"].is_u64());
    assert!(
        all[2]["error"].as_str().unwrap().contains("missing.html") && all[3]["error"].is_string()
    );
    assert!(
        all[4]["signals"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["name"] == "cloaked")
    );
    assert_eq!(
        (all[5]["level"].as_str(), all[5]["error"].is_null()),
        (Some("unknown"), true),
        "over a limit is an answer"
    );
}

#[test]
fn the_demo_runs_and_leaves_only_the_report() {
    let (_keep, path) = folder("");
    let out = path.join("out");
    let (text, err, code) = said(&gaccong(&path, &["demo", "--out", out.to_str().unwrap()]));
    assert_eq!(code, 0, "{err}\n{text}");
    for part in [
        "NGHI BỊ TẤN CÔNG THAY ĐỔI GIAO DIỆN",
        "NGHI BỊ CHÈN NỘI DUNG LẠ",
        "KHÔNG TRUY CẬP ĐƯỢC",
        "ĐÃ KHÔI PHỤC",
        "không báo nhầm lần nào",
    ] {
        assert!(text.contains(part), "{part}");
    }
    let left: Vec<_> = fs::read_dir(&out)
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    assert_eq!(left.len(), 1);
    assert!(
        fs::read_to_string(out.join(&left[0]))
            .unwrap()
            .contains("SC-")
    );
    let here: Vec<_> = fs::read_dir(&path)
        .unwrap()
        .map(|it| it.unwrap().file_name())
        .collect();
    assert_eq!(here.len(), 2, "nothing but what was there: {here:?}");
}

#[test]
fn the_calendar_knows_tet() {
    let (_keep, path) = folder("");
    let (out, _, _) = said(&gaccong(&path, &["calendar", "--year", "2027", "--json"]));
    let tet = objects(&out)
        .into_iter()
        .find(|it| it["holiday"] == "tet")
        .unwrap();
    assert_eq!(
        (tet["date"].as_str(), tet["name"].as_str()),
        (Some("2027-02-06"), Some("Tết Nguyên đán"))
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_nobody_should_serve_get_a_class() {
    let mut png = b"\x89PNG\r\n\x1a\n".to_vec();
    png.extend([0; 4000]);
    let full = |body: Vec<u8>| Reply::Full {
        status: 200,
        headers: vec![("content-type", "text/html".into())],
        body,
    };
    for (reply, class) in [
        (full(Vec::new()), "down: empty"),
        (full(png), "up: normal change"),
        (
            full("<div>".repeat(60_000).into_bytes()),
            "down: parser limit",
        ),
        (full(vec![0xff; 3000]), "up: normal change"),
        (
            full("Cổng".encode_utf16().flat_map(u16::to_le_bytes).collect()),
            "up: normal change",
        ),
        (Reply::Endless, "down: too large"),
    ] {
        let shown = format!("{reply:?}");
        let portal = Portal::start(move |_| reply.clone()).await;
        let (_keep, path) = folder(&yaml("", &[("a", &portal.url())]));
        let (out, err, _) = run(&path, &["check", "--json"]).await;
        assert_eq!(objects(&out)[0]["class"], class, "{shown:.60} {err} {out}");
    }
}

#[test]
fn what_is_typed_is_said_again_without_what_moves_the_cursor() {
    let (_folder, path) = folder(&yaml("", &[("a", "http://127.0.0.1:9/")]));
    let hostile = "a\u{1b}[2J\u{9b}31m\u{202e}x";
    for args in [
        vec!["approve", hostile, "--by", "An"],
        vec!["approve", "a", "--by", hostile],
        vec!["incidents", "show", hostile],
        vec!["incidents", "ack", hostile, "--by", hostile],
        vec!["targets", "remove", hostile, "--by", hostile],
        vec!["targets", "history", hostile],
        vec!["check", hostile],
        vec![hostile],
        vec!["--color", "always", "--format", hostile],
    ] {
        let (out, err, _) = said(&gaccong(&path, &args));
        let said = out + &err;
        for c in ['\u{1b}', '\u{9b}', '\u{202e}'] {
            assert!(!said.contains(c), "{args:?}: {said:?}");
        }
    }
}
