//! The change of a shift: the leaving and the coming officers, and the open incidents.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use crate::{
    locale::Locale,
    model::{Incident, duty::Person, excerpt::excerpt},
    notify::{Message, people::MOST_NAMED, text::Text, timeline},
};

/// Open incidents that the message names; the command /suco lists all.
const MOST_SHOWN: usize = 10;

/// The handover at `at` from the officers `off` to the officers `on`; `open` are the open incidents, oldest first.
pub fn message(
    off: &[Person],
    on: &[Person],
    open: &[Incident],
    at: Timestamp,
    locale: &Locale,
    tz: &TimeZone,
) -> Message {
    let names = |all: &[Person]| {
        let names = all.iter().take(MOST_NAMED);
        let names: Vec<String> = names.map(|it| excerpt(&it.name, 80)).collect();
        names.join(", ")
    };
    let mut text = Text::default();
    text.heading("🔄", &locale.text("head-handover"), locale.moment(at, tz))
        .line();
    if !off.is_empty() {
        text.push(&locale.text_with("handover-off", &[("names", &names(off))]))
            .line();
    }
    if on.is_empty() {
        text.push(&locale.text("handover-nobody")).line();
    } else {
        text.push(&locale.text("handover-on")).push(" ");
        for (at, person) in on.iter().take(MOST_NAMED).enumerate() {
            if at > 0 {
                text.push(", ");
            }
            match person.telegram {
                Some(id) => text.mention(&excerpt(&person.name, 80), id),
                None => text.push(&excerpt(&person.name, 80)),
            };
        }
        text.line();
    }
    text.line();
    let count = open.len().to_string();
    let head = if open.is_empty() {
        locale.text("bot-no-open")
    } else {
        locale.text_with("bot-open", &[("count", &count)])
    };
    text.push(&head).line();
    for it in open.iter().rev().take(MOST_SHOWN) {
        for line in timeline::summary(it, locale, tz) {
            text.push(&line).line();
        }
    }
    if open.len() > MOST_SHOWN {
        text.push("…").line();
    }
    Message {
        facts: json!({"handover": at, "on": names(on), "off": names(off), "open": open.len()}),
        ..Message::of(format!("handover-{}", at.as_second()), text)
    }
}
