//! A report, with its file.

use serde_json::json;

use crate::{
    locale::Words,
    model::excerpt::excerpt,
    notify::{Document, Message, text::Text},
};

/// `summary` is the paragraph at the head of the report of `week`.
pub fn message(week: &str, summary: &str, document: Document, words: &Words) -> Message {
    let mut text = Text::default();
    text.push("📊 ")
        .bold(&words.text("report-title", &[("week", week)]))
        .line()
        .push(&excerpt(summary, 900))
        .line();
    Message {
        document: Some(document),
        facts: json!({"report": week}),
        ..Message::of(format!("report-{week}"), text)
    }
}
