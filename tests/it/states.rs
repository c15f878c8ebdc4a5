//! Pages in the place of a portal's own: browser checks, empty shells, maintenance, error pages. They are earned, they
//! teach nothing, and one that lasts is told.

use std::sync::{Arc, Mutex};

use gaccong::model::{Class, Kind, incident::What};

use crate::{
    portal::{Portal, Reply, defaced, honest},
    scene::{Scene, Turned, yaml},
    unseen::{HTML, announce, answer, learnt, shown},
};

const CHECK: &str = "<html><head><META NAME=robots CONTENT='noindex,nofollow'><script src='/_Incapsula_Resource?SWJIYLWA=1f0e2d3c'></script></head><body></body></html>";
const SHELL: &str = "<!doctype html><html><head><meta charset=utf-8><script src='/js/site.js'></script></head><body><div id=root></div></body></html>";
const CLOSED: &str = "<html><head><title>Bảo trì</title></head><body><p>Hệ thống đang bảo trì, vui lòng quay lại sau.</p></body></html>";

/// Class of the last look, and the number of known looks.
async fn state(scene: &Scene) -> (Option<Class>, usize) {
    let id = scene.target(0).id;
    let now = scene.world.clock.now();
    let from = now - jiff::SignedDuration::from_hours(24);
    let to = now + jiff::SignedDuration::from_hours(1);
    let spans = scene
        .world
        .store
        .history(&id, from, to)
        .await
        .unwrap()
        .spans;
    let baseline = scene.target_state(0).await.baseline.unwrap();
    (spans.last().map(|it| it.class), baseline.looks().count())
}

async fn blinds(scene: &Scene) -> usize {
    let incidents = scene.incidents().await;
    let events = incidents.iter().flat_map(|it| &it.timeline);
    events.filter(|it| it.what == What::Blind).count()
}

/// Looks every five minutes.
async fn wait(scene: &Scene, clock: &Turned, minutes: i64) {
    for _ in 0..minutes / 5 {
        clock.pass(5);
        scene.check(0).await;
    }
}

#[tokio::test]
async fn a_check_is_told_after_a_quarter_of_an_hour_once_and_teaches_nothing() {
    let (portal, scene, clock) = learnt(&[HTML]).await;
    let (_, known) = state(&scene).await;
    shown(&portal, &scene, answer(200, &[HTML], CHECK)).await;
    assert_eq!(state(&scene).await, (Some(Class::ByPortal), known));
    wait(&scene, &clock, 10).await;
    assert_eq!(blinds(&scene).await, 0);
    wait(&scene, &clock, 60).await;
    assert_eq!(blinds(&scene).await, 1);
    assert_eq!(state(&scene).await, (Some(Class::ByPortal), known));
    // an attack behind the check, and one inside it
    let heard = shown(&portal, &scene, answer(200, &[HTML], defaced())).await;
    assert!(heard.iter().any(|it| it.starts_with("🔴")), "{heard:?}");
}

#[tokio::test]
async fn a_check_that_asks_for_keys_or_comes_from_elsewhere_is_none() {
    let words = "<title>Just a moment...</title><h1>Checking your browser</h1>";
    for page in [
        format!("{words}<p>Press Windows + R, then Ctrl+V and Enter</p>"),
        format!("{words}<script>navigator.clipboard.writeText('x')</script>"),
        format!("{words}<script>window.ethereum.request({{}})</script>"),
        format!("{words}<form action='https://x9.example/p'><input name=a></form>"),
        format!("{words}<form action='/p'><input type=password name=a></form>"),
        format!("{words}<a href='/tai/sua-loi.exe'>Fix it</a>"),
        format!("{words}<script src='https://x9.example/a.js'></script>"),
        format!("{words}<script src='/upload/verify.js'></script>"),
        format!("{words}<script src='/anh/a.js'></script>"),
        "<script src='/anh/a.js'></script>".to_owned(),
        "<html><head></head><body><div id=app></div><script src='/assets/index.4f1c.js'></script></body></html>".to_owned(),
        "<p>Bảo trì</p><p>Để lấy lại dữ liệu, chuyển 2 BTC vào ví sau đây.</p>".to_owned(),
    ] {
        let (portal, scene, _) = learnt(&[HTML]).await;
        let heard = shown(&portal, &scene, answer(200, &[HTML], page.clone())).await;
        assert!(
            heard.len() == 1 && (heard[0].starts_with("🔴") || heard[0].starts_with("🟠")),
            "{page}\n{heard:?}"
        );
    }
}

#[tokio::test]
async fn a_shell_that_lasts_is_a_page_out_of_sight() {
    let (portal, scene, clock) = learnt(&[HTML]).await;
    let (_, known) = state(&scene).await;
    let heard = shown(&portal, &scene, answer(200, &[HTML], SHELL)).await;
    assert!(heard.is_empty(), "{heard:?}");
    wait(&scene, &clock, 10).await;
    assert_eq!(state(&scene).await, (Some(Class::NormalChange), known));
    // a page in between begins the time anew
    shown(&portal, &scene, answer(200, &[HTML], honest(1))).await;
    assert!(scene.target_state(0).await.shell_since.is_none());
    shown(&portal, &scene, answer(200, &[HTML], SHELL)).await;
    wait(&scene, &clock, 20).await;
    assert_eq!(state(&scene).await, (Some(Class::ByPortal), known));
    assert_eq!(scene.incidents().await[0].kind, Kind::Blocked);
}

#[tokio::test]
async fn maintenance_that_no_plan_announced_rings_after_half_an_hour() {
    for planned in [false, true] {
        let (portal, scene, clock) = learnt(&[HTML]).await;
        if planned {
            announce(&scene).await;
        }
        shown(&portal, &scene, answer(200, &[HTML], CLOSED)).await;
        assert_eq!(scene.incidents().await[0].kind, Kind::Maintenance);
        wait(&scene, &clock, 25).await;
        assert_eq!(blinds(&scene).await, 0);
        let told = scene.heard().len();
        wait(&scene, &clock, 60).await;
        assert_eq!(blinds(&scene).await, usize::from(!planned));
        let heard = scene.heard().split_off(told);
        assert_eq!(heard.len(), usize::from(!planned), "{heard:?}");
        if let Some(first) = heard.first() {
            assert!(first.contains("mà không có thông báo trước"), "{first}");
        }
    }
}

#[tokio::test]
async fn an_address_of_faults_is_not_up_whatever_frame_it_has() {
    let (portal, scene, _) = learnt(&[HTML]).await;
    let (_, known) = state(&scene).await;
    portal.set(|request| match request.path.as_str() {
        "/" => Reply::redirect("/Error.aspx?aspxerrorpath=/Default.aspx"),
        _ => Reply::Page(honest(1).replace("Tin hoạt động", "Tin")),
    });
    scene.check(0).await;
    assert_eq!(state(&scene).await, (Some(Class::Maintenance), known));
}

#[tokio::test]
async fn xhtml_is_read_as_browsers_read_it() {
    const XHTML: (&str, &str) = ("content-type", "application/xhtml+xml; charset=utf-8");
    let page = |inside: &str| {
        format!(
            "<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><head><title>Cổng xã Thử</title><script src='/js/site.js' /></head><body>{inside}</body></html>"
        )
    };
    let news: String = (0..8)
        .map(|it| format!("<p><a href='/tin/{it}'>Tin hoạt động của đơn vị</a> Nội dung tóm tắt về cải cách</p>"))
        .collect();
    let planted = "<div style='display:none'><a href='https://nhacai88.example-bet.com/'>Tài xỉu online</a><a href='https://slot77.example.xyz/'>Nổ hũ đổi thưởng</a></div>";
    for hidden in [
        planted.to_owned(),
        format!("<style/><textarea/><iframe src='/a'/>{planted}"),
        format!("<![CDATA[x]]><script><!-- </script> --></script>{planted}"),
    ] {
        let body = page(&news);
        let portal = Portal::start(move |_| answer(200, &[XHTML], body.clone())).await;
        let scene = Scene::new(&yaml("", &[("a", &portal.url())]));
        scene.learn(0).await;
        assert!(scene.heard().is_empty());
        let reply = answer(200, &[XHTML], page(&format!("{news}{hidden}")));
        let heard = shown(&portal, &scene, reply).await;
        assert_eq!(heard.len(), 1, "{hidden}: {heard:?}");
    }
}

#[tokio::test]
async fn the_page_behind_a_front_page_is_what_is_watched() {
    for stub in [
        "<html><head><meta http-equiv=refresh content='0;url=/web/trang-chu'></head><body></body></html>",
        "<html><head><script>window.location.href='/web/trang-chu';</script></head><body></body></html>",
        "<html><frameset rows='100%,*'><frame src='/web/trang-chu'></frameset></html>",
    ] {
        let page = Arc::new(Mutex::new(honest(1)));
        let served = page.clone();
        let portal = Portal::start(move |request| match request.path.as_str() {
            "/" => Reply::Page(stub.to_owned()),
            "/web/trang-chu" => Reply::Page(served.lock().unwrap().clone()),
            _ => Reply::status(404, "không có"),
        })
        .await;
        let scene = Scene::new(&yaml("", &[("a", &portal.url())]));
        for _ in 0..5 {
            scene.check(0).await;
        }
        let baseline = scene.target_state(0).await.baseline.unwrap();
        assert_eq!(baseline.latest().unwrap().url.path(), "/web/trang-chu");
        *page.lock().unwrap() = defaced();
        scene.check(0).await;
        assert_eq!(scene.incidents().await[0].kind, Kind::Defaced, "{stub}");
    }
    // a front page that leads to another domain is what rings, and is not followed
    let (portal, scene, _) = learnt(&[HTML]).await;
    let away = "<meta http-equiv=refresh content='0;url=https://x9.example/'>";
    let heard = shown(&portal, &scene, answer(200, &[HTML], away)).await;
    assert_eq!(heard.len(), 1, "{heard:?}");
}
