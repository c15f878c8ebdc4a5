//! The common reminder of several incidents that were taken long ago and are still open.

use serde_json::json;

use crate::{
    locale::Words,
    model::{Incident, duty::Holder},
    notify::{
        Gravity, Message,
        incidents::names,
        people::{MOST_NAMED, holder_line},
        text::Text,
    },
};

/// The reminder of all incidents in `all`. `holders`: each holder with the number of their incidents.
pub fn message(all: &[Incident], holders: &[(Holder, usize)], words: &Words) -> Message {
    let count = words.count(all.len() as u64);
    let mut text = Text::default();
    text.push("🔔 ")
        .bold(&words.text("head-nudges", &[("count", &count)]))
        .line();
    for (holder, count) in holders.iter().take(MOST_NAMED) {
        let count = words.count(*count as u64);
        let what = words.text("nudges-taker", &[("count", &count)]);
        holder_line(&mut text, &what, holder, words);
    }
    text.push(&words.plain("nudges-todo")).line().line();
    names(&mut text, all, 0, "calls-more", words);
    Message {
        facts: json!({"nudges": all.iter().map(|it| it.id.to_string()).collect::<Vec<_>>()}),
        gravity: Gravity::Grave,
        ..Message::of("nudges".to_owned(), text)
    }
}
