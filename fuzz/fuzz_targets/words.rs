//! Foreign text in a Telegram message: always HTML that Telegram takes, never a live link, never too long.
#![no_main]

use gaccong::{
    locale::{Lang, Locale},
    model::Incident,
    notify::words,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let text = String::from_utf8_lossy(data).into_owned();
    let mut parts = text.split('\u{1}').map(str::to_owned);
    let mut part = || parts.next().unwrap_or_default();
    let zone = jiff::tz::TimeZone::UTC;
    let at = "2026-11-22T00:00:00Z";
    let incident = serde_json::json!({
        "id": "SC-2026-0001", "revision": 1, "target": "a",
        "portal": {"name": part(), "agency": "a", "agency_name": part(), "url": "https://a.vn/"},
        "kind": "planted", "stage": "open", "class": "changed: suspicious", "cause": null, "score": 0.9,
        "signals": [{"name": "boast", "weight": 3.0, "say": {"key": "signal-boast", "args": {"phrase": part()}}, "excerpt": part()}],
        "seen_at": at, "confirmed_at": at, "agreed": 2, "looked": 2, "vantage": "x",
        "title_before": part(), "title_now": part(),
        "changes": [{"added": true, "text": part()}, {"added": false, "text": part()}],
        "before": null, "evidence": [], "taken": {"by": part(), "at": at}, "ended_at": null, "timeline": [], "remark": null
    });
    let incident: Incident = serde_json::from_value(incident).expect("an incident");
    for lang in [Lang::Vi, Lang::En] {
        let words = Locale::new(lang);
        let message = words::incident(&incident, &words, &zone, false);
        assert!(message.plain.encode_utf16().count() <= 4096);
        let mut open: Vec<&str> = Vec::new();
        for (at, _) in message.html.match_indices('<') {
            let rest = &message.html[at..];
            let name = ["b", "code"].into_iter().find(|name| {
                rest.starts_with(&format!("<{name}>")) || rest.starts_with(&format!("</{name}>"))
            });
            let name = name.unwrap_or_else(|| panic!("a foreign tag: {rest}"));
            if rest.starts_with("</") {
                assert_eq!(open.pop(), Some(name), "{rest}");
            } else {
                assert!(!open.contains(&"code"), "a tag inside of code: {rest}");
                open.push(name);
            }
        }
        assert!(open.is_empty());
        assert!(
            !message
                .plain
                .chars()
                .any(|it| it.is_control() && it != '\n')
        );
        assert!(
            !message.plain.contains("http://") && !message.plain.contains("https://"),
            "{}",
            message.plain
        );
    }
});
