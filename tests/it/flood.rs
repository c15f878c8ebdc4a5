//! Hundreds of requests: unproved ones are limited, share one message to the officers, and do not block a proved one.

use std::sync::{Arc, Mutex};

use gaccong::{
    actions::{Access, Refused, registration as verbs},
    deliver,
    model::registration::{Asker, DISPLACED, Proof, Request, Stage},
    registry::{Wanted, request::Whose},
};

use crate::{
    portal::{Portal, Reply, honest},
    registration::{NOON, port, requests, settle},
    room::{AGENCY, AN, BINH, Listening, NOBODY, ROOM, STRANGERS, asked, heard, room_at},
    scene::{Scene, Turned, run_jobs},
};

/// A portal that serves `file` under its well-known path.
async fn portal(file: &Arc<Mutex<String>>) -> Portal {
    let file = file.clone();
    Portal::start(move |request| match request.path.as_str() {
        "/.well-known/gaccong.txt" => Reply::status(200, &file.lock().unwrap().clone()),
        _ => Reply::Page(honest(7).replace("xã Thử Nghiệm", "xã Mới")),
    })
    .await
}

async fn ask(scene: &Scene, url: &str, account: i64) -> Result<Request, Refused> {
    let wanted = Wanted {
        url: url.parse().unwrap(),
        name: String::new(),
        agency: Whose::Named(format!("Cơ quan {account}")),
        asker: Asker {
            name: "Người lạ".to_owned(),
            notifier: Some(format!("room@{account}")),
            account: Some(account),
            username: None,
            place: None,
        },
    };
    verbs::ask(&Access::cli(&scene.world, "An"), wanted).await
}

fn wants_proof(asked: &Result<Request, Refused>) -> bool {
    matches!(asked, Err(Refused::Because(say)) if say.key == "register-prove-first")
}

#[tokio::test]
async fn who_proves_that_a_portal_is_his_is_kept_out_by_nobody() {
    let clock = Turned::at(NOON);
    let file = Arc::default();
    let portal = portal(&file).await;
    let (_a, telegram, scene) = room_at(clock.clone(), &[port(&portal)]).await;
    let listening = Listening::to(&scene);
    // a hundred accounts ask for one portal, and for others of its domain
    let mut taken = 0;
    for account in 0..100 {
        let path = if account == 0 { "" } else { "x" };
        let url = format!("{}{path}{account}", portal.url());
        let url = if account == 0 { portal.url() } else { url };
        let asked = ask(&scene, &url, 5000 + account).await;
        taken += i32::from(asked.is_ok());
        assert!(asked.is_ok() || wants_proof(&asked), "{asked:?}");
    }
    assert_eq!(taken, 3, "of a domain");
    // for other domains, all accounts that are new within a minute share one limit
    let mut others = 0;
    for account in 0..50 {
        let asked = ask(
            &scene,
            &format!("http://127.0.1.{account}:{}/", port(&portal)),
            6000 + account,
        )
        .await;
        others += i32::from(asked.is_ok());
    }
    assert_eq!(others, 7, "ten a minute in all");
    clock.pass(2);
    let url = format!("http://127.0.1.99:{}/", port(&portal));
    assert!(ask(&scene, &url, 7000).await.is_ok());

    // the owner learns how to prove control, publishes the proof and asks again; requests without proof give way
    let command = format!("/dangky {} Sở Y tế", portal.url());
    let told = asked(&telegram, STRANGERS, &NOBODY, &command).await;
    assert!(
        told.contains("gửi lại lệnh này") && !told.contains("đã được giám sát"),
        "{told}"
    );
    // no request exists yet, so no button triggers a look, and no officer can vouch for it
    assert!(
        !told.contains("Kiểm tra lại") && !told.contains("cán bộ trực sẽ xác minh"),
        "{told}"
    );
    let token = told
        .split_whitespace()
        .find(|it| it.starts_with("gaccong-"));
    *file.lock().unwrap() = token.unwrap().to_owned();
    asked(&telegram, STRANGERS, &NOBODY, &command).await;
    let before = requests(&scene).await.len();
    for _ in 0..4 {
        clock.pass(1);
        run_jobs(&scene.world, &["registration"]).await;
    }
    let all = requests(&scene).await;
    assert_eq!(all.len(), before + 1);
    let own = all.last().unwrap();
    assert_eq!((&own.proof, &own.stage), (&Some(Proof::File), &Stage::Open));
    let squatter = &all[0];
    assert_eq!(squatter.url, own.url);
    assert!(
        matches!(&squatter.stage, Stage::Refused { reason, .. } if reason == DISPLACED),
        "{:?}",
        squatter.stage
    );
    let late = ask(&scene, &portal.url(), 8000).await;
    assert!(matches!(late, Err(Refused::Because(say)) if say.key == "register-watched"));
    for _ in 0..2 {
        deliver::flush(&scene.world).await;
    }
    let told = telegram.last(STRANGERS).unwrap().text;
    assert!(told.contains("đã xác minh bằng tệp"), "{told}");
    let officers = telegram.messages(ROOM);
    let card = officers
        .iter()
        .find(|it| it.text.contains(&format!("· {}", own.id)));
    assert!(card.is_some(), "{officers:?}");

    // unproved requests end after two days
    clock.pass(48 * 60 + 1);
    for _ in 0..4 {
        run_jobs(&scene.world, &["registration"]).await;
    }
    let all = requests(&scene).await;
    let open: Vec<&Request> = all.iter().filter(|it| it.stage.is_open()).collect();
    assert_eq!(open.len(), 1, "{open:?}");
    listening.end().await;
}

#[tokio::test]
async fn portals_of_one_domain_are_looked_at_in_turn() {
    let clock = Turned::at(NOON);
    let portal = portal(&Arc::default()).await;
    let (_a, _telegram, scene) = room_at(clock.clone(), &[port(&portal)]).await;
    for account in 0..3 {
        let url = format!("{}x{account}", portal.url());
        ask(&scene, &url, 5000 + account).await.unwrap();
    }
    for looked in 1..=3 {
        for _ in 0..3 {
            run_jobs(&scene.world, &["registration"]).await;
        }
        let all = requests(&scene).await;
        assert_eq!(all.iter().filter(|it| it.view.is_some()).count(), looked);
        let next = gaccong::jobs::registration::next_look(&scene.world)
            .await
            .unwrap();
        clock.pass(1);
        let now = scene.world.clock.now();
        assert!(looked == 3 || next <= now && next > now - jiff::SignedDuration::from_mins(1));
    }
}

#[tokio::test]
async fn what_strangers_want_is_one_message_that_rings_once() {
    let clock = Turned::at(NOON);
    let portal = portal(&Arc::default()).await;
    let (_a, telegram, scene) = room_at(clock.clone(), &[port(&portal)]).await;
    let listening = Listening::to(&scene);
    let before = telegram.messages(ROOM).len();
    for path in ["x1", "x2", "x3"] {
        let command = format!("/dangky {}{path} Cơ quan Thử", portal.url());
        let said = asked(&telegram, STRANGERS, &NOBODY, &command).await;
        assert!(said.contains("đã tiếp nhận"), "{said}");
        settle(&scene).await;
        clock.pass(1);
        settle(&scene).await;
    }
    for _ in 0..3 {
        clock.pass(1);
        settle(&scene).await;
    }
    // the first request got its own message, all others share one
    let shown = telegram.messages(ROOM).split_off(before);
    assert_eq!(shown.len(), 2, "{shown:?}");
    assert!(
        shown[0].text.contains("· DK-2026-0001"),
        "{}",
        shown[0].text
    );
    assert!(
        shown[0].text.contains("chưa có gì chứng minh người đó"),
        "{}",
        shown[0].text
    );
    let one = shown[1].clone();
    for wanted in [
        "CHƯA CÓ BẰNG CHỨNG: 3",
        "DK-2026-0003",
        "DK-2026-0002",
        "(99)",
    ] {
        assert!(one.text.contains(wanted), "{wanted} in\n{}", one.text);
    }
    assert!(one.edits > 0);

    // officers can see each request, decide on it, and refuse all of one asker with one tap
    let seen = telegram.messages(ROOM).len();
    telegram.press(ROOM, &BINH, one.id, "👁 Xem");
    let card = heard(&telegram, ROOM, seen).await;
    assert!(card.text.contains("· DK-2026-0003"), "{}", card.text);
    telegram.press(ROOM, &BINH, card.id, "👁 Xem đề nghị trước đó");
    let older = heard(&telegram, ROOM, seen + 1).await;
    assert!(older.text.contains("· DK-2026-0002"), "{}", older.text);
    let label = "⛔ Từ chối tất cả của Người lạ (3)";
    for (who, wanted) in [(&BINH, "Chỉ cán bộ"), (&AN, "Đã từ chối 3 đề nghị")] {
        let query = telegram.press(ROOM, who, one.id, label);
        let found =
            |it: &crate::telegram::Telegram| it.answered().into_iter().find(|it| it.0 == query);
        telegram.wait_for(|it| found(it).is_some()).await;
        let said = found(&telegram).unwrap().1;
        assert!(said.contains(wanted), "{said}");
    }
    clock.pass(1);
    settle(&scene).await;
    let all = requests(&scene).await;
    assert!(
        all.iter()
            .all(|it| matches!(it.stage, Stage::Refused { .. }))
    );
    let now = telegram
        .messages(ROOM)
        .into_iter()
        .find(|it| it.id == one.id);
    let now = now.unwrap();
    assert!(
        now.text.contains("Không còn đề nghị nào") && now.buttons.is_empty(),
        "{}",
        now.text
    );
    listening.end().await;
}

#[tokio::test]
async fn a_known_chats_word_alone_keeps_no_owner_out() {
    let clock = Turned::at(NOON);
    let file = Arc::default();
    let portal = portal(&file).await;
    let (_a, telegram, scene) = room_at(clock.clone(), &[port(&portal)]).await;
    let listening = Listening::to(&scene);
    // a member of another, known agency's chat asks for the portal
    let command = format!("/dangky {}", portal.url());
    let said = asked(&telegram, AGENCY, &NOBODY, &command).await;
    assert!(said.contains("DK-2026-0001: đã tiếp nhận"), "{said}");
    let command = format!("/dangky {} Sở Y tế", portal.url());
    let said = asked(&telegram, STRANGERS, &NOBODY, &command).await;
    assert!(said.contains("DK-2026-0002: đã tiếp nhận"), "{said}");
    *file.lock().unwrap() = requests(&scene).await[1].token.clone();
    for _ in 0..3 {
        clock.pass(1);
        settle(&scene).await;
    }
    let all = requests(&scene).await;
    assert_eq!(
        (&all[1].proof, &all[1].stage),
        (&Some(Proof::File), &Stage::Open)
    );
    assert!(
        matches!(&all[0].stage, Stage::Refused { reason, .. } if reason == DISPLACED),
        "{:?}",
        all[0].stage
    );
    // now the request with its proof does block another one
    let late = ask(&scene, &portal.url(), 8000).await;
    assert!(matches!(late, Err(Refused::Because(say)) if say.key == "register-watched"));
    listening.end().await;
}

#[tokio::test]
async fn past_the_third_proved_ones_of_a_domain_share_one_message() {
    let clock = Turned::at(NOON);
    let file = Arc::default();
    let portal = portal(&file).await;
    let (_a, telegram, scene) = room_at(clock.clone(), &[port(&portal)]).await;
    let before = telegram.messages(ROOM).len();
    for account in 0..7 {
        let url = format!("{}x{account}", portal.url());
        let own = ask(&scene, &url, 5000 + account).await.unwrap();
        *file.lock().unwrap() = own.token;
        for _ in 0..2 {
            clock.pass(1);
            settle(&scene).await;
        }
    }
    let all = requests(&scene).await;
    assert!(
        all.iter().all(|it| it.proof == Some(Proof::File)),
        "{all:?}"
    );
    clock.pass(1);
    settle(&scene).await;
    let shown = telegram.messages(ROOM).split_off(before);
    let own: Vec<_> = shown
        .iter()
        .filter(|it| it.text.starts_with("📝"))
        .collect();
    assert_eq!(own.len(), 3, "{shown:#?}");
    let many: Vec<_> = shown
        .iter()
        .filter(|it| it.text.starts_with("📥"))
        .collect();
    let last = many.last().unwrap();
    for wanted in [
        "ĐỀ NGHỊ GIÁM SÁT ĐANG CHỜ: 4, TRONG ĐÓ CÓ BẰNG CHỨNG: 4",
        "• ✅ DK-2026-0004",
        "• ✅ DK-2026-0007",
    ] {
        assert!(last.text.contains(wanted), "{wanted} in\n{}", last.text);
    }
    assert!(!last.text.contains("DK-2026-0003"), "{}", last.text);
    // an officer goes through them and decides on each
    let listening = Listening::to(&scene);
    let seen = telegram.messages(ROOM).len();
    telegram.press(ROOM, &AN, last.id, "👁 Xem");
    let card = heard(&telegram, ROOM, seen).await;
    assert!(card.text.contains("· DK-2026-0007"), "{}", card.text);
    telegram.press(ROOM, &AN, card.id, "👁 Xem đề nghị trước đó");
    let older = heard(&telegram, ROOM, seen + 1).await;
    assert!(older.text.contains("· DK-2026-0006"), "{}", older.text);
    listening.end().await;
}

#[tokio::test]
async fn who_asks_again_and_again_takes_no_look_from_requests_that_wait() {
    let clock = Turned::at(NOON);
    let file = Arc::default();
    let portal = portal(&file).await;
    let (_a, _telegram, scene) = room_at(clock.clone(), &[port(&portal)]).await;
    for account in 0..3 {
        let url = format!("{}x{account}", portal.url());
        ask(&scene, &url, 5000 + account).await.unwrap();
    }
    let another = async |at: i64| {
        let asked = ask(&scene, &format!("{}y{at}", portal.url()), 6000 + at).await;
        assert!(wants_proof(&asked), "{asked:?}");
        clock.pass_seconds(11);
        run_jobs(&scene.world, &["registration"]).await;
    };
    for at in 0..8 {
        another(at).await;
    }
    let all = requests(&scene).await;
    assert!(all.iter().all(|it| it.view.is_some()), "{all:#?}");
    // a look for one asker finds the proof of another request before that request's own look is due
    let token = all[1].token.clone();
    *file.lock().unwrap() = token;
    another(8).await;
    let proofs: Vec<_> = requests(&scene)
        .await
        .into_iter()
        .map(|it| it.proof)
        .collect();
    assert_eq!(proofs, [None, Some(Proof::File), None]);
}
