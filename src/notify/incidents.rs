//! Shared pieces of messages about incidents: facts for machines, lists of names, buttons to take incidents.

use serde_json::json;

use crate::{
    locale::Locale,
    model::{
        Action, Incident, Kind,
        action::{Group, IncidentAction},
        excerpt::named,
        incident::Stage,
    },
    notify::{
        Button, Gravity,
        text::{LIMIT, Text},
    },
};

/// UTF-16 units reserved for the line that counts the incidents that are not named.
const FOR_THE_REST: usize = 200;

/// The facts of an incident as JSON, for machines.
pub(crate) fn facts(it: &Incident, locale: &Locale) -> serde_json::Value {
    json!({
        "incident": it.id,
        "kind": it.kind,
        "stage": it.stage,
        "class": it.class,
        "score": it.score,
        "target": it.target,
        "name": it.portal.name,
        "agency": it.portal.agency,
        "url": it.portal.url,
        "seen_at": it.seen_at,
        "confirmed_at": it.confirmed_at,
        "agreed": it.agreed,
        "looked": it.looked,
        "intermittent": it.intermittent.as_ref().map(|it| json!({
            "times": it.times, "looks": it.looks, "last_at": it.last_at,
        })),
        "question": it.question,
        "taken": it.taken,
        "overseen": it.overseen,
        "ended_at": it.ended_at,
        "cause": it.cause.as_ref().map(|it| locale.localized(it)),
        "signals": it.signals.iter().map(|signal| json!({
            "name": signal.name, "weight": signal.weight, "sentence": locale.localized(&signal.say), "excerpt": signal.excerpt,
        })).collect::<Vec<_>>(),
        "evidence": it.evidence.iter().map(|it| it.digest).collect::<Vec<_>>(),
    })
}

/// The gravity of an incident's message.
pub(crate) fn gravity(it: &Incident) -> Gravity {
    match (it.stage, it.kind) {
        (Stage::Resolved, _) => Gravity::Good,
        (Stage::Dismissed, _) => Gravity::Note,
        (_, kind) if kind.is_tampering() => Gravity::Grave,
        (_, Kind::Down) => Gravity::Warning,
        _ => Gravity::Note,
    }
}

/// The button that takes an incident. `beside`: one of the agency's people has taken it, and an officer of the
/// operator may take it, too.
pub(super) fn take(it: &Incident, beside: bool, locale: &Locale) -> Button {
    let mut button = Button::new(
        Action::Incident(IncidentAction::Take, it.id.clone()),
        locale,
    );
    if beside {
        button.label = locale.text("button-oversee");
    }
    button
}

/// The button that takes all incidents of `group`, which are `all`; `None` if an officer of the operator has taken
/// each open one.
pub fn take_all(all: &[Incident], group: Group, locale: &Locale) -> Option<Button> {
    let waits = all
        .iter()
        .any(|it| it.stage.is_open() && it.led().is_none());
    waits.then(|| Button {
        label: locale.text("button-take-all"),
        action: Action::TakeAll(group),
    })
}

/// Names as many incidents as fit into the rest of the message: open ones first, then by gravity and age, the newest
/// first. The sentence `key` counts the rest, including `more` incidents that are not in `all`.
pub(crate) fn names(text: &mut Text, all: &[Incident], more: usize, key: &str, locale: &Locale) {
    let mut shown: Vec<&Incident> = all.iter().collect();
    shown.sort_by_key(|it| (!it.stage.is_open(), rank(it), std::cmp::Reverse(it.seen_at)));
    let mut count = 0;
    for it in &shown {
        let mark = if it.stage.is_open() { "•" } else { "✓" };
        let name = named(&it.portal.name, 70);
        let mut line = Text::default();
        line.push(&format!("{mark} {name} ({})", it.id)).line();
        if text.units() + line.units() + FOR_THE_REST > LIMIT {
            break;
        }
        text.append(line);
        count += 1;
    }
    let rest = shown.len() - count + more;
    if rest > 0 {
        text.push(&locale.text_with(key, &[("count", &number(rest, locale))]))
            .line();
    }
}

/// Sort key of an incident in the list of names: the gravest first.
fn rank(it: &Incident) -> u8 {
    match it.kind {
        Kind::Defaced => 0,
        Kind::Redirected => 1,
        Kind::Planted => 2,
        // the unread part of the page may show an attacker's content
        Kind::Down if it.is_unread() => 3,
        Kind::Down => 4,
        Kind::Blocked => 5,
        Kind::Maintenance => 6,
        Kind::Asked => 7,
    }
}

/// A count as text.
pub(crate) fn number(count: usize, locale: &Locale) -> String {
    locale.count(count as u64)
}
