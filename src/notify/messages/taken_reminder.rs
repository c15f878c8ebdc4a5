//! The reminder of one incident that was taken long ago and is still open.

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    locale::Words,
    model::{
        Incident,
        duty::{Called, Holder, Rung},
        excerpt::named,
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
    words: &Words,
    tz: &TimeZone,
    now: Timestamp,
) -> Message {
    let last = it.timeline.iter().rev();
    let mut reminders = last.filter(|it| it.what == What::Nudged);
    let to = reminders.next().and_then(|it| it.note.as_deref());
    let at = holder.taken.at;
    let mut text = Text::default();
    text.push("🔔 ")
        .bold(&words.plain("head-nudge"))
        .push(&format!(" · {}", it.id))
        .line();
    text.bold(&named(&it.portal.name, 120))
        .push(": ")
        .push(&words.plain(&it.class.key()))
        .line();
    let since = [
        ("clock", words.moment(at, tz)),
        ("lasted", words.duration(now.duration_since(at))),
    ];
    let since: Vec<(&str, &str)> = since.iter().map(|(k, v)| (*k, v.as_str())).collect();
    holder_line(&mut text, &words.plain("nudge-taker"), holder, words);
    text.push(&words.text("nudge-since", &since)).line();
    text.push(&words.text("nudge-todo", &[("id", &it.id.to_string())]))
        .line();
    let rung = Rung::ALL.into_iter().find(|it| Some(it.as_str()) == to);
    match rung {
        Some(Rung::Roster) => {
            for person in called.now.iter().take(MOST_NAMED) {
                person_line(&mut text, &words.plain("call-on-duty"), person);
            }
        }
        Some(Rung::Head) => {
            if let Some(head) = &called.head {
                person_line(&mut text, &words.plain("call-head"), head);
            }
        }
        Some(Rung::DutyRoom) => {
            text.push(&words.plain("nudge-room")).line();
        }
        Some(Rung::National) => {
            let today = now.to_zoned(tz.clone()).date();
            contacts(&mut text, &called.contacts, words, today);
        }
        None => (),
    }
    Message {
        facts: facts(it, words),
        gravity: Gravity::Grave,
        ..Message::of(format!("{}-nudge", it.id), text)
    }
}
