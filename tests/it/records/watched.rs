//! The service continues over an older program's directory: with its pages, incidents, messages and numbers.

use std::fs;

use gaccong::{
    jobs::file_targets,
    model::{Class, incident::Stage},
};

use super::{kept, laid, wanted};
use crate::{
    portal::{Portal, defaced, honest},
    scene::{Scene, Turned, parse},
    telegram::Telegram,
};

/// The addresses of the portals and the Bot API in `day`.
const PORTALS: &str = "http://127.0.0.1:39377/";
const API: &str = "http://127.0.0.1:45271/";
/// The positions of two portals in its configuration: one is down, the other is up.
const DOWN: usize = 0;
const WELL: usize = 1;

#[tokio::test]
async fn the_service_goes_on_where_the_older_one_stopped() {
    let portal = Portal::page(honest(1)).await;
    let telegram = Telegram::start().await;
    let text = fs::read_to_string(kept("day").join("targets.yaml")).unwrap();
    let text = text
        .replace(PORTALS, &portal.url())
        .replace(API, &telegram.portal.url());
    let (folder, _) = laid("day");
    let clock = Turned::at("2026-11-23T08:00:00+07:00");
    let scene = Scene::over(parse(&text), "sled", clock, folder);
    // the page is the approved one: it is judged once, because its address is another, and known afterwards
    for wanted in [Class::NormalChange, Class::Unchanged] {
        let checked = scene.check(WELL).await;
        assert_eq!(checked.class, Some(wanted));
    }
    assert_eq!(scene.incidents().await.len(), 8);
    // the end of an outage is reported by editing the earlier message
    scene.check(DOWN).await;
    let outage = scene.incidents().await.swap_remove(3);
    assert_eq!(
        (outage.id.0.as_str(), outage.stage),
        ("SC-2026-0004", Stage::Resolved)
    );
    let receipt = &wanted("day")["t/room/SC-2026-0004"];
    let edits = telegram.calls("editMessageText");
    let of_it = |text: &serde_json::Value| text.as_str().unwrap().contains("SC-2026-0004");
    let edit = edits.iter().find(|it| of_it(&it.body["text"])).unwrap();
    assert_eq!(
        edit.body["message_id"].to_string(),
        receipt["message"].as_str().unwrap()
    );
    // the next incident has the next number
    portal.show(defaced());
    scene.check(WELL).await;
    let last = scene.incidents().await.pop().unwrap();
    assert_eq!(
        (last.id.0.as_str(), last.stage),
        ("SC-2026-0009", Stage::Open)
    );
    let sent = telegram.calls("sendMessage");
    let sent: Vec<_> = sent
        .iter()
        .map(|it| it.body["text"].as_str().unwrap())
        .collect();
    assert!(!sent.is_empty());
    assert!(
        sent.iter().all(|it| it.contains("SC-2026-0009")),
        "{sent:?}"
    );
}

#[tokio::test]
async fn a_start_finds_that_targets_yaml_is_as_it_was() {
    let text = fs::read_to_string(kept("killed").join("targets.yaml")).unwrap();
    let (folder, _) = laid("killed");
    let clock = Turned::at("2026-11-29T11:00:00+07:00");
    let scene = Scene::over(parse(&text), "sled", clock, folder);
    let store = &scene.world.store;
    let before = store.entries(None).await.unwrap();
    file_targets::compare(&scene.world).await.unwrap();
    assert_eq!(store.entries(None).await.unwrap(), before);
    assert!(before.iter().any(|it| it.deed.as_str() == "listed"));
}
