//! The question to an agency whether it made a large change of its portal: silent, with the page before and now, and
//! edited until its end.

use jiff::tz::TimeZone;

use super::incident::{Detail, address, seen, shown, why};
use crate::{
    locale::Locale,
    model::{
        Action, Incident,
        action::IncidentAction,
        excerpt::named,
        incident::{Outcome, Question, Stage, What},
    },
    notify::{Button, Gravity, Message, incidents::facts, people::called, text::Text},
};

/// Reasons and changed lines that the message shows, tried in turn until it fits.
const DETAILS: [(usize, usize); 4] = [(4, 10), (3, 6), (2, 2), (0, 0)];

/// The message of a question in its present state. `repeat`: an earlier attempt may have arrived.
pub fn message(it: &Incident, locale: &Locale, tz: &TimeZone, repeat: bool) -> Message {
    let mut text = Text::default();
    for (signals, changes) in DETAILS {
        text = write(it, locale, tz, repeat, Detail { signals, changes });
        if text.fits() {
            break;
        }
    }
    Message {
        buttons: buttons(it, locale),
        facts: facts(it, locale),
        gravity: Gravity::Note,
        repeat,
        silent: true,
        ..Message::of(it.id.to_string(), text)
    }
}

fn write(it: &Incident, locale: &Locale, tz: &TimeZone, repeat: bool, detail: Detail) -> Text {
    let mut text = Text::default();
    let (icon, head) = head(it);
    text.heading(icon, &locale.text(head), &it.id);
    if repeat {
        text.push(" ").push(&locale.text("alert-repeat"));
    }
    text.line().bold(&named(&it.portal.name, 120));
    if !it.portal.agency_name.is_empty() {
        text.push(&format!(" ({})", named(&it.portal.agency_name, 120)));
    }
    text.line().push(&address(it)).line();
    text.push(&seen(it, locale, tz)).line();
    why(&mut text, it, locale, detail);
    shown(&mut text, it, locale, detail);
    text.line();
    state(&mut text, it, locale, tz);
    text
}

/// Icon and key of the heading.
fn head(it: &Incident) -> (&'static str, &'static str) {
    let outcome = it.question.as_ref().and_then(|it| it.outcome);
    match (it.stage, outcome) {
        (Stage::Dismissed, _) => ("✅", "head-asked-ours"),
        (Stage::Open | Stage::Taken, _) => ("❓", "head-asked"),
        (_, Some(Outcome::NotOurs | Outcome::Unanswered | Outcome::Hostile)) => {
            ("🔴", "head-asked-alarm")
        }
        _ => ("⚪", "head-asked-over"),
    }
}

/// The question itself with its end, or what came of it.
fn state(text: &mut Text, it: &Incident, locale: &Locale, tz: &TimeZone) {
    let Some(question) = &it.question else {
        return;
    };
    if let Some(answer) = &question.answer {
        let key = if answer.ours {
            "question-ours"
        } else {
            "question-not-ours"
        };
        let by = called(&answer.by, answer.origin.as_ref(), locale);
        let when = locale.moment(answer.at, tz);
        text.push(&locale.text_with(key, &[("by", &by), ("when", &when)]))
            .line();
    }
    if it.stage.is_open() {
        if question.answer.is_none() {
            let until = locale.moment(question.until, tz);
            text.bold(&locale.text("question-ask")).line();
            text.push(&locale.text_with("question-until", &[("until", &until)]))
                .line();
        }
        return;
    }
    ending(text, it, question, locale, tz);
}

fn ending(text: &mut Text, it: &Incident, question: &Question, locale: &Locale, tz: &TimeZone) {
    let alarm = question.alarm.as_ref().map(ToString::to_string);
    let alarm = alarm.unwrap_or_default();
    let clock = it.ended_at.map(|at| locale.clock(at, tz));
    let clock = clock.unwrap_or_default();
    let args = [("id", alarm.as_str()), ("clock", &clock)];
    let key = match question.outcome {
        Some(Outcome::NotOurs) => "question-rings",
        Some(Outcome::Unanswered) => "question-unanswered",
        Some(Outcome::Hostile) => "question-hostile",
        Some(Outcome::Restored) => "question-restored",
        // another person approved the page, without an answer to the question
        Some(Outcome::Ours) if question.answer.is_none() => {
            let mut ends = it.timeline.iter().rev();
            let end = ends.find(|it| it.what == What::Dismissed);
            let by = end.and_then(|it| Some(called(it.by.as_ref()?, it.origin.as_ref(), locale)));
            let by = by.unwrap_or_default();
            let args = [("by", by.as_str()), ("clock", &clock)];
            text.push(&locale.text_with("alert-dismissed", &args))
                .line();
            return;
        }
        Some(Outcome::Ours) => "question-learnt",
        Some(Outcome::Withdrawn) | None => "question-withdrawn",
    };
    text.push(&locale.text_with(key, &args)).line();
}

fn buttons(it: &Incident, locale: &Locale) -> Vec<Button> {
    let asked = it.question.as_ref().is_some_and(|it| it.answer.is_none());
    if !it.stage.is_open() || !asked {
        return Vec::new();
    }
    [
        IncidentAction::Answer(true),
        IncidentAction::Answer(false),
        IncidentAction::Diff,
        IncidentAction::Pages,
    ]
    .into_iter()
    .map(|verb| Button::new(Action::Incident(verb, it.id.clone()), locale))
    .collect()
}
