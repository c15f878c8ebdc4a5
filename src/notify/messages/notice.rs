//! Notices about the service itself: its network, its clock, its store, its chats, its configuration.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use crate::{
    locale::Words,
    model::{Notice, Say, excerpt::named},
    notify::{Gravity, Message, text::Text},
};

/// The message of one notice.
pub fn message(it: &Notice, words: &Words, tz: &TimeZone) -> Message {
    let moment = |at: Timestamp| words.moment(at, tz);
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
            vec![("when", moment(*since)), ("detail", detailed(line, words))],
        ),
        Notice::Sighted { since, until } => (
            "🟢",
            "sighted".to_owned(),
            lasted(*since, *until, words, tz),
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
                ("detail", detailed(detail, words)),
            ],
        ),
        Notice::Over {
            topic,
            since,
            until,
        } => (
            "🟢",
            format!("{}-over", topic.as_str()),
            lasted(*since, *until, words, tz),
        ),
        Notice::Event { topic, at, detail } => (
            "⚪",
            topic.as_str().to_owned(),
            vec![("when", moment(*at)), ("detail", detailed(detail, words))],
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
        .bold(&words.plain(&head))
        .line()
        .push(&first_lines(&words.text(&format!("{head}-body"), &args)))
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
    words: &Words,
    tz: &TimeZone,
) -> Vec<(&'static str, String)> {
    vec![
        ("from", words.moment(since, tz)),
        ("to", words.moment(until, tz)),
        ("lasted", words.duration(until.duration_since(since))),
    ]
}

/// The detail of a notice, with each argument (names of portals and files, a server's texts) cut to 240 characters a
/// line and marked as foreign. Line breaks stay, because the report of a faulty file has several lines.
fn detailed(detail: &Say, words: &Words) -> String {
    let mut detail = detail.clone();
    for value in detail.args.values_mut() {
        let lines: Vec<String> = value.lines().map(|it| named(it, 240)).collect();
        *value = lines.join("\n");
    }
    words.say(&detail)
}

/// The first 12 lines of a text by the service: a faulty file may have many faults.
fn first_lines(text: &str) -> String {
    text.lines().take(12).collect::<Vec<_>>().join("\n")
}
