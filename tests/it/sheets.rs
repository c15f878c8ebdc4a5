//! The portal's own style sheets: fetched beside the looks, and part of what a page shows.

use std::time::{Duration, Instant};

use gaccong::model::Incident;

use crate::{
    portal::{Portal, Reply, Request, honest},
    scene::{Scene, Turned, parse, yaml},
};

const STYLE: &str = ".menu{display:flex}.phu-kin{position:fixed;top:0;left:0;width:100%;height:100%;z-index:900;background:#fff}\
    .doc-an{position:absolute!important;width:1px!important;height:1px!important;overflow:hidden!important;clip:rect(0,0,0,0)!important}\
    .ngan>.trang{display:none}.ngan>.mo{display:block}";

/// The page of a portal that links a style sheet, with `part` before the end of its body.
fn page(link: &str, part: &str) -> String {
    let head = format!("<link rel=stylesheet href='{link}'></head>");
    honest(1)
        .replace("</head>", &head)
        .replace("</body>", &format!("{part}</body>"))
}

/// Answers with the page, and with the style sheet at `/css/cong.css`.
fn serve(page: String, css: &str) -> impl FnMut(&Request) -> Reply + Send + 'static {
    let css = css.to_owned();
    move |request| {
        let (kind, body) = match request.path.split('?').next() {
            Some("/css/cong.css") => ("text/css", css.clone()),
            Some("/treo.css") => return Reply::Hang,
            Some("/") => ("text/html; charset=utf-8", page.clone()),
            _ => return Reply::status(404, "<h1>404</h1>"),
        };
        Reply::Full {
            status: 200,
            headers: vec![
                ("content-type", kind.into()),
                ("set-cookie", "phien=bimat".into()),
            ],
            body: body.into(),
        }
    }
}

async fn learnt(css: &str) -> (Portal, Scene) {
    let portal = Portal::start(serve(page("/css/cong.css?v=1", ""), css)).await;
    let scene = Scene::with(parse(&yaml("", &[("a", &portal.url())])), "memory");
    scene.learn(0).await;
    (portal, scene)
}

fn asked(portal: &Portal, path: &str) -> Vec<Request> {
    let all = portal.seen().into_iter();
    all.filter(|it| it.path.starts_with(path)).collect()
}

async fn only_incident(scene: &Scene) -> Incident {
    let mut all = scene.incidents().await;
    assert_eq!(all.len(), 1, "{:?}", scene.heard());
    all.remove(0)
}

fn has(incident: &Incident, name: &str) -> bool {
    incident.signals.iter().any(|it| it.name == name)
}

#[tokio::test]
async fn a_layer_laid_out_by_the_portals_own_style_sheet_rings() {
    let (portal, scene) = learnt(STYLE).await;
    let sheets = asked(&portal, "/css/cong.css");
    assert_eq!(sheets.len(), 1, "once for all looks");
    assert!(sheets[0].header("cookie").is_none());
    let layer = "<div class=phu-kin><h2>Trang này đã đổi chủ kể từ hôm nay</h2><p>Toàn bộ dữ liệu do chúng tôi giữ, hãy viết thư để nhận lại.</p></div>";
    portal.set(serve(page("/css/cong.css?v=1", layer), STYLE));
    scene.check(0).await;
    let incident = only_incident(&scene).await;
    assert!(has(&incident, "covering-layer"), "{:?}", incident.signals);
}

#[tokio::test]
async fn links_hidden_by_a_class_of_the_portal_ring_and_a_tab_does_not() {
    let links: String = (0..5)
        .map(|it| {
            format!("<a href='https://vatlieu{it}.example/bang-gia/{it}'>vật liệu số {it}</a>")
        })
        .collect();
    for (class, rings) in [
        ("<div class=doc-an>", true),
        ("<div class=ngan><div class=trang>", false),
    ] {
        let (portal, scene) = learnt(STYLE).await;
        let part = format!("{class}{links}</div>");
        portal.set(serve(page("/css/cong.css?v=1", &part), STYLE));
        scene.check(0).await;
        let incidents = scene.incidents().await;
        let found = incidents.iter().any(|it| has(it, "hidden-links"));
        assert_eq!(found, rings, "{class} {incidents:?}");
    }
}

#[tokio::test]
async fn a_style_sheet_that_newly_hides_the_page_rings_after_a_restart_too() {
    let clock = Turned::at("2026-11-22T03:00:00Z");
    let portal = Portal::start(serve(page("/css/cong.css", ""), STYLE)).await;
    let config = parse(&yaml("", &[("a", &portal.url())]));
    let scene = Scene::at(config, "memory", clock.clone());
    for _ in 0..3 {
        scene.check(0).await;
        clock.pass_seconds(60);
    }
    let scene = scene.restarted();
    scene.check(0).await;
    assert_eq!(asked(&portal, "/css/").len(), 1, "files outlast a restart");
    let hides = format!(
        "{STYLE}header,nav,main,footer{{display:none!important}}body::before{{content:'Nơi này thuộc về Cánh Dơi Xám'}}"
    );
    portal.set(serve(page("/css/cong.css", ""), &hides));
    clock.pass(60);
    scene.check(0).await;
    assert!(scene.incidents().await.is_empty(), "a day is not over");
    clock.pass(24 * 60);
    // one look fetches it, the next one is judged by it, though the page has not changed by a byte
    scene.check(0).await;
    scene.check(0).await;
    let incident = only_incident(&scene).await;
    assert!(has(&incident, "covering-layer"), "{:?}", incident.signals);
    let kept = incident.led.first().expect("the style sheet is evidence");
    assert_eq!(
        scene.world.evidence.body(&kept.digest).unwrap(),
        hides.as_bytes()
    );
}

#[tokio::test]
async fn a_style_sheet_that_only_the_new_page_links_is_judged_with_it() {
    let (portal, scene) = learnt(STYLE).await;
    let part = "<link rel=stylesheet href='/css/cong.css/moi.css'><section class=moi><p>Ngày mai chúng tôi sẽ công bố toàn bộ hồ sơ đã lấy.</p></section>";
    let page = page("/css/cong.css?v=1", part);
    portal.set(move |request| {
        let (kind, body) = match request.path.as_str() {
            "/css/cong.css/moi.css" => (
                "text/css",
                ".moi{position:fixed;inset:0;z-index:99;background:#000}".to_owned(),
            ),
            "/css/cong.css?v=1" => ("text/css", STYLE.to_owned()),
            _ => ("text/html; charset=utf-8", page.clone()),
        };
        let headers = vec![("content-type", kind.into())];
        Reply::Full {
            status: 200,
            headers,
            body: body.into(),
        }
    });
    scene.check(0).await;
    scene.check(0).await;
    let incident = only_incident(&scene).await;
    assert!(has(&incident, "covering-layer"), "{:?}", incident.signals);
}

#[tokio::test]
async fn a_new_style_sheet_becomes_normal() {
    let clock = Turned::at("2026-11-22T03:00:00Z");
    let portal = Portal::start(serve(page("/css/cong.css", ""), STYLE)).await;
    let config = parse(&yaml("", &[("a", &portal.url())]));
    let scene = Scene::at(config, "memory", clock.clone());
    for _ in 0..3 {
        scene.check(0).await;
        clock.pass_seconds(60);
    }
    let new = format!(
        "{STYLE}.menu{{position:sticky;top:0}}.head{{color:#0a5}}.news h3::before{{content:'Tin mới'}}"
    );
    portal.set(serve(page("/css/cong.css", ""), &new));
    for _ in 0..4 {
        clock.pass(24 * 60 + 1);
        scene.check(0).await;
        scene.check(0).await;
    }
    assert!(scene.incidents().await.is_empty());
    let state = scene.target_state(0).await;
    assert!(state.open.is_none());
}

#[tokio::test]
async fn private_addresses_are_not_asked_and_a_style_sheet_that_hangs_delays_little() {
    let (portal, scene) = learnt(STYLE).await;
    let part = "<link rel=stylesheet href='http://10.9.8.7/x.css'><link rel=stylesheet href='/treo.css'>\
        <iframe src='https://la-hoac.example/' style='position:fixed;inset:0;width:100%;height:100%;z-index:99'></iframe>";
    portal.set(serve(page("/css/cong.css?v=1", part), STYLE));
    let begun = Instant::now();
    scene.check(0).await;
    let took = begun.elapsed();
    let incident = only_incident(&scene).await;
    assert!(has(&incident, "covering-layer"), "{:?}", incident.signals);
    assert_eq!(asked(&portal, "/treo.css").len(), 1);
    assert!(took < Duration::from_secs(14), "{took:?}");
    // nothing is known of a place that hangs: it is not asked again at each look
    scene.check(0).await;
    assert_eq!(asked(&portal, "/treo.css").len(), 1);
}
