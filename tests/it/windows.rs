//! Messages before, during and after watch windows, each sent once.

use gaccong::deliver;

use crate::{
    portal::{Portal, defaced, honest},
    scene::{Scene, Turned, parse, run_jobs, yaml},
    telegram::Telegram,
};

async fn told(scene: &Scene, clock: &Turned, moment: &str) -> Vec<String> {
    clock.set(moment);
    let before = scene.heard.0.lock().unwrap().len();
    run_jobs(&scene.world, &["windows"]).await;
    deliver::flush(&scene.world).await;
    let heard = scene.heard.0.lock().unwrap();
    heard[before..].iter().map(|it| it.plain.clone()).collect()
}

#[tokio::test]
async fn chats_that_cannot_be_reached_are_known_before_it_opens() {
    let portal = Portal::page(honest(1)).await;
    let chats = [(-1001, "supergroup"), (-1002, "group"), (-1003, "group")];
    let telegram = Telegram::strict(&chats).await;
    let api = telegram.portal.url();
    let text = yaml("", &[("a", &portal.url())])
        .replace(
            "name: Cổng a,",
            "name: Cổng a, notify: [room, thu, 'room@-1003'],",
        )
        .replace(
            "agencies:",
            &format!(
                "notifiers:
  room: {{ kind: telegram, with: {{ chat: -1001, token_env: HOME, api_url: '{api}' }} }}
  thu: {{ kind: telegram, with: {{ chat: -1002, token_env: HOME, api_url: '{api}' }} }}
watch_windows: [{{ name: Quốc khánh, from: 2026-09-01, to: 2026-09-02 }}]
agencies:"
            ),
        );
    let clock = Turned::at("2026-08-31T08:00:00+07:00");
    let scene = Scene::at(parse(&text), "memory", clock.clone());
    telegram.block(-1003);
    let ready = told(&scene, &clock, "2026-08-31T08:00:01+07:00").await;
    assert!(
        ready[0].contains("• Cơ quan Thử (room(@)-1003)"),
        "{}",
        ready[0]
    );
    assert!(!ready[0].contains("thu\n"), "{}", ready[0]);
    assert!(
        telegram.messages(-1002).is_empty(),
        "nothing is said to find out"
    );
}

#[tokio::test]
async fn a_window_is_told_before_within_and_after() {
    let portal = Portal::page(honest(1)).await;
    let text = yaml(
        "",
        &[("a", &portal.url()), ("b", &format!("{}b", portal.url()))],
    )
    .replace(
        "agencies:",
        "watch_windows:
  - { name: Quốc khánh, from: 2026-09-01, to: 2026-09-02, every: 1s, digest: '07:30' }
  - { name: Diễn tập, from: 2026-09-01, to: 2026-09-01, digest: '09:00' }
duty:
  roster:
    - { name: An, from: '07:00', to: '19:00' }
agencies:",
    );
    let clock = Turned::at("2026-08-30T10:00:00+07:00");
    let scene = Scene::at(parse(&text), "memory", clock.clone());
    scene.learn(0).await;
    assert!(
        told(&scene, &clock, "2026-08-30T20:00:00+07:00")
            .await
            .is_empty()
    );
    let ready = told(&scene, &clock, "2026-08-31T08:00:00+07:00").await;
    assert_eq!(ready.len(), 2, "one for each window");
    let first = ready.iter().find(|it| it.contains("Quốc khánh")).unwrap();
    for wanted in [
        "🗓 SẮP VÀO ĐỢT CAO ĐIỂM · Quốc khánh",
        "giám sát 2 cổng/trang",
        "⚠ Chưa học xong bản gốc: 1\n• Cổng b",
        "⚠ Lịch trực trống: 3 khoảng",
    ] {
        assert!(first.contains(wanted), "{wanted} in\n{first}");
    }
    assert!(
        told(&scene, &clock, "2026-08-31T09:00:00+07:00")
            .await
            .is_empty(),
        "once"
    );
    // the night of the first day
    clock.set("2026-09-01T03:00:00+07:00");
    portal.show(defaced());
    scene.check(0).await;
    assert!(
        told(&scene, &clock, "2026-09-01T07:00:00+07:00")
            .await
            .is_empty()
    );
    let digest = told(&scene, &clock, "2026-09-01T07:31:00+07:00").await;
    assert_eq!(digest.len(), 1, "of windows that overlap, one digest");
    for wanted in [
        "📋 TÌNH HÌNH 24 GIỜ QUA · Quốc khánh",
        "Sự cố ghi nhận: 1",
        "SC-2026-0001",
    ] {
        assert!(digest[0].contains(wanted), "{wanted} in\n{}", digest[0]);
    }
    assert!(
        told(&scene, &clock, "2026-09-01T09:30:00+07:00")
            .await
            .is_empty(),
        "one a day"
    );
    let second = told(&scene, &clock, "2026-09-02T08:00:00+07:00").await;
    // the exercise ended at midnight, and a digest is due
    assert_eq!(second.len(), 2, "{second:?}");
    assert!(
        second
            .iter()
            .any(|it| it.starts_with("🏁 KẾT THÚC ĐỢT CAO ĐIỂM · Diễn tập"))
    );
    let closed = told(&scene, &clock, "2026-09-03T00:10:00+07:00").await;
    assert_eq!(closed.len(), 1, "{closed:?}");
    assert!(
        closed[0].starts_with("🏁 KẾT THÚC ĐỢT CAO ĐIỂM · Quốc khánh")
            && closed[0].contains("Sự cố ghi nhận: 1"),
        "{}",
        closed[0]
    );
    assert!(
        told(&scene, &clock, "2026-09-03T02:00:00+07:00")
            .await
            .is_empty()
    );
}
