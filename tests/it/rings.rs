//! Messages that ring for many incidents: calls, reminders of taken incidents, portals that block the looks. Many
//! become one message, at most one a minute, with one button.

use std::sync::Arc;

use async_trait::async_trait;
use gaccong::{
    deliver,
    model::{About, Alert, Notice, Receipt, Urgency, incident::What},
    notify::{Message, Notifier, Place, RateLimit, Refusal},
    store::Commit,
    watch::check::check,
    world::{clock::Clock, unchanging},
};
use tokio_util::sync::CancellationToken;

use crate::{
    portal::{Portal, Reply, defaced, honest},
    room::{AN, Listening, ROOM},
    scene::{Keeper, Scene, Turned, duty_clock, parse, yaml},
    telegram::{Shown, Telegram},
};

const ALL: &str = "Tiếp nhận tất cả";
const IDS: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];

struct Room {
    portal: Portal,
    telegram: Telegram,
    scene: Scene,
    clock: Arc<Turned>,
    /// Another owner's portal as a witness, so that failures are not blamed on the service's own network.
    _witness: Portal,
}

impl Room {
    /// Eight portals that send their alerts to the room; `duty` is part of the file.
    async fn open(duty: &str) -> Self {
        let portal = Portal::page(honest(1)).await;
        let telegram = Telegram::strict(&[(ROOM, "supergroup")]).await;
        let url = telegram.portal.url();
        let notifier = format!(
            "notifiers:\n  room: {{ kind: telegram, with: {{ chat: {ROOM}, token_env: HOME, api_url: '{url}' }} }}\n"
        );
        let urls = IDS.map(|it| format!("{}{it}", portal.url()));
        let witness = Portal::page(honest(2)).await;
        let mut named: Vec<(&str, &str)> =
            IDS.into_iter().zip(urls.iter().map(|it| &**it)).collect();
        let other = witness.url();
        named.push(("z", &other));
        let text = yaml("", &named)
            .replace("agencies:", &format!("{notifier}{duty}agencies:"))
            .replace("  timeout: 2s", "  timeout: 2s\n  notify: [room]");
        let clock = Turned::at("2026-11-22T20:00:00+07:00");
        let scene = Scene::at(parse(&text), "memory", clock.clone());
        for at in 0..named.len() {
            scene.learn(at).await;
        }
        Self {
            portal,
            telegram,
            scene,
            clock,
            _witness: witness,
        }
    }

    async fn tell(&self) {
        // the first flush groups, the second sends
        deliver::flush(&self.scene.world).await;
        deliver::flush(&self.scene.world).await;
    }

    /// The room's messages with this text in the first line.
    fn told(&self, words: &str) -> Vec<Shown> {
        let mut all = self.telegram.messages(ROOM);
        all.retain(|it| it.text.lines().next().unwrap_or_default().contains(words));
        all
    }
}

const DUTY: &str = "duty:
  roster:
    - { name: Nguyễn Văn An, telegram: 11, from: '07:00', to: '07:00' }
  escalation: [{ after: 5m, to: roster }]
  remind_taken: 1h
";

#[tokio::test]
async fn calls_that_come_one_after_the_other_are_one_message_a_minute() {
    let room = Room::open(DUTY).await;
    room.portal.show(defaced());
    for at in 0..IDS.len() {
        check(&room.scene.world, &room.scene.target(at)).await;
        room.clock.pass_seconds(10);
        room.tell().await;
    }
    for _ in 0..80 {
        duty_clock(&room.scene.world).await;
        room.tell().await;
        room.clock.pass_seconds(5);
    }
    let alone = room.told("CHƯA CÓ NGƯỜI TIẾP NHẬN: ");
    assert_eq!(alone.len(), 3, "{alone:#?}");
    let many = room.told("SỰ CỐ CHƯA CÓ NGƯỜI TIẾP NHẬN");
    assert_eq!(many.len(), 2, "{many:#?}");
    let incidents = room.scene.incidents().await;
    assert_eq!(incidents.len(), 8);
    let last = &many[1];
    for it in &incidents {
        assert_eq!(it.escalated, 1);
        assert!(last.text.contains(&it.id.0), "{} in\n{}", it.id, last.text);
    }
    // one tap takes them all
    let listening = Listening::to(&room.scene);
    let query = room.telegram.press(ROOM, &AN, last.id, ALL);
    let found = |it: &Telegram| it.answered().into_iter().find(|it| it.0 == query);
    room.telegram.wait_for(|it| found(it).is_some()).await;
    let said = found(&room.telegram).unwrap().1;
    assert!(said.contains("Bạn đã tiếp nhận 8 sự cố"), "{said}");
    listening.end().await;
    let incidents = room.scene.incidents().await;
    assert!(
        incidents
            .iter()
            .all(|it| it.led().is_some_and(|it| it.by == AN.name))
    );
    room.tell().await;

    // an hour later, reminders become due within a minute or two, because each incident was taken at its own time
    for (at, it) in incidents.into_iter().enumerate() {
        let mut it = it;
        if let Some(taken) = &mut it.taken {
            taken.at += jiff::SignedDuration::from_secs(10 * at as i64);
        }
        room.scene.commit(it).await;
    }
    room.clock.pass(59);
    for _ in 0..40 {
        duty_clock(&room.scene.world).await;
        room.tell().await;
        room.clock.pass_seconds(5);
    }
    assert_eq!(room.told("ĐÃ TIẾP NHẬN, CHƯA KẾT THÚC").len(), 3);
    let many = room.told("SỰ CỐ ĐÃ TIẾP NHẬN NHƯNG CHƯA KẾT THÚC");
    assert_eq!(many.len(), 2, "{many:#?}");
    assert!(
        many[1].text.contains("Người tiếp nhận 8 sự cố"),
        "{}",
        many[1].text
    );
}

#[tokio::test]
async fn portals_that_show_us_nothing_for_an_hour_ring_together() {
    let room = Room::open("").await;
    let page = "<title>Access Denied</title><h1>Access Denied</h1><p>Reference #18.2f</p>";
    room.portal.set(move |_| Reply::status(403, page));
    for at in 0..IDS.len() {
        check(&room.scene.world, &room.scene.target(at)).await;
    }
    room.tell().await;
    room.clock.pass(61);
    for at in 0..IDS.len() {
        check(&room.scene.world, &room.scene.target(at)).await;
        room.clock.pass_seconds(10);
        room.tell().await;
    }
    for _ in 0..3 {
        room.clock.pass(1);
        room.tell().await;
    }
    let incidents = room.scene.incidents().await;
    let blind = incidents
        .iter()
        .filter(|it| it.timeline.iter().any(|it| it.what == What::Blind));
    assert_eq!(blind.count(), 8);
    let rang = room.told("HỆ THỐNG VẪN CHƯA XEM ĐƯỢC TRANG");
    assert_eq!(rang.len(), 5, "{rang:#?}");
    let last = rang.last().unwrap();
    assert!(
        last.text
            .contains("HỆ THỐNG VẪN CHƯA XEM ĐƯỢC TRANG CỦA 4 CỔNG"),
        "{}",
        last.text
    );
    for it in &incidents {
        let shown = rang.iter().any(|of| of.text.contains(&it.id.0));
        assert!(shown, "{} in\n{rang:#?}", it.id);
    }
    assert!(last.buttons.iter().any(|it| it.0 == ALL), "{last:?}");
}

/// A notifier that takes four messages a minute, of which three may be other than grave.
struct Slow(Keeper);

#[async_trait]
impl Notifier for Slow {
    fn rate_limit(&self) -> Option<RateLimit> {
        Some(RateLimit {
            place: "slow".to_owned(),
            per_minute: 4,
            account: "slow".to_owned(),
            per_second: 30,
        })
    }

    async fn send(&self, message: &Message, place: Place<'_>) -> Result<Option<Receipt>, Refusal> {
        self.0.send(message, place).await
    }
}

#[tokio::test]
async fn one_that_waits_for_its_turn_is_counted_once() {
    let (portal, other) = (Portal::page(honest(1)).await, Portal::page(honest(2)).await);
    let text = yaml("", &[("a", &portal.url()), ("b", &other.url())]);
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let mut scene = Scene::at(parse(&text), "memory", clock.clone());
    let slow = Arc::new(Slow(Keeper::default()));
    let world = Arc::get_mut(&mut scene.world).unwrap();
    world.notifiers.insert("console".to_owned(), slow.clone());
    scene.learn(0).await;
    scene.learn(1).await;
    portal.set(|_| Reply::status(500, "<h1>Internal Server Error</h1>"));
    check(&scene.world, &scene.target(0)).await;
    let now = clock.now();
    let notice = |at: i64| {
        let since = now - jiff::SignedDuration::from_secs(at);
        let about = About::Notice(Notice::Sighted { since, until: now });
        Alert::new("console", about, Urgency::Grave, now)
    };
    let commit = Commit {
        alerts: (1..=3).map(notice).collect(),
        ..Commit::default()
    };
    scene.world.store.commit(commit).await.unwrap();
    clock.pass_seconds(10);
    // the three use up the minute: the outage waits, for many rounds
    tokio::time::pause();
    let stop = CancellationToken::new();
    let running = tokio::spawn(deliver::run(unchanging(scene.world.clone()), stop.clone()));
    let told = || slow.0.0.lock().unwrap().clone();
    while told().len() < 4 {
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    stop.cancel();
    running.await.unwrap();
    let last = told().pop().unwrap();
    assert!(
        last.headline.contains("KHÔNG TRUY CẬP ĐƯỢC · SC-2026-0001"),
        "{}",
        last.headline
    );
    assert!(
        scene
            .world
            .store
            .storms("console")
            .await
            .unwrap()
            .is_empty()
    );
}
