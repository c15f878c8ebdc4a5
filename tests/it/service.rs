//! The built program as a service: killed, restarted, and with commands beside it.

use std::{path::Path, time::Duration};

use crate::{
    portal::{Portal, Reply, defaced, honest},
    scene::{Service, folder, gaccong, said, yaml},
};

async fn off<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

async fn command(path: &Path, args: &'static [&'static str]) -> (String, String, i32) {
    let path = path.to_owned();
    off(move || said(&gaccong(&path, args))).await
}

async fn lively() -> Portal {
    let mut n = 0;
    Portal::start(move |_| {
        n += 7;
        Reply::Page(honest(n))
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_and_restarted_it_repeats_nothing_and_forgets_nothing() {
    let portal = lively().await;
    let (_keep, path) = folder(&yaml("", &[("a", &portal.url())]));
    let start = |path: std::path::PathBuf| off(move || Service::start(&path, &[]));
    let mut service = start(path.clone()).await;
    service = off(move || {
        service.until("alerts go to the console");
        service.until("the baseline is learnt");
        service
    })
    .await;
    portal.show(defaced());
    service = off(move || {
        service.until("NGHI BỊ TẤN CÔNG THAY ĐỔI GIAO DIỆN · SC-");
        service.kill();
        service
    })
    .await;
    drop(service);
    let mut service = start(path.clone()).await;
    let rest = {
        let (back, rest) = off(move || {
            service.until("watches");
            let rest = service.rest(Duration::from_secs(3));
            (service, rest)
        })
        .await;
        service = back;
        rest
    };
    assert!(
        !rest
            .iter()
            .any(|it| it.contains("NGHI BỊ") && !it.contains("(gửi lại)")),
        "{rest:?}"
    );
    let (list, _, _) = command(&path, &["incidents", "list", "--open", "--json"]).await;
    assert_eq!(list.lines().count(), 1, "{list}");
    portal.show(honest(4));
    let code = off(move || {
        service.until("ĐÃ KHÔI PHỤC");
        service.terminate()
    })
    .await;
    assert_eq!(code, 0);
    assert!(!path.join("data/gaccong.sock").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_works_beside_it() {
    let (portal, other) = (lively().await, lively().await);
    let (_keep, path) = folder(&yaml("", &[("a", &portal.url())]));
    let start = path.clone();
    let mut service = off(move || {
        let mut service = Service::start(&start, &[]);
        service.until("the baseline is learnt");
        service
    })
    .await;
    let (_, err, code) = command(&path, &["watch", "--fast"]).await;
    assert_eq!(code, 3);
    assert!(err.contains("another gaccong holds the store"), "{err}");

    let url = other.url();
    let (adding, at) = (path.clone(), url.clone());
    let (_, err, code) = off(move || {
        said(&gaccong(
            &adding,
            &["targets", "add", "b", &at, "--agency", "thu"],
        ))
    })
    .await;
    assert_eq!(code, 0, "{err}");
    service = off(move || {
        service.until("the baseline is learnt");
        service
    })
    .await;
    portal.show(defaced());
    service = off(move || {
        service.until("NGHI BỊ TẤN CÔNG");
        service
    })
    .await;
    let (out, err, code) = command(
        &path,
        &["incidents", "ack", "sc-2026-0001", "--by", "Trần Thị B"],
    )
    .await;
    assert!(code == 0 || err.contains("no incident"), "{out}{err}");
    let (list, _, _) = command(&path, &["incidents", "list", "--json"]).await;
    let id = serde_json::from_str::<serde_json::Value>(list.lines().next().unwrap()).unwrap()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    if code != 0 {
        // another year than the one in which this test was written
        let (path, id) = (path.clone(), id.clone());
        assert_eq!(
            off(move || said(&gaccong(
                &path,
                &["incidents", "ack", &id, "--by", "Trần Thị B"]
            )))
            .await
            .2,
            0
        );
    }
    service = off(move || {
        service.until("✅ Trần Thị B tiếp nhận");
        service
    })
    .await;
    let (shown, _, code) = {
        let (path, id) = (path.clone(), id.clone());
        off(move || said(&gaccong(&path, &["incidents", "show", &id]))).await
    };
    assert_eq!(code, 0);
    for part in [
        "Phát hiện",
        "Xác nhận · 2/2",
        "Đã báo · console",
        "Tiếp nhận · Trần Thị B",
    ] {
        assert!(shown.contains(part), "{part} in\n{shown}");
    }
    let (out, err, code) = command(&path, &["approve", "a", "--by", "Lê C"]).await;
    assert_eq!(code, 0, "{out}{err}");
    service = off(move || {
        service.until("Lê C xác nhận là thay đổi hợp lệ");
        service
    })
    .await;
    let (_, err, code) = command(
        &path,
        &[
            "report",
            "weekly",
            "--format",
            "html,csv,json",
            "--out",
            "reports",
        ],
    )
    .await;
    assert_eq!(code, 0, "{err}");
    assert_eq!(std::fs::read_dir(path.join("reports")).unwrap().count(), 3);
    let (out, _, code) = command(&path, &["check", "b", "--json"]).await;
    assert_eq!(code, 0, "{out}");
    assert_eq!(off(move || service.terminate()).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_and_metrics_are_served() {
    let portal = lively().await;
    // a free port, found by binding it for a moment
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let text = yaml("", &[("a", &portal.url())])
        .replace("listen: 'off'", &format!("listen: 127.0.0.1:{port}"));
    let (_keep, path) = folder(&text);
    let service = off(move || {
        let mut service = Service::start(&path, &[]);
        service.until("the baseline is learnt");
        service
    })
    .await;
    crate::scene::provider();
    let get = async |path: &str| {
        let answer = reqwest::get(format!("http://127.0.0.1:{port}{path}"))
            .await
            .unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, body) = get("/healthz").await;
    let body: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (status, &body["ok"], &body["looks"]["targets"]),
        (200, &true.into(), &1.into()),
        "{body}"
    );
    let (_, metrics) = get("/metrics").await;
    for name in [
        "gaccong_looks_total{class=\"up: ",
        "gaccong_look_seconds_bucket",
        "gaccong_targets 1",
        "gaccong_outbox_depth 0",
        "gaccong_open_incidents 0",
    ] {
        assert!(metrics.contains(name), "{name} in\n{metrics}");
    }
    drop(service);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_file_is_taken_in_and_a_broken_or_shrunken_one_is_not() {
    let portals = [lively().await, lively().await, lively().await];
    let urls: Vec<String> = portals.iter().map(Portal::url).collect();
    let many: Vec<(String, String)> = (0..6)
        .map(|n| (format!("a{n}"), format!("{}{n}", urls[0])))
        .collect();
    let mut named: Vec<(&str, &str)> = many.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let first = yaml("", &named);
    let (_keep, path) = folder(&first);
    let write = |text: &str| std::fs::write(path.join("targets.yaml"), text).unwrap();
    let start = path.clone();
    let mut service = off(move || {
        let mut service = Service::start(&start, &[]);
        service.until("the baseline is learnt");
        service
    })
    .await;
    // a faulty file: the old configuration stays in force, and the message names the place
    write(&first.replace("id: a3", "id: A_3"));
    service = off(move || {
        let line = service.until("the old configuration stays in force");
        assert!(line.contains("targets.yaml:"), "{line}");
        service.until("CẤU HÌNH MỚI KHÔNG ĐƯỢC ÁP DỤNG");
        service
    })
    .await;
    // a new target is looked at immediately
    named.push(("b", &urls[1]));
    write(&yaml("", &named));
    service = off(move || {
        service.until("the configuration was taken in");
        service.until("target.id=b");
        service
    })
    .await;
    assert!(!portals[1].seen().is_empty());
    // a much smaller file is not accepted without confirmation
    write(&yaml("", &[("c", &urls[2])]));
    service = off(move || {
        service.until("gaccong targets accept");
        service
    })
    .await;
    assert!(portals[2].seen().is_empty());
    let (out, err, code) = command(&path, &["targets", "accept"]).await;
    assert_eq!(code, 0, "{out}{err}");
    service = off(move || {
        service.until("the configuration was taken in");
        service.until("target.id=c");
        service
    })
    .await;
    // a missing file: the old configuration stays in force
    std::fs::remove_file(path.join("targets.yaml")).unwrap();
    let pid = service.child.id().to_string();
    service = off(move || {
        let status = std::process::Command::new("kill")
            .args(["-HUP", &pid])
            .status();
        assert!(status.unwrap().success());
        service.until("the old configuration stays in force");
        service
    })
    .await;
    assert_eq!(off(move || service.terminate()).await, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_roster_beside_the_file_is_taken_in_and_a_broken_one_is_not() {
    let portal = lively().await;
    let text = yaml("", &[("a", &portal.url())])
        .replace("agencies:", "duty: { roster_csv: roster.csv }\nagencies:");
    let (_keep, path) = folder(&text);
    let roster = path.join("roster.csv");
    let write = |text: &str| std::fs::write(&roster, text).unwrap();
    let (whole, other) = (
        "name,from,to\nAn,07:00,19:00\n",
        "name,from,to\nBình,07:00,19:00\n",
    );
    write(whole);
    let start = path.clone();
    let mut service = off(move || {
        let mut service = Service::start(&start, &[]);
        service.until("the baseline is learnt");
        service
    })
    .await;
    let refused = |mut service: Service, place: &'static str| {
        off(move || {
            let line = service.until("the old configuration stays in force");
            assert!(line.contains(place), "{line}");
            // and the operator is alerted
            service.until("CẤU HÌNH MỚI KHÔNG ĐƯỢC ÁP DỤNG");
            service
        })
    };
    write("name,from,to\nAn,07:00,25:00\n");
    service = refused(service, "roster.csv: line 2").await;
    write(other);
    service = off(move || {
        service.until("the configuration was taken in");
        service
    })
    .await;
    std::fs::remove_file(&roster).unwrap();
    service = refused(service, "duty.roster_csv: ").await;
    // a roster that a refused file names is watched, too
    let elsewhere = text.replace("roster.csv", "other.csv");
    std::fs::write(path.join("targets.yaml"), elsewhere).unwrap();
    service = refused(service, "other.csv").await;
    std::fs::write(path.join("other.csv"), whole).unwrap();
    service = off(move || {
        service.until("the configuration was taken in");
        service
    })
    .await;
    assert_eq!(off(move || service.terminate()).await, 0);
}
