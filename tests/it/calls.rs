//! Calls that must not be lost: steps that are not configured, muted chats, officers absent at night.

use std::sync::Arc;

use gaccong::{
    deliver,
    duty::due,
    incident,
    model::{
        Incident,
        duty::{EscalationStep, Step},
        incident::{Muted, MutedIn},
    },
    world::clock::Clock,
};
use jiff::SignedDuration;

use crate::{
    duty::round,
    ladder::a_member,
    portal::{Portal, defaced, honest},
    scene::{Scene, Turned, parse, yaml},
};

/// An agency with a portal that sends its alerts to `notify`; `duty` comes before the agencies in the file.
async fn quiet(clock: &Arc<Turned>, duty: &str, notify: &str) -> (Portal, Scene) {
    let portal = Portal::page(honest(1)).await;
    let head = "agencies:\n  - id: thu\n    head: { name: Lê Văn Cường, phone: '0912 000 003' }\n";
    let text = yaml("", &[("a", &portal.url())])
        .replace("agencies:\n  - id: thu\n", &format!("{duty}{head}"))
        .replace("  timeout: 2s", "  timeout: 2s\n  notify: [console]")
        .replace(
            "name: Cổng a,",
            &format!("name: Cổng a, notify: [{notify}],"),
        );
    let scene = Scene::at(parse(&text), "memory", clock.clone());
    scene.learn(0).await;
    (portal, scene)
}

/// A scene with a portal that was learnt and is now defaced.
async fn scene(clock: &Arc<Turned>, duty: &str, notify: &str) -> Scene {
    let (portal, scene) = quiet(clock, duty, notify).await;
    portal.show(defaced());
    scene.check(0).await;
    scene
}

fn step((minutes, to): (u64, EscalationStep)) -> Step {
    Step {
        after: std::time::Duration::from_secs(minutes * 60),
        to,
    }
}

/// The calls within ten hours for an incident that a member of the agency took at once: minute and step of each.
async fn calls(
    steps: &[(u64, EscalationStep)],
    answers: impl Fn(EscalationStep) -> bool,
) -> Vec<(i64, EscalationStep)> {
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let scene = scene(&clock, "", "console").await;
    let known = scene.incidents().await.remove(0);
    let mut it = incident::take(&known, a_member(), known.confirmed_at).unwrap();
    let steps: Vec<Step> = steps.iter().copied().map(step).collect();
    let mut called = Vec::new();
    for minute in 1..=10 * 60 {
        let now = known.confirmed_at + SignedDuration::from_mins(minute);
        if let Some(call) = due(&steps, &it, now, false, &answers) {
            called.push((minute, call.to));
            it = incident::escalate(&it, call.reached, call.to, now);
        }
    }
    called
}

#[tokio::test]
async fn a_head_who_is_barred_ends_no_calls_of_the_operator() {
    let (roster, head, room) = (
        EscalationStep::Roster,
        EscalationStep::Head,
        EscalationStep::DutyRoom,
    );
    // after the last step, rounds continue at the times of the other steps
    let called = calls(&[(5, roster), (15, head)], |_| true).await;
    assert_eq!(called, [(10, roster), (90, roster), (270, roster)]);
    let called = calls(&[(5, roster), (10, room), (15, head)], |_| true).await;
    assert_eq!(
        called[..4],
        [(10, roster), (20, room), (90, roster), (150, room)]
    );
    // the only step that is configured and has a person: the duty room is called in place of the head
    let called = calls(&[(10, head)], |_| true).await;
    assert_eq!(called[..3], [(20, room), (80, room), (200, room)]);
    let called = calls(&[(5, roster), (10, head)], |it| it != roster).await;
    assert_eq!(called[..2], [(10, room), (80, room)]);
    assert!(calls(&[(10, head)], |it| it != head).await.is_empty());
}

#[tokio::test]
async fn a_call_to_the_head_of_a_muted_chat_goes_to_the_operator() {
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let duty =
        "notifiers:\n  thu: { kind: console }\nduty:\n  escalation: [{ after: 10m, to: head }]\n";
    let scene = scene(&clock, duty, "thu").await;
    let known = scene.incidents().await.remove(0);
    let muted = Muted {
        by: "Ai đó".to_owned(),
        origin: None,
        until: clock.now() + SignedDuration::from_hours(1),
    };
    let muted = MutedIn {
        notifiers: vec!["thu".to_owned()],
        muted,
    };
    let silent = Incident {
        muted_in: vec![muted],
        ..known
    };
    scene.commit(silent).await;
    assert!(round(&scene).await.is_empty());
    clock.pass(11);
    let called = round(&scene).await;
    assert_eq!(called.len(), 1, "{called:?}");
    assert!(
        called[0].contains("Lãnh đạo cơ quan: Lê Văn Cường ☎ 0912 000 003"),
        "{}",
        called[0]
    );
}

const SHIFTS: &str = "duty:
  roster:
    - { name: Nguyễn Văn An, telegram: 11, from: '07:00', to: '23:00' }
    - { name: Trần Thị Bình, telegram: 12, from: '23:00', to: '07:00' }
    - { name: Lê Văn Cường, telegram: 13, from: '00:00', to: '24:00' }
";

#[tokio::test]
async fn who_is_absent_at_night_is_an_alarm() {
    let clock = Turned::at("2026-11-22T22:46:00+07:00");
    let (_portal, scene) = quiet(&clock, SHIFTS, "console").await;
    assert_eq!(round(&scene).await.len(), 1);
    clock.pass(10);
    assert_eq!(round(&scene).await.len(), 1);
    let heard = scene.heard.0.lock().unwrap();
    let [.., asked, missed] = heard.as_slice() else {
        panic!("{heard:?}");
    };
    assert!(
        asked.silent && asked.plain.contains("ĐỔI CA LÚC 23:00"),
        "{asked:?}"
    );
    assert!(
        !missed.silent && missed.plain.contains("CA 23:00 CHƯA ĐỦ NGƯỜI"),
        "{missed:?}"
    );
}

#[tokio::test]
async fn who_stays_on_duty_is_not_asked_whether_he_is_there() {
    let clock = Turned::at("2026-11-22T22:46:00+07:00");
    let (_portal, scene) = quiet(&clock, SHIFTS, "console").await;
    let asked = round(&scene).await.concat();
    assert!(asked.contains("Nhận ca: Trần Thị Bình"), "{asked}");
    assert!(!asked.contains("Lê Văn Cường"), "{asked}");
    let at = "2026-11-22T23:00:00+07:00".parse().unwrap();
    let here = |account, name| {
        gaccong::actions::shift_check::confirm(&scene.world, at, Some(account), name)
    };
    assert_eq!(here(13, "Lê Văn Cường").await.unwrap(), None);
    let here = here(12, "Bình").await.unwrap();
    assert_eq!(here.as_deref(), Some("Trần Thị Bình"));
    clock.pass(11);
    assert!(round(&scene).await.is_empty(), "nobody is missed");
    // no test call when a shift only ends
    let alone = SHIFTS.replace(
        "    - { name: Trần Thị Bình, telegram: 12, from: '23:00', to: '07:00' }\n",
        "",
    );
    let clock = Turned::at("2026-11-22T22:46:00+07:00");
    let (_portal, scene) = quiet(&clock, &alone, "console").await;
    for _ in 0..13 {
        let said = round(&scene).await;
        assert!(said.is_empty(), "{said:?}");
        clock.pass(1);
    }
    deliver::flush(&scene.world).await;
}
