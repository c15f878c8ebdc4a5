//! Plans: the announcement of changes, and afterwards the question whether the agency made the changes that were
//! seen.

use jiff::{Timestamp, tz::TimeZone};
use serde_json::json;

use crate::{
    locale::Locale,
    model::{
        Action, Incident,
        action::PlanAction,
        excerpt::{named, quoted},
        incident::Origin,
        plan::{Plan, PlanStage},
    },
    notify::{Button, Gravity, Message, people::called, text::Text},
};

/// Pairs of limits, tried in turn until the message fits: portals and incidents that are named; changed lines of each
/// incident.
const SHOWN: [(usize, usize); 4] = [(8, 3), (6, 1), (4, 0), (2, 0)];

/// Facts of the message besides the plan.
#[derive(Clone, Copy, Debug)]
pub struct Background<'a> {
    /// Names of the portals, in the plan's order.
    pub names: &'a [String],
    /// Incidents that were seen while it lasted.
    pub seen: &'a [Incident],
    /// Whether the readers of this message are asked to answer.
    pub asked: bool,
}

/// The message of a plan, with the longest lists that fit.
pub fn message(it: &Plan, background: &Background<'_>, locale: &Locale, tz: &TimeZone) -> Message {
    let mut out = Message::default();
    for most in SHOWN {
        let (text, buttons) = write(it, background, most, locale, tz);
        let fits = text.fits();
        out = finished(text, buttons, it, background.seen);
        if fits {
            break;
        }
    }
    out
}

/// Writes the message with at most `most` names and incidents, and `lines` lines of each incident.
fn write(
    it: &Plan,
    background: &Background<'_>,
    (most, lines): (usize, usize),
    locale: &Locale,
    tz: &TimeZone,
) -> (Text, Vec<Button>) {
    let Background { names, seen, asked } = *background;
    let (icon, key) = match &it.stage {
        PlanStage::Announced => ("📅", "head-plan"),
        PlanStage::Asked => ("❓", "head-plan-asked"),
        PlanStage::Answered { ours: false, .. } => ("🔴", "head-plan-disowned"),
        PlanStage::Answered { .. } | PlanStage::Quiet => ("✅", "head-plan-done"),
        PlanStage::Cancelled { .. } => ("⚪", "head-plan-cancelled"),
    };
    let mut text = Text::default();
    text.heading(icon, &locale.text(key), &it.id).line();
    for name in names.iter().take(most) {
        text.push("• ").push(&named(name, 120)).line();
    }
    if names.len() > most {
        let more = locale.count((names.len() - most) as u64);
        text.push(&locale.text_with("bot-more", &[("count", &more)]))
            .line();
    }
    let args = [
        ("from", locale.moment(it.from, tz)),
        ("to", locale.moment(it.to, tz)),
        ("by", called(&it.by, it.origin.as_ref(), locale)),
        ("reason", quoted(&it.reason, 300)),
    ];
    let args: Vec<(&str, &str)> = args.iter().map(|(k, v)| (*k, v.as_str())).collect();
    text.push(&locale.text_with("plan-span", &args)).line();
    text.push(&locale.text_with("plan-by", &args)).line();
    let tampering = seen.iter().filter(|it| it.kind.is_tampering());
    for incident in tampering.take(most) {
        changed(&mut text, incident, lines, locale);
    }
    end(&mut text, it, locale, tz);
    let buttons = match &it.stage {
        PlanStage::Announced => vec![button(PlanAction::Cancel, it, locale)],
        PlanStage::Asked if asked => {
            text.line().bold(&locale.text("plan-question")).line();
            vec![
                button(PlanAction::Ours, it, locale),
                button(PlanAction::Theirs, it, locale),
            ]
        }
        PlanStage::Asked => {
            text.line().push(&locale.text("plan-waits")).line();
            Vec::new()
        }
        _ => Vec::new(),
    };
    (text, buttons)
}

fn finished(text: Text, buttons: Vec<Button>, it: &Plan, seen: &[Incident]) -> Message {
    Message {
        buttons,
        facts: json!({
            "plan": it.id, "targets": it.targets, "from": it.from, "to": it.to, "stage": it.stage,
            "incidents": seen.iter().map(|it| &it.id).collect::<Vec<_>>(),
        }),
        gravity: if matches!(it.stage, PlanStage::Answered { ours: false, .. }) {
            Gravity::Grave
        } else {
            Gravity::Note
        },
        ..Message::of(it.id.to_string(), text)
    }
}

fn changed(text: &mut Text, incident: &Incident, lines: usize, locale: &Locale) {
    let kind = locale.text(&format!("kind-{}", incident.kind.as_str()));
    let name = named(&incident.portal.name, 80);
    text.line()
        .push(&format!("{} · {name}: {kind}", incident.id))
        .line();
    for line in incident.changes.iter().take(lines) {
        text.push(if line.added { "+ " } else { "− " })
            .push(&quoted(&line.text, 100))
            .line();
    }
}

fn end(text: &mut Text, it: &Plan, locale: &Locale, tz: &TimeZone) {
    let (key, by, origin, at): (&str, &str, Option<&Origin>, Option<Timestamp>) = match &it.stage {
        PlanStage::Announced | PlanStage::Asked => return,
        PlanStage::Quiet => ("plan-quiet", "", None, None),
        PlanStage::Cancelled { by, origin, at } => {
            ("plan-cancelled", by, origin.as_ref(), Some(*at))
        }
        PlanStage::Answered {
            by,
            origin,
            at,
            ours,
        } => {
            let key = if *ours { "plan-ours" } else { "plan-theirs" };
            (key, by, origin.as_ref(), Some(*at))
        }
    };
    let when = at.map(|it| locale.moment(it, tz)).unwrap_or_default();
    let by = called(by, origin, locale);
    text.line()
        .push(&locale.text_with(key, &[("by", &by), ("when", &when)]))
        .line();
}

fn button(verb: PlanAction, it: &Plan, locale: &Locale) -> Button {
    Button::new(Action::Plan(verb, it.id.clone()), locale)
}
