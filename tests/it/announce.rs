//! Announced changes: the permission to announce them, and the forms of the command in a chat and on the command
//! line.

use gaccong::actions::{Access, plans};

use crate::{
    plans::{planned, redesigned},
    room::{AGENCY, AN, BINH, Listening, NOBODY, ROOM, asked, room_at},
    scene::{Turned, folder, gaccong, said, yaml},
};

#[tokio::test]
async fn who_may_announce_and_what() {
    let clock = Turned::at("2026-11-22T21:50:00+07:00");
    let (portal, telegram, scene) = room_at(clock.clone(), &[]).await;
    let listening = Listening::to(&scene);
    for (chat, who, text, wanted) in [
        (
            AGENCY,
            &BINH,
            "/thaydoi 22:00-23:00",
            "Xin ghi nội dung công việc",
        ),
        (AGENCY, &BINH, "/thaydoi 21/11/2026 22:00-23:00 x", "đã qua"),
        (
            AGENCY,
            &BINH,
            "/thaydoi 30/01/2027 22:00-23:00 x",
            "trong vòng 31 ngày",
        ),
        (ROOM, &AN, "/thaydoi 22:00-23:00 x", "Xin ghi mã cổng"),
        (ROOM, &BINH, "/thaydoi 22:00-23:00 a x", "Chỉ cán bộ"),
        (AGENCY, &BINH, "/thaydoi 2h-3h chiều x", "24 giờ"),
        (
            AGENCY,
            &BINH,
            "/thaydoi 22:00-23:00 a",
            "Xin ghi nội dung công việc",
        ),
        (AGENCY, &BINH, "/change từ 22h đến 23h b x", "KH-2026-0001"),
    ] {
        let said = asked(&telegram, chat, who, text).await;
        assert!(said.contains(wanted), "{text}: {said}");
    }
    // `b` is not a portal of the agency, so the word is part of the reason
    let plan = scene.world.store.plans().await.unwrap().remove(0);
    assert_eq!(
        (
            plan.targets.len(),
            plan.targets[0].as_str(),
            plan.reason.as_str()
        ),
        (1, "a", "b x")
    );
    let shown = telegram.last(AGENCY).unwrap();
    telegram.press(AGENCY, &BINH, shown.id, "Huỷ kế hoạch");
    telegram.wait_for(|it| !it.answered().is_empty()).await;
    listening.end().await;
    clock.set("2026-11-22T22:30:00+07:00");
    portal.show(redesigned());
    scene.check(0).await;
    assert!(
        scene.incidents().await[0].planned.is_none(),
        "it was cancelled"
    );
    // plans one after the other must not silence the watch
    let day = |from: &str, to: &str| plans::Announcement {
        targets: vec![crate::scene::id("a")],
        from: from.parse().unwrap(),
        to: to.parse().unwrap(),
        reason: "bảo trì".to_owned(),
    };
    let officer = Access::cli(&scene.world, "An");
    let first = day("2026-11-23T00:00:00+07:00", "2026-11-23T20:00:00+07:00");
    plans::announce(&officer, first).await.unwrap();
    let second = day("2026-11-23T20:00:00+07:00", "2026-11-24T16:00:00+07:00");
    let refused = plans::announce(&officer, second).await.unwrap_err();
    assert!(format!("{refused:?}").contains("plan-much"), "{refused:?}");
}

#[tokio::test]
async fn who_hears_no_answer_and_says_it_again_cancels_all_that_was_announced() {
    let clock = Turned::at("2026-11-22T21:50:00+07:00");
    let (portal, telegram, scene) = planned(&clock).await;
    let listening = Listening::to(&scene);
    let text = "/thaydoi 22:00-23:00 đổi giao diện trang chủ";
    let said = asked(&telegram, AGENCY, &NOBODY, text).await;
    assert!(said.contains("KH-2026-0001"), "{said}");
    let other = asked(&telegram, AGENCY, &BINH, "/thaydoi 23:00-23:30 đổi ảnh").await;
    assert!(other.contains("KH-2026-0002"), "{other}");
    let shown = telegram.messages(AGENCY);
    let shown = shown.iter().rfind(|it| it.text.contains("KH-2026-0001"));
    telegram.press(AGENCY, &BINH, shown.unwrap().id, "Huỷ kế hoạch");
    telegram.wait_for(|it| !it.answered().is_empty()).await;
    // announced again after its cancellation, it is a new plan
    let anew = asked(
        &telegram,
        AGENCY,
        &BINH,
        "/thaydoi 22:30-23:00 đổi giao diện",
    )
    .await;
    assert!(anew.contains("KH-2026-0003"), "{anew}");
    listening.end().await;
    portal.show(redesigned());
    scene.check(0).await;
    let incident = scene.incidents().await.remove(0);
    assert!(incident.planned.is_none() && incident.muted.is_none());
}

#[test]
fn changes_are_announced_from_the_command_line() {
    let (_folder, path) = folder(&yaml("", &[("a", "https://a.example.vn/")]));
    let run = |args: &[&str]| said(&gaccong(&path, &[&["targets", "plan"], args].concat()));
    let (_, err, code) = run(&["a"]);
    assert_eq!(code, 2);
    assert!(err.contains("--to"), "{err}");
    let (_, err, code) = run(&["x", "--to", "2099-01-01 10:00", "--reason", "x"]);
    assert_eq!(
        (code, err.contains("no target is called x")),
        (2, true),
        "{err}"
    );
    let (_, err, code) = run(&["a", "--to", "2099-01-01 10:00", "--reason", "x"]);
    assert_eq!((code, err.contains("tối đa 24 giờ")), (2, true), "{err}");
    let in_an_hour = (jiff::Zoned::now()
        .with_time_zone(jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").unwrap())
        + jiff::SignedDuration::from_hours(1))
    .datetime();
    let (out, err, code) = run(&[
        "a",
        "--to",
        &in_an_hour.to_string(),
        "--reason",
        "nâng cấp",
        "--by",
        "An",
    ]);
    assert_eq!(code, 0, "{out}{err}");
    let (out, _, _) = run(&["--list"]);
    assert!(out.contains("nâng cấp") && out.contains("An"), "{out}");
    let id = out
        .split_whitespace()
        .find(|it| it.starts_with("KH-"))
        .unwrap()
        .to_owned();
    let (out, err, code) = run(&["--cancel", &id]);
    assert_eq!(code, 0, "{out}{err}");
    let (_, err, code) = run(&["--cancel", &id]);
    assert_eq!(
        (code, err.contains("không còn hiệu lực")),
        (2, true),
        "{err}"
    );
}
