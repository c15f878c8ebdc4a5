use std::{sync::Arc, time::Duration};

use gaccong::model::{Class, Kind, incident::Stage};

use crate::{
    portal::{Portal, Reply, Request, defaced, honest, planted},
    scene::{Scene, Service, Turned, folder, parse, yaml},
};

/// A configuration with looks every five minutes, the default.
fn text(portal: &Portal) -> String {
    yaml("", &[("a", &portal.url())]).replace("every: 1s", "every: 5m")
}

/// A learnt portal, with a clock that the test sets.
async fn learnt() -> (Portal, Scene, Arc<Turned>) {
    let portal = Portal::start(well()).await;
    let clock = Turned::at("2026-03-02T02:00:00Z");
    let config = parse(&text(&portal));
    let scene = Scene::at(config, "memory", clock.clone());
    for _ in 0..6 {
        scene.check(0).await;
        clock.pass(1);
    }
    assert!(scene.heard().is_empty());
    (portal, scene, clock)
}

fn well() -> impl FnMut(&Request) -> Reply + Send + 'static {
    let mut n = 0;
    move |_| {
        n += 7;
        Reply::Page(honest(n))
    }
}

/// Serves `page` to the next request, and the honest page to all later ones.
fn once(portal: &Portal, page: String) {
    let mut page = Some(page);
    let mut rest = well();
    portal.set(move |request| match page.take() {
        Some(page) => Reply::Page(page),
        None => rest(request),
    });
}

/// A page with hidden links and no signature.
fn odd() -> String {
    planted(3)
}

#[tokio::test]
async fn a_signed_page_rings_as_seen_once_though_no_other_look_shows_it() {
    let (portal, scene, clock) = learnt().await;
    once(&portal, defaced());
    scene.check(0).await;
    let heard = scene.heard();
    assert_eq!(heard.len(), 1, "{heard:#?}");
    let first = heard[0].lines().next().unwrap_or_default();
    assert!(
        first.starts_with("🔴") && first.ends_with("(thấy một lần)"),
        "{first}"
    );
    assert!(
        heard[0].contains("Thấy một lần lúc") && heard[0].contains("trong 3 lần kiểm tra"),
        "{}",
        heard[0]
    );
    assert!(
        heard[0].contains("Nay: «Hacked by T3st_Team»"),
        "{}",
        heard[0]
    );
    let incident = &scene.incidents().await[0];
    let body = scene
        .world
        .evidence
        .body(&incident.evidence[0].digest)
        .unwrap();
    assert_eq!(String::from_utf8(body).unwrap(), defaced());
    // normal looks end the incident only after two hours without a sighting
    for _ in 0..11 {
        clock.pass(10);
        scene.check(0).await;
    }
    assert!(scene.incidents().await[0].stage.is_open());
    assert_eq!(scene.heard().len(), 1);
    clock.pass(11);
    scene.check(0).await;
    assert_eq!(scene.incidents().await[0].stage, Stage::Resolved);
    assert!(scene.heard()[1].starts_with("🟢"), "{:?}", scene.heard());
}

#[tokio::test]
async fn defaced_at_a_quarter_of_the_looks_is_one_incident_that_does_not_flap() {
    for good in [3, 9] {
        let (portal, scene, clock) = learnt().await;
        // only the first look of a check sees the defacement; its confirming looks do not
        for round in 0..40 {
            if round % (good + 1) == 0 {
                once(&portal, defaced());
            }
            scene.check(0).await;
            clock.pass(5);
        }
        let heard = scene.heard();
        assert_eq!(heard.len(), 2, "{heard:#?}");
        assert!(heard[0].contains("(thấy một lần)"), "{}", heard[0]);
        assert!(heard[1].contains("(lúc có lúc không)"), "{}", heard[1]);
        let incidents = scene.incidents().await;
        assert_eq!(incidents.len(), 1);
        assert!(incidents[0].stage.is_open() && incidents[0].flaps == 0);
        let seen = incidents[0].intermittent.clone().unwrap();
        assert!(seen.times >= 4 && seen.looks > seen.times, "{seen:?}");
        let target_state = scene.target_state(0).await;
        assert!(target_state.sightings.seen.len() <= 12);
        let known = target_state.baseline.unwrap();
        assert!(
            known
                .looks()
                .all(|it| !target_state.sightings.shows(&it.digest))
        );
    }
}

#[tokio::test]
async fn unsigned_tampering_adds_up_and_one_odd_look_does_not() {
    let (portal, scene, clock) = learnt().await;
    once(&portal, odd());
    scene.check(0).await;
    assert!(scene.heard().is_empty(), "{:?}", scene.heard());
    let target_state = scene.target_state(0).await;
    let seen = &target_state.sightings.seen[0];
    assert_eq!(
        (seen.class, seen.signed, seen.told),
        (Class::Suspicious, false, false)
    );
    assert!(
        scene.world.evidence.body(&seen.digest.unwrap()).is_ok(),
        "its page is kept"
    );
    for _ in 0..5 {
        clock.pass(10);
        scene.check(0).await;
    }
    assert!(scene.heard().is_empty());
    once(&portal, odd());
    scene.check(0).await;
    let heard = scene.heard();
    assert_eq!(heard.len(), 1, "twice within an hour: {heard:#?}");
    assert!(
        heard[0].contains("(lúc có lúc không)") && heard[0].contains("thấy 2 lần trong"),
        "{}",
        heard[0]
    );
    assert!(heard[0].contains("liên kết ẩn"), "why: {}", heard[0]);
}

#[tokio::test]
async fn three_within_a_day_are_told_and_two_that_are_a_day_and_a_half_apart_are_not() {
    let (portal, scene, clock) = learnt().await;
    for hours in [8, 8] {
        once(&portal, odd());
        scene.check(0).await;
        clock.pass(hours * 60);
    }
    assert!(scene.heard().is_empty(), "{:?}", scene.heard());
    once(&portal, odd());
    scene.check(0).await;
    assert_eq!(scene.heard().len(), 1);

    let (portal, scene, clock) = learnt().await;
    for _ in 0..3 {
        once(&portal, odd());
        scene.check(0).await;
        clock.pass(36 * 60);
        scene.check(0).await;
    }
    assert!(scene.heard().is_empty(), "{:?}", scene.heard());
}

#[tokio::test]
async fn one_bad_server_of_ten_is_one_incident() {
    let (portal, scene, clock) = learnt().await;
    let (mut n, mut rest) = (0, well());
    portal.set(move |request| {
        n += 1;
        match n % 10 {
            4 => Reply::Page(odd()),
            _ => rest(request),
        }
    });
    for _ in 0..60 {
        scene.check(0).await;
        clock.pass(4);
    }
    let heard = scene.heard();
    assert_eq!(heard.len(), 1, "{heard:#?}");
    assert!(heard[0].contains("lúc có lúc không"), "{}", heard[0]);
    assert!(scene.incidents().await[0].stage.is_open());
}

#[tokio::test]
async fn an_end_is_not_believed_while_a_look_shows_it_still() {
    let (portal, scene, clock) = learnt().await;
    portal.show(defaced());
    scene.check(0).await;
    assert!(
        scene.incidents().await[0].intermittent.is_none(),
        "it is there all the time"
    );
    // four answers: honest, defaced, honest, honest
    let (mut n, mut rest) = (0, well());
    portal.set(move |request| {
        n += 1;
        match n {
            2 => Reply::Page(defaced()),
            _ => rest(request),
        }
    });
    clock.pass(5);
    scene.check(0).await;
    clock.pass(5);
    scene.check(0).await;
    let incident = &scene.incidents().await[0];
    assert!(
        incident.stage.is_open() && incident.intermittent.is_some(),
        "{incident:#?}"
    );
    let heard = scene.heard();
    assert_eq!(heard.len(), 2, "{heard:?}");
    assert!(heard[1].contains("(lúc có lúc không)"), "{}", heard[1]);
}

#[tokio::test]
async fn what_comes_back_is_told_as_coming_and_going_and_ends_with_a_persons_word() {
    let (portal, scene, clock) = learnt().await;
    portal.show(odd());
    scene.check(0).await;
    portal.set(well());
    clock.pass(5);
    scene.check(0).await;
    assert_eq!(scene.incidents().await[0].stage, Stage::Resolved);
    once(&portal, odd());
    clock.pass(5);
    scene.check(0).await;
    let open = scene.incidents().await[0].clone();
    assert!(
        open.stage.is_open() && open.intermittent.is_some(),
        "{open:#?}"
    );
    assert_eq!(open.kind, Kind::Planted);
    // an officer closes it: earlier sightings no longer open an incident
    let now = scene.world.clock.now();
    let closed = gaccong::incident::resolve(&open, "Trực ban", None, now).unwrap();
    scene.commit(closed).await;
    clock.pass(5);
    scene.check(0).await;
    once(&portal, odd());
    clock.pass(5);
    scene.check(0).await;
    assert_eq!(
        scene.incidents().await.len(),
        1,
        "one look after it is one sighting"
    );
}

#[tokio::test]
async fn after_a_sighting_looks_are_full_and_come_at_moments_nobody_foresees() {
    let portal = Portal::start(with_etag()).await;
    let clock = Turned::at("2026-03-02T02:00:00Z");
    let config = parse(&text(&portal));
    let scene = Scene::at(config, "memory", clock.clone());
    scene.learn(0).await;
    let asked = |portal: &Portal| {
        let seen = portal.seen();
        let of = |it: &Request| it.header("if-none-match").is_some();
        seen.iter().map(of).collect::<Vec<bool>>()
    };
    for _ in 0..12 {
        clock.pass(1);
        assert_eq!(scene.check(0).await.next, scene.target(0).settings.every);
    }
    let calm = asked(&portal);
    let briefly = calm.iter().filter(|it| **it).count();
    assert!((4..=6).contains(&briefly), "{calm:?}");
    assert!(
        calm.windows(2).all(|it| it != [true, true]),
        "every second look is full: {calm:?}"
    );

    once_with_etag(&portal, odd());
    let mut moments: Vec<Duration> = Vec::new();
    let mut full = false;
    while !full {
        clock.pass(1);
        scene.check(0).await;
        full = !scene.target_state(0).await.sightings.seen.is_empty();
    }
    let before = portal.seen().len();
    for _ in 0..12 {
        clock.pass(4);
        moments.push(scene.check(0).await.next);
    }
    assert!(
        asked(&portal)[before..].iter().all(|it| !it),
        "no 304 is believed"
    );
    let every = scene.target(0).settings.every;
    assert!(
        moments
            .iter()
            .all(|it| *it >= Duration::from_secs(30) && *it <= every),
        "{moments:?}"
    );
    moments.dedup();
    assert!(moments.len() > 6, "{moments:?}");
    clock.pass(25 * 60);
    scene.check(0).await;
    clock.pass(1);
    scene.check(0).await;
    assert!(
        asked(&portal).iter().rev().take(2).any(|it| *it),
        "a day later it is as before"
    );
}

fn with_etag() -> impl FnMut(&Request) -> Reply + Send + 'static {
    |request| match request.header("if-none-match") {
        Some(_) => Reply::Full {
            status: 304,
            headers: vec![("etag", "\"1\"".into())],
            body: Vec::new(),
        },
        None => tagged(honest(1)),
    }
}

fn tagged(page: String) -> Reply {
    Reply::Full {
        status: 200,
        headers: vec![
            ("content-type", "text/html; charset=utf-8".into()),
            ("etag", "\"1\"".into()),
        ],
        body: page.into(),
    }
}

/// Serves `page` as the next full answer, and the earlier page after it.
fn once_with_etag(portal: &Portal, page: String) {
    let (mut page, mut rest) = (Some(page), with_etag());
    portal.set(
        move |request| match (&page, request.header("if-none-match")) {
            (Some(_), None) => tagged(page.take().unwrap_or_default()),
            _ => rest(request),
        },
    );
}

#[tokio::test]
async fn a_watch_window_asks_for_whole_pages_only() {
    let portal = Portal::start(with_etag()).await;
    // the eve of National Day
    let clock = Turned::at("2026-09-01T20:00:00Z");
    let window =
        "watch_windows: [{ name: Quốc khánh, from: 2026-09-01, to: 2026-09-02 }]\nagencies:";
    let text = text(&portal).replace("agencies:", window);
    let config = parse(&text);
    let scene = Scene::at(config, "memory", clock.clone());
    scene.learn(0).await;
    for _ in 0..10 {
        clock.pass(1);
        scene.check(0).await;
    }
    let seen = portal.seen();
    assert!(seen.iter().all(|it| it.header("if-none-match").is_none()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_service_has_not_forgotten_what_it_saw() {
    let portal = Portal::start(|_| Reply::Page(honest(1))).await;
    let (_folder, path) = folder(&yaml("", &[("a", &portal.url())]));
    let mut service = Service::start(&path, &[]);
    service.until("the baseline is learnt");
    // the look after the sighting hangs, and the service is killed during it
    let (mut page, mut asked) = (Some(defaced()), false);
    portal.set(move |_| match page.take() {
        Some(page) => Reply::Page(page),
        None if std::mem::replace(&mut asked, true) => Reply::Page(honest(1)),
        None => Reply::Hang,
    });
    service.until("sighted");
    service.kill();
    portal.show(honest(1));
    let mut service = Service::start(&path, &[]);
    let line = service.until("thấy một lần");
    assert!(line.contains("NGHI BỊ TẤN CÔNG"), "{line}");
}
