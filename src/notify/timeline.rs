//! The lines of an incident's time line, and of an incident in a list.

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    locale::Locale,
    model::{
        Incident,
        excerpt::{named, quoted},
        incident::{Event, What},
    },
    notify::people::{called, called_in_full},
};

/// The last `most` events, oldest first, each with the time that has passed since the event before.
pub fn lines(it: &Incident, locale: &Locale, tz: &TimeZone, most: usize) -> Vec<String> {
    let hidden = it.timeline.len().saturating_sub(most);
    let before = hidden.checked_sub(1).and_then(|at| it.timeline.get(at));
    let mut last = before.map(|it| it.at);
    let mut out = Vec::new();
    for event in it.timeline.iter().skip(hidden) {
        out.push(line(event, last, locale, tz));
        last = Some(event.at);
    }
    out
}

/// One event as a line. Text that people wrote is cut, defanged and marked as foreign.
fn line(event: &Event, last: Option<Timestamp>, locale: &Locale, tz: &TimeZone) -> String {
    let what = format!("event-{}", format!("{:?}", event.what).to_lowercase());
    let mut text = locale.text(&what);
    let by = event.by.as_ref();
    let by = by.map(|it| called_in_full(it, event.origin.as_ref(), locale));
    let of_rung = matches!(event.what, What::Escalated | What::Nudged);
    let note = event.note.as_ref().map(|it| {
        let rung = format!("rung-{it}");
        match it.parse::<Timestamp>() {
            Ok(moment) => locale.moment(moment, tz),
            Err(_) if of_rung && locale.has(&rung) => locale.text(&rung),
            Err(_) if event.what == What::Turned => turned(it, locale),
            Err(_) => quoted(it, 300),
        }
    });
    for part in [by, note].into_iter().flatten() {
        text.push_str(" · ");
        text.push_str(&part);
    }
    if let Some(last) = last {
        let passed = locale.duration(event.at.duration_since(last));
        text.push_str(&format!(" (+{passed})"));
    }
    format!("{}  {text}", locale.moment(event.at, tz))
}

/// How a question ended, with the incident that the note names, if any.
fn turned(note: &str, locale: &Locale) -> String {
    let (outcome, incident) = note.split_once(": ").unwrap_or((note, ""));
    let outcome = locale.text(&format!("outcome-{outcome}"));
    match incident {
        "" => outcome,
        incident => format!("{outcome} → {}", quoted(incident, 40)),
    }
}

/// An incident in a list, in two lines: what happened to which portal; since when, and the holder.
pub fn summary(it: &Incident, locale: &Locale, tz: &TimeZone) -> [String; 2] {
    let kind = locale.text(&format!("kind-{}", it.kind.as_str()));
    let first = format!("{} · {kind} · {}", it.id, named(&it.portal.name, 80));
    let since = locale.moment(it.seen_at, tz);
    let second = match it.holder() {
        Some(taken) => locale.text_with(
            "bot-line-taken",
            &[
                ("when", &since),
                ("by", &called(&taken.by, taken.origin.as_ref(), locale)),
            ],
        ),
        None => locale.text_with("bot-line-open", &[("when", &since)]),
    };
    [first, second]
}
