//! Calls until an officer responds: steps without a person, rounds, reminders of taken incidents, test calls before
//! shifts.

use std::{sync::Arc, time::Duration};

use gaccong::{
    deliver,
    duty::{due, overdue},
    incident,
    model::{
        duty::EscalationStep,
        incident::{Actor, Origin, Standpoint},
    },
    world::clock::Clock,
};
use jiff::SignedDuration;

use crate::{
    duty::{DUTY, PROVINCES, round},
    portal::{Portal, defaced, honest},
    scene::{Scene, Turned, duty_clock, parse, yaml},
};

/// A world with a duty section that `change` has modified.
async fn scene_with(clock: &Arc<Turned>, change: impl Fn(&str) -> String) -> (Portal, Scene) {
    let portal = Portal::page(honest(1)).await;
    let text = yaml("", &[("a", &portal.url())]).replace("agencies:", &change(DUTY));
    let text = text.replace("  timeout: 2s", "  timeout: 2s\n  notify: [console]");
    let scene = Scene::at(parse(&text), "memory", clock.clone());
    scene.learn(0).await;
    portal.show(defaced());
    scene.check(0).await;
    (portal, scene)
}

/// A member of an agency's chat.
pub fn a_member() -> Actor {
    Actor {
        name: "Nguyễn Văn An".to_owned(),
        origin: Some(Origin {
            account: Some(66),
            chat: -5,
            place: None,
            of: Standpoint::Agency,
            resembles: None,
        }),
    }
}

#[tokio::test]
async fn a_step_that_stands_for_nobody_is_passed_over_at_once() {
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    // no officer has the night shift, and the agency has no head
    let (_portal, scene) = scene_with(&clock, |duty| {
        let night = "    - { name: Trần Thị Bình, telegram: 12, from: '19:00', to: '07:00' }\n";
        duty.replace(night, "") + "agencies:"
    })
    .await;
    clock.pass(4);
    assert!(round(&scene).await.is_empty());
    clock.pass(2);
    let called = round(&scene).await;
    assert_eq!(called.len(), 1, "{called:?}");
    assert!(
        called[0].contains("Quốc gia: Trung tâm quốc gia ☎ 024 0000"),
        "{}",
        called[0]
    );
    assert!(round(&scene).await.is_empty());
}

#[tokio::test]
async fn who_answers_to_no_call_is_called_again_and_more_slowly() {
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let (_portal, scene) = scene_with(&clock, |duty| duty.to_owned() + "agencies:").await;
    let mut calls = Vec::new();
    for minute in 1..=24 * 60 {
        clock.pass(1);
        let said = round(&scene).await;
        let called = |it: &&String| it.contains("CHƯA CÓ NGƯỜI TIẾP NHẬN");
        for it in said.iter().filter(called) {
            calls.push((minute, it.contains("Quốc gia")));
        }
    }
    let minutes: Vec<i32> = calls.iter().map(|it| it.0).collect();
    // minutes: the roster, then the national contacts at the head's time (there is no head), then rounds, each at
    // half the pace of the one before
    assert_eq!(&minutes[..4], [5, 10, 60, 90], "{calls:?}");
    assert_eq!(
        calls.iter().map(|it| it.1).take(4).collect::<Vec<_>>(),
        [false, true, false, true]
    );
    let pauses: Vec<i32> = minutes.windows(2).map(|it| it[1] - it[0]).collect();
    assert!(
        pauses[2..]
            .windows(2)
            .all(|it| it[0] <= it[1] * 2 && it[1] <= 8 * 60),
        "{pauses:?}"
    );
    assert!(
        (8..=16).contains(&minutes.len()),
        "it goes on, and is no flood: {minutes:?}"
    );
    let known = scene.incidents().await.remove(0);
    let taken = gaccong::incident::take(&known, "An", clock.now()).unwrap();
    scene.commit(taken).await;
    clock.pass(60);
    let said = round(&scene).await;
    assert!(!said.concat().contains("CHƯA CÓ NGƯỜI"), "{said:?}");
}

#[tokio::test]
async fn who_took_it_and_did_nothing_is_reminded_by_name_then_others_are_called() {
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let (portal, scene) = scene_with(&clock, |duty| {
        duty.replace("duty:\n", "duty:\n  remind_taken: 1h\n") + "agencies:"
    })
    .await;
    let known = scene.incidents().await.remove(0);
    let taken = gaccong::incident::take(&known, "Trần Thị Bình", clock.now()).unwrap();
    scene.commit(taken).await;
    deliver::flush(&scene.world).await;
    clock.pass(59);
    assert!(round(&scene).await.is_empty());
    clock.pass(1);
    let said = round(&scene).await;
    assert_eq!(said.len(), 1, "{said:?}");
    for wanted in [
        "🔔 ĐÃ TIẾP NHẬN, CHƯA KẾT THÚC · SC-2026-0001",
        "sự cố chưa kết thúc, gần đây chưa có ghi chú.",
        "Người tiếp nhận: Trần Thị Bình",
        "Tiếp nhận lúc 20:00:00 ngày 22/11/2026 (đã 1 giờ",
    ] {
        assert!(said[0].contains(wanted), "{wanted} in\n{}", said[0]);
    }
    assert!(!said[0].contains("Đang trực"), "{}", said[0]);
    clock.pass(59);
    assert!(round(&scene).await.is_empty(), "at most every hour");
    clock.pass(1);
    let said = round(&scene).await;
    assert!(
        said.len() == 1 && said[0].contains("Đang trực: Trần Thị Bình"),
        "{said:?}"
    );
    clock.pass(60);
    let said = round(&scene).await;
    assert!(
        said.len() == 1 && said[0].contains("Quốc gia: Trung tâm quốc gia"),
        "{said:?}"
    );
    // a note counts as work on the incident
    clock.pass(50);
    let known = scene.incidents().await.remove(0);
    let noted = gaccong::incident::note(&known, "Bình", "đang xử lý", clock.now()).unwrap();
    scene.commit(noted).await;
    clock.pass(59);
    assert!(round(&scene).await.is_empty());
    clock.pass(70);
    assert_eq!(round(&scene).await.len(), 1);
    portal.show(honest(1));
    scene.check(0).await;
    clock.pass(300);
    let said = round(&scene).await;
    assert!(
        !said.concat().contains("CHƯA KẾT THÚC"),
        "over is over: {said:?}"
    );
}

#[tokio::test]
async fn where_the_agency_has_it_the_operator_is_called_at_half_the_pace_and_its_head_is_not() {
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let (_portal, scene) = scene_with(&clock, |duty| duty.to_owned() + "agencies:").await;
    let known = scene.incidents().await.remove(0);
    let told = known.confirmed_at;
    let after = |minutes| told + SignedDuration::from_mins(minutes);
    let steps = scene.world.config.steps_of("thu");
    let mut it = incident::take(&known, a_member(), told).unwrap();
    let mut called = Vec::new();
    for minute in 1..=6 * 60 {
        let now = after(minute);
        if let Some(call) = due(&steps, &it, now, false, |_| true) {
            called.push((minute, call.to));
            it = incident::escalate(&it, call.reached, call.to, now);
        }
    }
    let (roster, national) = (EscalationStep::Roster, EscalationStep::National);
    let wanted = [10, 60, 120, 240, 360].into_iter();
    let wanted: Vec<_> = wanted
        .zip([roster, national, roster, national, roster])
        .collect();
    assert_eq!(called, wanted);

    // an officer takes it: a note from the agency's chat does not count as the officer's work
    let hour = Duration::from_secs(3600);
    let it = incident::take(&it, "Trần Thị Bình", after(360)).unwrap();
    assert_eq!(it.led().unwrap().by, "Trần Thị Bình");
    let reminded = |it: &_| overdue(&steps, it, after(420), hour, |_| true).is_some();
    let noted = incident::note(&it, a_member(), "đang xử lý", after(400)).unwrap();
    assert!(reminded(&noted));
    let noted = incident::note(&it, "Trần Thị Bình", "đang xử lý", after(400)).unwrap();
    assert!(!reminded(&noted));
}

#[tokio::test]
async fn for_many_incidents_at_once_one_message_calls_and_one_reminds() {
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let portal = Portal::page(honest(1)).await;
    let ids = ["a", "b", "c", "d", "e", "f"];
    let urls = ids.map(|it| format!("{}{it}", portal.url()));
    let named: Vec<(&str, &str)> = ids.into_iter().zip(urls.iter().map(|it| &**it)).collect();
    let text = yaml("", &named)
        .replace("agencies:", &format!("{DUTY}agencies:"))
        .replace("  timeout: 2s", "  timeout: 2s\n  notify: [console]");
    let scene = Scene::at(parse(&text), "memory", clock.clone());
    for at in 0..6 {
        scene.learn(at).await;
    }
    portal.show(defaced());
    for at in 0..6 {
        gaccong::watch::check::check(&scene.world, &scene.target(at)).await;
    }
    deliver::flush(&scene.world).await;
    deliver::flush(&scene.world).await;
    let late = async || {
        let mut said = round(&scene).await;
        clock.pass_seconds(6);
        said.extend(round(&scene).await);
        said.retain(|it| it.starts_with("🔔"));
        said
    };
    clock.pass(6);
    let called = late().await;
    assert_eq!(called.len(), 1, "{called:#?}");
    assert!(
        called[0].starts_with("🔔 6 SỰ CỐ CHƯA CÓ NGƯỜI TIẾP NHẬN")
            && called[0].contains("Đang trực: Trần Thị Bình"),
        "{}",
        called[0]
    );
    let incidents = scene.incidents().await;
    assert_eq!(incidents.len(), 6);
    for it in &incidents {
        assert_eq!(it.escalated, 1);
        assert!(called[0].contains(&it.id.0), "{}", called[0]);
    }
    for known in incidents {
        let taken = gaccong::incident::take(&known, "Trần Thị Bình", clock.now()).unwrap();
        scene.commit(taken).await;
    }
    deliver::flush(&scene.world).await;
    clock.pass(121);
    let said = late().await;
    assert_eq!(said.len(), 1, "{said:#?}");
    assert!(
        said[0].starts_with("🔔 6 SỰ CỐ ĐÃ TIẾP NHẬN NHƯNG CHƯA KẾT THÚC")
            && said[0].contains("Người tiếp nhận 6 sự cố: Trần Thị Bình"),
        "{}",
        said[0]
    );
}

#[tokio::test]
async fn a_reminder_can_be_switched_off() {
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let (_portal, scene) = scene_with(&clock, |duty| {
        duty.replace("duty:\n", "duty:\n  remind_taken: off\n  test_call: off\n") + "agencies:"
    })
    .await;
    let known = scene.incidents().await.remove(0);
    let taken = gaccong::incident::take(&known, "Trần Thị Bình", clock.now()).unwrap();
    scene.commit(taken).await;
    deliver::flush(&scene.world).await;
    clock.pass(600);
    assert!(round(&scene).await.is_empty());
}

#[tokio::test]
async fn whoever_takes_over_is_asked_before_the_shift_and_missed_when_he_does_not_answer() {
    let clock = Turned::at("2026-11-22T18:30:00+07:00");
    let (portal, scene) = scene_with(&clock, |duty| duty.to_owned() + "agencies:").await;
    portal.show(honest(1));
    scene.check(0).await;
    assert!(round(&scene).await.is_empty());
    clock.pass(15);
    let asked = round(&scene).await;
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(
        asked[0].starts_with("📣 ĐỔI CA LÚC 19:00, XIN BẤM «SẴN SÀNG NHẬN CA»")
            && asked[0].contains("Nhận ca: Trần Thị Bình"),
        "{}",
        asked[0]
    );
    assert!(round(&scene).await.is_empty(), "once");
    clock.pass(11);
    let missed = round(&scene).await;
    assert_eq!(missed.len(), 1, "{missed:?}");
    assert!(
        missed[0].contains("CA 19:00 CHƯA ĐỦ NGƯỜI XÁC NHẬN SẴN SÀNG NHẬN CA")
            && missed[0].contains("đề nghị cán bộ ca trước ở lại vị trí")
            && missed[0].contains("Chưa xác nhận: Trần Thị Bình"),
        "{}",
        missed[0]
    );
    assert!(round(&scene).await.is_empty(), "once");
    clock.pass(5);
    let said = round(&scene).await;
    assert!(
        said.len() == 1 && said[0].contains("GIAO CA TRỰC"),
        "{said:?}"
    );
    // the next morning the officer answers from the account in the roster
    clock.set("2026-11-23T06:46:00+07:00");
    assert_eq!(round(&scene).await.len(), 1);
    let at = "2026-11-23T07:00:00+07:00".parse().unwrap();
    let here =
        |account, name| gaccong::actions::shift_check::confirm(&scene.world, at, account, name);
    assert_eq!(here(Some(99), "Nguyễn Văn An").await.unwrap(), None);
    assert_eq!(here(Some(12), "Bình").await.unwrap(), None);
    let name = here(Some(11), "An").await.unwrap();
    assert_eq!(name.as_deref(), Some("Nguyễn Văn An"));
    clock.pass(10);
    assert!(round(&scene).await.is_empty(), "nobody is missed");
}

#[tokio::test]
async fn at_night_the_test_call_rings_nobody() {
    let clock = Turned::at("2026-11-22T22:50:00+07:00");
    let (portal, scene) = scene_with(&clock, |duty| {
        duty.replace("'19:00'", "'23:00'") + "agencies:"
    })
    .await;
    portal.show(honest(1));
    scene.check(0).await;
    assert_eq!(round(&scene).await.len(), 1);
    let asked = scene.heard.0.lock().unwrap().last().cloned().unwrap();
    assert!(asked.silent && asked.plain.contains("23:00"), "{asked:?}");
}

#[test]
fn people_without_any_way_to_them_are_named() {
    let words = gaccong::locale::Locale::new(gaccong::locale::Lang::Vi);
    let now = "2026-11-02T08:00:00+07:00".parse().unwrap();
    let text = "duty:
  roster:
    - { name: Có Số, phone: '0912', from: '07:00', to: '19:00' }
    - { name: Không Số, from: '19:00', to: '07:00' }
    - { name: Không Số, from: '08:00', to: '09:00', dates: 2020-01-01..2020-01-02 }
  contacts:
    - { tier: national, name: Trung tâm im lặng, confirmed: 2026-11-01 }
agencies:
  - { id: bo, name: Một bộ, head: { name: Lãnh Đạo } }
";
    let told = gaccong::config::duty_remarks(&parse(text), now, &words);
    for name in ["Không Số", "Lãnh Đạo", "Trung tâm im lặng"] {
        let line = format!("⚠ {name} có tên trong lịch trực");
        let found = told.iter().filter(|it| it.starts_with(&line)).count();
        assert_eq!(found, 1, "{name} in {told:#?}");
    }
    assert!(!told.concat().contains("Có Số"), "{told:#?}");
}

#[test]
fn times_of_reminders_are_read_refused_and_exported() {
    let config = parse(&format!(
        "{DUTY}  remind_taken: 90m\n  test_call: off\n{PROVINCES}"
    ));
    assert_eq!(
        config.duty.remind_taken,
        Some(std::time::Duration::from_secs(5400))
    );
    assert_eq!(config.duty.test_call, None);
    let again = gaccong::config::export::yaml(&config, &config.agencies, &[]);
    assert_eq!(parse(&again).duty, config.duty);
    let text = "duty:\n  remind_taken: 1m\n  test_call: 2d\n  remind_taken_: 2h\n";
    let faults = gaccong::config::parse(text, gaccong::config::Pace::Polite).unwrap_err();
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    for (line, wanted) in [
        (2, "duty.remind_taken: \"1m\": from 10m to 1d, or off"),
        (3, "duty.test_call: \"2d\": from 2m to 1d, or off"),
        (
            4,
            "duty.remind_taken_: unknown key; did you mean remind_taken?",
        ),
    ] {
        assert!(
            told.iter()
                .any(|it| it.starts_with(&format!("{line}:")) && it.contains(wanted)),
            "{wanted} in {told:#?}"
        );
    }
}

#[tokio::test]
async fn a_tap_says_that_he_is_there_and_nobody_elses_does() {
    const ROOM: i64 = -1001;
    let (an, binh) = (crate::room::AN, crate::room::BINH);
    let portal = Portal::page(honest(1)).await;
    let telegram = crate::telegram::Telegram::strict(&[(ROOM, "supergroup")]).await;
    let notifier = format!(
        "notifiers:\n  room: {{ kind: telegram, with: {{ chat: {ROOM}, token_env: HOME, api_url: '{}' }} }}\n",
        telegram.portal.url()
    );
    let text = yaml("", &[("a", &portal.url())])
        .replace("agencies:", &format!("{notifier}{DUTY}agencies:"))
        .replace("  timeout: 2s", "  timeout: 2s\n  notify: [room]");
    let clock = Turned::at("2026-11-22T18:46:00+07:00");
    let scene = Scene::at(parse(&text), "memory", clock.clone());
    duty_clock(&scene.world).await;
    deliver::flush(&scene.world).await;
    let asked = telegram.last(ROOM).unwrap();
    assert!(asked.text.contains("ĐỔI CA LÚC 19:00"), "{}", asked.text);
    let listening = crate::room::Listening::to(&scene);
    let tapped = async |who, data: Option<&str>| {
        let query = match data {
            Some(data) => telegram.press_data(ROOM, who, asked.id, data),
            None => telegram.press(ROOM, who, asked.id, "✋ Sẵn sàng nhận ca"),
        };
        let found =
            |it: &crate::telegram::Telegram| it.answered().into_iter().find(|it| it.0 == query);
        telegram.wait_for(|it| found(it).is_some()).await;
        found(&telegram).unwrap().1
    };
    assert_eq!(tapped(&an, None).await, "Bạn không có tên trong ca này.");
    let said = tapped(&binh, Some("here:0")).await;
    assert_eq!(said, "Ca này đã bắt đầu.");
    for forged in ["here:x", "here:99999999999999999999", "here:"] {
        let said = tapped(&binh, Some(forged)).await;
        assert_eq!(said, "Phiên bản này chưa có chức năng đó.", "{forged}");
    }
    let said = tapped(&binh, None).await;
    assert!(
        said.starts_with("✅ Trần Thị Bình sẵn sàng nhận ca 19:00"),
        "{said}"
    );
    telegram
        .wait_for(|it| {
            it.last(ROOM)
                .unwrap()
                .text
                .contains("sẵn sàng nhận ca 19:00")
        })
        .await;
    listening.end().await;
    let before = telegram.messages(ROOM).len();
    clock.pass(12);
    duty_clock(&scene.world).await;
    deliver::flush(&scene.world).await;
    assert_eq!(telegram.messages(ROOM).len(), before, "nobody is missed");
}
