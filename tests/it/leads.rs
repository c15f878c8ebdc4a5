//! Where a doubtful page leads: the places are read before the alarm, shown in it and kept.

use gaccong::model::{Digest, Incident};

use crate::{
    portal::{Portal, Reply, Request, honest},
    scene::{Scene, parse, yaml},
};

const SELLS: &str = "<title>Nhà cái uy tín số 1</title><h1>Tải game tài xỉu đổi thưởng</h1>\
    <p>Đăng ký nhà cái, cá cược bóng đá, nổ hũ, nạp đầu thưởng 100%, soi cầu lô đề hôm nay.</p>\
    <a href=/dang-ky>Đăng ký nhận 88K</a><a href=/nap>Nạp tiền</a>";

/// A stranger's server, at an address that is not the portal's.
async fn stranger(script: impl FnMut(&Request) -> Reply + Send + 'static) -> Portal {
    Portal::on("127.0.0.9:0", script).await
}

/// A portal that is learnt and then shows `part` before the end of its body.
async fn shows(part: &str) -> (Portal, Scene) {
    let portal = Portal::start(|_| Reply::Full {
        status: 200,
        headers: vec![
            ("content-type", "text/html; charset=utf-8".into()),
            ("set-cookie", "phien=bimat; Path=/".into()),
        ],
        body: honest(1).into(),
    })
    .await;
    let scene = Scene::with(parse(&yaml("", &[("a", &portal.url())])), "memory");
    scene.learn(0).await;
    let page = honest(1).replace("</body>", &format!("{part}</body>"));
    assert_ne!(page, honest(1));
    portal.show(page);
    scene.check(0).await;
    (portal, scene)
}

async fn only_incident(scene: &Scene) -> Incident {
    let mut all = scene.incidents().await;
    assert_eq!(all.len(), 1, "{:?}", scene.heard());
    all.remove(0)
}

fn says(it: &Incident) -> bool {
    it.signals.iter().any(|it| it.name == "leads-to")
}

#[tokio::test]
async fn a_frame_is_judged_by_what_it_shows_and_is_kept() {
    let slot = stranger(|_| Reply::Page(SELLS.to_owned())).await;
    let frame = format!(
        "<iframe src='http://{}/may' width=400 height=300></iframe>",
        slot.address
    );
    let (_portal, scene) = shows(&frame).await;
    let incident = only_incident(&scene).await;
    assert!(says(&incident), "{:?}", incident.signals);
    assert_eq!(incident.led.len(), 1);
    assert_eq!(incident.led[0].digest, Digest::of(SELLS.as_bytes()));
    let kept = scene.world.evidence.body(&incident.led[0].digest).unwrap();
    assert_eq!(kept, SELLS.as_bytes());
    let heard = scene.heard().join("\n");
    assert!(
        heard.contains("Trang vừa dẫn đến một trang quảng cáo trái phép"),
        "{heard}"
    );
    let asked = slot.seen();
    assert_eq!(asked.len(), 1, "looks that confirm do not fetch it again");
    assert!(asked[0].header("cookie").is_none());
}

#[tokio::test]
async fn the_end_of_a_redirect_and_the_target_of_a_form_are_read() {
    let short = stranger(|it| match it.path.as_str() {
        "/may" => Reply::Page(SELLS.to_owned()),
        _ => Reply::redirect("/may"),
    })
    .await;
    let leads = format!(
        "<form action='http://{0}/gui' method=post><input name=hoten></form><iframe src='http://{0}/a'></iframe>",
        short.address
    );
    let (_portal, scene) = shows(&leads).await;
    let incident = only_incident(&scene).await;
    assert!(says(&incident), "{:?} {:?}", incident.signals, incident.led);
    let ends: Vec<&str> = incident.led.iter().map(|it| it.url.path()).collect();
    assert_eq!(ends, ["/may"; 2]);
    let mut paths: Vec<String> = short.seen().into_iter().map(|it| it.path).collect();
    paths.sort();
    assert_eq!(paths, ["/a", "/gui", "/may", "/may"]);
}

#[tokio::test]
async fn a_document_that_became_a_program_is_named() {
    let mut program = b"MZ\x90\0".to_vec();
    program.resize(600 << 10, b'x');
    let host = stranger(move |_| Reply::Full {
        status: 200,
        headers: vec![("content-type", "application/octet-stream".into())],
        body: program.clone(),
    })
    .await;
    let link = format!(
        "<a href='http://{0}/bieu-mau'>Biểu mẫu kê khai</a><iframe src='http://{0}/x'></iframe>",
        host.address
    );
    let (_portal, scene) = shows(&link).await;
    let incident = only_incident(&scene).await;
    assert!(says(&incident), "{:?}", incident.signals);
    let heard = scene.heard().join("\n");
    assert!(heard.contains("chương trình"), "{heard}");
    let largest = incident
        .led
        .iter()
        .map(|it| scene.world.evidence.body(&it.digest).unwrap().len());
    assert!(largest.max().unwrap() <= 256 << 10, "a beginning is enough");
}

#[tokio::test]
async fn a_place_that_hangs_or_is_private_does_not_keep_the_alarm() {
    let hangs = stranger(|_| Reply::Hang).await;
    let frame = format!(
        "<iframe src='http://{}/' style='position:fixed;inset:0;width:100%;height:100%'></iframe><iframe src='http://10.9.8.7/'></iframe>",
        hangs.address
    );
    let (_portal, scene) = shows(&frame).await;
    let incident = only_incident(&scene).await;
    assert!(!says(&incident));
    assert!(incident.led.is_empty());
    assert_eq!(hangs.seen().len(), 1);
}

#[tokio::test]
async fn an_honest_place_adds_nothing() {
    let map = stranger(|_| {
        Reply::Page(
            "<title>Bản đồ hành chính</title><div id=map>Xã, phường, thị trấn</div>".to_owned(),
        )
    })
    .await;
    let frame = format!("<iframe src='http://{}/ban-do'></iframe>", map.address);
    let (_portal, scene) = shows(&frame).await;
    for incident in scene.incidents().await {
        assert!(!says(&incident), "{:?}", incident.signals);
    }
    assert!(!map.seen().is_empty(), "it was read");
}
