use gaccong::{
    actions::reports,
    model::{Class, history::Mark, time::Week},
    report::formats,
    store::Commit,
};
use jiff::{SignedDuration, Timestamp};

use crate::{
    room::{AGENCY, ROOM, room},
    scene::{Scene, yaml},
};

/// A week of looks every five minutes, with an outage of an hour on Tuesday and no looks on Thursday.
async fn scene() -> (Scene, Week) {
    let scene = Scene::new(&yaml(
        "",
        &[
            ("a", "http://127.0.0.1:1/"),
            ("b", "http://127.0.0.1:2/=cmd"),
        ],
    ));
    let week: Week = "2026-W03".parse().unwrap();
    let (from, to) = week.bounds(&scene.world.config.service.timezone);
    let mut at = from;
    while at < to {
        let hour = at.duration_since(from).as_hours();
        let class = if (30..31).contains(&hour) {
            Class::Timeout
        } else {
            Class::Unchanged
        };
        if !(72..96).contains(&hour) {
            mark(&scene, at, class).await;
        }
        at = at.checked_add(SignedDuration::from_mins(5)).unwrap();
    }
    (scene, week)
}

async fn mark(scene: &Scene, at: Timestamp, class: Class) {
    mark_of(scene, 0, at, class).await;
}

async fn mark_of(scene: &Scene, target: usize, at: Timestamp, class: Class) {
    let answered = class == Class::Unchanged;
    let mark = Mark {
        target: scene.target(target).id,
        at,
        class,
        elapsed_ms: answered.then_some(240),
        max_gap_s: 660,
    };
    scene
        .world
        .store
        .commit(Commit {
            mark: Some(mark),
            ..Commit::default()
        })
        .await
        .unwrap();
}

#[tokio::test]
async fn time_not_watched_is_never_up() {
    let (scene, week) = scene().await;
    let report = reports::gather(&scene.world, week, None).await.unwrap();
    let row = report
        .targets
        .iter()
        .find(|it| it.id.as_str() == "a")
        .unwrap();
    // six days without the last five minutes, of which one hour was an outage
    let watched = (6.0 * 24.0 * 60.0 - 10.0) * 60.0;
    let uptime = (watched - 3600.0) / watched;
    assert!(
        (row.uptime.unwrap() - uptime).abs() < 1e-4,
        "{:?} {uptime}",
        row.uptime
    );
    assert!(
        (row.watched - watched / (7.0 * 86_400.0)).abs() < 1e-3,
        "{}",
        row.watched
    );
    assert_eq!(row.outages.len(), 1);
    assert_eq!(
        row.outages[0]
            .to
            .duration_since(row.outages[0].from)
            .as_mins(),
        60
    );
    assert!(!row.outages[0].open);
    assert_eq!(row.days[3], None, "nobody watched on Thursday");
    assert!(row.days[1].unwrap() < 0.96);
    assert!((row.median_ms.unwrap() / 240.0 - 1.0).abs() < 0.06);
    let other = report
        .targets
        .iter()
        .find(|it| it.id.as_str() == "b")
        .unwrap();
    assert_eq!((other.uptime, other.watched), (None, 0.0));
}

#[tokio::test]
async fn every_format_is_whole() {
    let (scene, week) = scene().await;
    let report = reports::gather(&scene.world, week, None).await.unwrap();
    let render = |name: &str| {
        String::from_utf8(
            formats::find(name)
                .unwrap()
                .render(&report, &scene.world.locale)
                .unwrap(),
        )
        .unwrap()
    };
    let html = render("html");
    for part in [
        "Tuần 3 năm 2026 (từ 12/01/2026 đến 18/01/2026)",
        "<svg",
        "hết thời gian chờ",
        "1 giờ",
        "Phương pháp và định nghĩa",
    ] {
        assert!(html.contains(part), "{part}");
    }
    for foreign in [
        "http-equiv=\"refresh\"",
        "<script",
        "src=\"http",
        "@import",
        "url(",
    ] {
        assert!(
            !html.contains(foreign),
            "{foreign}: the page needs nothing but itself"
        );
    }
    let csv = render("csv");
    assert!(csv.starts_with("\u{feff}Tuần,"), "{csv}");
    assert_eq!(csv.lines().count(), 3);
    let json: serde_json::Value = serde_json::from_str(&render("json")).unwrap();
    assert_eq!(json["week"], "2026-W03");
    assert!(formats::find("pdf").is_none());
}

#[tokio::test]
async fn the_weekly_report_goes_out_once() {
    let (scene, _) = scene().await;
    let now = Timestamp::now();
    let last = now.checked_sub(SignedDuration::from_hours(7 * 24)).unwrap();
    for minutes in 0..30 {
        mark(
            &scene,
            last.checked_add(SignedDuration::from_mins(minutes))
                .unwrap(),
            Class::Unchanged,
        )
        .await;
    }
    reports::send_weekly(&scene.world).await.unwrap();
    reports::send_weekly(&scene.world).await.unwrap();
    gaccong::deliver::flush(&scene.world).await;
    let heard = scene.heard.0.lock().unwrap();
    assert_eq!(heard.len(), 1);
    assert!(heard[0].plain.contains("Báo cáo tuần"));
    assert!(
        heard[0]
            .document
            .as_ref()
            .unwrap()
            .bytes
            .starts_with(b"<!doctype html>")
    );
}

#[tokio::test]
async fn a_chat_is_sent_the_report_of_its_own_portals() {
    let (_portal, telegram, scene) = room().await;
    let last = Timestamp::now() - SignedDuration::from_hours(7 * 24);
    for minutes in 0..30 {
        for target in 0..2 {
            let at = last + SignedDuration::from_mins(minutes);
            mark_of(&scene, target, at, Class::Unchanged).await;
        }
    }
    reports::send_weekly(&scene.world).await.unwrap();
    gaccong::deliver::flush(&scene.world).await;
    let page = |chat| {
        let shown = telegram.last(chat).unwrap();
        String::from_utf8(shown.document.unwrap().1).unwrap()
    };
    let (whole, own) = (page(ROOM), page(AGENCY));
    assert!(whole.contains("Cổng a") && whole.contains("Cổng b"));
    assert!(own.contains("Cổng a") && !own.contains("Cổng b"), "{own}");
    // the files are kept until they are sent, and deleted later
    let folder = scene.world.config.service.data_dir.join("reports/chats");
    let count = || walk(&folder).len();
    assert_eq!(count(), 1);
    reports::sweep(&scene.world.config, std::time::Duration::from_secs(3600));
    assert_eq!(count(), 1);
    reports::sweep(&scene.world.config, std::time::Duration::ZERO);
    assert_eq!(count(), 0);
}

fn walk(folder: &std::path::Path) -> Vec<std::path::PathBuf> {
    let inside = |folder: &std::path::Path| std::fs::read_dir(folder).unwrap();
    let folders = inside(folder).map(|it| it.unwrap().path());
    folders
        .flat_map(|it| inside(&it).map(|it| it.unwrap().path()).collect::<Vec<_>>())
        .collect()
}

#[tokio::test]
async fn names_stand_in_the_order_of_a_vietnamese_dictionary() {
    let names = [
        "Ưng", "Đào", "Ân", "Uông", "Ơn", "Ong", "Dương", "Ăn", "Ánh", "An",
    ];
    let agencies: String = names
        .iter()
        .enumerate()
        .map(|(at, name)| {
            format!("  - {{ id: a{at}, name: {name}, targets: [{{ id: t{at}, name: {name}, url: 'http://a{at}.example/' }}] }}\n")
        })
        .collect();
    let scene = Scene::new(
        &yaml("", &[("a", "http://127.0.0.1:1/")])
            .replace("agencies:\n", &format!("agencies:\n{agencies}")),
    );
    let week: Week = "2026-W03".parse().unwrap();
    let report = reports::gather(&scene.world, week, None).await.unwrap();
    let of_agencies: Vec<&str> = report.agencies.iter().map(|it| it.name.as_str()).collect();
    let of_portals: Vec<&str> = report.targets.iter().map(|it| it.name.as_str()).collect();
    for (shown, last) in [(of_agencies, "Cơ quan Thử"), (of_portals, "Cổng a")] {
        let shown: Vec<&str> = shown.into_iter().filter(|it| *it != last).collect();
        assert_eq!(shown.join(" "), "An Ánh Ăn Ân Dương Đào Ong Ơn Uông Ưng");
    }
}
