//! The common reminder of several incidents that keep coming back, or that are open because the portals have refused
//! the looks for long.

use jiff::Timestamp;
use serde_json::json;

use crate::{
    locale::Locale,
    model::{Incident, Kind, action::Group, incident::What},
    notify::{
        Gravity, Message,
        incidents::{names, take_all},
        text::Text,
    },
};

/// The message about the open incidents `all`.
pub fn message(all: &[Incident], locale: &Locale, now: Timestamp) -> Message {
    let count = locale.count(all.len() as u64);
    let is_blind = |it: &Incident| {
        it.kind == Kind::Blocked && it.timeline.iter().any(|it| it.what == What::Blind)
    };
    let (head, body) = if all.iter().all(is_blind) {
        ("head-blinds", "reminders-blind")
    } else {
        ("head-reminders", "reminders-see")
    };
    let tampering = all.iter().any(|it| it.kind.is_tampering());
    let mut text = Text::default();
    text.push(if tampering { "🔴 " } else { "🟡 " })
        .bold(&locale.text_with(head, &[("count", &count)]))
        .line();
    text.push(&locale.text(body)).line().line();
    names(&mut text, all, 0, "calls-more", locale);
    Message {
        facts: json!({"reminders": all.iter().map(|it| it.id.to_string()).collect::<Vec<_>>()}),
        gravity: if tampering {
            Gravity::Grave
        } else {
            Gravity::Warning
        },
        buttons: take_all(all, Group::Lasting(now), locale)
            .into_iter()
            .collect(),
        ..Message::of("reminders".to_owned(), text)
    }
}
