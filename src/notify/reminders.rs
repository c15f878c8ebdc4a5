//! One message for many incidents that keep coming back, or that are open for portals which have refused the service's
//! looks for an hour.

use jiff::Timestamp;
use serde_json::json;

use crate::{
    locale::Words,
    model::{Action, Incident, action::Group, incident::What},
    notify::{Button, Gravity, Message, storm::names, text::Text},
};

/// A button that takes all incidents `all` of a message, which are those of `group`; `None` where each is taken by one of
/// the operator's people.
pub fn take_all(all: &[Incident], group: Group, words: &Words) -> Option<Button> {
    let waits = all
        .iter()
        .any(|it| it.stage.is_open() && it.led().is_none());
    waits.then(|| Button {
        label: words.plain("button-take-all"),
        action: Action::TakeAll(group),
    })
}

/// Builds the message of incidents that are open.
pub fn reminders(all: &[Incident], words: &Words, now: Timestamp) -> Message {
    let count = words.count(all.len() as u64);
    let is_blind = |it: &Incident| it.timeline.iter().any(|it| it.what == What::Blind);
    let (head, body) = if all.iter().all(is_blind) {
        ("head-blinds", "reminders-blind")
    } else {
        ("head-reminders", "reminders-see")
    };
    let tampering = all.iter().any(|it| it.kind.is_tampering());
    let mut text = Text::default();
    text.push(if tampering { "🔴 " } else { "🟡 " })
        .bold(&words.text(head, &[("count", &count)]))
        .line();
    text.push(&words.plain(body)).line().line();
    names(&mut text, all, 0, "calls-more", words);
    Message {
        facts: json!({"reminders": all.iter().map(|it| it.id.to_string()).collect::<Vec<_>>()}),
        gravity: if tampering {
            Gravity::Grave
        } else {
            Gravity::Warning
        },
        buttons: take_all(all, Group::Lasting(now), words)
            .into_iter()
            .collect(),
        ..Message::of("reminders".to_owned(), text)
    }
}
