//! Notices about the service itself: its network, its clock, its store, its chats, its configuration.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use crate::{
    locale::Locale,
    model::{Localized, Notice, excerpt::named},
    notify::{Gravity, Message, text::Text},
};

/// The message of one notice.
pub fn message(it: &Notice, locale: &Locale, tz: &TimeZone) -> Message {
    let moment = |at: Timestamp| locale.moment(at, tz);
    let (icon, head, args) = match it {
        Notice::Blind { since, line: None } => {
            ("⚪", "blind".to_owned(), vec![("when", moment(*since))])
        }
        Notice::Blind {
            since,
            line: Some(line),
        } => (
            "⚪",
            "caught".to_owned(),
            vec![("when", moment(*since)), ("detail", detailed(line, locale))],
        ),
        Notice::Sighted { since, until } => (
            "🟢",
            "sighted".to_owned(),
            lasted(*since, *until, locale, tz),
        ),
        Notice::Trouble {
            topic,
            since,
            detail,
        } => (
            "🟠",
            topic.as_str().to_owned(),
            vec![
                ("when", moment(*since)),
                ("detail", detailed(detail, locale)),
            ],
        ),
        Notice::Over {
            topic,
            since,
            until,
        } => (
            "🟢",
            format!("{}-over", topic.as_str()),
            lasted(*since, *until, locale, tz),
        ),
        Notice::Event { topic, at, detail } => (
            "⚪",
            topic.as_str().to_owned(),
            vec![("when", moment(*at)), ("detail", detailed(detail, locale))],
        ),
    };
    let head = format!("notice-{head}");
    let args: Vec<(&str, &str)> = args
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let mut text = Text::default();
    text.push(icon)
        .push(" ")
        .bold(&locale.text(&head))
        .line()
        .push(&first_lines(
            &locale.text_with(&format!("{head}-body"), &args),
        ))
        .line();
    Message {
        facts: json!({"notice": head, "since": it.since()}),
        gravity: match it {
            Notice::Blind { .. } | Notice::Trouble { .. } => Gravity::Warning,
            Notice::Sighted { .. } | Notice::Over { .. } => Gravity::Good,
            Notice::Event { .. } => Gravity::Note,
        },
        ..Message::of(format!("{head}-{}", it.since().as_millisecond()), text)
    }
}

fn lasted(
    since: Timestamp,
    until: Timestamp,
    locale: &Locale,
    tz: &TimeZone,
) -> Vec<(&'static str, String)> {
    vec![
        ("from", locale.moment(since, tz)),
        ("to", locale.moment(until, tz)),
        ("lasted", locale.duration(until.duration_since(since))),
    ]
}

/// The detail of a notice, with each argument (names of portals and files, a server's texts) cut to 240 characters a
/// line and marked as foreign. Line breaks stay, because the report of a faulty file has several lines.
fn detailed(detail: &Localized, locale: &Locale) -> String {
    let mut detail = detail.clone();
    for value in detail.args.values_mut() {
        let lines: Vec<String> = value.lines().map(|it| named(it, 240)).collect();
        *value = lines.join("\n");
    }
    locale.localized(&detail)
}

/// The first 12 lines of a text by the service: a faulty file may have many faults.
fn first_lines(text: &str) -> String {
    text.lines().take(12).collect::<Vec<_>>().join("\n")
}
