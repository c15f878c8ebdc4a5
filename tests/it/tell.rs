use std::{sync::Arc, time::Duration};

use gaccong::{
    bot, config, deliver,
    model::incident::{Stage, What},
    world::{World, clock::System, unchanging},
};
use serde_json::json;
use tokio_util::sync::CancellationToken;

use crate::{
    portal::{Portal, Reply, defaced, honest},
    scene::{Scene, store_at, yaml},
    telegram::Telegram,
};

const CHAT: i64 = -1001;

/// A scene with a target that notifies a Telegram group.
async fn scene(portal: &Portal, telegram: &Telegram) -> Scene {
    // safe: the variable has one value in every test of this binary
    let text = yaml("", &[("a", &portal.url())])
        .replace("agencies:", &format!("{}agencies:", notifier(telegram)));
    let text = text.replace("  timeout: 2s", "  timeout: 2s\n  notify: [duty-room]");
    Scene::new(&text)
}

fn notifier(telegram: &Telegram) -> String {
    // PATH is set everywhere, and the scripted server checks no token here
    format!(
        "notifiers:\n  duty-room: {{ kind: telegram, with: {{ chat: {CHAT}, token_env: HOME, api_url: '{}' }} }}\n",
        telegram.portal.url()
    )
}

async fn attacked() -> (Portal, Telegram, Scene) {
    let portal = Portal::page(honest(1)).await;
    let telegram = Telegram::start().await;
    let scene = scene(&portal, &telegram).await;
    scene.learn(0).await;
    portal.show(defaced());
    (portal, telegram, scene)
}

#[tokio::test]
async fn one_message_an_incident_edited_as_it_goes_on() {
    let (portal, telegram, scene) = attacked().await;
    scene.check(0).await;
    let sent = telegram.calls("sendMessage");
    assert_eq!(sent.len(), 1);
    let body = &sent[0].body;
    assert_eq!(
        (body["chat_id"].as_i64(), body["parse_mode"].as_str()),
        (Some(CHAT), Some("HTML"))
    );
    assert!(
        body["text"]
            .as_str()
            .unwrap()
            .contains("<b>NGHI BỊ TẤN CÔNG"),
        "{body}"
    );
    let rows = body["reply_markup"]["inline_keyboard"].as_array().unwrap();
    let buttons: Vec<&str> = rows
        .iter()
        .flat_map(|it| it.as_array().unwrap())
        .map(|it| it["callback_data"].as_str().unwrap())
        .collect();
    assert_eq!(
        buttons
            .iter()
            .map(|it| it.split(':').next().unwrap())
            .collect::<Vec<_>>(),
        ["take", "change", "mute", "diff", "pages"]
    );
    assert!(buttons.iter().all(|it| it.len() <= 64));

    portal.show(honest(2));
    scene.check(0).await;
    assert_eq!(telegram.calls("sendMessage").len(), 1);
    let edits = telegram.calls("editMessageText");
    assert_eq!(edits.len(), 1);
    assert_eq!(edits[0].body["message_id"], json!(101));
    assert!(
        edits[0].body["text"]
            .as_str()
            .unwrap()
            .contains("ĐÃ KHÔI PHỤC")
    );
    assert_eq!(scene.world.store.outbox().await.unwrap().len(), 0);
}

#[tokio::test]
async fn refusals_are_understood() {
    for (status, body, then) in [
        (
            429,
            json!({"ok": false, "error_code": 429, "description": "Too Many Requests: retry after 1", "parameters": {"retry_after": 1}}),
            "waits",
        ),
        (
            403,
            json!({"ok": false, "error_code": 403, "description": "Forbidden: bot was kicked from the supergroup chat"}),
            "dead",
        ),
        (
            400,
            json!({"ok": false, "error_code": 400, "description": "Bad Request: chat not found"}),
            "dead",
        ),
        (
            400,
            json!({"ok": false, "error_code": 400, "description": "Bad Request: can't parse entities: Unsupported start tag"}),
            "plain",
        ),
        (
            400,
            json!({"ok": false, "error_code": 400, "description": "Bad Request: group chat was upgraded to a supergroup chat", "parameters": {"migrate_to_chat_id": -1009}}),
            "moved",
        ),
    ] {
        let (_portal, telegram, scene) = attacked().await;
        telegram.refuse("sendMessage", status, body);
        scene.check(0).await;
        let incident = scene.incidents().await.remove(0);
        let outbox = scene.world.store.outbox().await.unwrap();
        let sent = telegram.calls("sendMessage");
        match then {
            "waits" => {
                assert_eq!(outbox.len(), 1);
                assert!(!outbox[0].begun, "it surely did not arrive");
                let wait = outbox[0]
                    .due
                    .duration_since(jiff::Timestamp::now())
                    .as_millis();
                assert!((0..=1300).contains(&wait), "{wait}");
            }
            "dead" => {
                assert!(outbox.is_empty());
                assert_eq!(
                    scene
                        .world
                        .store
                        .undelivered(&incident.id)
                        .await
                        .unwrap()
                        .len(),
                    1
                );
                assert!(
                    incident
                        .timeline
                        .iter()
                        .any(|it| it.what == What::Undelivered)
                );
            }
            "plain" => {
                assert_eq!(sent.len(), 2);
                assert!(sent[1].body["parse_mode"].is_null());
                assert!(!sent[1].body["text"].as_str().unwrap().contains("<b>"));
            }
            _ => {
                assert_eq!(sent[1].body["chat_id"], json!(-1009));
                assert!(outbox.is_empty());
            }
        }
    }
}

#[tokio::test]
async fn an_attempt_that_died_is_repeated_and_says_so() {
    let (_portal, telegram, scene) = attacked().await;
    telegram.refuse_raw("sendMessage", Reply::Close);
    scene.check(0).await;
    let mut waiting = scene.world.store.outbox().await.unwrap().remove(0);
    assert!(waiting.begun, "it may have arrived");
    waiting.due = jiff::Timestamp::now();
    scene
        .world
        .store
        .delivery(gaccong::store::Delivery::Postponed(waiting))
        .await
        .unwrap();
    deliver::flush(&scene.world).await;
    let sent = telegram.calls("sendMessage");
    assert_eq!(sent.len(), 2);
    assert!(sent[1].body["text"].as_str().unwrap().contains("(gửi lại)"));
    assert!(scene.world.store.outbox().await.unwrap().is_empty());
}

#[tokio::test]
async fn the_outbox_survives_a_restart() {
    let portal = Portal::page(honest(1)).await;
    let telegram = Telegram::start().await;
    let text = yaml("", &[("a", &portal.url())])
        .replace("agencies:", &format!("{}agencies:", notifier(&telegram)))
        .replace("  timeout: 2s", "  timeout: 2s\n  notify: [duty-room]");
    let scene = Scene::with(crate::scene::parse(&text), "sled");
    scene.learn(0).await;
    portal.show(defaced());
    telegram.refuse(
        "sendMessage",
        500,
        json!({"ok": false, "error_code": 500, "description": "Internal"}),
    );
    // an alert is queued but not sent: the process ends here
    gaccong::watch::check::check(&scene.world, &scene.target(0)).await;
    let config: config::Config = scene.world.config.clone();
    let data = config.service.data_dir.clone();
    let folder = scene.folder;
    drop(scene.world);
    let (world, _) = World::open(config, store_at("sled", &data), Arc::new(System)).unwrap();
    let world = Arc::new(world);
    assert_eq!(world.store.outbox().await.unwrap().len(), 1);
    let stop = CancellationToken::new();
    let teller = tokio::spawn(deliver::run(unchanging(world.clone()), stop.clone()));
    let outbox = async {
        while telegram.calls("sendMessage").len() < 2 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(40), outbox)
        .await
        .unwrap();
    stop.cancel();
    teller.await.unwrap();
    drop(folder);
}

#[tokio::test]
async fn a_tap_takes_the_incident_and_a_stranger_is_told_nothing() {
    let (_portal, telegram, scene) = attacked().await;
    scene.check(0).await;
    let id = scene.incidents().await[0].id.to_string();
    let stop = CancellationToken::new();
    let listener = tokio::spawn(bot::run(unchanging(scene.world.clone()), stop.clone()));
    let answers = async |count: usize| {
        let wait = async {
            while telegram.calls("answerCallbackQuery").len() < count {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), wait)
            .await
            .unwrap();
    };
    telegram.tap(-555, &format!("take:{id}"), "Người lạ");
    answers(1).await;
    assert_eq!(scene.incidents().await[0].stage, Stage::Open);
    telegram.tap(CHAT, &format!("take:{id}"), "Nguyễn Văn A <b>");
    answers(2).await;
    telegram.tap(CHAT, &format!("take:{id}"), "Trần B");
    answers(3).await;
    telegram.tap(CHAT, &format!("diff:{id}"), "Trần B");
    answers(4).await;
    stop.cancel();
    listener.await.unwrap();
    let incident = scene.incidents().await.remove(0);
    assert_eq!(incident.taken.unwrap().by, "Nguyễn Văn A <b>");
    let said: Vec<String> = telegram
        .calls("answerCallbackQuery")
        .iter()
        .map(|it| it.body["text"].as_str().unwrap().to_owned())
        .collect();
    assert!(
        said[0].contains("chưa được đăng ký")
            && said[1].contains("Bạn đã tiếp nhận")
            && said[2].contains("đã tiếp nhận trước đó"),
        "{said:?}"
    );
    let document = String::from_utf8_lossy(&telegram.calls("sendDocument")[0].raw).into_owned();
    assert!(document.contains("+ Hacked by T3st_Team"), "{document}");
    deliver::flush(&scene.world).await;
    let edit = telegram.calls("editMessageText").pop().unwrap().body["text"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        edit.contains("✅ Nguyễn Văn A &lt;b&gt; tiếp nhận lúc"),
        "{edit}"
    );
}

#[tokio::test]
async fn hostile_pages_make_harmless_messages() {
    let portal = Portal::page(honest(1)).await;
    let telegram = Telegram::start().await;
    let scene = scene(&portal, &telegram).await;
    scene.learn(0).await;
    let long = "&<b>x</b>\u{202e} http://evil.example/ ".repeat(400);
    portal.show(format!(
        "<title>Hacked by </b><a href='tg://x'>{long}</title><h1>Hacked by &lt;/b&gt; {long}</h1>"
    ));
    scene.check(0).await;
    let text = telegram.calls("sendMessage")[0].body["text"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(text.encode_utf16().count() < 8000);
    let plain = &scene_plain(&text);
    assert!(plain.encode_utf16().count() <= 4096, "{}", plain.len());
    for bad in ["http://", "evil.example", "<a", "tg://", "\u{202e}"] {
        assert!(!text.contains(bad), "{bad} in\n{text}");
    }
}

/// Parses Telegram's HTML: removes tags, and replaces entities by characters.
fn scene_plain(html: &str) -> String {
    let mut out = html.to_owned();
    for tag in ["<b>", "</b>", "<code>", "</code>"] {
        out = out.replace(tag, "");
    }
    assert!(!out.contains('<'), "an unknown tag: {out}");
    out.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&amp;", "&")
}

#[tokio::test]
async fn webhooks_are_signed_and_repeatable() {
    let portal = Portal::page(honest(1)).await;
    let hook = Portal::page("ok").await;
    let text = yaml("", &[("a", &portal.url())])
        .replace("agencies:", &format!("notifiers:\n  hook: {{ kind: webhook, with: {{ url: '{}', secret_env: HOME }} }}\nagencies:", hook.url()))
        .replace("  timeout: 2s", "  timeout: 2s\n  notify: [hook]");
    let scene = Scene::new(&text);
    scene.learn(0).await;
    portal.show(defaced());
    scene.check(0).await;
    let call = hook.seen().remove(0);
    let key = ring::hmac::Key::new(
        ring::hmac::HMAC_SHA256,
        std::env::var("HOME").unwrap().as_bytes(),
    );
    let signature: String = ring::hmac::sign(&key, &call.body)
        .as_ref()
        .iter()
        .map(|it| format!("{it:02x}"))
        .collect();
    assert_eq!(
        call.header("x-gaccong-signature"),
        Some(format!("sha256={signature}").as_str())
    );
    assert_eq!(call.header("idempotency-key").map(str::len), Some(32));
    let body: serde_json::Value = serde_json::from_slice(&call.body).unwrap();
    assert_eq!(body["facts"]["kind"], "defaced");
    // the signed body holds what a receiver needs to detect an old or repeated message
    let key = call.header("idempotency-key").unwrap();
    assert_eq!(body["idempotency_key"], key);
    let sent: jiff::Timestamp = body["sent"].as_str().unwrap().parse().unwrap();
    assert!(sent.duration_until(jiff::Timestamp::now()).as_mins() < 5);
}

#[tokio::test]
async fn a_fault_of_a_webhook_is_told_in_its_own_words() {
    let portal = Portal::page(honest(1)).await;
    let why = "{\"error\":\"Forbidden: bot was kicked from the group chat\"}";
    let hook = Portal::start(move |_| Reply::status(403, why)).await;
    let text = yaml("", &[("a", &portal.url())])
        .replace("agencies:", &format!("notifiers:\n  hook: {{ kind: webhook, with: {{ url: '{}', secret_env: HOME }} }}\nagencies:", hook.url()))
        .replace("  timeout: 2s", "  timeout: 2s\n  notify: [hook, console]");
    let scene = Scene::new(&text);
    scene.learn(0).await;
    portal.show(defaced());
    scene.check(0).await;
    deliver::flush(&scene.world).await;
    let heard = scene.heard();
    let told = heard.iter().find(|it| it.contains("«hook»")).unwrap();
    assert!(told.contains("403") && !told.contains("Telegram"), "{told}");
    assert!(!told.contains("nhóm"), "{told}");
}
