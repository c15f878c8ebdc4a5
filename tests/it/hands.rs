//! The actor of each action: display names can be copied, and an attacker may be a member of the agency's chat.

use std::sync::Arc;

use gaccong::{
    actions::reports,
    deliver, incident,
    model::{
        excerpt::unmarked,
        incident::{Actor, Origin, Standpoint, What},
        time::Week,
    },
    notify::timeline,
};

use crate::{
    portal::{Portal, defaced, honest},
    room::{AGENCY, AN, BINH, Listening, ROOM, asked, heard, room_with},
    scene::{Scene, Turned, duty_clock, gaccong, parse, said, yaml},
    telegram::{Telegram, User},
};

const DUTY: &str = "  roster:
    - { name: Nguyễn Văn An, telegram: 11, from: '07:00', to: '07:00' }
  escalation:
    - { after: 5m, to: roster }
    - { after: 20m, to: duty-room }
";

/// A member with the display name of the officer on duty, except for one letter of another alphabet.
const MALLORY: User = User {
    id: 66,
    name: "Nguyễn Văn \u{410}n",
    username: None,
};

async fn defaced_room(clock: &Arc<Turned>) -> (Portal, Telegram, Scene) {
    let (portal, telegram, scene) = room_with(clock.clone(), &[], DUTY).await;
    portal.show(defaced());
    scene.check(0).await;
    (portal, telegram, scene)
}

async fn answered(telegram: &Telegram, query: &str) -> String {
    let found = |it: &Telegram| it.answered().into_iter().find(|it| it.0 == query);
    telegram.wait_for(|it| found(it).is_some()).await;
    found(telegram).unwrap().1
}

/// Runs the duty jobs and delivers what is due; returns the number of messages in the room and in the agency's chat.
async fn settle(scene: &Scene, telegram: &Telegram) -> [usize; 2] {
    duty_clock(&scene.world).await;
    deliver::flush(&scene.world).await;
    [ROOM, AGENCY].map(|it| telegram.messages(it).len())
}

#[tokio::test]
async fn who_takes_it_in_an_agencys_chat_ends_no_call_of_the_operator() {
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let (_portal, telegram, scene) = defaced_room(&clock).await;
    let listening = Listening::to(&scene);
    let alert = telegram.last(AGENCY).unwrap();
    let query = telegram.press(AGENCY, &MALLORY, alert.id, "Tiếp nhận");
    assert!(
        answered(&telegram, &query)
            .await
            .contains("Bạn đã tiếp nhận")
    );
    settle(&scene, &telegram).await;

    // record and message contain the account
    let incident = scene.incidents().await.remove(0);
    let taken = incident.taken.unwrap();
    let origin = taken.origin.unwrap();
    assert_eq!((origin.account, origin.chat), (Some(66), AGENCY));
    assert_eq!(origin.of, Standpoint::Agency);
    let last = incident.timeline.last().unwrap();
    assert_eq!(last.origin.as_ref(), Some(&origin));
    let shown = telegram.last(ROOM).unwrap();
    let wanted =
        "(nhóm Cơ quan Thử; ⚠ tài khoản 66, không phải cán bộ Nguyễn Văn An) tiếp nhận lúc";
    assert!(shown.text.contains(wanted), "{}", shown.text);
    let label = "Tiếp nhận (đơn vị vận hành)";
    assert_eq!(shown.buttons[0].0, label);
    let theirs = telegram.last(AGENCY).unwrap();
    assert!(theirs.buttons.iter().all(|it| !it.1.starts_with("take:")));
    let lines = asked(&telegram, ROOM, &BINH, &format!("/suco {}", incident.id)).await;
    assert!(lines.contains("tài khoản 66"), "{lines}");

    // a second tap in the agency's chat names the holder; the operator's escalation continues at half speed, in the
    // room only
    let again = telegram.press_data(AGENCY, &BINH, alert.id, &format!("take:{}", incident.id));
    let said = answered(&telegram, &again).await;
    assert!(said.contains("đã tiếp nhận trước đó"), "{said}");
    let before = settle(&scene, &telegram).await;
    clock.pass(6);
    assert_eq!(settle(&scene, &telegram).await, before);
    clock.pass(5);
    assert_eq!(settle(&scene, &telegram).await, [before[0] + 1, before[1]]);
    let called = telegram.last(ROOM).unwrap().text;
    for wanted in [
        "ĐƠN VỊ VẬN HÀNH CHƯA TIẾP NHẬN: NGHI",
        "Bấm «Tiếp nhận (đơn vị vận hành)» bên dưới",
        "Chưa ai của đơn vị vận hành",
        "(nhóm Cơ quan Thử",
    ] {
        assert!(called.contains(wanted), "{wanted} in\n{called}");
    }

    // then an officer of the operator takes it
    let query = telegram.press(ROOM, &AN, shown.id, label);
    assert!(
        answered(&telegram, &query)
            .await
            .contains("Bạn đã tiếp nhận")
    );
    let after = settle(&scene, &telegram).await;
    clock.pass(60);
    assert_eq!(settle(&scene, &telegram).await, after);
    let incident = scene.incidents().await.remove(0);
    assert_eq!(incident.led().unwrap().by, AN.name);
    assert_eq!(
        incident.taken.unwrap().by,
        MALLORY.name,
        "who was first stays"
    );
    let shown = &telegram.messages(ROOM)[0];
    assert!(
        shown.text.contains("✅ Nguyễn Văn An tiếp nhận lúc"),
        "{}",
        shown.text
    );
    assert!(shown.buttons.iter().all(|it| !it.1.starts_with("take:")));
    let lines = asked(&telegram, ROOM, &BINH, "/suco").await;
    assert!(lines.contains("Nguyễn Văn An đã tiếp nhận"), "{lines}");
    listening.end().await;
}

#[tokio::test]
async fn lists_and_reports_name_the_officer_who_has_it_and_mark_others() {
    let portal = Portal::page(honest(1)).await;
    let text = yaml("", &[("a", &portal.url())]);
    let scene = Scene::with(parse(&text), "sled");
    scene.learn(0).await;
    portal.show(defaced());
    scene.check(0).await;
    let actor = |name: &str, account, place: Option<&str>, of| Actor {
        name: name.to_owned(),
        origin: Some(Origin {
            account: Some(account),
            chat: AGENCY,
            place: place.map(str::to_owned),
            of,
            resembles: place.map(|_| AN.name.to_owned()),
        }),
    };
    let theirs = actor(MALLORY.name, 66, Some("Cơ quan Thử"), Standpoint::Agency);
    let ours = actor(BINH.name, 12, None, Standpoint::Operator);
    let mut it = scene.incidents().await.remove(0);
    let mut listed = Vec::new();
    let mut named = Vec::new();
    for by in [&theirs, &ours] {
        let now = scene.world.clock.now();
        it = incident::take(&it, by, now).unwrap();
        scene.commit(it).await;
        it = scene.incidents().await.remove(0);
        let lines = timeline::summary(&it, &scene.world.locale, &jiff::tz::TimeZone::UTC);
        listed.push(unmarked(&lines[1]));
        let zone = &scene.world.config.service.timezone;
        let week = Week::of(now.to_zoned(zone.clone()).date());
        let report = reports::gather(&scene.world, week, None).await.unwrap();
        let row = serde_json::to_value(&report.incidents[0]).unwrap();
        named.push((
            row["taken_by"].clone(),
            row["taken_origin"]["account"].clone(),
        ));
    }
    let suspect =
        "Nguyễn Văn \u{410}n (nhóm Cơ quan Thử; ⚠ tài khoản 66, không phải cán bộ Nguyễn Văn An)";
    assert!(listed[0].contains(suspect), "{listed:?}");
    assert!(
        listed[1].contains("Trần Thị Bình đã tiếp nhận"),
        "{listed:?}"
    );
    let wanted = [(MALLORY.name, 66), (BINH.name, 12)];
    assert_eq!(named, wanted.map(|it| (it.0.into(), it.1.into())));
    // the command line shows the account, too
    let Scene { world, folder, .. } = scene;
    drop(world);
    std::fs::write(folder.path().join("targets.yaml"), text).unwrap();
    let (out, err, code) = said(&gaccong(folder.path(), &["incidents", "list"]));
    assert_eq!(code, 0, "{err}");
    assert!(
        out.contains(BINH.name) && !out.contains(MALLORY.name),
        "{out}"
    );
}

#[tokio::test]
async fn silence_in_an_agencys_chat_is_that_chats_and_lasts_an_hour() {
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let (_portal, telegram, scene) = defaced_room(&clock).await;
    let listening = Listening::to(&scene);
    let (alert, before) = (
        telegram.last(AGENCY).unwrap(),
        telegram.messages(AGENCY).len(),
    );
    telegram.press(AGENCY, &MALLORY, alert.id, "Im lặng 1 giờ");
    let muted = heard(&telegram, AGENCY, before).await;
    assert!(
        muted.text.contains("im lặng riêng nhóm này đến 21:00"),
        "{}",
        muted.text
    );
    let labels: Vec<&str> = muted.buttons.iter().map(|it| it.0.as_str()).collect();
    assert_eq!(labels, ["Bỏ im lặng"]);
    let incident = scene.incidents().await.remove(0);
    let forged = telegram.press_data(
        AGENCY,
        &MALLORY,
        alert.id,
        &format!("morning:{}", incident.id),
    );
    let said = answered(&telegram, &forged).await;
    assert!(said.contains("tối đa 1 giờ"), "{said}");
    assert!(incident.muted.is_none(), "{incident:?}");
    assert!(incident.is_muted_for("thu", incident.confirmed_at));
    assert!(!incident.is_muted_for("room", incident.confirmed_at));

    // mutes and unmutes by an agency neither delay the operator's call nor make it ring there
    for verb in ["unmute", "mute"] {
        let data = format!("{verb}:{}", incident.id);
        let query = telegram.press_data(AGENCY, &MALLORY, alert.id, &data);
        answered(&telegram, &query).await;
        clock.pass(3);
    }
    // wait for the bot's answers to these taps
    let heard_before = before + 2;
    telegram
        .wait_for(|it| it.messages(AGENCY).len() == heard_before)
        .await;
    let [room, agency] = settle(&scene, &telegram).await;
    assert_eq!(agency, heard_before);
    let called = telegram.last(ROOM).unwrap().text;
    assert!(called.starts_with("🔔 CHƯA CÓ NGƯỜI TIẾP NHẬN"), "{called}");
    // the operator's own mute holds in all chats
    let shown = &telegram.messages(ROOM)[0];
    let query = telegram.press_data(ROOM, &AN, shown.id, &format!("morning:{}", incident.id));
    answered(&telegram, &query).await;
    heard(&telegram, ROOM, room).await;
    let incident = scene.incidents().await.remove(0);
    assert!(incident.muted.is_some());
    let events: Vec<What> = incident.timeline.iter().map(|it| it.what).collect();
    assert_eq!(events.iter().filter(|it| **it == What::MutedIn).count(), 2);
    listening.end().await;
}

#[tokio::test]
async fn what_an_agencys_chat_calls_legitimate_rings_at_the_operators() {
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let (_portal, telegram, scene) = defaced_room(&clock).await;
    let listening = Listening::to(&scene);
    let (alert, before) = (
        telegram.last(AGENCY).unwrap(),
        telegram.messages(AGENCY).len(),
    );
    telegram.press(AGENCY, &MALLORY, alert.id, "Thay đổi hợp lệ");
    let why = heard(&telegram, AGENCY, before).await;
    telegram.reply(AGENCY, &MALLORY, why.id, "giao diện mới");
    heard(&telegram, AGENCY, before + 1).await;
    let room = telegram.messages(ROOM).len();
    settle(&scene, &telegram).await;
    let told = telegram.messages(ROOM).split_off(room);
    assert_eq!(told.len(), 1, "{told:?}");
    for wanted in [
        "NHÓM CƠ QUAN BÁO THAY ĐỔI HỢP LỆ",
        "⚠ tài khoản 66, không phải cán bộ Nguyễn Văn An",
        "giao diện mới",
    ] {
        assert!(
            told[0].text.contains(wanted),
            "{wanted} in\n{}",
            told[0].text
        );
    }
    assert!(!told[0].silent);
    listening.end().await;
}

#[tokio::test]
async fn who_stands_on_the_roster_acts_for_the_operator_in_any_chat() {
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let duty = DUTY.replace(
        "  escalation:",
        "    - { name: Trần Thị Bình, telegram: 12, from: '07:00', to: '07:00' }\n  escalation:",
    );
    let (portal, telegram, scene) = room_with(clock.clone(), &[], &duty).await;
    portal.show(defaced());
    scene.check(0).await;
    let listening = Listening::to(&scene);
    let alert = telegram.last(AGENCY).unwrap();
    let query = telegram.press(AGENCY, &BINH, alert.id, "Tiếp nhận");
    let said = answered(&telegram, &query).await;
    assert!(said.contains("Bạn đã tiếp nhận"), "{said}");
    let incident = scene.incidents().await.remove(0);
    let origin = incident.taken.as_ref().unwrap().origin.clone().unwrap();
    assert_eq!(
        (origin.account, origin.of),
        (Some(12), Standpoint::Operator)
    );
    assert_eq!(incident.led().unwrap().by, BINH.name);
    // the incident is taken: no call is made
    let before = settle(&scene, &telegram).await;
    clock.pass(60);
    assert_eq!(settle(&scene, &telegram).await, before);
    listening.end().await;
}
