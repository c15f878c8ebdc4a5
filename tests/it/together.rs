//! All incidents of a storm taken with one tap: the holder, the number of messages, and the state after a crash.

use std::sync::Arc;

use gaccong::{
    actions::{Access, Caller, CallerChat, incidents::take_all},
    bot, deliver,
    model::{Incident, IncidentId, action::Group, incident::What},
    watch::check::check,
    world::{clock::Clock, unchanging},
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    portal::{Portal, Reply, defaced, honest},
    scene::{Scene, Turned, parse, yaml},
    telegram::{Telegram, User},
};

const ROOM: i64 = -1001;
const AGENCY: i64 = -1002;
const OTHER: i64 = -1003;
const STRANGERS: i64 = -1009;
const AN: User = User {
    id: 11,
    name: "Nguyễn Văn An",
    username: None,
};
const BINH: User = User {
    id: 12,
    name: "Trần Thị Bình",
    username: None,
};
const ALL: &str = "Tiếp nhận tất cả";

struct Room {
    telegram: Telegram,
    scene: Scene,
    clock: Arc<Turned>,
    _portal: Portal,
}

/// Six portals are defaced at once: the room gets one message about all, one agency about four, another agency about
/// none.
async fn attacked() -> Room {
    let portal = Portal::page(honest(1)).await;
    let chats = [ROOM, AGENCY, OTHER, STRANGERS].map(|it| (it, "supergroup"));
    let telegram = Telegram::strict(&chats).await;
    let url = telegram.portal.url();
    let chat = |name: &str, chat: i64| {
        format!(
            "  {name}: {{ kind: telegram, with: {{ chat: {chat}, token_env: HOME, api_url: '{url}' }} }}\n"
        )
    };
    let notifiers = chat("room", ROOM) + &chat("thu", AGENCY) + &chat("khac", OTHER);
    let ids = ["a", "b", "c", "d", "e", "f"];
    let urls = ids.map(|it| format!("{}{it}", portal.url()));
    let named: Vec<(&str, &str)> = ids
        .into_iter()
        .zip(urls.iter().map(String::as_str))
        .collect();
    let mut text = yaml("", &named)
        .replace("agencies:", &format!("notifiers:\n{notifiers}agencies:"))
        .replace("  timeout: 2s", "  timeout: 2s\n  notify: [room]");
    for id in &ids[..4] {
        let name = format!("name: Cổng {id},");
        text = text.replace(&name, &format!("{name} notify: [room, thu],"));
    }
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let scene = Scene::at(parse(&text), "memory", clock.clone());
    for at in 0..ids.len() {
        scene.learn(at).await;
    }
    portal.show(defaced());
    for at in 0..ids.len() {
        check(&scene.world, &scene.target(at)).await;
    }
    // the first flush groups, the second sends
    deliver::flush(&scene.world).await;
    deliver::flush(&scene.world).await;
    Room {
        telegram,
        scene,
        clock,
        _portal: portal,
    }
}

struct Listening(CancellationToken, JoinHandle<()>);

impl Listening {
    fn to(scene: &Scene) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(bot::run(unchanging(scene.world.clone()), stop.clone()));
        Self(stop, task)
    }

    async fn end(self) {
        self.0.cancel();
        self.1.await.unwrap();
    }
}

async fn answer(telegram: &Telegram, query: &str) -> String {
    let found = |it: &Telegram| it.answered().into_iter().find(|it| it.0 == query);
    telegram.wait_for(|it| found(it).is_some()).await;
    found(telegram).unwrap().1
}

fn takings(it: &Incident) -> Vec<&str> {
    let taken = it.timeline.iter().filter(|it| it.what == What::Taken);
    taken.filter_map(|it| it.by.as_deref()).collect()
}

#[tokio::test]
async fn one_tap_takes_all_of_a_storm_that_the_chat_is_told_of() {
    let Room {
        telegram,
        scene,
        clock,
        ..
    } = attacked().await;
    let listening = Listening::to(&scene);
    let room = telegram.last(ROOM).unwrap();
    assert!(
        room.text.contains("6 CỔNG NGHI BỊ TẤN CÔNG · DR-"),
        "{}",
        room.text
    );
    let (_, data) = room.buttons.iter().find(|it| it.0 == ALL).unwrap().clone();
    assert!(data.len() <= 64, "{data}");
    // a chat without a message of the storm cannot reach it by a forged tap
    for (chat, wanted) in [
        (STRANGERS, "chưa được đăng ký"),
        (OTHER, "Không tìm thấy sự cố"),
    ] {
        let forged = telegram.press_data(chat, &AN, 1, &data);
        let said = answer(&telegram, &forged).await;
        assert!(said.contains(wanted), "{said}");
    }
    assert!(scene.incidents().await.iter().all(|it| it.taken.is_none()));
    // the agency takes its own incidents; the room takes all, including those that only a member of the agency has
    let agency = telegram.last(AGENCY).unwrap();
    for (chat, who, message, wanted) in [
        (
            AGENCY,
            &BINH,
            agency.id,
            "Bạn đã tiếp nhận 4 sự cố (đã có người tiếp nhận trước đó: 0)",
        ),
        (
            ROOM,
            &AN,
            room.id,
            "Bạn đã tiếp nhận 6 sự cố (đã có người tiếp nhận trước đó: 0)",
        ),
        (
            ROOM,
            &BINH,
            room.id,
            "Không còn sự cố nào chờ tiếp nhận; đã có người tiếp nhận: 6.",
        ),
    ] {
        let tap = telegram.press(chat, who, message, ALL);
        let said = answer(&telegram, &tap).await;
        assert!(said.starts_with(wanted), "{said}");
    }
    listening.end().await;
    for it in scene.incidents().await {
        let told = ["a", "b", "c", "d"].contains(&it.target.as_str());
        let by: &[&str] = if told {
            &[BINH.name, AN.name]
        } else {
            &[AN.name]
        };
        assert_eq!(takings(&it), by, "{}", it.target);
    }
    // both messages show the holder and the time
    clock.pass(1);
    deliver::flush(&scene.world).await;
    deliver::flush(&scene.world).await;
    let shown = telegram.messages(ROOM).remove(0);
    for wanted in [
        "✅ Trần Thị Bình (nhóm Cơ quan Thử) tiếp nhận 4 sự cố lúc 20:00",
        "✅ Nguyễn Văn An tiếp nhận 6 sự cố lúc 20:00",
    ] {
        assert!(shown.text.contains(wanted), "{wanted} in\n{}", shown.text);
    }
    assert!(shown.buttons.is_empty(), "{:?}", shown.buttons);
    let shown = telegram.messages(AGENCY).remove(0);
    assert!(
        shown
            .text
            .contains("✅ Trần Thị Bình (nhóm Cơ quan Thử) tiếp nhận 4 sự cố")
            && shown.text.contains("✅ Nguyễn Văn An tiếp nhận 4 sự cố"),
        "{}",
        shown.text
    );
}

#[tokio::test]
async fn what_was_taken_is_taken_once_after_a_crash() {
    let Room {
        telegram, scene, ..
    } = attacked().await;
    let room = telegram.last(ROOM).unwrap();
    let listening = Listening::to(&scene);
    // everything is written, but the update is never confirmed
    telegram.refuse_raw("answerCallbackQuery", Reply::Hang);
    telegram.press(ROOM, &AN, room.id, ALL);
    telegram
        .wait_for(|it| !it.calls("answerCallbackQuery").is_empty())
        .await;
    listening.0.cancel();
    let listening = Listening::to(&scene);
    let second = telegram.press(ROOM, &BINH, room.id, ALL);
    let said = answer(&telegram, &second).await;
    assert!(said.contains("đã có người tiếp nhận: 6"), "{said}");
    listening.end().await;
    for it in scene.incidents().await {
        assert_eq!(takings(&it), [AN.name]);
    }
}

#[tokio::test]
async fn two_who_tap_at_once_have_each_incident_once() {
    let Room { scene, clock, .. } = attacked().await;
    let incidents = scene.incidents().await;
    let ids: Vec<IncidentId> = incidents.iter().map(|it| it.id.clone()).collect();
    let storm = scene.world.store.storms("room").await.unwrap().remove(0);
    let storm = Group::Storm(storm.id);
    let officer = |name: &str| {
        let chat = CallerChat {
            id: ROOM,
            notifiers: vec!["room".to_owned()],
            recipient: "room".to_owned(),
            title: None,
            public: false,
        };
        let caller = Caller {
            name: name.to_owned(),
            account: None,
            username: None,
            chat: Some(chat),
        };
        Access::new(&scene.world, caller, None)
    };
    let (an, binh) = (officer("An"), officer("Bình"));
    let (first, second) = tokio::join!(take_all(&an, &storm), take_all(&binh, &storm));
    let (first, second) = (first.unwrap(), second.unwrap());
    assert_eq!(first.moved.len() + second.moved.len(), ids.len());
    assert_eq!(first.left.len() + second.left.len(), ids.len());
    for it in scene.incidents().await {
        assert_eq!(takings(&it).len(), 1);
        assert_eq!(it.taken.unwrap().at, clock.now());
    }
}
