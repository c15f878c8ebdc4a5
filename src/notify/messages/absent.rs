//! The warning, shortly before a shift begins, that some of its officers have not confirmed.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use crate::{
    locale::Locale,
    model::duty::Person,
    notify::{
        Gravity, Message,
        people::{MOST_NAMED, person_line},
        text::Text,
    },
};

/// The warning that `people` have not confirmed; their shift begins at `at`.
pub fn message(people: &[Person], at: Timestamp, locale: &Locale, tz: &TimeZone) -> Message {
    let mut text = Text::default();
    text.push("⚠ ")
        .bold(&locale.text_with("head-absent", &[("clock", &locale.clock(at, tz))]))
        .line();
    for person in people.iter().take(MOST_NAMED) {
        person_line(&mut text, &locale.text("absent-who"), person);
    }
    text.push(&locale.text("absent-todo")).line();
    Message {
        facts: json!({"absent": at, "on": people.iter().map(|it| it.name.as_str()).collect::<Vec<_>>()}),
        gravity: Gravity::Warning,
        ..Message::of(format!("absent-{}", at.as_second()), text)
    }
}
