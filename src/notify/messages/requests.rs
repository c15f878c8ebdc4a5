//! Strangers' requests in one common message to the officers, because one stranger can make hundreds. It also takes
//! proved requests once there are too many for messages of their own; these come first.

use jiff::tz::TimeZone;
use serde_json::json;

use super::request::{address, asker};
use crate::{
    locale::Locale,
    model::{
        Action,
        action::RequestAction,
        excerpt::excerpt,
        excerpt::named,
        registration::{Request, RequestId},
    },
    notify::{Button, Message, text::Text},
};

/// Requests that the message names: those with proof first, then the newest.
const NAMED: usize = 5;

/// Askers that get a button to refuse all their requests with one tap.
const REFUSED: usize = 2;

/// The common message about the `waiting` requests. `askers`: for each asker the id of one request and the number of
/// requests without proof, the largest number first.
pub fn message(
    waiting: &[&Request],
    askers: &[(RequestId, usize)],
    locale: &Locale,
    tz: &TimeZone,
) -> Message {
    let count = waiting.len().to_string();
    let mut text = Text::default();
    let proved = waiting.iter().filter(|it| it.proof.is_some()).count();
    let head = match (waiting.is_empty(), proved) {
        (true, _) => "requests-none",
        (false, 0) => "head-requests",
        (false, _) => "head-requests-many",
    };
    let args = [("count", count.as_str()), ("proved", &proved.to_string())];
    text.push("📥 ").bold(&locale.text_with(head, &args)).line();
    let mut newest: Vec<&Request> = waiting.to_vec();
    newest.sort_by_key(|it| std::cmp::Reverse((it.proof.is_some(), it.at, it.id.clone())));
    for it in newest.iter().take(NAMED) {
        let when = locale.moment(it.at, tz);
        let args = [
            (
                "id",
                format!("{}{}", if it.proof.is_some() { "✅ " } else { "" }, it.id),
            ),
            ("address", address(it)),
            ("agency", named(&it.agency_name, 80)),
            ("by", asker(it)),
            ("when", when),
        ];
        let args: Vec<(&str, &str)> = args.iter().map(|(k, v)| (*k, v.as_str())).collect();
        text.push(&locale.text_with("requests-line", &args)).line();
    }
    if waiting.len() > NAMED {
        let more = (waiting.len() - NAMED).to_string();
        text.push(&locale.text_with("requests-more", &[("count", &more)]))
            .line();
    }
    let mut buttons = Vec::new();
    if let Some(it) = newest.first() {
        let key = if proved > 0 {
            "requests-proved"
        } else {
            "requests-unproved"
        };
        text.line().push(&locale.text(key)).line();
        let see = Action::Request(RequestAction::See, it.id.clone());
        buttons.push(Button::new(see, locale));
    }
    for (id, count) in askers.iter().take(REFUSED) {
        let of = waiting.iter().find(|it| it.id == *id);
        let name = of.map(|it| excerpt(&it.asker.name, 30));
        let args = [
            ("name", name.unwrap_or_default()),
            ("count", count.to_string()),
        ];
        let args: Vec<(&str, &str)> = args.iter().map(|(k, v)| (*k, v.as_str())).collect();
        buttons.push(Button {
            label: locale.text_with("button-refuse-all", &args),
            action: Action::Request(RequestAction::RefuseAll, id.clone()),
        });
    }
    Message {
        facts: json!({"requests": waiting.iter().map(|it| &it.id).collect::<Vec<_>>()}),
        buttons,
        ..Message::of("requests".to_owned(), text)
    }
}
