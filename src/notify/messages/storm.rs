//! The message of a storm: how many incidents, since when, what they have in common, as many names as fit, and how
//! many have ended.

use std::collections::BTreeMap;

use jiff::tz::TimeZone;
use serde_json::json;

use crate::{
    locale::Locale,
    model::{
        Action, Incident, Storm,
        action::Group,
        excerpt::{marked, named},
        incident::Taken,
        storm::Family,
    },
    notify::{
        Button, Gravity, Message,
        common::{Common, ENOUGH, StormContext, common},
        incidents::{names, number},
        people::called,
        text::Text,
    },
};

/// Causes that the message lists.
const CAUSES: usize = 5;

/// People that the message lists with the number of incidents they took.
const TAKERS: usize = 5;

/// The message of a storm with two or more incidents, in its present state. It is edited as incidents join and end.
/// `repeat`: an earlier attempt may have arrived.
pub fn message(
    it: &Storm,
    members: &[Incident],
    context: &StormContext,
    locale: &Locale,
    tz: &TimeZone,
    repeat: bool,
) -> Message {
    let open = members.iter().filter(|it| it.stage.is_open()).count();
    let (icon, gravity) = match open {
        0 => ("🟢", Gravity::Good),
        _ => look(it.family),
    };
    let mut text = Text::default();
    let head = match (open, it.before) {
        (0, _) if it.family == Family::Questions => "storm-questions-over".to_owned(),
        (0, _) => "storm-over".to_owned(),
        (_, 0) => format!("storm-{}", family(it)),
        _ => format!("storm-{}-more", family(it)),
    };
    let count = number(members.len(), locale);
    text.heading(icon, &locale.text_with(&head, &[("count", &count)]), &it.id);
    if repeat {
        text.push(" ").push(&locale.text("alert-repeat"));
    }
    text.line();
    if it.before > 0 && open > 0 {
        let before = number(it.before, locale);
        text.push(&locale.text_with("storm-before", &[("count", &before)]))
            .line();
    }
    state(&mut text, it, members, locale, tz);
    if it.family == Family::Questions {
        question(&mut text, members, locale, tz);
    }
    let shared = common(members, context);
    if let Some(shared) = &shared {
        text.line().push(&sentence(shared, locale)).line();
        if let Some(provider) = provider(it.family, shared, context, locale) {
            text.push(&provider).line();
        }
    }
    text.line().bold(&locale.text("storm-causes")).line();
    for (cause, count) in causes(members, locale).into_iter().take(CAUSES) {
        text.push(&format!("• {cause}: {}", number(count, locale)))
            .line();
    }
    text.line().bold(&locale.text("storm-portals")).line();
    names(&mut text, members, 0, "storm-more", locale);
    Message {
        facts: json!({
            "storm": it.id,
            "family": it.family,
            "open": open,
            "incidents": members.iter().map(|it| it.id.to_string()).collect::<Vec<_>>(),
            "common": shared.map(|it| json!({"factor": it.factor, "value": it.value, "count": it.count})),
        }),
        buttons: buttons(it, members, locale),
        gravity,
        repeat,
        silent: it.family == Family::Questions,
        ..Message::of(it.id.clone(), text)
    }
}

/// Icon and gravity of a storm with open incidents.
pub(super) fn look(family: Family) -> (&'static str, Gravity) {
    match family {
        Family::Tampering => ("🔴", Gravity::Grave),
        Family::Availability => ("🟡", Gravity::Warning),
        Family::Questions => ("❓", Gravity::Note),
    }
}

/// The storm's family, as locale keys name it.
pub(super) fn family(it: &Storm) -> &'static str {
    match it.family {
        Family::Tampering => "tampering",
        Family::Availability => "availability",
        Family::Questions => "questions",
    }
}

/// Appends the state of a storm: its begin, the number of incidents that have ended, and the number that each person
/// took.
fn state(text: &mut Text, it: &Storm, members: &[Incident], locale: &Locale, tz: &TimeZone) {
    let open = members.iter().filter(|it| it.stage.is_open()).count();
    let first = members.iter().map(|it| it.seen_at).min();
    let args = [
        ("when", locale.moment(first.unwrap_or(it.begun), tz)),
        ("open", number(open, locale)),
        ("back", number(members.len() - open, locale)),
    ];
    let args: Vec<(&str, &str)> = args.iter().map(|(k, v)| (*k, v.as_str())).collect();
    let key = match it.family {
        Family::Questions => "storm-questions-state",
        _ => "storm-state",
    };
    text.push(&locale.text_with(key, &args)).line();
    for (taken, count) in takers(members).into_iter().take(TAKERS) {
        let args = [
            ("by", called(&taken.by, taken.origin.as_ref(), locale)),
            ("count", number(count, locale)),
            ("clock", locale.clock(taken.at, tz)),
        ];
        let args: Vec<(&str, &str)> = args.iter().map(|(k, v)| (*k, v.as_str())).collect();
        text.push(&locale.text_with("storm-taken", &args)).line();
    }
}

/// The button that takes all incidents; only if an open one is not taken by an officer of the operator.
pub(super) fn take_all(it: &Storm, members: &[Incident], locale: &Locale) -> Option<Button> {
    let mut waiting = members.iter();
    let waits = waiting.any(|it| it.stage.is_open() && it.led().is_none());
    waits.then(|| Button {
        label: locale.text("button-take-all"),
        action: Action::TakeAll(Group::Storm(it.id.clone())),
    })
}

fn buttons(it: &Storm, members: &[Incident], locale: &Locale) -> Vec<Button> {
    match it.family {
        Family::Questions => answers(it, members, locale),
        _ => take_all(it, members, locale).into_iter().collect(),
    }
}

/// The two answers to all questions; only while one is open.
fn answers(it: &Storm, members: &[Incident], locale: &Locale) -> Vec<Button> {
    let waits = |it: &Incident| {
        let answer = it.question.as_ref().and_then(|it| it.answer.as_ref());
        it.stage.is_open() && answer.is_none()
    };
    if !members.iter().any(waits) {
        return Vec::new();
    }
    let group = || Group::Storm(it.id.clone());
    [true, false]
        .map(|ours| Button::new(Action::AnswerAll(ours, group()), locale))
        .into()
}

/// The question to the agencies, with the earliest end of the time for an answer.
fn question(text: &mut Text, members: &[Incident], locale: &Locale, tz: &TimeZone) {
    let open = members.iter().filter(|it| it.stage.is_open());
    let ends = open
        .filter_map(|it| it.question.as_ref())
        .map(|it| it.until);
    if let Some(until) = ends.min() {
        let until = locale.moment(until, tz);
        text.line().bold(&locale.text("question-ask-all")).line();
        text.push(&locale.text_with("question-until", &[("until", &until)]))
            .line();
    }
}

/// The holders of the storm's incidents, each with their last one and their number of incidents, the largest number
/// first.
fn takers(members: &[Incident]) -> Vec<(&Taken, usize)> {
    let mut out: Vec<(&Taken, usize)> = Vec::new();
    let all = members.iter();
    for taken in all.flat_map(|it| it.taken.iter().chain(&it.overseen)) {
        match out
            .iter_mut()
            .find(|it| (&it.0.by, &it.0.origin) == (&taken.by, &taken.origin))
        {
            Some((last, count)) => {
                *count += 1;
                if last.at < taken.at {
                    *last = taken;
                }
            }
            None => out.push((taken, 1)),
        }
    }
    out.sort_by_key(|it| std::cmp::Reverse(it.1));
    out
}

fn sentence(shared: &Common, locale: &Locale) -> String {
    // readers copy an address, so it must not be defanged
    let value = match shared.factor {
        "agency" => named(&shared.value, 100),
        _ => marked(&shared.value),
    };
    locale.text_with(
        &format!("storm-common-{}", shared.factor),
        &[("value", &value), ("count", &number(shared.count, locale))],
    )
}

/// The sentence that the cause lies with the hosting provider or network, and not with the portals: nearly all
/// portals there fail, and few elsewhere.
fn provider(
    family: Family,
    shared: &Common,
    context: &StormContext,
    locale: &Locale,
) -> Option<String> {
    let (there, failing) = shared.there?;
    let all_failing = context.watched.iter().filter(|it| it.1).count();
    let elsewhere = context.watched.len().saturating_sub(there);
    let failing_elsewhere = all_failing.saturating_sub(failing);
    let whole = there >= ENOUGH && failing as f64 >= 0.9 * there as f64;
    let alone = elsewhere > 0 && (failing_elsewhere as f64) < 0.2 * elsewhere as f64;
    let key = match family {
        Family::Tampering => "storm-shared",
        Family::Availability => "storm-provider",
        Family::Questions => return None,
    };
    (whole && alone).then(|| {
        locale.text_with(
            key,
            &[
                ("failing", &failing.to_string()),
                ("there", &there.to_string()),
            ],
        )
    })
}

/// Causes with their number of incidents, the most frequent first.
fn causes(members: &[Incident], locale: &Locale) -> Vec<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for it in members {
        *counts.entry(locale.text(&it.class.key())).or_default() += 1;
    }
    let mut out: Vec<(String, usize)> = counts.into_iter().collect();
    out.sort_by_key(|it| std::cmp::Reverse(it.1));
    out
}
