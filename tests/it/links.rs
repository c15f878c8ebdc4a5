//! No Telegram client may make links of text that a page, an asker or a member of an agency's chat wrote. The strict
//! Bot API checks every message of every test; here all foreign text is hostile.

use std::sync::{Arc, Mutex};

use gaccong::deliver;
use serde_json::json;

use crate::{
    portal::{Portal, Reply, defaced, honest},
    room::{AGENCY, AN, BINH, Listening, ROOM, STRANGERS, asked, heard, room_with},
    scene::{Scene, Turned, duty_clock, run_jobs},
    telegram::{Telegram, User},
};

const HOSTILE: &str = "45.33.32.156/vneid //1.1.1.1:8080/x evil\u{20ac}.com ev\u{332}il\u{332}.com evil\u{3002}com @x9evil #the /dangky2 tg://resolve?domain=x 0912345678 4111 1111 1111 1111 a@b.vn";
const DUTY: &str = "  roster:
    - { name: Nguyễn Văn An, telegram: 11, from: '07:00', to: '19:00' }
    - { name: Trần Thị Bình, telegram: 12, from: '19:00', to: '07:00' }
  escalation:
    - { after: 5m, to: roster }
    - { after: 20m, to: national }
";
const MALLORY: User = User {
    id: 66,
    name: "evil.vn @x9evil /suco2",
    username: Some("x9evil"),
};

/// Whether a message shows the hostile text; otherwise its absence of links proves nothing.
fn holds(text: &str) -> bool {
    text.contains("45[.]33[.]32[.]156")
}

async fn settle(scene: &Scene) {
    run_jobs(&scene.world, &["registration"]).await;
    run_jobs(&scene.world, &["plans"]).await;
    duty_clock(&scene.world).await;
    deliver::flush(&scene.world).await;
}

async fn pressed(telegram: &Telegram, chat: i64, who: &User<'_>, message: i64, data: &str) {
    let query = telegram.press_data(chat, who, message, data);
    telegram
        .wait_for(|it| it.answered().iter().any(|it| it.0 == query))
        .await;
}

#[tokio::test]
async fn nothing_foreign_becomes_a_link() {
    let clock = Turned::at("2026-11-22T18:30:00+07:00");
    let page = Arc::new(Mutex::new(honest(7).replace("xã Thử Nghiệm", HOSTILE)));
    let asked_for = Portal::start(move |request| match request.path.as_str() {
        "/.well-known/gaccong.txt" => Reply::status(404, ""),
        _ => Reply::Page(page.lock().unwrap().clone()),
    })
    .await;
    let port = url::Url::parse(&asked_for.url()).unwrap().port().unwrap();
    let (portal, telegram, scene) = room_with(clock.clone(), &[port], DUTY).await;
    settle(&scene).await;
    let hostile =
        format!("<h1>Hacked by T3st_Team {HOSTILE}</h1><a href='https://x9.evil.com'>x</a>");
    let hostile = defaced()
        .replace("<h1>Hacked by T3st_Team</h1>", &hostile)
        .replace("<title>", &format!("<title>{HOSTILE} "));
    portal.show(hostile);
    scene.check(0).await;
    let listening = Listening::to(&scene);
    let alert = telegram.last(ROOM).unwrap();
    assert!(
        holds(&alert.text) && alert.raw.contains("<code>"),
        "{}",
        alert.raw
    );
    let id = scene.incidents().await[0].id.to_string();

    // actions and texts of a member of the agency's chat
    let theirs = telegram.last(AGENCY).unwrap().id;
    pressed(&telegram, AGENCY, &MALLORY, theirs, &format!("take:{id}")).await;
    for verb in ["mute", "pages", "diff", "change"] {
        let before = telegram.messages(AGENCY).len();
        telegram.press_data(AGENCY, &MALLORY, theirs, &format!("{verb}:{id}"));
        heard(&telegram, AGENCY, before).await;
    }
    let before = telegram.messages(AGENCY).len();
    telegram.reply(AGENCY, &MALLORY, theirs, HOSTILE);
    heard(&telegram, AGENCY, before).await;
    for text in [
        format!("/suco {id}"),
        "/suco".to_owned(),
        "/trangthai".to_owned(),
        "/trangthai a".to_owned(),
        format!("/thaydoi 19:00-20:00 {HOSTILE}"),
        format!("/dangky http://evil.example:6379/ {HOSTILE}"),
    ] {
        asked(&telegram, AGENCY, &MALLORY, &text).await;
    }
    let lines = asked(&telegram, ROOM, &BINH, &format!("/suco {id}")).await;
    assert!(holds(&lines), "his note\n{lines}");

    // no officer of the operator has taken the incident; a shift ends
    for minutes in [15, 20, 60] {
        clock.pass(minutes);
        settle(&scene).await;
    }
    // a stranger requests a portal, which is looked at and refused
    let name: String = HOSTILE.chars().take(100).collect();
    let ask = format!("/dangky {} {name}", asked_for.url());
    asked(&telegram, STRANGERS, &MALLORY, &ask).await;
    settle(&scene).await;
    let cards = telegram.messages(ROOM);
    let card = cards.iter().find(|it| it.text.contains("· DK-2026-0001"));
    let card = card.unwrap();
    assert!(holds(&card.text), "{}", card.text);
    asked(&telegram, STRANGERS, &MALLORY, "/dangky").await;
    asked(&telegram, STRANGERS, &MALLORY, "/dangky DK-2026-0001").await;
    let before = telegram.messages(ROOM).len();
    telegram.press_data(ROOM, &AN, card.id, "no:DK-2026-0001");
    let question = heard(&telegram, ROOM, before).await.id;
    telegram.reply(ROOM, &AN, question, HOSTILE);
    heard(&telegram, ROOM, before + 1).await;
    settle(&scene).await;
    let told = telegram.last(STRANGERS).unwrap().text;
    assert!(holds(&told), "{told}");

    // if Telegram cannot parse the markup, the plain text must be harmless, too
    let why = json!({"ok": false, "error_code": 400, "description": "Bad Request: can't parse entities: x"});
    telegram.refuse("editMessageText", 400, why);
    portal.show(honest(1));
    scene.check(0).await;
    let shown = &telegram.messages(ROOM);
    let alert = shown.iter().find(|it| it.id == alert.id).unwrap();
    assert!(
        !alert.raw.contains("<b>") && holds(&alert.text),
        "{}",
        alert.raw
    );
    listening.end().await;
}
