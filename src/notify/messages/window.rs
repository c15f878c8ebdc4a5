//! Messages of a watch window: readiness before it opens, a digest of each day, a summary afterwards.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::json;

use crate::{
    locale::Locale,
    model::{
        Class, Incident,
        alert::{Phase, WindowNews},
        excerpt::{excerpt, marked, named},
    },
    notify::{Message, text::Text, timeline},
};

/// The facts of a message about a window, collected when it is composed.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Number of watched portals.
    pub watched: usize,
    /// Name and class of the portals that are not up now.
    pub ill: Vec<(String, Class)>,
    /// Portals with a certificate that expires before the window ends.
    pub certificates: Vec<(String, Timestamp)>,
    /// Portals that have no baseline yet.
    pub unlearnt: Vec<String>,
    /// Periods of the window without an officer on duty.
    pub gaps: Vec<(Timestamp, Timestamp)>,
    /// Names of notifiers that recently refused an alert for good, or would refuse one now.
    pub deaf: Vec<String>,
    /// Incidents that were first seen in the period of the message.
    pub incidents: Vec<Incident>,
    /// Mean availability in that period, 0 to 1; `None` without data.
    pub uptime: Option<f64>,
}

/// Lines of each list that the message shows.
const MOST: usize = 8;

/// The message about `news`, with the present `facts`.
pub fn message(news: &WindowNews, facts: &Facts, locale: &Locale, tz: &TimeZone) -> Message {
    let phase = news.phase.as_str();
    let mut text = Text::default();
    let icon = match news.phase {
        Phase::Ready => "🗓",
        Phase::Digest => "📋",
        Phase::Closed => "🏁",
    };
    text.heading(
        icon,
        &locale.text(&format!("head-window-{phase}")),
        named(&news.name, 120),
    )
    .line();
    let span = [
        ("from", locale.moment(news.from, tz)),
        ("to", locale.moment(news.to, tz)),
        ("count", locale.count(facts.watched as u64)),
    ];
    let span: Vec<(&str, &str)> = span.iter().map(|(k, v)| (*k, v.as_str())).collect();
    text.push(&locale.text_with("window-span", &span)).line();
    match news.phase {
        Phase::Ready => ready(&mut text, facts, locale, tz),
        Phase::Digest | Phase::Closed => went(&mut text, facts, locale, tz),
    }
    Message {
        facts: json!({
            "window": news.name, "phase": phase, "from": news.from, "to": news.to, "watched": facts.watched,
            "incidents": facts.incidents.iter().map(|it| &it.id).collect::<Vec<_>>(), "uptime": facts.uptime,
        }),
        ..Message::of(news.key(), text)
    }
}

/// Appends a heading and the first lines of a list, and returns true; does nothing if the list is empty.
fn list(text: &mut Text, head: &str, locale: &Locale, lines: &[String]) -> bool {
    if lines.is_empty() {
        return false;
    }
    let count = lines.len().to_string();
    text.line()
        .bold(&locale.text_with(head, &[("count", &count)]))
        .line();
    for line in lines.iter().take(MOST) {
        text.push("• ").push(line).line();
    }
    if lines.len() > MOST {
        text.push("…").line();
    }
    true
}

fn ready(text: &mut Text, facts: &Facts, locale: &Locale, tz: &TimeZone) {
    let dated = |(name, at): &(String, Timestamp)| {
        format!("{}: {}", named(name, 80), locale.moment(*at, tz))
    };
    let span = |(from, to): &(Timestamp, Timestamp)| {
        format!("{} – {}", locale.moment(*from, tz), locale.moment(*to, tz))
    };
    let cut = |name: &String| named(name, 80);
    let names = facts.deaf.iter().map(|it| marked(&excerpt(it, 80)));
    let deaf: Vec<String> = names.collect();
    let mut lacking = false;
    let certificates: Vec<String> = facts.certificates.iter().map(dated).collect();
    lacking |= list(text, "window-certificates", locale, &certificates);
    let unlearnt: Vec<String> = facts.unlearnt.iter().map(cut).collect();
    lacking |= list(text, "window-unlearnt", locale, &unlearnt);
    let gaps: Vec<String> = facts.gaps.iter().map(span).collect();
    lacking |= list(text, "window-gaps", locale, &gaps);
    lacking |= list(text, "window-deaf", locale, &deaf);
    lacking |= list(text, "window-ill", locale, &ill(facts, locale));
    if !lacking {
        text.line().push(&locale.text("window-all-ready")).line();
    }
}

fn ill(facts: &Facts, locale: &Locale) -> Vec<String> {
    let all = facts.ill.iter();
    all.map(|(name, class)| format!("{}: {}", named(name, 80), locale.text(&class.key())))
        .collect()
}

fn went(text: &mut Text, facts: &Facts, locale: &Locale, tz: &TimeZone) {
    let uptime = locale.percent(facts.uptime);
    text.push(&locale.text_with("window-uptime", &[("uptime", &uptime)]))
        .line();
    if facts.incidents.is_empty() {
        text.line().push(&locale.text("window-quiet")).line();
    }
    let shown: Vec<String> = facts
        .incidents
        .iter()
        .rev()
        .map(|it| timeline::summary(it, locale, tz).join(", "))
        .collect();
    list(text, "window-incidents", locale, &shown);
    if let Some(median) = taken_after(&facts.incidents) {
        let took = locale.duration(median);
        text.push(&locale.text_with("window-taken", &[("took", &took)]))
            .line();
    }
    list(text, "window-ill", locale, &ill(facts, locale));
}

/// The median time from confirmation of an incident until an officer took it.
fn taken_after(incidents: &[Incident]) -> Option<SignedDuration> {
    let mut all: Vec<SignedDuration> = incidents
        .iter()
        .filter_map(|it| Some(it.taken.as_ref()?.at.duration_since(it.confirmed_at)))
        .collect();
    all.sort_unstable();
    all.get(all.len() / 2).copied()
}
