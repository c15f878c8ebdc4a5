//! The test call: asks the officers of the next shift to confirm that they are present.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use crate::{
    locale::Locale,
    model::{Action, duty::Person},
    notify::{
        Button, Message,
        people::{MOST_NAMED, person_line},
        text::Text,
    },
};

/// The test call for the shift that begins at `at`; `people` have not confirmed yet.
pub fn message(people: &[Person], at: Timestamp, locale: &Locale, tz: &TimeZone) -> Message {
    let mut text = Text::default();
    text.push("📣 ")
        .bold(&locale.text_with("head-muster", &[("clock", &locale.clock(at, tz))]))
        .line();
    for person in people.iter().take(MOST_NAMED) {
        person_line(&mut text, &locale.text("muster-on"), person);
    }
    let when = locale.moment(at, tz);
    text.push(&locale.text_with("muster-todo", &[("when", &when)]))
        .line();
    Message {
        facts: json!({"muster": at, "on": people.iter().map(|it| it.name.as_str()).collect::<Vec<_>>()}),
        buttons: vec![Button::new(Action::Present(at), locale)],
        ..Message::of(format!("muster-{}", at.as_second()), text)
    }
}
