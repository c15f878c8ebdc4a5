//! The ways in which looks are decided (equal bytes, a learnt mask, judging), and that the fast ways hide nothing.

use std::time::Duration;

use gaccong::{
    judge::DecidedBy,
    model::{Class, Kind, Profile},
    watch::{look, look::LookOptions},
};

use crate::{
    portal::{Portal, Reply, planted},
    scene::{Scene, id, yaml},
};

/// A page with a new clock, count, token and banner at each request, and otherwise unchanged.
fn portal_page(n: u64) -> String {
    let menu: String = (0..40)
        .map(|it| format!("<li><a href='/muc/{it}'>Mục {it} của cổng thông tin</a></li>\n"))
        .collect();
    let banner = ["Chào mừng Đại hội", "Cải cách hành chính", "Chuyển đổi số"][n as usize % 3];
    format!(
        "<html lang=vi><head><title>Cổng thông tin xã Thử</title><meta name=csrf content='{:016x}'></head><body>\n\
         <p class=gio>{:02}:{:02}:{:02}</p>\n<ul>{menu}</ul>\n<div class=banner><b>{banner}</b></div>\n\
         <p>Lượt xem: <b>{}</b></p></body></html>",
        (n + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15),
        n / 3600 % 24,
        n / 60 % 60,
        n % 60,
        1000 + 7 * n
    )
}

async fn path(scene: &Scene) -> (DecidedBy, Class) {
    let target_state = scene.target_state(0).await;
    let target = scene.target(0);
    let seen = look(
        &scene.world,
        &target,
        Profile::Desktop,
        &target_state,
        LookOptions::default(),
    )
    .await;
    (seen.decided_by, seen.class)
}

/// A portal with a page that varies at each request, learnt and masked.
async fn learnt() -> (Portal, Scene) {
    let mut n = 0;
    let portal = Portal::start(move |_| {
        n += 1;
        Reply::Page(portal_page(n))
    })
    .await;
    let scene = Scene::new(&yaml("", &[("a", &portal.url())]));
    scene.learn(0).await;
    for _ in 0..4 {
        scene.check(0).await;
    }
    (portal, scene)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_on_by_itself_needs_no_tree() {
    let (portal, scene) = learnt().await;
    for _ in 0..6 {
        assert_eq!(path(&scene).await, (DecidedBy::Masked, Class::Unchanged));
    }
    let (a, b) = (portal_page(9_000), portal_page(9_000));
    portal.show(a);
    assert_eq!(path(&scene).await.0, DecidedBy::Masked);
    // learnt bytes are recognised by their digest alone
    let digest = scene.target_state(0).await.baseline.unwrap().approved[0].digest;
    let body = scene.world.evidence.body(&digest).unwrap();
    portal.show(String::from_utf8(body).unwrap());
    assert_eq!(path(&scene).await, (DecidedBy::Equal, Class::Unchanged));
    portal.show(
        b.replace("Cải cách", "Cải tổ")
            .replace("Chào mừng", "Mừng")
            .replace("Chuyển đổi số", "Tin mới"),
    );
    assert_eq!(path(&scene).await.0, DecidedBy::Judged);
    assert_eq!(
        path(&scene).await.0,
        DecidedBy::Cached,
        "the same bytes once more"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_hides_in_what_varies() {
    let (portal, scene) = learnt().await;
    let link = "<a href='https://nhacai88.spam-test.example/'>Nhà cái uy tín, cá cược bóng đá</a>";
    let page = portal_page(77);
    let token = page.split("content='").nth(1).unwrap()[..16].to_owned();
    let hidden = [
        page.replace(
            "<div class=banner><b>",
            &format!("<div class=banner>{link}<b>"),
        ),
        page.replace(&token, &format!("x'>{link}<meta name='y")),
        page.replace("00:01:17", &format!("00:01:17 {link}")),
        page.replace("Lượt xem: <b>", &format!("{link} Lượt xem: <b>")),
        page.replace("</body>", &format!("{link}</body>")),
    ];
    for page in hidden {
        assert!(page.contains(link), "{page}");
        portal.show(page.clone());
        let (path, class) = path(&scene).await;
        assert!(
            matches!(path, DecidedBy::Judged | DecidedBy::Cached),
            "{path:?} {page}"
        );
        assert!(
            matches!(class, Class::Suspicious | Class::Defaced),
            "{class} {page}"
        );
    }
    portal.show(planted(3));
    scene.check(0).await;
    let incidents = scene.incidents().await;
    assert!(incidents[0].kind.is_tampering() && incidents[0].stage.is_open());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_expectations_are_judged_anew() {
    let (portal, mut scene) = learnt().await;
    assert_eq!(path(&scene).await.0, DecidedBy::Masked);
    let text = yaml("", &[("a", &portal.url())]).replace(
        &format!("url: '{}' ", portal.url()),
        &format!("url: '{}', must_contain: ['Quốc hiệu'] ", portal.url()),
    );
    let config = crate::scene::parse(&text);
    let world = scene.world.renewed(config).unwrap().0;
    scene.world = std::sync::Arc::new(world);
    let (path, class) = path(&scene).await;
    assert_eq!(path, DecidedBy::Judged);
    assert_ne!(
        class,
        Class::Unchanged,
        "the page never had what is asked for now"
    );
}

#[tokio::test]
async fn what_was_seen_before_a_stop_is_history_after_it() {
    use gaccong::{model::history::Mark, store::Commit};
    let folder = tempfile::tempdir().unwrap();
    let at = |second: i64| jiff::Timestamp::from_second(1_800_000_000 + second).unwrap();
    let look = |second: i64, class: Class| Commit {
        mark: Some(Mark {
            target: id("a"),
            at: at(second),
            class,
            elapsed_ms: Some(40),
            max_gap_s: 120,
        }),
        ..Commit::default()
    };
    {
        let store = crate::scene::store_at("sled", folder.path());
        for n in 0..100 {
            store.commit(look(n * 60, Class::Unchanged)).await.unwrap();
            store.upkeep().await.unwrap();
        }
    }
    // twice: what was read once and not written is read again
    for n in 0..2 {
        let store = crate::scene::store_at("sled", folder.path());
        let seen = store.history(&id("a"), at(0), at(10_000)).await.unwrap();
        assert_eq!(seen.spans.len(), 1, "{n}: {seen:?}");
        assert_eq!((seen.spans[0].looks, seen.spans[0].to), (100, at(99 * 60)));
        let counted: u32 = seen
            .histograms
            .iter()
            .flat_map(|it| &it.buckets)
            .map(|it| it.1)
            .sum();
        assert_eq!(counted, 100, "{n}: {seen:?}");
    }
    let store = crate::scene::store_at("sled", folder.path());
    store.commit(look(6000, Class::Timeout)).await.unwrap();
    let seen = store.history(&id("a"), at(0), at(10_000)).await.unwrap();
    assert_eq!(seen.spans.len(), 2);
    assert_eq!(seen.spans[0].to, at(6000));
    let summary = store.all_summaries().await.unwrap();
    assert!(summary.is_empty(), "a history alone is no target");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_look_that_saw_nothing_new_writes_no_record() {
    let portal = Portal::page(portal_page(1)).await;
    let scene = Scene::new(&yaml("", &[("a", &portal.url())]));
    scene.learn(0).await;
    let revision = scene.target_state(0).await.revision;
    for _ in 0..5 {
        scene.check(0).await;
    }
    assert_eq!(scene.target_state(0).await.revision, revision);
    let last = scene.world.store.all_summaries().await.unwrap()[0]
        .last
        .unwrap();
    assert_eq!(last.1, Class::Unchanged);
    assert!(jiff::Timestamp::now().duration_since(last.0).unsigned_abs() < Duration::from_secs(60));
    portal.shut().await;
    scene.check(0).await;
    let down = scene.incidents().await;
    assert!(down.iter().all(|it| it.kind == Kind::Down));
}
