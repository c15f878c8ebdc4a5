//! Pages that cannot be read completely: what can be read is judged, and the rest is reported as unread.

use std::io::Write;

use gaccong::model::{Kind, incident::Muted};

use crate::{
    portal::{Reply, honest},
    unseen::{HTML, announce, answer, learnt, shown},
};

fn packed(page: &[u8]) -> Reply {
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    out.write_all(page).unwrap();
    let body = out.finish().unwrap();
    answer(200, &[HTML, ("content-encoding", "gzip")], body)
}

#[tokio::test]
async fn what_can_be_read_of_a_page_over_a_limit_is_judged_also_in_announced_changes() {
    let signed =
        "<html><head><title>Cổng</title></head><body bgcolor=black><h1>Hacked by R00T Crew</h1>";
    let spaces = " ".repeat(9 << 20);
    let nested = "<div>".repeat(600);
    let comment = format!("<!--{}-->", "x".repeat(600_000));
    for reply in [
        packed(format!("{signed}{spaces}").as_bytes()),
        answer(200, &[HTML], format!("{signed}{spaces}")),
        answer(
            200,
            &[HTML],
            format!("<html><body>{comment}{nested}<h1>Hacked by R00T Crew</h1>"),
        ),
        answer(
            200,
            &[HTML],
            format!(
                "<html><body>{nested}{}<h1>Hacked by R00T Crew</h1>",
                "<p>lấp đầy</p>".repeat(30_000)
            ),
        ),
    ] {
        let (portal, scene, _) = learnt(&[HTML]).await;
        announce(&scene).await;
        let heard = shown(&portal, &scene, reply).await;
        assert_eq!(heard.len(), 1);
        assert!(heard[0].starts_with("🔴 NGHI BỊ TẤN CÔNG"), "{}", heard[0]);
    }
}

#[tokio::test]
async fn a_page_that_could_be_read_and_cannot_be_now_is_told_in_its_own_words() {
    for planned in [false, true] {
        for reply in [
            packed(format!("<p>Xin chào</p>{}", " ".repeat(9 << 20)).as_bytes()),
            answer(
                200,
                &[HTML],
                format!("<html><body>{}<img src=/h.jpg>", "<div>".repeat(600)),
            ),
        ] {
            let (portal, scene, clock) = learnt(&[HTML]).await;
            if planned {
                announce(&scene).await;
            }
            let heard = shown(&portal, &scene, reply).await;
            assert_eq!(heard.len(), 1);
            assert!(
                heard[0].starts_with("🟠 KHÔNG ĐỌC ĐƯỢC HẾT TRANG"),
                "{}",
                heard[0]
            );
            let incident = scene.incidents().await.remove(0);
            assert_eq!((incident.kind, incident.muted), (Kind::Down, None));
            assert!(!incident.evidence.is_empty(), "what was read is kept");
            // the portal serves its own page again
            clock.pass(5);
            let heard = shown(&portal, &scene, answer(200, &[HTML], honest(1))).await;
            assert!(heard[0].starts_with("🟢"), "{heard:?}");
        }
    }
    // during an outage, a page comes that cannot be read completely: the change is reported
    let (portal, scene, _) = learnt(&[HTML]).await;
    shown(&portal, &scene, Reply::Close).await;
    let page = format!("<html><body>{}", "<div>".repeat(600));
    let heard = shown(&portal, &scene, answer(200, &[HTML], page)).await;
    assert_eq!(heard.len(), 1, "{heard:?}");
    assert!(
        heard[0].starts_with("🟠 KHÔNG ĐỌC ĐƯỢC HẾT"),
        "{}",
        heard[0]
    );
}

#[tokio::test]
async fn what_was_unread_once_breaks_no_later_silence() {
    let (portal, scene, _) = learnt(&[HTML]).await;
    let page = format!("<html><body>{}", "<div>".repeat(600));
    shown(&portal, &scene, answer(200, &[HTML], page)).await;
    let mut incident = scene.incidents().await.remove(0);
    assert!(incident.is_unread());
    let later = scene.world.clock.now() + jiff::SignedDuration::from_hours(8);
    incident.muted = Some(Muted {
        until: later,
        by: "Hoa".to_owned(),
        origin: None,
    });
    scene.commit(incident).await;
    let refusal =
        "<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1></body></html>";
    let told = scene.heard().len();
    shown(&portal, &scene, answer(403, &[HTML], refusal)).await;
    shown(&portal, &scene, Reply::Close).await;
    let incident = scene.incidents().await.remove(0);
    let until = incident.muted.map(|it| it.until);
    assert_eq!((incident.kind, until), (Kind::Down, Some(later)));
    assert_eq!(scene.heard().len(), told, "{:#?}", scene.heard());
}
