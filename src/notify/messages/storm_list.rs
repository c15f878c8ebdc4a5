//! The list of all incidents of a storm, as a spreadsheet (CSV).

use jiff::tz::TimeZone;
use serde_json::json;

use crate::{
    locale::Locale,
    model::{Incident, Storm, excerpt::excerpt},
    notify::{
        Document, Message,
        incidents::{facts, number},
        text::Text,
    },
};

/// The message with the file, which holds a row for each of `members`.
pub fn message(it: &Storm, members: &[Incident], locale: &Locale, tz: &TimeZone) -> Message {
    let mut out = csv::Writer::from_writer(vec![0xef, 0xbb, 0xbf]);
    let heads = ["id", "name", "agency", "url", "class", "seen", "stage"]
        .map(|it| locale.text(&format!("head-{it}")));
    let mut write = || -> Result<(), csv::Error> {
        out.write_record(&heads)?;
        for it in members {
            out.write_record([
                it.id.to_string(),
                cell(&it.portal.name),
                cell(&it.portal.agency_name),
                cell(it.portal.url.as_str()),
                locale.text(&it.class.key()),
                locale.moment(it.seen_at, tz),
                locale.text(&format!("stage-{}", it.stage.as_str())),
            ])?;
        }
        Ok(())
    };
    // writing into memory cannot fail
    let _ = write();
    let bytes = out.into_inner().unwrap_or_default();
    let count = number(members.len(), locale);
    let mut text = Text::default();
    text.push("📎 ")
        .push(&locale.text_with("storm-roll", &[("id", &it.id), ("count", &count)]));
    let (html, plain) = text.into_forms();
    Message {
        key: format!("{}-roll", it.id),
        headline: plain.clone(),
        html,
        plain,
        document: Some(Document {
            name: format!("{}.csv", it.id),
            bytes,
        }),
        facts: json!({"storm": it.id, "incidents": members.iter().map(|it| facts(it, locale)).collect::<Vec<_>>()}),
        ..Message::default()
    }
}

/// The text of a cell that no spreadsheet program reads as a formula.
fn cell(text: &str) -> String {
    let text = excerpt(text, 300);
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        format!("'{text}")
    } else {
        text
    }
}
