//! The configuration of a running service: paths that are no files, edits at any moment, and a health check that asks
//! the service and not the file.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use gaccong::store::lock::Lock;

use crate::{
    portal::{Portal, honest},
    scene::{Service, folder, gaccong, said, yaml},
};

async fn off<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.unwrap()
}

/// Creates what an operator may name by mistake: a pipe, a folder, and a sparse file of a terabyte.
fn no_files(path: &Path) {
    let pipe = Command::new("mkfifo").arg(path.join("pipe")).status();
    assert!(pipe.unwrap().success());
    fs::create_dir(path.join("folder")).unwrap();
    let large = fs::File::create(path.join("large")).unwrap();
    large.set_len(1 << 40).unwrap();
}

/// Runs `gaccong targets validate` with 4 GB of memory; kills it if it does not end.
fn validated(path: &Path) -> (String, i32) {
    let mut child = Command::new("sh")
        .args(["-c", "ulimit -c 0; ulimit -v 4000000; exec \"$0\" \"$@\""])
        .arg(env!("CARGO_BIN_EXE_gaccong"))
        .args(["targets", "validate"])
        .current_dir(path)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let end = Instant::now() + Duration::from_secs(60);
    while child.try_wait().unwrap().is_none() {
        if Instant::now() > end {
            child.kill().unwrap();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    let (_, err, code) = said(&child.wait_with_output().unwrap());
    (err, code)
}

#[test]
fn a_file_that_is_none_is_refused_at_its_place_with_advice() {
    let text = yaml("", &[("a", "http://127.0.0.1:1/")]).replace("every: 1s", "every: 30s");
    let (_keep, path) = folder(&text);
    no_files(&path);
    let mail = "notifiers:\n  post: { kind: email, with: { server: 'smtps://mail.example.vn', from: a@example.vn, to: [b@example.vn], ca: FILE } }\nagencies:";
    for (before, named, place) in [
        (
            "agencies:",
            "duty:\n  roster_csv: FILE\nagencies:",
            "targets.yaml:10:15: duty.roster_csv: ",
        ),
        (
            "  listen: 'off'\n",
            "  listen: 'off'\n  extra_ca: [FILE]\n",
            "targets.yaml:4:14: service.extra_ca: ",
        ),
        (
            "agencies:",
            mail,
            "targets.yaml:10:9: notifiers.post: with.ca: ",
        ),
    ] {
        for (file, what) in [
            ("pipe", "it is a pipe"),
            ("folder", "it is a folder"),
            ("large", "MiB is the most"),
            ("/dev/zero", "it is a device"),
        ] {
            let named = text.replace(before, &named.replace("FILE", file));
            fs::write(path.join("targets.yaml"), named).unwrap();
            let (err, code) = validated(&path);
            assert_eq!(code, 2, "{place}{file}: {err}");
            assert!(err.contains(place) && err.contains(what), "{file}: {err}");
            let after = err.split(what).nth(1).unwrap();
            assert!(after.contains("; "), "no advice: {err}");
        }
    }
    // targets.yaml itself
    fs::remove_file(path.join("targets.yaml")).unwrap();
    fs::rename(path.join("pipe"), path.join("targets.yaml")).unwrap();
    let (err, code) = validated(&path);
    assert!(code == 2 && err.contains("it is a pipe"), "{err}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_file_that_is_named_stops_the_service_from_hearing() {
    let portal = Portal::page(honest(1)).await;
    let text = yaml("", &[("a", &portal.url())]);
    let (_keep, path) = folder(&text);
    no_files(&path);
    let code = off(move || {
        let mut service = Service::start(&path, &[]);
        service.until("the baseline is learnt");
        let write = |text: &str| fs::write(path.join("targets.yaml"), text).unwrap();
        for named in ["pipe", "large", "/dev/zero"] {
            write(&text.replace(
                "  listen: 'off'\n",
                &format!("  listen: 'off'\n  extra_ca: [{named}]\n"),
            ));
            let line = service.until("the old configuration stays in force");
            assert!(line.contains("service.extra_ca: "), "{line}");
            write(&text.replace(
                "agencies:",
                &format!("duty: {{ roster_csv: {named} }}\nagencies:"),
            ));
            let line = service.until("the old configuration stays in force");
            assert!(line.contains("duty.roster_csv: "), "{line}");
        }
        service.terminate()
    })
    .await;
    assert_eq!(code, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_edit_during_the_start_is_taken_in() {
    let portal = Portal::page(honest(1)).await;
    let contact = "duty:\n  contacts: [{ tier: agency, agencies: [stranger], name: Tổ ATTT, phone: '0900000000', confirmed: 2026-11-22 }]\nagencies:";
    let text = yaml("", &[("a", &portal.url())]).replace("agencies:\n", &format!("{contact}\n"));
    let (_keep, path) = folder(&text);
    let more = yaml(
        "",
        &[("a", &portal.url()), ("b", &format!("{}b", portal.url()))],
    );
    // the service waits for the store: it has read the file and begun nothing else
    let lock = Lock::take(&path.join("data")).unwrap();
    let code = off(move || {
        let mut service = Service::start(&path, &[]);
        service.until("no agency of this file has the id");
        fs::write(path.join("targets.yaml"), more).unwrap();
        drop(lock);
        service.until("the configuration was taken in");
        service.until("target.id=b");
        service.terminate()
    })
    .await;
    assert_eq!(code, 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn health_asks_the_service_whatever_became_of_the_file() {
    let portal = Portal::page(honest(1)).await;
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let other = free.local_addr().unwrap();
    for listen in ["127.0.0.1:0", "'off'"] {
        let text = yaml("  data_dir: state\n", &[("a", &portal.url())])
            .replace("listen: 'off'", &format!("listen: {listen}"));
        let (_keep, path) = folder(&text);
        let work = move || {
            let mut service = Service::start(&path, &[]);
            service.until("the baseline is learnt");
            let write = |text: &str| fs::write(path.join("targets.yaml"), text).unwrap();
            let well = |what: &str| {
                let (out, err, code) = said(&gaccong(&path, &["health"]));
                assert_eq!(code, 0, "{listen}: {what}: {out}{err}");
                assert!(listen == "'off'" || out.contains("\"ok\":true"), "{out}");
            };
            well("as it began");
            let left = path.join("state/gaccong.address");
            let mode = fs::metadata(&left).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            for (what, faulty) in [
                ("a fault", text.replace("id: a,", "id: A_a,")),
                ("no YAML", format!("{text}  - {{ id: [\n")),
                (
                    "no file of authorities",
                    text.replace("data_dir", "extra_ca: [none]\n  data_dir"),
                ),
            ] {
                write(&faulty);
                service.until("the old configuration stays in force");
                well(what);
            }
            write(&text.replace(&format!("listen: {listen}"), &format!("listen: {other}")));
            service.until("the configuration was taken in");
            well("another address");
            fs::remove_file(path.join("targets.yaml")).unwrap();
            service.until("the old configuration stays in force");
            let (out, err, code) = said(&gaccong(&path, &["health", "--data-dir", "state"]));
            assert_eq!(code, 0, "{out}{err}");
            write(&text);
            assert_eq!(service.terminate(), 0);
            assert!(!left.exists());
            let (_, err, code) = said(&gaccong(&path, &["health"]));
            assert!(code == 3 && err.contains("does not answer"), "{err}");
        };
        off(work).await;
    }
}
