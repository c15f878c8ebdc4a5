//! The common reminder of several incidents that were taken long ago and are still open.

use serde_json::json;

use crate::{
    locale::Locale,
    model::{Incident, duty::Holder},
    notify::{
        Gravity, Message,
        incidents::names,
        people::{MOST_NAMED, holder_line},
        text::Text,
    },
};

/// The reminder of all incidents in `all`. `holders`: each holder with the number of their incidents.
pub fn message(all: &[Incident], holders: &[(Holder, usize)], locale: &Locale) -> Message {
    let count = locale.count(all.len() as u64);
    let mut text = Text::default();
    text.push("🔔 ")
        .bold(&locale.text_with("head-nudges", &[("count", &count)]))
        .line();
    for (holder, count) in holders.iter().take(MOST_NAMED) {
        let count = locale.count(*count as u64);
        let what = locale.text_with("nudges-taker", &[("count", &count)]);
        holder_line(&mut text, &what, holder, locale);
    }
    text.push(&locale.text("nudges-todo")).line().line();
    names(&mut text, all, 0, "calls-more", locale);
    Message {
        facts: json!({"nudges": all.iter().map(|it| it.id.to_string()).collect::<Vec<_>>()}),
        gravity: Gravity::Grave,
        ..Message::of("nudges".to_owned(), text)
    }
}
