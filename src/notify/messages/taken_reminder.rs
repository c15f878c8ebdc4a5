//! The reminder of one incident that was taken long ago and is still open.

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    locale::Locale,
    model::{
        Incident,
        duty::{Called, EscalationStep, Holder},
        incident::What,
    },
    notify::{
        Gravity, Message,
        incidents::facts,
        people::{MOST_NAMED, contacts, holder_line, person_line},
        text::Text,
    },
};

/// The reminder, which mentions the holder and the people `called` besides.
pub fn message(
    it: &Incident,
    holder: &Holder,
    called: &Called,
    locale: &Locale,
    tz: &TimeZone,
    now: Timestamp,
) -> Message {
    let last = it.timeline.iter().rev();
    let mut reminders = last.filter(|it| it.what == What::Nudged);
    let to = reminders.next().and_then(|it| it.note.as_deref());
    let at = holder.taken.at;
    let mut text = Text::default();
    text.heading("🔔", &locale.text("head-nudge"), &it.id)
        .line();
    text.portal_and_class(it, locale);
    let since = [
        ("clock", locale.moment(at, tz)),
        ("lasted", locale.duration(now.duration_since(at))),
    ];
    let since: Vec<(&str, &str)> = since.iter().map(|(k, v)| (*k, v.as_str())).collect();
    holder_line(&mut text, &locale.text("nudge-taker"), holder, locale);
    text.push(&locale.text_with("nudge-since", &since)).line();
    text.push(&locale.text_with("nudge-todo", &[("id", &it.id.to_string())]))
        .line();
    let rung = EscalationStep::ALL
        .into_iter()
        .find(|it| Some(it.as_str()) == to);
    match rung {
        Some(EscalationStep::Roster) => {
            for person in called.now.iter().take(MOST_NAMED) {
                person_line(&mut text, &locale.text("call-on-duty"), person);
            }
        }
        Some(EscalationStep::Head) => {
            if let Some(head) = &called.head {
                person_line(&mut text, &locale.text("call-head"), head);
            }
        }
        Some(EscalationStep::DutyRoom) => {
            text.push(&locale.text("nudge-room")).line();
        }
        Some(EscalationStep::National) => {
            let today = now.to_zoned(tz.clone()).date();
            contacts(&mut text, &called.contacts, locale, today);
        }
        None => (),
    }
    Message {
        facts: facts(it, locale),
        gravity: Gravity::Grave,
        ..Message::of(format!("{}-nudge", it.id), text)
    }
}
