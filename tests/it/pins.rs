//! Facts that visitors act on: listed by `targets show`, pinned by looks, told when they change.

use std::path::Path;

use gaccong::model::Incident;
use serde_json::Value;

use crate::{
    portal::{Portal, Reply},
    scene::{Scene, Service, folder, gaccong, parse, said, yaml},
};

fn page(account: &str) -> String {
    let news: String = (0..12)
        .map(|n| format!("<li><a href=/tin/{n}>Tin hoạt động số {n} của xã</a></li>"))
        .collect();
    format!(
        "<!DOCTYPE html><meta charset=utf-8><title>Xã Hòa Sen</title><h1>Xã Hòa Sen</h1><ul>{news}</ul>
        <h2>Quỹ Vì người nghèo</h2><p>Mọi đóng góp xin gửi về quỹ của xã.</p>
        <p>Số tài khoản: {account} (Kho bạc Nhà nước)</p><p>Danh sách công khai hằng tháng.</p>
        <p>Đường dây nóng: 0256.3826.114</p>"
    )
}

/// Runs a command in a folder: its output, its errors, its exit code.
async fn command(folder: &Path, args: &[&str]) -> (String, String, i32) {
    let folder = folder.to_owned();
    let args: Vec<String> = args.iter().map(|it| (*it).to_owned()).collect();
    let done = tokio::task::spawn_blocking(move || {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        said(&gaccong(&folder, &args))
    });
    done.await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_target_shows_what_is_pinned_and_tells_its_change() {
    let portal = Portal::page(page("3741.0.9087365")).await;
    let (_keep, path) = folder(&yaml("", &[("xa", &portal.url())]));
    let run = async |args: &[&str]| command(&path, args).await;
    let (out, err, code) = run(&["targets", "show", "xa"]).await;
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("Chưa có thông tin nào được ghim"), "{out}");
    let (_, err, code) = run(&["check", "xa", "--learn"]).await;
    assert_eq!(code, 0, "{err}");
    let (out, _, code) = run(&["targets", "show", "xa", "--json"]).await;
    assert_eq!(code, 0);
    let shown: Value = serde_json::from_str(&out).unwrap();
    let pinned: Vec<(&str, &str)> = shown["pinned"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (it["kind"].as_str().unwrap(), it["value"].as_str().unwrap()))
        .collect();
    assert_eq!(
        pinned,
        [("account", "374109087365"), ("phone", "02563826114")]
    );
    assert_eq!(shown["baseline"]["looks"], 1);
    let (out, ..) = run(&["targets", "show", "xa"]).await;
    assert!(
        out.contains("Thông tin được ghim") && out.contains("số tài khoản"),
        "{out}"
    );
    let (_, err, code) = run(&["targets", "show", "khong-co"]).await;
    assert!(code == 2 && err.contains("no target is called"), "{err}");

    portal.show(page("0129.8877.6650"));
    let (out, _, code) = run(&["check", "xa", "--json", "--lang", "en"]).await;
    assert_eq!(code, 1, "{out}");
    let look: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        look["signals"][0]["sentence"],
        "The known bank account was exchanged: 374109087365 before, 012988776650 now"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_struck_fact_is_silent_and_an_approved_one_rings() {
    const KNOWN: &str = "374109087365";
    let portal = Portal::page(page("3741.0.9087365")).await;
    let (_keep, path) = folder(&yaml("", &[("xa", &portal.url())]));
    let run = async |args: &[&str]| command(&path, args).await;
    let (_, err, code) = run(&["check", "xa", "--learn"]).await;
    assert_eq!(code, 0, "{err}");
    for (fact, by, wanted) in [
        ("0000", "Lan", "không có thông tin nào là 0000"),
        (KNOWN, " ", "--by: a name is wanted"),
    ] {
        let (_, err, code) = run(&["targets", "unpin", "xa", fact, "--by", by]).await;
        assert!(code == 2 && err.contains(wanted), "{code} {err}");
    }
    let (_, err, code) = run(&["targets", "pin", "xb", KNOWN, "--by", "Lan"]).await;
    assert!(code == 2 && err.contains("no target is called xb"), "{err}");

    let (out, err, code) = run(&[
        "targets",
        "unpin",
        "xa",
        "3741.0.9087365",
        "--by",
        "Trần Thị B",
    ])
    .await;
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("Không theo dõi số tài khoản"), "{out}");
    let (out, ..) = run(&["targets", "show", "xa"]).await;
    assert!(out.contains("đã bỏ (Trần Thị B"), "{out}");
    portal.show(page("0129.8877.6650"));
    let (out, _, code) = run(&["check", "xa", "--json"]).await;
    assert_eq!(code, 0, "{out}");

    let (out, _, code) = run(&["targets", "show", "xa", "--json"]).await;
    assert_eq!(code, 0);
    let shown: Value = serde_json::from_str(&out).unwrap();
    let struck = &shown["others"][0];
    assert_eq!(struck["standing"], "struck");
    assert_eq!((&struck["looks"], &struck["of"]), (&1.into(), &1.into()));
    let fact = struck["fact"].as_str().unwrap();
    let (out, err, code) = run(&["targets", "pin", "xa", fact, "--by", "Lê C", "--json"]).await;
    assert_eq!(code, 0, "{err}");
    let done: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (done["value"].as_str(), done["watched"].as_bool()),
        (Some(KNOWN), Some(true))
    );
    let (out, _, code) = run(&["check", "xa", "--json"]).await;
    assert!(code == 1 && out.contains("pinned-account"), "{out}");

    let (out, ..) = run(&["targets", "history", "xa", "--json"]).await;
    let deeds: Vec<Value> = out
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .filter(|it: &Value| it["deed"].to_string().contains("pinned"))
        .collect();
    assert_eq!(deeds.len(), 2, "{out}");
    assert_eq!(deeds[0]["by"], "Trần Thị B");
    assert_eq!(deeds[1]["deed"]["pinned"]["value"], "3741.0.9087365");
    let (out, ..) = run(&["targets", "history", "xa"]).await;
    assert!(out.contains("không theo dõi số tài khoản nữa"), "{out}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approved_fact_is_watched_though_few_looks_had_it() {
    let portal = Portal::page(page("3741.0.9087365")).await;
    let (_keep, path) = folder(&yaml("", &[("xa", &portal.url())]));
    let run = async |args: &[&str]| command(&path, args).await;
    run(&["check", "xa", "--learn"]).await;
    let (_, err, code) = run(&["targets", "pin", "xa", "374109087365", "--by", "Lan"]).await;
    assert_eq!(code, 0, "{err}");
    let without = page("1").replace("<p>Số tài khoản: 1 (Kho bạc Nhà nước)</p>", "");
    assert!(!without.contains("tài khoản"));
    portal.show(without);
    run(&["check", "xa", "--learn"]).await;
    let (out, ..) = run(&["targets", "show", "xa", "--json"]).await;
    let shown: Value = serde_json::from_str(&out).unwrap();
    let first = &shown["pinned"][0];
    assert_eq!(
        (&first["standing"], &first["looks"]),
        (&"approved".into(), &1.into())
    );
    portal.show(page("0129.8877.6650"));
    let (out, _, code) = run(&["check", "xa", "--json"]).await;
    assert!(code == 1 && out.contains("pinned-account"), "{out}");
    run(&["targets", "unpin", "xa", "374109087365", "--by", "Lan"]).await;
    let (out, _, code) = run(&["check", "xa", "--json"]).await;
    assert_eq!(code, 0, "{out}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn facts_are_decided_on_while_the_service_runs() {
    let portal = Portal::page(page("3741.0.9087365")).await;
    let (_keep, path) = folder(&yaml("", &[("xa", &portal.url())]));
    let start = path.clone();
    let begun = tokio::task::spawn_blocking(move || {
        let mut service = Service::start(&start, &[]);
        service.until("the baseline is learnt");
        service
    });
    let mut service = begun.await.unwrap();
    let (_, err, code) = command(
        &path,
        &["targets", "unpin", "xa", "02563826114", "--by", "Lan"],
    )
    .await;
    assert_eq!(code, 0, "{err}");
    let (out, ..) = command(&path, &["targets", "show", "xa", "--json"]).await;
    let shown: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(shown["others"][0]["value"], "02563826114");
    assert_eq!(shown["pinned"][0]["looks"], 3);
    let ended = tokio::task::spawn_blocking(move || service.terminate());
    assert_eq!(ended.await.unwrap(), 0);
}

/// A portal with a QR code for a survey, learnt; then the code is another file. `answers` tells what is at an address.
async fn exchanged(answers: fn(&str) -> Option<&'static [u8]>) -> (Portal, Vec<Incident>, String) {
    let page = |file: &str| {
        let fund = page("3741.0.9087365");
        let survey = format!(
            "<h2>Khảo sát</h2><p>Mời quét mã QR để góp ý.</p><img src='/up/{file}' alt=QR><p>Xin cảm ơn.</p>"
        );
        fund.replace("<h2>Quỹ", &format!("{survey}<h2>Quỹ"))
    };
    let serves = move |file: &'static str| {
        move |request: &crate::portal::Request| {
            let (kind, body) = match answers(&request.path) {
                Some(picture) => ("image/png", picture.to_vec()),
                None => ("text/html; charset=utf-8", page(file).into_bytes()),
            };
            Reply::Full {
                status: 200,
                headers: vec![("content-type", kind.into())],
                body,
            }
        }
    };
    let portal = Portal::start(serves("qr-gop-y.png")).await;
    let scene = Scene::with(parse(&yaml("", &[("xa", &portal.url())])), "memory");
    scene.learn(0).await;
    portal.set(serves("qr-y-kien.png"));
    scene.check(0).await;
    let heard = scene.heard().join("\n");
    (portal, scene.incidents().await, heard)
}

const PAYS: &[u8] = include_bytes!("../qr/vietqr.png");
const SURVEY: &[u8] = include_bytes!("../qr/transparent.png");

#[tokio::test]
async fn the_picture_of_an_exchanged_code_is_read_before_the_alarm() {
    let answers = |path: &str| match path {
        "/up/qr-gop-y.png" => Some(SURVEY),
        "/up/qr-y-kien.png" => Some(PAYS),
        _ => None,
    };
    let (portal, incidents, heard) = exchanged(answers).await;
    assert_eq!(incidents.len(), 1, "{heard}");
    assert!(heard.contains("chuyển tiền đến tài khoản khác"), "{heard}");
    assert!(heard.contains("nay là Vietcombank 012345"), "{heard}");
    assert_eq!(incidents[0].led.len(), 2, "both pictures are kept");
    let read = portal
        .seen()
        .into_iter()
        .filter(|it| it.path.starts_with("/up/"));
    assert_eq!(
        read.count(),
        2,
        "looks that confirm do not fetch them again"
    );
}

#[tokio::test]
async fn a_code_that_says_the_same_from_another_file_is_none_to_tell() {
    let answers = |path: &str| path.starts_with("/up/").then_some(PAYS);
    let (portal, incidents, heard) = exchanged(answers).await;
    assert!(incidents.is_empty(), "{heard}");
    assert!(
        portal
            .seen()
            .iter()
            .any(|it| it.path == "/up/qr-y-kien.png")
    );
}
