//! The duty room: calls for incidents that were not taken, and the handover of shifts.

use std::sync::Arc;

use gaccong::{config, deliver, model::incident::What, world::clock::Clock};

use crate::{
    portal::{Portal, defaced, honest},
    scene::{Scene, Turned, duty_clock, parse, yaml},
};

pub const DUTY: &str = "duty:
  roster:
    - { name: Nguyễn Văn An, telegram: 11, phone: '0912 000 001', from: '07:00', to: '19:00' }
    - { name: Trần Thị Bình, telegram: 12, from: '19:00', to: '07:00' }
  escalation:
    - { after: 5m, to: roster }
    - { after: 10m, to: head }
    - { after: 30m, to: national }
  contacts:
    - { tier: national, name: Trung tâm quốc gia, phone: '024 0000', confirmed: 2026-01-05 }
    - { tier: agency, name: Phòng CNTT, agencies: [thu], confirmed: 2026-11-01 }
    - { tier: agency, name: Cơ quan khác, agencies: [khac], confirmed: 2026-11-01 }
";

async fn scene(clock: &Arc<Turned>) -> (Portal, Scene) {
    let portal = Portal::page(honest(1)).await;
    let text = yaml("", &[("a", &portal.url())]).replace(
        "agencies:\n  - id: thu\n",
        &format!("{DUTY}    - {{ tier: province, name: Sở KHCN, province: Nghệ An, confirmed: 2026-11-01 }}\nagencies:\n  - id: thu\n    province: nghệ an\n    head: {{ name: Lê Văn Cường, phone: '0912 000 003' }}\n"),
    );
    let scene = Scene::at(parse(&text), "memory", clock.clone());
    scene.learn(0).await;
    (portal, scene)
}

pub async fn round(scene: &Scene) -> Vec<String> {
    let before = scene.heard.0.lock().unwrap().len();
    duty_clock(&scene.world).await;
    deliver::flush(&scene.world).await;
    let heard = scene.heard.0.lock().unwrap();
    heard[before..].iter().map(|it| it.plain.clone()).collect()
}

#[tokio::test]
async fn nobody_takes_it_and_others_are_called_until_somebody_does() {
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let (portal, scene) = scene(&clock).await;
    portal.show(defaced());
    scene.check(0).await;
    assert!(round(&scene).await.is_empty(), "it was told a moment ago");
    clock.pass(6);
    let called = round(&scene).await;
    assert_eq!(called.len(), 1, "{called:?}");
    assert!(
        called[0].starts_with(
            "🔔 CHƯA CÓ NGƯỜI TIẾP NHẬN: NGHI BỊ TẤN CÔNG THAY ĐỔI GIAO DIỆN · SC-2026-0001"
        ) && called[0].contains("Đang trực: Trần Thị Bình")
            && called[0]
                .contains("Ca sau (từ 07:00:00 ngày 23/11/2026): Nguyễn Văn An ☎ 0912 000 001"),
        "{}",
        called[0]
    );
    assert!(round(&scene).await.is_empty(), "each step once");
    clock.pass(30);
    let called = round(&scene).await;
    assert_eq!(called.len(), 1, "the highest step that is due");
    for wanted in [
        "Lãnh đạo cơ quan: Lê Văn Cường ☎ 0912 000 003",
        "Cơ quan: Phòng CNTT\n• Tỉnh, thành phố: Sở KHCN\n• Quốc gia:",
        "Quốc gia: Trung tâm quốc gia ☎ 024 0000 (xác nhận lần cuối 05/01/2026",
        "Mã sự cố SC-2026-0001",
    ] {
        assert!(called[0].contains(wanted), "{wanted} in\n{}", called[0]);
    }
    assert!(!called[0].contains("Cơ quan khác"), "{}", called[0]);
    let incident = scene.incidents().await.remove(0);
    let escalated = incident
        .timeline
        .iter()
        .filter(|it| it.what == What::Escalated);
    assert_eq!(escalated.count(), 2);
}

#[tokio::test]
async fn an_incident_that_is_taken_calls_nobody() {
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let (portal, scene) = scene(&clock).await;
    portal.show(defaced());
    scene.check(0).await;
    clock.pass(6);
    // the call is queued, but the incident is taken before it is sent
    duty_clock(&scene.world).await;
    let known = scene.incidents().await.remove(0);
    let taken = gaccong::incident::take(&known, "An", clock.now()).unwrap();
    scene.commit(taken).await;
    assert!(round(&scene).await.is_empty());
    assert!(scene.world.store.outbox().await.unwrap().is_empty());
    clock.pass(60);
    assert!(round(&scene).await.is_empty());
}

#[tokio::test]
async fn a_watch_window_halves_the_times() {
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let portal = Portal::page(honest(1)).await;
    let text = yaml("", &[("a", &portal.url())]).replace(
        "agencies:",
        &format!(
            "{DUTY}watch_windows:\n  - {{ from: 2026-11-22, to: 2026-11-23, every: 1s }}\nagencies:"
        ),
    );
    let scene = Scene::at(parse(&text), "memory", clock.clone());
    scene.learn(0).await;
    portal.show(defaced());
    scene.check(0).await;
    clock.pass(3);
    assert_eq!(round(&scene).await.len(), 1);
}

#[tokio::test]
async fn a_shift_hands_over_what_is_open_once() {
    let clock = Turned::at("2026-11-22T18:30:00+07:00");
    let (portal, scene) = scene(&clock).await;
    assert!(round(&scene).await.is_empty(), "nothing is known of before");
    portal.show(defaced());
    scene.check(0).await;
    let known = scene.incidents().await.remove(0);
    let taken = gaccong::incident::take(&known, "Nguyễn Văn An", clock.now()).unwrap();
    scene.commit(taken).await;
    deliver::flush(&scene.world).await;
    clock.pass(31);
    let told = round(&scene).await;
    assert_eq!(told.len(), 1, "{told:?}");
    for wanted in [
        "🔄 GIAO CA TRỰC · 19:00:00 ngày 22/11/2026",
        "Hết ca: Nguyễn Văn An",
        "Nhận ca: Trần Thị Bình",
        "SC-2026-0001",
        "Nguyễn Văn An đã tiếp nhận",
    ] {
        assert!(told[0].contains(wanted), "{wanted} in\n{}", told[0]);
    }
    assert!(round(&scene).await.is_empty());
    clock.pass(60);
    assert!(round(&scene).await.is_empty());
}

#[test]
fn faults_of_the_duty_room_are_told_at_their_places() {
    let text = "duty:
  officers:
    - { name: A }
  roster:
    - { name: B, from: '25:00', to: '19:00', weekdays: mon-xyz }
  escalation:
    - { after: 5m, to: boss }
  contacts:
    - { tier: agency, name: C, confirmed: hôm qua }
    - { tier: national, name: D, province: Nghệ An, confirmed: 2026-11-01 }
";
    let faults = gaccong::config::parse(text, gaccong::config::Pace::Polite).unwrap_err();
    let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
    for (line, wanted) in [
        (3, "duty.officers[0].telegram"),
        (5, "duty.roster[0].from"),
        (5, "duty.roster[0].weekdays"),
        (7, "duty.escalation[0].to"),
        (9, "duty.contacts[0].confirmed"),
        (9, "duty.contacts[0].agencies"),
        (
            10,
            "duty.contacts[1].province: belongs to a contact of tier: province",
        ),
    ] {
        assert!(
            told.iter()
                .any(|it| it.starts_with(&format!("{line}:")) && it.contains(wanted)),
            "{wanted} in {told:#?}"
        );
    }
}

#[test]
fn what_was_written_is_exported_and_read_back() {
    let text = format!("{DUTY}{TREE}  officers:\n    - {{ name: An, telegram: 11 }}\n{PROVINCES}");
    let config = parse(&text);
    let again = gaccong::config::export::yaml(&config, &config.agencies, &[]);
    let again = parse(&again);
    assert_eq!(again.duty, config.duty);
    assert_eq!(again.agencies, config.agencies);
    assert_eq!(config.duty.contacts.len(), 7);
}

/// Further contacts: of provinces, and of agencies by name.
const TREE: &str =
    "    - { tier: province, name: Sở KHCN Nghệ An, province: NGHỆ AN, confirmed: 2026-11-01 }
    - { tier: province, name: Sở KHCN Khánh Hòa, province: Khánh Hòa, confirmed: 2026-11-01 }
    - { tier: province, name: Sở của mọi nơi, confirmed: 2026-11-01 }
    - { tier: province, name: Sở nêu đích danh, agencies: [vinh], confirmed: 2026-11-01 }
";
pub const PROVINCES: &str = "agencies:
  - { id: vinh, name: Phường Thành Vinh, province: Ngh\u{65}\u{323}\u{302} An }
  - { id: nhatrang, name: Phường Nha Trang, province: Khánh Hoà }
  - { id: bo, name: Một bộ }
";

fn names(config: &gaccong::config::Config, id: &str) -> Vec<String> {
    let agency = config.agencies.iter().find(|it| it.id == id).unwrap();
    let contacts = config.duty.contacts_of(id, agency.province.as_deref());
    contacts.into_iter().map(|it| it.name).collect()
}

#[test]
fn contacts_are_those_of_the_agency_then_of_its_province_then_of_the_nation() {
    let own =
        "    - { tier: agency, name: Tổ CNTT Vinh, agencies: [vinh], confirmed: 2026-11-01 }\n";
    let config = parse(&format!("{DUTY}{TREE}{own}{PROVINCES}"));
    // in any spelling of the province
    assert_eq!(
        names(&config, "vinh"),
        [
            "Tổ CNTT Vinh",
            "Sở KHCN Nghệ An",
            "Sở của mọi nơi",
            "Sở nêu đích danh",
            "Trung tâm quốc gia"
        ]
    );
    assert_eq!(
        names(&config, "nhatrang"),
        ["Sở KHCN Khánh Hòa", "Sở của mọi nơi", "Trung tâm quốc gia"]
    );
    assert_eq!(
        names(&config, "bo"),
        ["Sở của mọi nơi", "Trung tâm quốc gia"]
    );
    // ids of unknown agencies are warnings and no faults, because the store may have them
    let told: Vec<String> = config.warnings.iter().map(ToString::to_string).collect();
    for (place, id) in [
        ("11:52: duty.contacts[1].agencies", "thu"),
        ("12:54: duty.contacts[2].agencies", "khac"),
    ] {
        let wanted = format!("{place}: no agency of this file has the id {id:?}");
        assert!(
            told.iter().any(|it| it.starts_with(&wanted)),
            "{wanted} in {told:#?}"
        );
    }
    assert_eq!(told.len(), 2, "{told:#?}");
}

#[test]
fn branches_of_the_tree_of_contacts_without_anybody_are_pointed_out() {
    let words = gaccong::locale::Locale::new(gaccong::locale::Lang::Vi);
    let now = "2026-11-02T08:00:00+07:00".parse().unwrap();
    let remarks = |text: &str| config::duty_remarks(&parse(text), now, &words);
    let one = "duty:
  contacts:
    - { tier: province, name: Sở KHCN, phone: '0258', province: Khánh Hòa, confirmed: 2026-11-01 }
";
    let two = "  - { id: vinhloc, name: Phường Vinh Lộc, province: NGHỆ AN }\n";
    assert_eq!(
        remarks(&format!("{one}{PROVINCES}{two}")),
        [
            // in composed letters, although the file has decomposed ones
            "⚠ Chưa có đầu mối cấp tỉnh cho Nghệ An (cơ quan: vinh, vinhloc)".to_owned(),
            "⚠ Danh sách đầu mối chưa có đầu mối cấp quốc gia".to_owned(),
        ]
    );
    let national = "    - { tier: national, name: Trung tâm, phone: '024', confirmed: 2026-11-01 }
    - { tier: province, name: Sở của mọi nơi, email: so@example.vn, confirmed: 2026-11-01 }
";
    assert!(remarks(&format!("{one}{national}{PROVINCES}{two}")).is_empty());
}
