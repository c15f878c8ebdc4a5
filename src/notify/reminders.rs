//! One message for many incidents that keep coming back, or that are open for portals which have refused the service's
//! looks for an hour.

use jiff::Timestamp;
use serde_json::json;

use crate::{
    locale::Words,
    model::{Incident, incident::What},
    notify::{Button, Gravity, Message, storm::names, text::Text},
};

/// Which incidents a button takes that stands under a message for many: those that are called for, or those that last.
pub const TAKE_CALLED: &str = "calls";
pub const TAKE_LASTING: &str = "lasting";

/// A button that takes all incidents of a message made `now`; `None` where each is taken by one of the operator's
/// people. `which` is [`TAKE_CALLED`] or [`TAKE_LASTING`].
pub fn take_all(all: &[Incident], which: &str, words: &Words, now: Timestamp) -> Option<Button> {
    let waits = all
        .iter()
        .any(|it| it.stage.is_open() && it.led().is_none());
    waits.then(|| Button {
        label: words.plain("button-take-all"),
        action: format!("all:{which}-{}", now.as_second()),
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
        buttons: take_all(all, TAKE_LASTING, words, now)
            .into_iter()
            .collect(),
        ..Message::of("reminders".to_owned(), text)
    }
}
