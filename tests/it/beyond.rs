//! Looks at more than the home page: subpages, other visitors, small changes over several looks.

use std::sync::{Arc, Mutex};

use gaccong::model::{Class, Incident, Kind, incident::Stage};

use crate::{
    portal::{Portal, Reply},
    scene::{Scene, yaml},
};

/// The pages of a portal by path; any other path is not found.
#[derive(Clone, Default)]
struct Site(Arc<Mutex<Vec<(String, Reply)>>>);

impl Site {
    fn put(&self, path: &str, reply: Reply) {
        let mut pages = self.0.lock().unwrap();
        pages.retain(|it| it.0 != path);
        pages.push((path.to_owned(), reply));
    }

    fn page(&self, path: &str, html: String) {
        self.put(path, Reply::Page(html));
    }

    fn file(&self, path: &str, kind: &str, text: &str) {
        self.put(
            path,
            Reply::Full {
                status: 200,
                headers: vec![("content-type", kind.to_owned())],
                body: text.as_bytes().to_vec(),
            },
        );
    }

    async fn serve(&self) -> Portal {
        let site = self.clone();
        Portal::start(move |request| {
            let pages = site.0.lock().unwrap();
            let known = pages.iter().find(|it| it.0 == request.path);
            known.map_or_else(|| Reply::status(404, "<h1>404</h1>"), |it| it.1.clone())
        })
        .await
    }
}

fn page(title: &str, body: &str) -> String {
    let menu: String = [
        "gioi-thieu",
        "tin-tuc",
        "van-ban",
        "thu-tuc",
        "lien-he",
        "hoi-dap",
        "bao-cao",
        "lich-cong-tac",
    ]
    .iter()
    .map(|it| format!("<li class=muc><a href='/{it}'>Mục {it}</a></li>"))
    .collect();
    format!(
        "<html lang=vi><head><meta charset=utf-8><title>{title}</title></head><body><div id=dau class=trang><h1>{title}</h1>\
         <ul class=menu>{menu}</ul></div><img src=/uploads/2026/logo.png alt=Logo><div id=noi-dung class=bai><p>Ủy ban nhân dân xã \
         An Khê thông báo lịch tiếp công dân và kết quả giải quyết thủ tục hành chính của tháng.</p>{body}</div>\
         <div id=chan class=cuoi>Bản quyền thuộc về UBND xã An Khê</div></body></html>"
    )
}

fn spam() -> &'static str {
    "<div style='display:none'><a href='https://x1.example/nha-cai'>Nhà cái uy tín</a> <a href='https://x2.example/tai-xiu'>Tài \
     xỉu online</a> <a href='https://x3.example/slot'>Slot gacor</a></div>"
}

/// A portal with a home page, three subpages, sitemap and robots.txt.
fn portal() -> Site {
    let site = Site::default();
    site.page("/", page("Cổng TTĐT xã An Khê", ""));
    for path in ["/tin-tuc", "/van-ban", "/lien-he"] {
        site.page(path, page(&format!("An Khê: {path}"), "<p>Danh sách.</p>"));
    }
    site.file(
        "/robots.txt",
        "text/plain",
        "User-agent: *\nDisallow: /admin\n",
    );
    site.file(
        "/sitemap.xml",
        "application/xml",
        "<urlset><url><loc>https://ankhe.example.gov.vn/tin-tuc</loc></url></urlset>",
    );
    site
}

async fn scene(portal: &Portal) -> Scene {
    let text =
        yaml("", &[("a", &portal.url())]).replace("  every: 1s\n", "  every: 1s\n  pages: 12\n");
    let scene = Scene::new(&text);
    scene.learn(0).await;
    scene
}

/// Checks until every part has been looked at twice.
async fn rounds(scene: &Scene) {
    let parts = scene.target_state(0).await.beyond.parts.len();
    for _ in 0..2 * (parts + 1) + 1 {
        scene.check(0).await;
    }
}

async fn only(scene: &Scene) -> Incident {
    let mut all = scene.incidents().await;
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

#[tokio::test]
async fn a_sub_page_that_sells_is_told_with_its_address_and_its_end_too() {
    let site = portal();
    let served = site.serve().await;
    let scene = scene(&served).await;
    rounds(&scene).await;
    assert!(scene.incidents().await.is_empty(), "{:?}", scene.heard());
    site.page("/tin-tuc", page("An Khê: /tin-tuc", spam()));
    rounds(&scene).await;
    let incident = only(&scene).await;
    assert_eq!(incident.kind, Kind::Planted);
    assert_eq!(incident.portal.url.path(), "/tin-tuc");
    assert_eq!(incident.target.portal(), "a");
    let heard = scene.heard();
    assert!(
        heard.len() == 1 && heard[0].contains("/tin-tuc"),
        "{heard:?}"
    );
    // a normal home page does not end the incident of a subpage; a normal subpage does
    site.page("/tin-tuc", page("An Khê: /tin-tuc", ""));
    rounds(&scene).await;
    assert_eq!(only(&scene).await.stage, Stage::Resolved);
}

#[tokio::test]
async fn what_comes_and_goes_on_a_sub_page_is_counted_by_the_looks_at_it() {
    let site = portal();
    let served = site.serve().await;
    let scene = scene(&served).await;
    rounds(&scene).await;
    let sold = page("An Khê: /tin-tuc", spam());
    for _ in 0..2 {
        let (site, mut sold) = (site.clone(), Some(sold.clone()));
        served.set(move |request| {
            let once = sold.take_if(|_| request.path == "/tin-tuc");
            let pages = site.0.lock().unwrap();
            let known = pages.iter().find(|it| it.0 == request.path);
            let known = known.map(|it| it.1.clone());
            once.map(Reply::Page)
                .or(known)
                .unwrap_or_else(|| Reply::status(404, "<h1>404</h1>"))
        });
        rounds(&scene).await;
    }
    let how = only(&scene).await.intermittent.unwrap();
    let parts = scene.target_state(0).await.beyond.parts.len() as u32;
    // one sighting at each of the two, and none at those that came after the first
    assert_eq!(how.times, 2);
    assert!((4..=8).contains(&how.looks), "{how:?}");
    assert_eq!(how.unseen_s, 24 * (parts + 1), "its turn comes so seldom");
}

#[tokio::test]
async fn a_sub_page_that_is_gone_is_nobodys_incident() {
    let site = portal();
    let served = site.serve().await;
    let scene = scene(&served).await;
    rounds(&scene).await;
    for path in ["/tin-tuc", "/van-ban", "/sitemap.xml", "/robots.txt"] {
        site.put(
            path,
            Reply::status(if path == "/van-ban" { 503 } else { 404 }, "x"),
        );
    }
    rounds(&scene).await;
    assert!(scene.incidents().await.is_empty(), "{:?}", scene.heard());
}

#[tokio::test]
async fn a_sitemap_that_sells_is_told() {
    let site = portal();
    let served = site.serve().await;
    let scene = scene(&served).await;
    rounds(&scene).await;
    let sold: String = (0..40)
        .map(|it| format!("<url><loc>{}nha-cai-uy-tin-{it}</loc></url>", served.url()))
        .collect();
    site.file(
        "/sitemap.xml",
        "application/xml",
        &format!("<urlset>{sold}</urlset>"),
    );
    rounds(&scene).await;
    let incident = only(&scene).await;
    assert_eq!(incident.signals[0].name, "site-sold");
    assert!(incident.signals[0].excerpt.contains("nha-cai-uy-tin-0"));
    assert_eq!(incident.portal.url.path(), "/sitemap.xml");
    let heard = scene.heard();
    assert!(heard[0].contains("nha-cai-uy-tin-0"), "{heard:?}");
}

#[tokio::test]
async fn a_page_among_uploads_is_told_where_the_server_lists_them() {
    let listing = |files: &[&str]| {
        let rows: String = files
            .iter()
            .map(|it| format!("<li><a href='{it}'>{it}</a></li>"))
            .collect();
        format!(
            "<html><head><title>Index of /uploads/2026</title></head><body><h1>Index of /uploads/2026</h1><ul>{rows}</ul></body></html>"
        )
    };
    let site = portal();
    site.page("/uploads/2026/", listing(&["logo.png", "cong-van-12.pdf"]));
    let served = site.serve().await;
    let scene = scene(&served).await;
    rounds(&scene).await;
    site.page(
        "/uploads/2026/",
        listing(&["logo.png", "cong-van-12.pdf", "cong-van-13.pdf"]),
    );
    rounds(&scene).await;
    assert!(
        scene.incidents().await.is_empty(),
        "a document belongs there: {:?}",
        scene.heard()
    );
    site.page(
        "/uploads/2026/",
        listing(&["logo.png", "cong-van-12.pdf", "wp-xl.php"]),
    );
    rounds(&scene).await;
    assert_eq!(only(&scene).await.signals[0].name, "planted-file");
}

#[tokio::test]
async fn an_unlinked_page_is_found_and_a_polite_not_found_is_not_taken_for_one() {
    let site = portal();
    let inner = site.clone();
    // a portal that answers every path with a page that says it was not found, and with a success status
    let served = Portal::start(move |request| {
        let pages = inner.0.lock().unwrap();
        let known = pages
            .iter()
            .find(|it| it.0 == request.path)
            .map(|it| it.1.clone());
        known.unwrap_or_else(|| {
            Reply::Page(page(
                "Không tìm thấy trang",
                &format!("<p>Trang {} không tồn tại.</p>", request.path),
            ))
        })
    })
    .await;
    let scene = scene(&served).await;
    for _ in 0..4 {
        rounds(&scene).await;
    }
    assert!(scene.incidents().await.is_empty(), "{:?}", scene.heard());
    for path in [
        "/slot/", "/nhacai/", "/casino/", "/judi/", "/togel/", "/xoso/", "/taixiu/",
    ] {
        site.page(
            path,
            "<html><title>Slot gacor hari ini - situs judi online</title><body><h1>Daftar slot88, togel, sbobet</h1><p>RTP slot tertinggi, \
             bonus new member, deposit pulsa, link alternatif, maxwin.</p></body></html>"
                .to_owned(),
        );
    }
    // the seven paths that were just planted come in turn, after up to fifteen others
    for _ in 0..12 {
        rounds(&scene).await;
    }
    let all = scene.incidents().await;
    assert!(!all.is_empty(), "{:?}", scene.heard());
    assert!(
        all.iter()
            .all(|it| it.kind.is_tampering() && it.portal.url.path() != "/")
    );
}

#[tokio::test]
async fn small_steps_do_not_excuse_one_another() {
    let served = Portal::page(page("Cổng TTĐT xã An Khê", "")).await;
    let scene = Scene::new(&yaml("", &[("a", &served.url())]));
    scene.learn(0).await;
    let mut links = String::new();
    let mut last = None;
    // one hidden link per look is too little for an incident; five of them are a block
    for step in 0..8 {
        links.push_str(&format!(
            "<a href='https://doi-tac{step}.example.net/'>Đối tác {step}</a> "
        ));
        served.show(page(
            "Cổng TTĐT xã An Khê",
            &format!("<div style='display:none'>{links}</div>"),
        ));
        // as if the page had been learnt each time
        last = scene.check(0).await.class;
        let mut target_state = scene.target_state(0).await;
        if target_state.open.is_some() {
            break;
        }
        let look = gaccong::watch::look(
            &scene.world,
            &scene.target(0),
            gaccong::model::Profile::Desktop,
            &target_state,
            gaccong::watch::look::LookOptions::default(),
        )
        .await;
        scene.world.evidence.keep(&look.body.unwrap()).unwrap();
        target_state
            .baseline
            .as_mut()
            .unwrap()
            .learn(look.seen.unwrap());
        let commit = gaccong::store::Commit {
            target_state: Some(target_state),
            ..Default::default()
        };
        scene.world.store.commit(commit).await.unwrap();
    }
    assert_eq!(last, Some(Class::Suspicious));
    let incident = only(&scene).await;
    assert!(
        incident.signals.iter().any(|it| it.name == "creeping"),
        "{:?}",
        incident.signals
    );
}

#[tokio::test]
async fn each_visitor_has_a_history_of_its_own() {
    let served = Portal::start(|request| {
        let phone = request.header("user-agent").is_some_and(|it| it.contains("Mobile"));
        Reply::Page(if phone {
            "<html lang=vi><title>An Khê (di động)</title><body class=m><div class=m-dau>Menu</div><script src='https://m.apps.example.net/a.js'></script>\
             <p class=m-tin>Bản tin ngắn cho điện thoại</p><a class=m-nut href='/m/tin'>Tin</a></body></html>"
                .to_owned()
        } else {
            page("Cổng TTĐT xã An Khê", "")
        })
    })
    .await;
    let text = yaml("", &[("a", &served.url())]).replace(
        "  every: 1s\n",
        "  every: 1s\n  profiles: [desktop, mobile]\n",
    );
    let scene = Scene::new(&text);
    scene.learn(0).await;
    for _ in 0..4 {
        assert!(matches!(
            scene.check(0).await.class,
            Some(Class::Unchanged | Class::NormalChange)
        ));
    }
    assert!(scene.incidents().await.is_empty(), "{:?}", scene.heard());
    let phone = scene
        .world
        .store
        .target_state(&scene.target(0).id.child("mobile"))
        .await
        .unwrap()
        .unwrap();
    assert!(
        phone.baseline.is_some(),
        "the phone's page was learnt for itself"
    );
}

#[tokio::test]
async fn a_page_of_two_faces_is_known_by_both_and_missed_by_either() {
    let plain = page("Cổng TTĐT xã An Khê", "<p>Bản thứ nhất.</p>");
    let festive = page(
        "An Khê chào mừng ngày hội",
        "<p>Lễ hội đình làng khai mạc sáng nay.</p>",
    )
    .replace("class=", "class=hoi-")
    .replace("id=", "id=hoi-")
    .replace("href='/", "href='/hoi/");
    let faces = [plain, festive];
    let turn = Mutex::new(0);
    let shown = faces.clone();
    let served = Portal::start(move |_| {
        let mut turn = turn.lock().unwrap();
        *turn += 1;
        Reply::Page(shown[*turn % 2].clone())
    })
    .await;
    let scene = Scene::new(&yaml("", &[("a", &served.url())]));
    scene.learn(0).await;
    for _ in 0..4 {
        scene.check(0).await;
    }
    assert!(scene.incidents().await.is_empty(), "{:?}", scene.heard());
    served.show("<html><head><title>x</title></head><body bgcolor=black><img src='https://i.example.net/x.jpg'></body></html>".to_owned());
    assert_eq!(scene.check(0).await.class, Some(Class::Defaced));
    assert!(only(&scene).await.kind.is_tampering());
}

/// A move to another server is weak evidence by itself, but adds to that of a page with foreign content.
#[test]
fn where_a_page_comes_from_adds_to_what_it_shows() {
    use gaccong::{
        detect::{Expectations, judge},
        diff::Norm,
        page::{self, Source},
    };
    let url = "https://ankhe.example.gov.vn/".parse().unwrap();
    let read = |html: &str| {
        page::read(Source {
            bytes: html.as_bytes(),
            content_type: None,
            url: &url,
            ignore: &[],
        })
        .unwrap()
    };
    let norm = Norm::learn(&[read(&page("Cổng TTĐT xã An Khê", ""))]);
    let here = Expectations::of_url(&url);
    let moved = Expectations {
        moved_origin: vec![
            ("issuer", "CN=Nobody".to_owned()),
            ("network", "203.0.0.0/16".to_owned()),
        ],
        ..here.clone()
    };
    let news = read(&page("Cổng TTĐT xã An Khê", "<p>Tin mới.</p>"));
    assert!(
        !judge(&news, &norm, &moved).level.rings(),
        "certificates are renewed"
    );
    let other = read(
        "<html><title>Cửa hàng hoa</title><body><p>Hoa tươi mỗi ngày cho mọi nhà, giao tận nơi trong thành phố.</p></body></html>",
    );
    let (before, after) = (judge(&other, &norm, &here), judge(&other, &norm, &moved));
    // the other page rings by itself, so what the move adds shows in the odds
    let odds = |score: f64| (score / (1.0 - score)).ln();
    assert!(
        odds(after.score) > odds(before.score) + 0.5,
        "{} {}",
        before.score,
        after.score
    );
    assert!(
        after
            .signals
            .iter()
            .any(|it| it.name == "origin" && !it.excerpt.is_empty())
    );
}
