use gaccong::{
    actions::approve,
    model::{Class, Kind, incident::Stage},
};

use crate::{
    portal::{Portal, Reply, defaced, honest, planted},
    scene::{Scene, yaml},
};

/// A portal with a page that varies at every visit, like honest ones.
async fn lively() -> Portal {
    let mut n = 0;
    Portal::start(move |_| {
        n += 7;
        Reply::Page(honest(n))
    })
    .await
}

fn lively_again(portal: &Portal) {
    let mut n = 1000;
    portal.set(move |_| {
        n += 7;
        Reply::Page(honest(n))
    });
}

#[tokio::test]
async fn a_defacement_is_confirmed_told_once_and_its_end_too() {
    let portal = lively().await;
    let scene = Scene::new(&yaml("", &[("a", &portal.url())]));
    scene.learn(0).await;
    assert_eq!(scene.check(0).await.class, Some(Class::Unchanged));
    assert!(scene.heard().is_empty());

    portal.show(defaced());
    assert_eq!(scene.check(0).await.class, Some(Class::Defaced));
    scene.check(0).await;
    scene.check(0).await;
    let heard = scene.heard();
    assert_eq!(heard.len(), 1, "told once: {heard:#?}");
    assert!(
        heard[0].starts_with("🔴 NGHI BỊ TẤN CÔNG THAY ĐỔI GIAO DIỆN · SC-"),
        "{}",
        heard[0]
    );
    for part in [
        "Cổng a (Cơ quan Thử)",
        "xác nhận 2/2",
        "«hacked by»",
        "Nay: «Hacked by T3st_Team»",
        "127[.]0[.]0[.]1",
    ] {
        assert!(
            heard[0].contains(part),
            "{part} is missing in\n{}",
            heard[0]
        );
    }
    let incident = &scene.incidents().await[0];
    assert!(incident.before.is_some() && !incident.evidence.is_empty());
    assert!(
        scene
            .world
            .evidence
            .body(&incident.evidence[0].digest)
            .unwrap()
            .starts_with(b"<html>")
    );
    assert_eq!(
        scene.target_state(0).await.baseline.unwrap().learnt.len(),
        0,
        "an attack teaches nothing"
    );

    lively_again(&portal);
    scene.check(0).await;
    scene.check(0).await;
    let heard = scene.heard();
    assert_eq!(heard.len(), 2);
    assert!(heard[1].starts_with("🟢 ĐÃ KHÔI PHỤC"), "{}", heard[1]);
    assert_eq!(scene.incidents().await[0].stage, Stage::Resolved);
}

#[tokio::test]
async fn planted_links_are_found_in_an_intact_page() {
    let portal = lively().await;
    let scene = Scene::new(&yaml("", &[("a", &portal.url())]));
    scene.learn(0).await;
    portal.show(planted(5));
    scene.check(0).await;
    let heard = scene.heard();
    assert!(
        heard[0].starts_with("🟠 NGHI BỊ CHÈN NỘI DUNG LẠ"),
        "{heard:?}"
    );
    assert!(
        heard[0].contains("7 liên kết ẩn") && heard[0].contains("display:none"),
        "{}",
        heard[0]
    );
    assert!(!heard[0].contains("nhacai0.spam"), "no live host name");
}

#[tokio::test]
async fn one_bad_look_is_no_incident() {
    let portal = lively().await;
    let scene = Scene::new(&yaml("", &[("a", &portal.url())]));
    scene.learn(0).await;
    let mut first = true;
    portal.set(move |_| match std::mem::take(&mut first) {
        true => Reply::status(503, "x"),
        false => Reply::Page(honest(3)),
    });
    scene.check(0).await;
    assert!(scene.heard().is_empty());
    assert!(scene.incidents().await.is_empty());
    let from = jiff::Timestamp::now()
        .checked_sub(jiff::SignedDuration::from_hours(1))
        .unwrap();
    let to = jiff::Timestamp::now()
        .checked_add(jiff::SignedDuration::from_hours(1))
        .unwrap();
    let spans = scene
        .world
        .store
        .history(&scene.target(0).id, from, to)
        .await
        .unwrap()
        .spans;
    assert!(
        spans.iter().any(|it| it.class == Class::HttpStatus),
        "the look is in history all the same: {spans:?}"
    );
}

#[tokio::test]
async fn down_maintenance_and_blocked_each_have_their_words() {
    for (reply, first, kind) in [
        (
            Reply::status(500, "<h1>Internal Server Error</h1>"),
            "🟡 KHÔNG TRUY CẬP ĐƯỢC",
            Kind::Down,
        ),
        (Reply::Close, "🟡 KHÔNG TRUY CẬP ĐƯỢC", Kind::Down),
        (
            Reply::Page(
                "<title>Bảo trì</title><p>Hệ thống đang bảo trì, vui lòng quay lại sau.</p>".into(),
            ),
            "⚪ CỔNG ĐANG BẢO TRÌ",
            Kind::Maintenance,
        ),
        (
            Reply::status(403, "<title>Forbidden</title>"),
            "⚪ CỔNG CHẶN HỆ THỐNG GIÁM SÁT",
            Kind::Blocked,
        ),
        (
            Reply::Page("<title>Just a moment...</title><p>Checking your browser</p>".into()),
            "⚪ CỔNG CHẶN HỆ THỐNG GIÁM SÁT",
            Kind::Blocked,
        ),
        (
            Reply::Page(" \n".into()),
            "🟡 KHÔNG TRUY CẬP ĐƯỢC",
            Kind::Down,
        ),
        (
            Reply::Page("<div>".repeat(2000)),
            "🟠 KHÔNG ĐỌC ĐƯỢC HẾT TRANG",
            Kind::Down,
        ),
    ] {
        let portal = lively().await;
        let witness = lively().await;
        let scene = Scene::new(&yaml("", &[("a", &portal.url()), ("b", &witness.url())]));
        scene.learn(0).await;
        let shown = format!("{reply:?}");
        portal.set(move |_| reply.clone());
        scene.check(0).await;
        let heard = scene.heard();
        assert_eq!(heard.len(), 1, "{shown:.80}: {heard:?}");
        assert!(heard[0].starts_with(first), "{shown:.80}: {}", heard[0]);
        assert_eq!(scene.incidents().await[0].kind, kind);
    }
}

#[tokio::test]
async fn a_page_that_is_bad_at_first_sight_teaches_nothing() {
    let portal = Portal::page(defaced()).await;
    let scene = Scene::new(&yaml("", &[("a", &portal.url())]));
    for _ in 0..4 {
        scene.check(0).await;
    }
    let target_state = scene.target_state(0).await;
    assert!(target_state.baseline.is_none() && target_state.learning.is_empty());
    assert_eq!(scene.heard().len(), 1);
}

#[tokio::test]
async fn tampering_is_not_over_because_the_page_cannot_be_seen() {
    let portal = lively().await;
    let witness = lively().await;
    let scene = Scene::new(&yaml("", &[("a", &portal.url()), ("b", &witness.url())]));
    scene.learn(0).await;
    portal.show(defaced());
    scene.check(0).await;
    portal.set(|_| Reply::Close);
    for _ in 0..3 {
        scene.check(0).await;
    }
    let all = scene.incidents().await;
    assert_eq!(all.len(), 1);
    assert!(all[0].stage.is_open() && all[0].remark.is_some());
    assert_eq!(scene.heard().len(), 2, "told and remarked, once each");
    portal.show(defaced());
    scene.check(0).await;
    assert!(scene.incidents().await[0].remark.is_none());
    lively_again(&portal);
    scene.check(0).await;
    assert_eq!(scene.incidents().await[0].stage, Stage::Resolved);
}

#[tokio::test]
async fn an_outage_that_ends_in_a_defacement_is_two_incidents() {
    let portal = lively().await;
    let witness = lively().await;
    let scene = Scene::new(&yaml("", &[("a", &portal.url()), ("b", &witness.url())]));
    scene.learn(0).await;
    portal.set(|_| Reply::Close);
    scene.check(0).await;
    portal.show(defaced());
    scene.check(0).await;
    let all = scene.incidents().await;
    assert_eq!(
        all.iter().map(|it| (it.kind, it.stage)).collect::<Vec<_>>(),
        [(Kind::Down, Stage::Resolved), (Kind::Defaced, Stage::Open)]
    );
}

#[tokio::test]
async fn our_own_blindness_accuses_nobody_and_is_told_once() {
    let (a, b, c) = (lively().await, lively().await, lively().await);
    let urls = [a.url(), b.url(), c.url()];
    let scene = Scene::new(&yaml(
        "  connectivity: ['127.0.0.1:1']\n",
        &[("a", &urls[0]), ("b", &urls[1]), ("c", &urls[2])],
    ));
    scene.learn(0).await;
    for portal in [&a, &b, &c] {
        portal.shut().await;
    }
    for at in 0..3 {
        assert_eq!(scene.check(at).await.class, None);
    }
    assert!(scene.incidents().await.is_empty());
    let heard = scene.heard();
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(heard[0].starts_with("⚪ HỆ THỐNG GIÁM SÁT MẤT KẾT NỐI"));
    let week = gaccong::model::time::Week::of(
        jiff::Timestamp::now()
            .to_zoned(scene.world.config.service.timezone.clone())
            .date(),
    );
    let report = gaccong::actions::reports::gather(&scene.world, week, None)
        .await
        .unwrap();
    assert!(
        report.targets.iter().all(|it| it.outages.is_empty()),
        "blind time is nobody's outage"
    );
    a.reopen().await;
    scene.check(0).await;
    assert!(scene.heard()[1].starts_with("🟢 HỆ THỐNG GIÁM SÁT ĐÃ CÓ KẾT NỐI LẠI"));
}

#[tokio::test]
async fn other_targets_are_witnesses() {
    let (a, b) = (lively().await, lively().await);
    let scene = Scene::new(&yaml("", &[("a", &a.url()), ("b", &b.url())]));
    scene.learn(0).await;
    a.shut().await;
    assert_eq!(
        scene.check(0).await.class,
        Some(Class::Connection),
        "b answers, so a is down"
    );
}

#[tokio::test]
async fn an_approval_ends_the_incident_and_moves_the_baseline() {
    let portal = lively().await;
    let scene = Scene::new(&yaml("", &[("a", &portal.url())]));
    scene.learn(0).await;
    portal.show(planted(1));
    scene.check(0).await;
    approve::approve(
        &scene.world,
        &scene.target(0),
        approve::Approval::new("Nguyễn Văn A", approve::Keep::None),
        None,
    )
    .await
    .unwrap();
    let incident = &scene.incidents().await[0];
    assert_eq!(incident.stage, Stage::Dismissed);
    scene.check(0).await;
    assert_eq!(
        scene.incidents().await.len(),
        1,
        "what was approved does not ring again"
    );
    assert!(
        scene
            .heard()
            .last()
            .unwrap()
            .contains("Nguyễn Văn A xác nhận là thay đổi hợp lệ")
    );
    assert_eq!(
        scene.target_state(0).await.baseline.unwrap().by,
        "Nguyễn Văn A"
    );
}

#[tokio::test]
async fn cloaked_spam_is_seen_by_the_visitor_it_is_meant_for() {
    let portal = Portal::page(honest(1)).await;
    let text = yaml("", &[("a", &portal.url())]).replace(
        "  every: 1s\n",
        "  every: 1s\n  profiles: [desktop, googlebot]\n",
    );
    let scene = Scene::new(&text);
    scene.learn(0).await;
    portal.set(|request| {
        let bot = request
            .header("user-agent")
            .is_some_and(|it| it.contains("Googlebot"));
        Reply::Page(if bot { planted(1) } else { honest(1) })
    });
    assert_eq!(scene.check(0).await.class, Some(Class::Suspicious));
}

#[tokio::test]
async fn a_portal_that_says_not_modified_is_asked_in_full_now_and_then() {
    let portal = Portal::start(|_| Reply::Full {
        status: 200,
        headers: vec![("etag", "\"1\"".into())],
        body: honest(1).into_bytes(),
    })
    .await;
    let scene = Scene::new(&yaml("", &[("a", &portal.url())]));
    scene.learn(0).await;
    portal.set(|request| match request.header("if-none-match") {
        Some(_) => Reply::Full {
            status: 304,
            headers: vec![],
            body: vec![],
        },
        None => Reply::Page(defaced()),
    });
    // the probability that 200 looks are all conditional is (7/8)^200
    for _ in 0..200 {
        if scene.check(0).await.class == Some(Class::Defaced) {
            return;
        }
    }
    panic!("a liar was believed");
}

#[tokio::test]
async fn who_shows_another_page_and_fails_in_turn_is_caught_at_it() {
    let portal = Portal::page(honest(1)).await;
    let other = Portal::page(honest(1)).await;
    let scene = Scene::new(&yaml("", &[("a", &portal.url()), ("b", &other.url())]));
    scene.learn(0).await;
    let mut n = 0;
    portal.set(move |_| {
        n += 1;
        match n % 3 {
            1 => Reply::Page(defaced()),
            2 => Reply::status(500, "error"),
            _ => Reply::Close,
        }
    });
    scene.check(0).await;
    let incidents = scene.incidents().await;
    assert_eq!(incidents.len(), 1);
    assert_eq!(incidents[0].kind, Kind::Defaced);
    assert!(!incidents[0].evidence.is_empty());
}

#[tokio::test]
async fn a_signed_page_that_breaks_off_is_not_merely_down() {
    let portal = Portal::page(honest(1)).await;
    let other = Portal::page(honest(1)).await;
    let scene = Scene::new(&yaml("", &[("a", &portal.url()), ("b", &other.url())]));
    scene.learn(0).await;
    portal.set(|_| {
        let page = defaced();
        let head = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: {}\r\n\r\n{page}",
            page.len() + 5000
        );
        Reply::Raw(head.into_bytes())
    });
    scene.check(0).await;
    let incidents = scene.incidents().await;
    assert_eq!(incidents[0].kind, Kind::Defaced, "{incidents:?}");
}
