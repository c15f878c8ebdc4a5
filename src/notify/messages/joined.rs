//! Incidents that joined a storm after its first message: a new message, which rings, because an edit makes no sound.

use serde_json::json;

use super::storm::{family, look, take_all};
use crate::{
    locale::Locale,
    model::{Incident, Storm},
    notify::{
        Message,
        incidents::{names, number},
        text::Text,
    },
};

/// The message that names the `new` incidents; `members` are all incidents of the storm.
pub fn message(it: &Storm, new: &[Incident], members: &[Incident], locale: &Locale) -> Message {
    let (icon, gravity) = look(it.family);
    let count = new.len() + it.more_joiners;
    let mut text = Text::default();
    text.heading(
        icon,
        &locale.text_with(
            &format!("storm-{}-more", family(it)),
            &[("count", &number(count, locale))],
        ),
        &it.id,
    )
    .line();
    let total = number(members.len(), locale);
    text.push(&locale.text_with("storm-joined", &[("id", &it.id), ("total", &total)]))
        .line();
    names(&mut text, new, it.more_joiners, "storm-more-joined", locale);
    Message {
        facts: json!({
            "storm": it.id,
            "family": it.family,
            "joined": new.iter().map(|it| it.id.to_string()).collect::<Vec<_>>(),
        }),
        buttons: take_all(it, new, locale).into_iter().collect(),
        gravity,
        ..Message::of(format!("{}-joined", it.id), text)
    }
}
