//! A short message that rings: an incident came back, or is no longer silent. An edit of the long message makes no
//! sound.

use jiff::tz::TimeZone;

use crate::{
    locale::Locale,
    model::{Incident, Kind, excerpt::quoted, incident::What},
    notify::{
        Message,
        incidents::{facts, gravity},
        people::called,
        text::Text,
    },
};

/// The reminder of one incident. `repeat`: an earlier attempt may have arrived.
pub fn message(it: &Incident, locale: &Locale, tz: &TimeZone, repeat: bool) -> Message {
    let icon = if it.kind.is_tampering() {
        "🔴"
    } else {
        "🟡"
    };
    let aside = [What::Told, What::Undelivered, What::Escalated, What::Nudged];
    let last = it
        .timeline
        .iter()
        .rev()
        .find(|it| !aside.contains(&it.what));
    let by = last.and_then(|it| Some(called(it.by.as_ref()?, it.origin.as_ref(), locale)));
    let by = by.unwrap_or_default();
    let reason = last.and_then(|it| it.note.as_deref()).unwrap_or_default();
    let reason = quoted(reason, 300);
    let (head, body) = match last.map(|it| it.what) {
        Some(What::Blind) if it.kind == Kind::Maintenance => ("head-closed", "reminder-closed"),
        Some(What::Blind) => ("head-blind", "reminder-blind"),
        Some(What::Disowned) => ("head-disowned", "reminder-see"),
        Some(What::Changed) if it.is_unread() => ("head-unread", "reminder-see"),
        Some(What::Changed) => ("head-unmasked", "reminder-see"),
        Some(What::Dismissed) => ("head-agency-dismissed", "reminder-dismissed"),
        Some(What::Unmuted) => ("head-lasts", "reminder-see"),
        _ if it.flaps > 0 => ("head-again", "reminder-body"),
        _ => ("head-lasts", "reminder-see"),
    };
    let mut text = Text::default();
    text.heading(icon, &locale.text(head), &it.id);
    if repeat {
        text.push(" ").push(&locale.text("alert-repeat"));
    }
    text.line();
    text.portal_and_class(it, locale);
    let body = locale.text_with(
        body,
        &[
            ("times", &(it.flaps + 1).to_string()),
            ("when", &locale.moment(it.seen_at, tz)),
            ("by", &by),
            ("reason", &reason),
        ],
    );
    text.push(&body).line();
    Message {
        facts: facts(it, locale),
        gravity: gravity(it),
        repeat,
        ..Message::of(format!("{}-reminder", it.id), text)
    }
}
