//! The message with a report as a file.

use serde_json::json;

use crate::{
    locale::Locale,
    model::excerpt::excerpt,
    notify::{Document, Message, text::Text},
};

/// The message with the report of `week`; `summary` is the paragraph at its head.
pub fn message(week: &str, summary: &str, document: Document, locale: &Locale) -> Message {
    let mut text = Text::default();
    text.push("📊 ")
        .bold(&locale.text_with("report-title", &[("week", week)]))
        .line()
        .push(&excerpt(summary, 900))
        .line();
    Message {
        document: Some(document),
        facts: json!({"report": week}),
        ..Message::of(format!("report-{week}"), text)
    }
}
