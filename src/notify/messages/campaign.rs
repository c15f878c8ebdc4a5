//! One stranger on several portals: what they share, and their incidents.

use jiff::tz::TimeZone;
use serde_json::json;

use crate::{
    locale::Locale,
    model::{
        Incident,
        excerpt::{defang, marked},
        incident::Trace,
    },
    notify::{
        Gravity, Message,
        incidents::{names, number},
        text::Text,
    },
};

/// The message of a campaign; `incidents` are oldest first, one a portal.
pub fn message(it: &Trace, incidents: &[Incident], locale: &Locale, tz: &TimeZone) -> Message {
    let key = format!("campaign-{}", it.key());
    let count = number(incidents.len(), locale);
    let role = locale.text(&format!("host-role-{}", it.role.as_str()));
    let name = marked(&defang(&it.name));
    let shared = match it.inline {
        true => locale.text_with("campaign-code", &[("name", &name)]),
        false => locale.text_with("campaign-host", &[("name", &name), ("role", &role)]),
    };
    let moment = |it: Option<&Incident>| {
        it.map(|it| locale.moment(it.seen_at, tz))
            .unwrap_or_default()
    };
    let times = [
        ("from", moment(incidents.first())),
        ("to", moment(incidents.last())),
    ];
    let times = times.each_ref().map(|(name, at)| (*name, at.as_str()));
    let mut text = Text::default();
    text.push("🔴 ")
        .bold(&locale.text_with("head-campaign", &[("count", &count)]))
        .line()
        .push(&shared)
        .line()
        .push(&locale.text_with("campaign-seen", &times))
        .line()
        .line()
        .push(&locale.text("campaign-todo"))
        .line()
        .line();
    names(&mut text, incidents, 0, "calls-more", locale);
    Message {
        facts: json!({
            "campaign": it.name,
            "role": it.role,
            "inline": it.inline,
            "portals": incidents.len(),
            "incidents": incidents.iter().map(|it| it.id.to_string()).collect::<Vec<_>>(),
        }),
        gravity: Gravity::Grave,
        ..Message::of(key, text)
    }
}
