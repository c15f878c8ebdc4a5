//! The common call for several incidents that no officer has taken.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use crate::{
    locale::Locale,
    model::{
        Incident,
        action::Group,
        duty::{Called, EscalationStep, Person},
    },
    notify::{
        Gravity, Message,
        incidents::{names, take_all},
        people::{MOST_NAMED, contacts, person_line},
        text::Text,
    },
};

/// One call for several incidents that no officer has taken. It names the people `called` for the first incident, and
/// the head of every agency concerned.
pub fn message(
    all: &[Incident],
    to: EscalationStep,
    (called, heads): (&Called, &[Person]),
    locale: &Locale,
    tz: &TimeZone,
    now: Timestamp,
) -> Message {
    let count = locale.count(all.len() as u64);
    let mut text = Text::default();
    let of_agency = |it: &Incident| it.taken.is_some();
    let head = if all.iter().any(of_agency) {
        "head-calls-operator"
    } else {
        "head-calls"
    };
    text.push("🔔 ")
        .bold(&locale.text_with(head, &[("count", &count)]))
        .line();
    let waited = locale.duration(now.duration_since(called.since));
    text.push(&locale.text_with("calls-waited", &[("waited", &waited)]))
        .line();
    if to != EscalationStep::Head {
        for person in called.now.iter().take(MOST_NAMED) {
            person_line(&mut text, &locale.text("call-on-duty"), person);
        }
    }
    if to >= EscalationStep::Head {
        for head in heads.iter().take(MOST_NAMED) {
            person_line(&mut text, &locale.text("call-head"), head);
        }
    }
    if to == EscalationStep::National {
        let today = now.to_zoned(tz.clone()).date();
        contacts(&mut text, &called.contacts, locale, today);
    }
    text.line();
    names(&mut text, all, 0, "calls-more", locale);
    Message {
        facts: json!({"calls": to, "incidents": all.iter().map(|it| it.id.to_string()).collect::<Vec<_>>()}),
        gravity: Gravity::Grave,
        buttons: take_all(all, Group::Called(now), locale)
            .into_iter()
            .collect(),
        ..Message::of(format!("calls-{}", to.as_str()), text)
    }
}
