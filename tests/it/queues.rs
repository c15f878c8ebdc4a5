//! A queue for each chat: a flood in one chat does not delay the others.

use std::time::Duration;

use crate::{
    portal::{Reply, defaced},
    room::{AGENCY, AN, BINH, Listening, NOBODY, ROOM, STRANGERS, asked, room},
    telegram::Telegram,
};

#[tokio::test]
async fn nobody_waits_for_what_telegram_answers_to_others() {
    let (portal, telegram, scene) = room().await;
    portal.show(defaced());
    scene.check(0).await;
    let listening = Listening::to(&scene);
    asked(&telegram, STRANGERS, &NOBODY, "/start").await;
    let (room, agency) = (telegram.last(ROOM).unwrap(), telegram.last(AGENCY).unwrap());
    let start = telegram.last(STRANGERS).unwrap().id;
    let id = scene.incidents().await[0].id.to_string();
    let calls = |it: &Telegram| it.calls("answerCallbackQuery").len();
    let taken = async |query: &str| {
        telegram
            .wait_for(|it| it.answered().iter().any(|it| it.0 == query))
            .await;
        let all = telegram.answered();
        all.into_iter().find(|it| it.0 == query).unwrap().1
    };

    // Telegram holds back the answer to a stranger's first tap; 599 more taps follow
    let gate = telegram.hold("answerCallbackQuery");
    for _ in 0..600 {
        telegram.press_data(STRANGERS, &NOBODY, start, &format!("take:{id}"));
    }
    telegram.wait_for(|it| calls(it) == 1).await;
    let query = telegram.press(ROOM, &BINH, room.id, "Im lặng 1 giờ");
    assert!(taken(&query).await.contains("Đã tắt tiếng"));
    assert_eq!(calls(&telegram), 2, "nothing more was said to the stranger");
    gate.send_replace(Some(Reply::status(200, "{\"ok\":true,\"result\":true}")));

    telegram.wait_for(|it| calls(it) == 10).await;

    // a burst in an agency's chat, larger than one batch of updates, does not delay the room either
    let before = calls(&telegram);
    let gate = telegram.hold("answerCallbackQuery");
    for _ in 0..150 {
        telegram.press_data(AGENCY, &BINH, agency.id, &format!("unmute:{id}"));
    }
    telegram.wait_for(|it| calls(it) > before).await;
    let query = telegram.press(ROOM, &AN, room.id, "Tiếp nhận");
    assert!(taken(&query).await.contains("Bạn đã tiếp nhận"));
    gate.send_replace(Some(Reply::status(200, "{\"ok\":true,\"result\":true}")));
    // every tap in a known chat is handled, and as many of the stranger's as the limit allows
    telegram.wait_for(|it| calls(it) == 10 + 150 + 1).await;
    listening.end().await;
}

/// Telegram answers each tap of the agency a moment after the one before, so that the chat's queue advances by one
/// and each poll brings one new update.
#[tokio::test]
async fn a_chat_whose_queue_moves_slowly_keeps_nobody_else_from_being_heard() {
    let (portal, telegram, scene) = room().await;
    portal.show(defaced());
    scene.check(0).await;
    let (room, agency) = (telegram.last(ROOM).unwrap(), telegram.last(AGENCY).unwrap());
    let id = scene.incidents().await[0].id.to_string();
    let gates: Vec<_> = (0..400)
        .map(|_| telegram.hold("answerCallbackQuery"))
        .collect();
    for _ in 0..400 {
        telegram.press_data(AGENCY, &BINH, agency.id, &format!("unmute:{id}"));
    }
    let listening = Listening::to(&scene);
    let moving = tokio::spawn(async move {
        for gate in gates {
            tokio::time::sleep(Duration::from_millis(30)).await;
            gate.send_replace(Some(Reply::status(200, "{\"ok\":true,\"result\":true}")));
        }
    });
    let query = telegram.press(ROOM, &AN, room.id, "Tiếp nhận");
    telegram
        .wait_for(|it| {
            let calls = it.calls("answerCallbackQuery");
            calls
                .iter()
                .any(|it| it.body["callback_query_id"] == query.as_str())
        })
        .await;
    let served = telegram.calls("answerCallbackQuery").len();
    assert!(served < 200, "heard after {served} of the agency's taps");
    moving.abort();
    listening.end().await;
}
