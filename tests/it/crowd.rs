//! Storms must hide no incident: names in the message, rings while a storm lasts, portals excluded from storms,
//! restarts after a crash.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use gaccong::{
    deliver,
    locale::{Lang, Locale},
    model::{Class, Incident, IncidentId, Storm},
    notify::{common::StormContext, messages::storm, text::LIMIT},
    watch::check::check,
    world::{clock::System, unchanging},
};
use tokio_util::sync::CancellationToken;

use crate::{
    portal::{Portal, defaced, honest},
    scene::{Scene, Turned, folder, parse, yaml},
    telegram::{Shown, Telegram},
    trouble::{answered, many, scripted, silent},
};

const ROOM: i64 = -1001;
const EVENING: &str = "2026-11-22T20:00:00+07:00";

/// `text` with a Telegram chat that gets every alert.
fn told_to_room(text: &str, telegram: &Telegram) -> String {
    let room = format!(
        "notifiers:\n  room: {{ kind: telegram, with: {{ chat: {ROOM}, token_env: HOME, api_url: '{}' }} }}\nagencies:",
        telegram.portal.url()
    );
    text.replace("agencies:", &room)
        .replace("  timeout: 2s", "  timeout: 2s\n  notify: [room]")
}

/// Several portals, each on its own server, and the chat that gets their alerts.
struct House {
    telegram: Telegram,
    scene: Scene,
    clock: Arc<Turned>,
    portals: Vec<Portal>,
}

impl House {
    async fn of(count: usize, change: impl Fn(String) -> String) -> Self {
        let telegram = Telegram::strict(&[(ROOM, "supergroup")]).await;
        let mut portals = Vec::new();
        for _ in 0..count {
            portals.push(Portal::page(honest(1)).await);
        }
        let named: Vec<(String, String)> = portals
            .iter()
            .enumerate()
            .map(|(n, it)| (format!("p{n}"), it.url()))
            .collect();
        let named: Vec<(&str, &str)> = named.iter().map(|(a, b)| (&**a, &**b)).collect();
        let clock = Turned::at(EVENING);
        let text = change(told_to_room(&yaml("", &named), &telegram));
        let scene = Scene::at(parse(&text), "memory", clock.clone());
        for at in 0..count {
            scene.learn(at).await;
        }
        Self {
            telegram,
            scene,
            clock,
            portals,
        }
    }

    async fn fall(&self, which: impl IntoIterator<Item = usize>) {
        for at in which {
            self.portals[at].show(defaced());
            check(&self.scene.world, &self.scene.target(at)).await;
        }
        self.tell().await;
    }

    /// Delivers all alerts that are due, and those that become due by this.
    async fn tell(&self) {
        for _ in 0..3 {
            deliver::flush(&self.scene.world).await;
        }
    }

    fn texts(&self) -> Vec<Shown> {
        let mut all = self.telegram.messages(ROOM);
        all.retain(|it| it.document.is_none());
        all
    }
}

#[tokio::test]
async fn who_joins_a_storm_of_tampering_rings_by_name_once_a_minute() {
    let house = House::of(9, |it| it).await;
    house.fall(0..6).await;
    assert_eq!(house.texts().len(), 1);
    // ten seconds later an edit names the seventh portal, and nothing rings within the minute
    house.clock.pass_seconds(10);
    house.fall([6]).await;
    house.clock.pass_seconds(10);
    house.fall([7]).await;
    let texts = house.texts();
    assert_eq!(texts.len(), 1, "{texts:#?}");
    assert!(
        texts[0].text.contains("8 CỔNG NGHI BỊ TẤN CÔNG"),
        "{}",
        texts[0].text
    );
    assert!(texts[0].text.contains("Cổng p7"), "{}", texts[0].text);
    house.clock.pass_seconds(41);
    house.tell().await;
    let texts = house.texts();
    assert_eq!(texts.len(), 2, "{texts:#?}");
    let rung = &texts[1];
    assert!(
        rung.text
            .starts_with("🔴 THÊM 2 CỔNG NGHI BỊ TẤN CÔNG · DR-")
            && rung.text.contains("• Cổng p6 (SC-")
            && rung.text.contains("• Cổng p7 (SC-")
            && !rung.text.contains("Cổng p1 "),
        "{}",
        rung.text
    );
    assert!(!rung.silent && rung.edits == 0);
    // a minute later the main portal fails
    house.clock.pass(1);
    house.fall([8]).await;
    let texts = house.texts();
    assert_eq!(texts.len(), 3, "{texts:#?}");
    assert!(
        texts[2].text.contains("• Cổng p8 (SC-"),
        "{}",
        texts[2].text
    );
    assert!(!texts[2].text.contains("Cổng p7"), "{}", texts[2].text);
    house.clock.pass(2);
    house.tell().await;
    assert_eq!(house.texts().len(), 3, "each rings once");
}

#[tokio::test]
async fn a_storm_of_tampering_ends_though_others_keep_falling() {
    let house = House::of(9, |it| it).await;
    house.fall(0..6).await;
    // portals keep failing, so that there are never five calm minutes
    for at in 6..8 {
        house.clock.pass(4);
        house.fall([at]).await;
    }
    let before = house.texts();
    house.clock.pass(3);
    house.fall([8]).await;
    let texts = house.texts();
    let anew = texts
        .iter()
        .find(|it| before.iter().all(|old| old.id != it.id));
    let anew = anew.expect("a message of its own");
    assert!(
        anew.text
            .starts_with("🔴 NGHI BỊ TẤN CÔNG THAY ĐỔI GIAO DIỆN")
            && anew.text.contains("SC-2026-0009"),
        "{}",
        anew.text
    );
}

#[tokio::test]
async fn a_portal_that_is_marked_is_always_told_alone() {
    let alone = |text: String| text.replace("name: Cổng p5,", "name: Cổng p5, alone: true,");
    let house = House::of(6, alone).await;
    assert!(house.scene.target(5).settings.alone);
    house.fall(0..6).await;
    let texts = house.texts();
    assert_eq!(texts.len(), 2, "{texts:#?}");
    let own = texts.iter().find(|it| it.text.contains("SC-2026-0006"));
    let own = own.expect("it is told");
    assert!(own.text.starts_with("🔴 NGHI BỊ TẤN CÔNG"), "{}", own.text);
    let storm = texts.iter().find(|it| it.text.contains("DR-")).unwrap();
    assert!(
        storm.text.contains("5 CỔNG") && !storm.text.contains("Cổng p5"),
        "{}",
        storm.text
    );
    // a minute later, no further message of the storm rings
    house.clock.pass(2);
    house.tell().await;
    assert_eq!(house.texts().len(), 2);
}

#[tokio::test]
async fn a_portal_of_a_storm_of_outages_that_comes_back_defaced_is_told_by_itself() {
    let house = House::of(5, |it| it).await;
    for at in 0..5 {
        house.portals[at].shut().await;
        check(&house.scene.world, &house.scene.target(at)).await;
    }
    house.tell().await;
    let storm = house.texts();
    assert_eq!(storm.len(), 1, "{storm:#?}");
    house.clock.pass(1);
    house.portals[3].reopen().await;
    house.fall([3]).await;
    house.clock.pass(1);
    house.tell().await;
    let texts = house.texts();
    assert_eq!(texts.len(), 2, "{texts:#?}");
    assert!(
        texts[1].text.starts_with("🔴 NGHI BỊ TẤN CÔNG") && texts[1].text.contains("Cổng p3"),
        "{}",
        texts[1].text
    );
    assert!(texts[0].text.contains("✓ Cổng p3"), "{}", texts[0].text);
}

#[tokio::test]
async fn an_outage_that_is_not_of_the_common_cause_rings() {
    let telegram = Telegram::strict(&[(ROOM, "supergroup")]).await;
    let clock = Turned::at(EVENING);
    let text = told_to_room(&many(12, ""), &telegram);
    let mut scene = Scene::at(parse(&text), "memory", clock.clone());
    let down = Arc::new(AtomicU64::new(0));
    let flags = down.clone();
    scripted(&mut scene, move |id| {
        let n: u64 = id[1..].parse().unwrap();
        if flags.load(Relaxed) & (1 << n) != 0 {
            silent(Class::Connection, "cause-refused")
        } else if n == 11 {
            // this portal is in another network
            answered("203.0.114.9", None)
        } else {
            answered(&format!("198.52.7.{n}"), None)
        }
    });
    for at in 0..12 {
        scene.learn(at).await;
    }
    let fall = async |which: &[usize]| {
        for at in which {
            down.fetch_or(1 << at, Relaxed);
            check(&scene.world, &scene.target(*at)).await;
        }
        for _ in 0..3 {
            deliver::flush(&scene.world).await;
        }
        let mut all = telegram.messages(ROOM);
        all.retain(|it| it.document.is_none());
        all
    };
    assert_eq!(fall(&[0, 1, 2, 3, 4, 5, 6, 7]).await.len(), 1);
    clock.pass(1);
    let texts = fall(&[8, 9]).await;
    assert_eq!(texts.len(), 1, "more of the same block is an edit");
    assert!(texts[0].text.contains("Cổng a9"), "{}", texts[0].text);
    clock.pass(1);
    let texts = fall(&[10, 11]).await;
    assert_eq!(texts.len(), 2, "{texts:#?}");
    assert!(
        texts[1]
            .text
            .starts_with("🟡 THÊM 1 CỔNG GẶP SỰ CỐ TRUY CẬP")
            && texts[1].text.contains("Cổng a11")
            && !texts[1].text.contains("Cổng a10"),
        "{}",
        texts[1].text
    );
}

/// `count` open incidents with long, hostile names.
async fn incidents(count: usize) -> Vec<Incident> {
    let portal = Portal::page(honest(1)).await;
    let scene = Scene::new(&yaml("", &[("a", &portal.url())]));
    scene.learn(0).await;
    portal.show(defaced());
    scene.check(0).await;
    let one = scene.incidents().await.remove(0);
    let of = |n: usize| {
        let mut it = one.clone();
        it.id = IncidentId::new(2026, n as u64 + 1);
        it.portal.name = format!("Cổng <&\"{n}\"&> {}", "&".repeat(40));
        it.seen_at += jiff::SignedDuration::from_secs(n as i64);
        it
    };
    (0..count).map(of).collect()
}

#[tokio::test]
async fn as_many_names_as_fit_stand_in_the_message_and_the_rest_is_counted() {
    let words = Locale::new(Lang::Vi);
    let tz = jiff::tz::TimeZone::UTC;
    let all = incidents(400).await;
    let known = Storm::new("room", &all[0], all[0].seen_at);
    let around = StormContext::default();
    for count in [2, 10, 60, 400] {
        let members = &all[..count];
        let message = storm::message(&known, members, &around, &words, &tz, true);
        assert!(message.html.encode_utf16().count() <= LIMIT);
        let named = message.plain.matches("• Cổng <").count();
        let rest = format!("và {} cổng khác", count - named);
        assert_eq!(
            message.plain.contains(&rest),
            named < count,
            "{}",
            message.plain
        );
        // the newest incident is named first
        assert!(message.plain.contains(&members[count - 1].id.0));
        assert!(named == count || count > 10, "{named} of {count}");
        let next = message.html.encode_utf16().count() + 320 > LIMIT;
        assert!(
            named == count || next,
            "{named} of {count}: there was room for more"
        );
    }
}

#[tokio::test]
async fn one_alone_is_told_as_what_it_is_and_becomes_a_storm_when_others_follow() {
    let telegram = Telegram::strict(&[(ROOM, "supergroup")]).await;
    let portal = Portal::page(honest(1)).await;
    let ids = ["a", "b", "c", "d", "e"].map(|it| (it, format!("{}{it}", portal.url())));
    let named: Vec<(&str, &str)> = ids.iter().map(|(a, b)| (*a, b.as_str())).collect();
    let text = told_to_room(&yaml("", &named), &telegram);
    let scene = Scene::at(parse(&text), "memory", Arc::new(System));
    for at in 0..5 {
        scene.learn(at).await;
    }
    let stop = CancellationToken::new();
    let teller = tokio::spawn(deliver::run(unchanging(scene.world.clone()), stop.clone()));
    portal.show(defaced());
    for at in 0..4 {
        check(&scene.world, &scene.target(at)).await;
        telegram
            .wait_for(|it| it.messages(ROOM).len() == at + 1)
            .await;
        let said = telegram.last(ROOM).unwrap().text;
        assert!(
            said.starts_with("🔴 NGHI BỊ TẤN CÔNG THAY ĐỔI GIAO DIỆN"),
            "{said}"
        );
    }
    check(&scene.world, &scene.target(4)).await;
    telegram
        .wait_for(|it| it.last(ROOM).unwrap().text.contains("DR-"))
        .await;
    let said = telegram.last(ROOM).unwrap();
    assert!(
        said.text.starts_with("🔴 THÊM 2 CỔNG NGHI BỊ TẤN CÔNG")
            && said
                .text
                .contains("Chưa tính 3 cổng đã báo riêng trước đó.")
            && said.edits == 1,
        "{said:?}"
    );
    stop.cancel();
    teller.await.unwrap();
}

#[test]
fn alone_is_a_word_of_the_file_and_is_exported() {
    let text = yaml(
        "",
        &[("a", "http://a.example/"), ("b", "http://b.example/")],
    )
    .replace("name: Cổng a,", "name: Cổng a, alone: true,");
    let config = parse(&text);
    let again = gaccong::config::export::yaml(&config, &config.agencies, &config.targets);
    let again = parse(&again);
    assert_eq!(again.targets, config.targets);
    assert!(again.targets[0].settings.alone && !again.targets[1].settings.alone);
    // `alone` in the defaults, and `alone: false` for one target
    let text = yaml(
        "",
        &[("a", "http://a.example/"), ("b", "http://b.example/")],
    )
    .replace("  timeout: 2s", "  timeout: 2s\n  alone: true")
    .replace("name: Cổng a,", "name: Cổng a, alone: false,");
    let config = parse(&text);
    let again = gaccong::config::export::yaml(&config, &config.agencies, &config.targets);
    let again = parse(&again);
    assert!(!again.targets[0].settings.alone && again.targets[1].settings.alone);
    let wrong = yaml("", &[("a", "http://a.example/")])
        .replace("name: Cổng a,", "name: Cổng a, alone: vâng,");
    let faults = gaccong::config::parse(&wrong, gaccong::config::Pace::Fast).unwrap_err();
    assert!(
        faults[0]
            .to_string()
            .contains("alone: \"vâng\": write true or false"),
        "{faults:?}"
    );
    // records written before `alone` existed
    let old = serde_json::to_value(&config.targets[0]).unwrap();
    let mut older = old.clone();
    older["settings"].as_object_mut().unwrap().remove("alone");
    let older: gaccong::model::Target = serde_json::from_value(older).unwrap();
    assert_eq!(older.settings, config.targets[0].settings);
}

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
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap()
}

/// Waits at most `bound` until `what` is true; returns whether it is.
async fn until(bound: Duration, what: impl Fn() -> bool) -> bool {
    let held = async {
        while !what() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(bound, held).await.is_ok()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_in_a_storm_it_names_every_portal_all_the_same() {
    let telegram = Telegram::strict(&[(ROOM, "supergroup")]).await;
    let mut portals = Vec::new();
    for _ in 0..14 {
        portals.push(Portal::page(honest(1)).await);
    }
    let named: Vec<(String, String)> = portals
        .iter()
        .enumerate()
        .map(|(n, it)| (format!("p{n}"), it.url()))
        .collect();
    let named: Vec<(&str, &str)> = named.iter().map(|(a, b)| (&**a, &**b)).collect();
    let (_keep, path) = folder(&told_to_room(&yaml("", &named), &telegram));
    let log = || std::fs::read_to_string(path.join("log")).unwrap_or_default();
    let mut child = start(&path);
    let learnt = || log().matches("the baseline is learnt").count() == portals.len();
    assert!(until(Duration::from_secs(60), learnt).await, "{}", log());
    portals.iter().for_each(|it| it.show(defaced()));
    let mut random = fastrand::Rng::new();
    for _ in 0..4 {
        tokio::time::sleep(Duration::from_millis(random.u64(300..4000))).await;
        child.kill().unwrap();
        child.wait().unwrap();
        child = start(&path);
    }
    let all_named = || {
        let messages = telegram.messages(ROOM);
        (0..portals.len()).all(|n| {
            let names = [format!("Cổng p{n}\n"), format!("Cổng p{n} (")];
            messages
                .iter()
                .any(|it| names.iter().any(|name| it.text.contains(name)))
        })
    };
    let held = until(Duration::from_secs(45), all_named).await;
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(held, "{}\n{}", telegram.state(), log());
    assert!(!log().contains("panicked"), "{}", log());
}
