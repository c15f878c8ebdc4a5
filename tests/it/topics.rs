//! Groups with topics: the topics of messages and answers, lasting refusals, and chats known by their public names.

use gaccong::{config, deliver, model::incident::What, world::World};
use serde_json::json;

use crate::{
    portal::{Portal, defaced, honest},
    room::Listening,
    scene::{Scene, parse, yaml},
    telegram::{Telegram, User},
};

const ROOM: i64 = -1001;
const DUTY: i64 = -1002;
const OTHER: i64 = -1003;
const AN: User = User {
    id: 11,
    name: "Nguyễn Văn An",
    username: None,
};

/// A configuration with a portal that sends its alerts to `room`, configured as `with`; the operator's chat is that
/// of the notifier `duty`.
fn text(portal: &Portal, telegram: &Telegram, with: &str) -> String {
    let url = telegram.portal.url();
    let notifier = |name: &str, with: &str| {
        format!(
            "  {name}: {{ kind: telegram, with: {{ {with}, token_env: HOME, api_url: '{url}' }} }}\n"
        )
    };
    let notifiers = notifier("room", with) + &notifier("duty", &format!("chat: {DUTY}"));
    yaml("", &[("a", &portal.url())])
        .replace("agencies:", &format!("notifiers:\n{notifiers}agencies:"))
        .replace("  timeout: 2s", "  timeout: 2s\n  notify: [duty]")
        .replace("name: Cổng a,", "name: Cổng a, notify: [room],")
}

async fn scene(with: &str) -> (Portal, Telegram, Scene) {
    let portal = Portal::page(honest(1)).await;
    let chats = [ROOM, DUTY, OTHER].map(|it| (it, "supergroup"));
    let telegram = Telegram::strict(&chats).await;
    let scene = Scene::new(&text(&portal, &telegram, with));
    scene.learn(0).await;
    (portal, telegram, scene)
}

#[tokio::test]
async fn all_that_is_told_goes_to_the_topic_and_answers_stay_where_they_were_asked() {
    let (portal, telegram, scene) = scene("chat: -1001, topic: 7").await;
    telegram.topics(ROOM, &[7, 8]);
    portal.show(defaced());
    scene.check(0).await;
    let told = telegram.last(ROOM).unwrap();
    assert_eq!(told.topic, Some(7));
    let listening = Listening::to(&scene);
    telegram.say_in(ROOM, 8, &AN, "/suco");
    telegram.wait_for(|it| it.messages(ROOM).len() == 2).await;
    assert_eq!(telegram.last(ROOM).unwrap().topic, Some(8));
    telegram.press(ROOM, &AN, told.id, "Xem khác biệt");
    telegram
        .wait_for(|it| it.last(ROOM).unwrap().document.is_some())
        .await;
    assert_eq!(telegram.last(ROOM).unwrap().topic, Some(7));
    listening.end().await;
    portal.show(honest(1));
    scene.check(0).await;
    assert_eq!(telegram.messages(ROOM)[0].edits, 1, "in its place");
}

#[tokio::test]
async fn a_report_goes_to_the_topic_as_well() {
    let (_portal, telegram, scene) = scene("chat: -1001, topic: 7").await;
    telegram.topics(ROOM, &[7]);
    let reports = scene.world.config.service.data_dir.join("reports");
    std::fs::create_dir_all(&reports).unwrap();
    std::fs::write(reports.join("report.html"), "<p>tuần 47</p>").unwrap();
    let about = gaccong::model::About::Report(gaccong::model::alert::ReportFile {
        week: "2026-W47".to_owned(),
        path: "report.html".to_owned(),
        summary: String::new(),
    });
    let now = jiff::Timestamp::now();
    let alert = gaccong::model::Alert::new("room", about, gaccong::model::Urgency::Low, now);
    let commit = gaccong::store::Commit {
        alerts: vec![alert],
        ..Default::default()
    };
    scene.world.store.commit(commit).await.unwrap();
    deliver::flush(&scene.world).await;
    let sent = telegram.last(ROOM).unwrap();
    assert!(sent.document.is_some() && sent.topic == Some(7), "{sent:?}");
}

#[tokio::test]
async fn the_general_topic_is_spoken_to_by_naming_none() {
    let (portal, telegram, scene) = scene("chat: -1001, topic: 1").await;
    telegram.topics(ROOM, &[1]);
    portal.show(defaced());
    scene.check(0).await;
    assert_eq!(telegram.last(ROOM).unwrap().topic, None);
}

#[tokio::test]
async fn another_topic_gets_a_message_of_its_own() {
    let (portal, telegram, scene) = scene("chat: -1001").await;
    portal.show(defaced());
    scene.check(0).await;
    let first = telegram.last(ROOM).unwrap();
    telegram.topics(ROOM, &[7]);
    let config = parse(&text(&portal, &telegram, "chat: -1001, topic: 7"));
    let (world, _) = scene.world.renewed(config).unwrap();
    let scene = Scene {
        world: std::sync::Arc::new(world),
        ..scene
    };
    portal.show(honest(1));
    scene.check(0).await;
    let last = telegram.last(ROOM).unwrap();
    assert!(last.id != first.id && last.topic == Some(7), "{last:?}");
    assert!(last.text.contains("ĐÃ KHÔI PHỤC"), "{}", last.text);
}

#[tokio::test]
async fn a_closed_topic_is_no_way_and_says_what_to_do() {
    for (open, with, why, todo) in [
        (
            &[7][..],
            "chat: -1001",
            "chủ đề trong nhóm đã đóng",
            "Đề nghị mở lại chủ đề",
        ),
        (
            &[1][..],
            "chat: -1001, topic: 7",
            "chủ đề trong nhóm đã đóng",
            "Đề nghị mở lại chủ đề",
        ),
    ] {
        let (portal, telegram, scene) = scene(with).await;
        telegram.topics(ROOM, open);
        assert!(scene.world.health().await.is_good());
        portal.show(defaced());
        scene.check(0).await;
        deliver::flush(&scene.world).await;
        assert_eq!(
            telegram
                .calls("sendMessage")
                .iter()
                .filter(|it| it.body["chat_id"] == json!(ROOM))
                .count(),
            1
        );
        let duty: Vec<String> = telegram
            .messages(DUTY)
            .into_iter()
            .map(|it| it.text)
            .collect();
        assert_eq!(duty.len(), 2, "{duty:#?}");
        assert!(
            duty.iter().any(|it| it.contains("NGHI BỊ TẤN CÔNG")),
            "{duty:#?}"
        );
        assert!(
            duty.iter()
                .any(|it| it.contains("Kênh «room» không gửi được")
                    && it.contains(why)
                    && it.contains(todo)),
            "{duty:#?}"
        );
        let health = scene.world.health().await;
        assert!(!health.is_good() && health.dead_notifiers.contains_key("room"));
        assert!(scene.world.store.outbox().await.unwrap().is_empty());
        let incident = scene.incidents().await.remove(0);
        let undelivered = |it: &gaccong::model::incident::Event| it.what == What::Undelivered;
        assert!(incident.timeline.iter().any(undelivered));
        // the operator corrects the file: the notifier is used again until Telegram refuses again
        let config = parse(&text(
            &portal,
            &telegram,
            &format!("chat: -1001, topic: {}", open[0]),
        ));
        let (world, _) = scene.world.renewed(config).unwrap();
        assert!(world.health().await.is_good());
    }
}

#[tokio::test]
async fn refusals_that_last_take_another_way_at_once_and_passing_ones_wait() {
    for (status, why, lasts) in [
        (400, "Bad Request: message thread not found", true),
        (400, "Bad Request: TOPIC_DELETED", true),
        (
            400,
            "Bad Request: not enough rights to send text messages to the chat",
            true,
        ),
        (400, "Bad Request: have no rights to send a message", true),
        (400, "Bad Request: CHAT_WRITE_FORBIDDEN", true),
        (400, "Bad Request: PEER_ID_INVALID", true),
        (
            403,
            "Forbidden: bot is not a member of the supergroup chat",
            true,
        ),
        (400, "Bad Request: WORDS_OF_NEXT_YEAR", true),
        (403, "Forbidden: words of next year", true),
        (401, "Unauthorized", true),
        (429, "Too Many Requests: retry after 3", false),
    ] {
        let (portal, telegram, scene) = scene("chat: -1001").await;
        let mut body = json!({"ok": false, "error_code": status, "description": why});
        if status == 429 {
            body["parameters"] = json!({"retry_after": 3});
        }
        telegram.refuse("sendMessage", status, body);
        portal.show(defaced());
        scene.check(0).await;
        deliver::flush(&scene.world).await;
        let waiting = scene.world.store.outbox().await.unwrap();
        assert_eq!(waiting.is_empty(), lasts, "{why}: {waiting:#?}");
        let told = telegram.messages(DUTY);
        assert_eq!(told.len(), if lasts { 2 } else { 0 }, "{why}: {told:#?}");
        let health = scene.world.health().await;
        assert_eq!(health.is_good(), !lasts, "{why}");
    }
}

#[tokio::test]
async fn a_chat_that_registered_itself_and_left_is_no_trouble_of_the_service() {
    let (portal, telegram, scene) = scene("chat: -1001").await;
    let text = text(&portal, &telegram, "chat: -1001")
        .replace("notify: [room],", "notify: ['room@-1003'],");
    let (world, _) = scene.world.renewed(parse(&text)).unwrap();
    let scene = Scene {
        world: std::sync::Arc::new(world),
        ..scene
    };
    telegram.block(OTHER);
    portal.show(defaced());
    scene.check(0).await;
    let health = scene.world.health().await;
    assert!(health.is_good() && health.dead_notifiers.contains_key("room@-1003"));
}

#[tokio::test]
async fn a_stranger_who_asked_and_cannot_be_told_is_no_trouble_of_the_service() {
    let (_portal, telegram, scene) = scene("chat: -1001").await;
    let listening = Listening::to(&scene);
    telegram.say(OTHER, &AN, "/dangky https://xa-thu.gov.vn/ UBND xã Thử");
    telegram.wait_for(|it| !it.messages(OTHER).is_empty()).await;
    listening.end().await;
    telegram.block(OTHER);
    let mut request = scene.world.store.requests().await.unwrap().remove(0);
    let about = gaccong::model::About::Request(request.id.clone());
    request.stage = gaccong::model::registration::Stage::Refused {
        by: "An".to_owned(),
        at: jiff::Timestamp::now(),
        reason: "x".to_owned(),
    };
    let name = request.asker.notifier.clone().unwrap();
    let alert = gaccong::model::Alert::new(
        &name,
        about,
        gaccong::model::Urgency::Ordinary,
        jiff::Timestamp::now(),
    );
    let commit = gaccong::store::Commit {
        requests: vec![request],
        alerts: vec![alert],
        ..Default::default()
    };
    scene.world.store.commit(commit).await.unwrap();
    let before = telegram.messages(DUTY).len();
    deliver::flush(&scene.world).await;
    deliver::flush(&scene.world).await;
    let dead = scene.world.store.dead_letters().await.unwrap();
    assert!(dead.iter().any(|it| it.notifier == name), "{dead:?}");
    let health = scene.world.health().await;
    assert!(
        health.is_good() && health.dead_notifiers.is_empty(),
        "{health:?}"
    );
    let told = telegram.messages(DUTY);
    let news = told[before..]
        .iter()
        .filter(|it| it.text.contains("Kênh «"));
    assert_eq!(news.count(), 0, "{told:#?}");
}

#[tokio::test]
async fn a_name_that_somebody_else_has_by_now_leads_nobody_to_him() {
    let portal = Portal::page(honest(1)).await;
    let chats = [ROOM, DUTY, OTHER].map(|it| (it, "supergroup"));
    let telegram = Telegram::strict(&chats).await;
    telegram.call(ROOM, Some("truc_ban"));
    let scene = Scene::new(&text(&portal, &telegram, "chat: '@truc_ban'"));
    scene.learn(0).await;
    portal.show(defaced());
    scene.check(0).await;
    assert_eq!(telegram.messages(ROOM).len(), 1);
    // the room gives up its public name, and another chat takes it
    telegram.call(ROOM, None);
    telegram.call(OTHER, Some("truc_ban"));
    portal.show(honest(1));
    scene.check(0).await;
    let told = telegram.messages(ROOM);
    assert_eq!((told.len(), told[0].edits), (1, 1), "{told:#?}");
    portal.show(defaced());
    scene.check(0).await;
    assert!(telegram.messages(ROOM).len() > 1);
    assert!(telegram.messages(OTHER).is_empty());
    // the bot does not obey the other chat
    let listening = Listening::to(&scene);
    telegram.say(OTHER, &AN, "/trogiup");
    telegram.say(ROOM, &AN, "/suco");
    let before = telegram.messages(ROOM).len();
    telegram
        .wait_for(|it| it.messages(ROOM).len() > before && !it.messages(OTHER).is_empty())
        .await;
    let said = telegram.last(OTHER).unwrap().text;
    assert!(said.contains("chưa được đăng ký"), "{said}");
    listening.end().await;
}

#[test]
fn a_topic_is_a_number() {
    let text = |topic: &str| {
        yaml("", &[("a", "http://a.example/")]).replace(
            "agencies:",
            &format!("notifiers:\n  room: {{ kind: telegram, with: {{ chat: -1001, topic: {topic}, token_env: HOME }} }}\nagencies:"),
        )
    };
    let open = |topic: &str| {
        let config: config::Config = parse(&text(topic));
        let folder = tempfile::tempdir().unwrap();
        let store = crate::scene::store_at("memory", folder.path());
        let clock = std::sync::Arc::new(gaccong::world::clock::System);
        crate::scene::provider();
        World::open(config, store, clock).map(|_| ())
    };
    assert!(open("7").is_ok());
    for wrong in ["0", "-3", "chung", "1.5"] {
        let why = open(wrong).unwrap_err().to_string();
        assert!(why.contains("with") && why.contains("room"), "{why}");
    }
}
