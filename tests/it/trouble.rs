//! Storms, flapping, dead chats, late looks and a wrong clock: officers' phones stay usable, and messages stay true.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use gaccong::{
    deliver,
    fetch::{Fetch, Visit},
    jobs::watchdog::Watchdog,
    model::{
        Class, Fetched, Kind, Localized, Observation, Receipt, Seen,
        incident::{Stage, What},
        observation::{Answer, Silence},
    },
    notify::{Message, Notifier, Place, Refusal},
    schedule::jobs::repeat,
    store::Condition,
    world::{clock::Fixed, unchanging},
};
use jiff::{SignedDuration, Timestamp};
use tokio_util::sync::CancellationToken;

use crate::{
    portal::{Portal, defaced, honest},
    scene::{Keeper, Scene, parse, yaml},
};

/// A fetcher that returns what the test says, without a network.
struct Script(std::sync::Mutex<Sight>);

type Sight = Box<dyn FnMut(&str) -> Seen + Send>;

#[async_trait]
impl Fetch for Script {
    async fn visit(&self, visit: &Visit<'_>, at: Timestamp) -> Fetched {
        let mut seen = (self.0.lock().unwrap())(visit.target.portal());
        // every scripted visit ends at its own URL, without redirects
        if let Seen::Answered(answer) = &mut seen {
            answer.final_url = visit.url.clone();
        }
        let body = matches!(seen, Seen::Answered(_)).then(|| honest(1).into());
        Fetched {
            observation: Observation {
                target: visit.target.clone(),
                profile: visit.profile,
                at,
                vantage: "test".to_owned(),
                elapsed_ms: 10,
                hops: Vec::new(),
                certificate: None,
                face: Default::default(),
                seen,
            },
            body,
            partial: None,
            broken: None,
            held: None,
        }
    }
}

pub fn answered(address: &str, date: Option<Timestamp>) -> Seen {
    Seen::Answered(Answer {
        status: 200,
        final_url: "https://portal.example/".parse().unwrap(),
        content_type: Some("text/html".to_owned()),
        etag: None,
        last_modified: None,
        bytes: 100,
        digest: Some(gaccong::model::Digest::of(honest(1).as_bytes())),
        address: Some(address.parse().unwrap()),
        date,
        refresh: None,
        presentation: Default::default(),
    })
}

pub fn silent(class: Class, key: &str) -> Seen {
    Seen::Silent(Silence {
        class,
        cause: Localized::new(key),
        status: None,
    })
}

pub fn scripted(scene: &mut Scene, script: impl FnMut(&str) -> Seen + Send + 'static) {
    let world = Arc::get_mut(&mut scene.world).unwrap();
    world.eye = Arc::new(Script(std::sync::Mutex::new(Box::new(script))));
}

/// A configuration with `count` targets on the hosts a0.example, a1.example, …
pub fn many(count: usize, more: &str) -> String {
    let targets: Vec<(String, String)> = (0..count)
        .map(|it| (format!("a{it}"), format!("http://a{it}.example/")))
        .collect();
    let targets: Vec<(&str, &str)> = targets
        .iter()
        .map(|(id, url)| (id.as_str(), url.as_str()))
        .collect();
    yaml(more, &targets)
}

#[tokio::test]
async fn many_outages_at_once_are_one_message_that_follows_them() {
    let mut scene = Scene::new(&many(24, ""));
    let down = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let flag = down.clone();
    scripted(&mut scene, move |id| {
        let n: usize = id[1..].parse().unwrap();
        // the last four are in another network and up
        if n >= 20 {
            answered("203.0.114.9", None)
        } else if flag.load(std::sync::atomic::Ordering::Relaxed) {
            silent(Class::Connection, "cause-refused")
        } else {
            answered(&format!("198.52.7.{n}"), None)
        }
    });
    for at in 0..24 {
        scene.learn(at).await;
    }
    down.store(true, std::sync::atomic::Ordering::Relaxed);
    for at in (0..24).rev() {
        gaccong::watch::check::check(&scene.world, &scene.target(at)).await;
    }
    deliver::flush(&scene.world).await;
    deliver::flush(&scene.world).await;
    let incidents = scene.incidents().await;
    assert_eq!(incidents.len(), 20);
    let heard = scene.heard();
    assert_eq!(heard.len(), 1, "{heard:#?}");
    for part in [
        "20 CỔNG GẶP SỰ CỐ TRUY CẬP · DR-",
        "còn sự cố: 20 · đã kết thúc: 0",
        "Cùng dải địa chỉ 198[.]52[.]7[.]0/24: 20 cổng",
        "20/20 cổng được giám sát ở đó cùng lỗi, các nơi khác phần lớn bình thường",
        "• không kết nối được: 20",
    ] {
        assert!(heard[0].contains(part), "{part} in\n{}", heard[0]);
    }
    for it in &incidents {
        assert!(heard[0].contains(&it.id.0), "{} in\n{}", it.id, heard[0]);
    }
    assert!(
        incidents
            .iter()
            .all(|it| it.timeline.iter().any(|it| it.what == What::Told)),
        "each one's time line says that it was told"
    );
    // the list follows a little later
    let roll = scene.world.store.outbox().await.unwrap();
    assert_eq!(roll.len(), 1);
    let wait = roll[0].due.duration_since(Timestamp::now()).as_secs();
    assert!((30..=45).contains(&wait), "{wait}");
    down.store(false, std::sync::atomic::Ordering::Relaxed);
    for at in 0..20 {
        gaccong::watch::check::check(&scene.world, &scene.target(at)).await;
    }
    let mut waiting = scene.world.store.outbox().await.unwrap();
    deliver::flush(&scene.world).await;
    waiting.extend(scene.world.store.outbox().await.unwrap());
    for mut alert in waiting {
        alert.due = Timestamp::now();
        let about = gaccong::store::Delivery::Postponed(alert);
        scene.world.store.delivery(about).await.unwrap();
    }
    deliver::flush(&scene.world).await;
    let heard = scene.heard();
    let last = heard
        .iter()
        .find(|it| it.contains("ĐÃ KẾT THÚC SỰ CỐ TẠI 20 CỔNG"));
    assert!(last.is_some(), "{heard:#?}");
    let file = scene
        .heard
        .0
        .lock()
        .unwrap()
        .iter()
        .find_map(|it| it.document.clone())
        .unwrap();
    assert!(file.name.ends_with(".csv"));
    assert_eq!(String::from_utf8_lossy(&file.bytes).lines().count(), 21);
}

#[tokio::test]
async fn a_flapping_portal_is_one_incident_that_rings_once_an_hour() {
    let clock = Arc::new(Fixed(std::sync::Mutex::new(
        "2026-11-22T02:00:00Z".parse().unwrap(),
    )));
    let mut scene = Scene::at(parse(&many(1, "")), "memory", clock.clone());
    let down = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let flag = down.clone();
    scripted(&mut scene, move |_| {
        if flag.load(std::sync::atomic::Ordering::Relaxed) {
            silent(Class::Connection, "cause-refused")
        } else {
            answered("198.52.7.1", None)
        }
    });
    scene.learn(0).await;
    let pass = |minutes: i64| {
        let mut now = clock.0.lock().unwrap();
        *now = now.checked_add(SignedDuration::from_mins(minutes)).unwrap();
    };
    for round in 0..30 {
        down.store(round % 2 == 0, std::sync::atomic::Ordering::Relaxed);
        pass(5);
        scene.check(0).await;
    }
    let incidents = scene.incidents().await;
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0].flaps, 14);
    assert_eq!(incidents[0].stage, Stage::Resolved);
    let heard = scene.heard();
    // down, back, down, back, then a reminder each hour of the two and a half that pass
    assert!(
        (5..=7).contains(&heard.len()),
        "{}: {heard:#?}",
        heard.len()
    );
    assert!(
        heard.last().unwrap().contains("lúc có lúc không"),
        "{heard:#?}"
    );
    // up for long, then down again: a new incident
    pass(240);
    down.store(true, std::sync::atomic::Ordering::Relaxed);
    scene.check(0).await;
    assert_eq!(scene.incidents().await.len(), 2);
    // an incident that a person closed stays closed, however soon the next one comes
    let world = &scene.world;
    let open = scene.incidents().await.pop().unwrap();
    let closed = gaccong::incident::resolve(&open, "Trần B", None, *clock.0.lock().unwrap());
    let commit = gaccong::store::Commit {
        incidents: vec![closed.unwrap()],
        ..Default::default()
    };
    world.store.commit(commit).await.unwrap();
    pass(5);
    scene.check(0).await;
    assert_eq!(scene.incidents().await.len(), 3);
}

#[tokio::test]
async fn one_that_came_back_unheard_is_told_when_the_hour_is_over() {
    let clock = Arc::new(Fixed(std::sync::Mutex::new(
        "2026-11-22T02:00:00Z".parse().unwrap(),
    )));
    let portal = Portal::page(honest(1)).await;
    let scene = Scene::at(
        parse(&yaml("", &[("a", &portal.url())])),
        "memory",
        clock.clone(),
    );
    scene.learn(0).await;
    let pass = |minutes: i64| {
        let mut now = clock.0.lock().unwrap();
        *now = now.checked_add(SignedDuration::from_mins(minutes)).unwrap();
    };
    for round in 0..5 {
        if round % 2 == 0 {
            portal.shut().await;
        } else {
            portal.reopen().await;
        }
        pass(5);
        scene.check(0).await;
    }
    let before = scene.heard().len();
    assert_eq!(before, 4, "the third time is not told at once");
    for _ in 0..12 {
        pass(5);
        scene.check(0).await;
    }
    let heard = scene.heard();
    assert_eq!(heard.len(), before + 1, "{heard:#?}");
    let incident = scene.incidents().await.remove(0);
    assert_eq!(
        incident
            .timeline
            .iter()
            .filter(|it| it.what == What::Reminded)
            .count(),
        1
    );
}

/// A notifier that refuses every message in the given way.
struct Broken(Refusal);

#[async_trait]
impl Notifier for Broken {
    async fn send(&self, _: &Message, _: Place<'_>) -> Result<Option<Receipt>, Refusal> {
        Err(self.0.clone())
    }
}

fn two_ways(portal: &Portal) -> String {
    yaml("", &[("a", &portal.url())])
        .replace(
            "agencies:",
            "notifiers:\n  group: { kind: telegram, with: { chat: -1001, token_env: HOME }, fallback: mail }\n  mail: { kind: console }\n  duty: { kind: console }\nagencies:",
        )
        .replace("  timeout: 2s", "  timeout: 2s\n  notify: [duty]")
        .replace("    targets:", "    notify: [group]\n    targets:")
}

#[tokio::test]
async fn where_a_chat_is_gone_the_alert_goes_another_way_and_the_duty_room_is_told() {
    let portal = Portal::page(honest(1)).await;
    let mut scene = Scene::new(&two_ways(&portal));
    let (mail, duty) = (Arc::new(Keeper::default()), Arc::new(Keeper::default()));
    let world = Arc::get_mut(&mut scene.world).unwrap();
    let gone = Refusal::Never("Forbidden: bot was kicked".to_owned());
    world
        .notifiers
        .insert("group".to_owned(), Arc::new(Broken(gone)));
    world.notifiers.insert("mail".to_owned(), mail.clone());
    world.notifiers.insert("duty".to_owned(), duty.clone());
    scene.learn(0).await;
    portal.show(defaced());
    scene.check(0).await;
    deliver::flush(&scene.world).await;
    let mails = mail.0.lock().unwrap().clone();
    assert_eq!(mails.len(), 1);
    assert!(mails[0].plain.contains("NGHI BỊ TẤN CÔNG"));
    let told = duty.0.lock().unwrap().clone();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0]
            .plain
            .contains("Kênh «group» không gửi được: bot đã bị đưa ra khỏi nhóm"),
        "{told:?}"
    );
    let dead = scene.world.store.dead_letters().await.unwrap();
    assert_eq!(dead.len(), 1);
    let health = scene.world.health().await;
    assert_eq!(health.dead_letters, 1);
    assert!(health.dead_notifiers.contains_key("group"));
    assert!(scene.world.store.outbox().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_cannot_be_delivered_for_minutes_goes_another_way_as_well() {
    let portal = Portal::page(honest(1)).await;
    let clock = Arc::new(Fixed(std::sync::Mutex::new(Timestamp::now())));
    let mut scene = Scene::at(parse(&two_ways(&portal)), "memory", clock.clone());
    let mail = Arc::new(Keeper::default());
    let world = Arc::get_mut(&mut scene.world).unwrap();
    let later = Refusal::Later(None, "Telegram cannot be reached".to_owned());
    world
        .notifiers
        .insert("group".to_owned(), Arc::new(Broken(later)));
    world.notifiers.insert("mail".to_owned(), mail.clone());
    scene.learn(0).await;
    portal.show(defaced());
    scene.check(0).await;
    for _ in 0..8 {
        {
            let mut now = clock.0.lock().unwrap();
            *now = now.checked_add(SignedDuration::from_secs(61)).unwrap();
        }
        deliver::flush(&scene.world).await;
    }
    assert_eq!(mail.0.lock().unwrap().len(), 1);
    let waiting = scene.world.store.outbox().await.unwrap();
    assert_eq!(waiting.len(), 1, "it is still tried where it belongs");
    assert_eq!(waiting[0].notifier, "group");
}

#[tokio::test]
async fn certificates_are_not_out_of_date_because_our_clock_is_wrong() {
    let mut scene = Scene::new(&many(5, ""));
    let expired = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let flag = expired.clone();
    let theirs = Timestamp::now()
        .checked_sub(SignedDuration::from_hours(24 * 400))
        .unwrap();
    scripted(&mut scene, move |id| {
        if id == "a4" && flag.load(std::sync::atomic::Ordering::Relaxed) {
            silent(Class::Tls, "cause-tls-expired")
        } else {
            answered("198.52.7.1", Some(theirs))
        }
    });
    for at in 0..5 {
        scene.learn(at).await;
    }
    expired.store(true, std::sync::atomic::Ordering::Relaxed);
    for _ in 0..3 {
        assert_eq!(scene.check(4).await.class, None);
    }
    assert!(scene.incidents().await.is_empty());
    let off = scene.world.connectivity.skew().unwrap();
    assert!(off.as_hours() <= -9000, "{off:?}");
}

#[tokio::test(start_paused = true)]
async fn when_looks_stop_the_duty_room_hears_of_it_and_of_the_end() {
    let scene =
        Scene::new(&many(3, "").replace("  timeout: 2s", "  timeout: 2s\n  notify: [console]"));
    let stop = CancellationToken::new();
    let dog = tokio::spawn(repeat(
        Box::new(Watchdog::default()),
        unchanging(scene.world.clone()),
        stop.clone(),
    ));
    let metrics = &scene.world.metrics;
    metrics.targets.set(3);
    metrics.overdue.set(3);
    tokio::time::sleep(Duration::from_secs(90)).await;
    deliver::flush(&scene.world).await;
    metrics.overdue.set(0);
    metrics.record_attempt(Timestamp::now());
    tokio::time::sleep(Duration::from_secs(20)).await;
    deliver::flush(&scene.world).await;
    stop.cancel();
    dog.await.unwrap();
    let heard = scene.heard();
    let said = |part: &str| heard.iter().filter(|it| it.contains(part)).count();
    assert_eq!(said("3/3 cổng quá hạn kiểm tra"), 1, "{heard:#?}");
    assert_eq!(said("ĐÃ KIỂM TRA ĐÚNG GIỜ TRỞ LẠI"), 1, "{heard:#?}");
    assert_eq!(
        scene.world.store.condition().await.unwrap(),
        Condition::Sound
    );
}

#[tokio::test]
async fn the_gravest_goes_first() {
    let portals = [Portal::page(honest(1)).await, Portal::page(honest(1)).await];
    let urls: Vec<String> = portals.iter().map(Portal::url).collect();
    let text = yaml("", &[("a", &urls[0]), ("b", &urls[1])]);
    let scene = Scene::new(&text);
    scene.learn(0).await;
    scene.learn(1).await;
    portals[0].shut().await;
    portals[1].show(defaced());
    for at in 0..2 {
        gaccong::watch::check::check(&scene.world, &scene.target(at)).await;
    }
    deliver::flush(&scene.world).await;
    let heard = scene.heard();
    assert!(heard[0].contains("NGHI BỊ TẤN CÔNG"), "{heard:#?}");
    assert!(heard[1].contains("KHÔNG TRUY CẬP ĐƯỢC"), "{heard:#?}");
    assert_eq!(scene.incidents().await[0].kind, Kind::Down);
}
