//! The message of an incident, edited as the incident changes. It says, in this order: what happened and how bad it
//! is; which portal; when, and how certain; why; and what to do.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    locale::Locale,
    model::{
        Action, Class, Incident, Kind,
        action::{IncidentAction, Silence},
        excerpt::{defang, defang_text, excerpt, marked, named, quoted},
        incident::{Stage, What},
    },
    notify::{
        Button, Message,
        incidents::{facts, gravity, take},
        people::called,
        text::{Text, said},
    },
};

/// The message of the incident in its present state. `repeat`: an earlier attempt may have arrived.
pub fn message(it: &Incident, locale: &Locale, tz: &TimeZone, repeat: bool) -> Message {
    let mut detail = Detail {
        signals: 5,
        changes: 8,
    };
    let mut text = write(it, locale, tz, repeat, detail);
    while !text.fits() && (detail.signals > 0 || detail.changes > 0) {
        detail = Detail {
            signals: detail.signals.saturating_sub(1),
            changes: detail.changes.saturating_sub(2),
        };
        text = write(it, locale, tz, repeat, detail);
    }
    Message {
        buttons: buttons(it, locale),
        facts: facts(it, locale),
        gravity: gravity(it),
        repeat,
        ..Message::of(it.id.to_string(), text)
    }
}

/// How many items of the long lists the message shows.
#[derive(Clone, Copy)]
pub(super) struct Detail {
    pub signals: usize,
    pub changes: usize,
}

fn write(it: &Incident, locale: &Locale, tz: &TimeZone, repeat: bool, detail: Detail) -> Text {
    let mut text = Text::default();
    head(&mut text, it, locale, tz);
    if repeat {
        text.push(" ").push(&locale.text("alert-repeat"));
    }
    text.line();
    text.bold(&named(&it.portal.name, 120));
    if !it.portal.agency_name.is_empty() {
        text.push(&format!(" ({})", named(&it.portal.agency_name, 120)));
    }
    text.line();
    text.push(&address(it)).line();
    text.push(&seen(it, locale, tz)).line();
    why(&mut text, it, locale, detail);
    shown(&mut text, it, locale, detail);
    life(&mut text, it, locale, tz);
    text
}

fn head(text: &mut Text, it: &Incident, locale: &Locale, tz: &TimeZone) {
    let (icon, key) = match (it.stage, it.kind) {
        (Stage::Resolved, _) if is_unwatched(it) => ("⚪", "head-unwatched"),
        (Stage::Resolved, _) => ("🟢", "head-restored"),
        (Stage::Dismissed, _) => ("⚪", "head-dismissed"),
        (_, Kind::Defaced) => ("🔴", "head-defaced"),
        (_, Kind::Redirected) => ("🔴", "head-redirected"),
        (_, Kind::Planted) => ("🟠", "head-planted"),
        (_, Kind::Asked) => ("❓", "head-asked"),
        (_, Kind::Down) if it.is_unread() => ("🟠", "head-unread"),
        (_, Kind::Down) => ("🟡", "head-down"),
        (_, Kind::Maintenance) => ("⚪", "head-maintenance"),
        (_, Kind::Blocked) => ("⚪", "head-blocked"),
    };
    text.heading(icon, &locale.text(key), &it.id);
    if let Some(seen) = it.intermittent.as_ref().filter(|_| it.stage.is_open()) {
        let how = if seen.times > 1 {
            "head-intermittent"
        } else {
            "head-once"
        };
        text.push(" ").push(&locale.text(how));
    }
    if it.kind == Kind::Down && it.stage.is_open() {
        let since = locale.text_with(
            "head-since",
            &[
                ("class", &locale.text(&it.class.key())),
                ("clock", &locale.clock(it.seen_at, tz)),
            ],
        );
        text.push(" ").push(&since);
    }
    if !it.stage.is_open() {
        let was = locale.text_with(
            "head-was",
            &[("what", &locale.text(&format!("kind-{}", it.kind.as_str())))],
        );
        text.push(" ").push(&was);
    }
}

/// The line with the time of the incident and the number of looks that agreed.
pub(super) fn seen(it: &Incident, locale: &Locale, tz: &TimeZone) -> String {
    let when = locale.moment(it.seen_at, tz);
    let Some(seen) = &it.intermittent else {
        let (agreed, looked) = (it.agreed.to_string(), it.looked.to_string());
        let args = [
            ("when", when.as_str()),
            ("agreed", &agreed),
            ("looked", &looked),
        ];
        return locale.text_with("alert-seen", &args);
    };
    let (times, looks) = (seen.times.to_string(), seen.looks.to_string());
    let last = locale.moment(seen.last_at, tz);
    let key = if seen.times > 1 {
        "alert-intermittent"
    } else {
        "alert-once"
    };
    let args = [
        ("when", when.as_str()),
        ("times", &times),
        ("looks", &looks),
        ("last", &last),
    ];
    locale.text_with(key, &args)
}

pub(super) fn address(it: &Incident) -> String {
    let url = &it.portal.url;
    let path = if url.path() == "/" { "" } else { url.path() };
    let port = url.port().map(|it| format!(":{it}")).unwrap_or_default();
    marked(&format!(
        "{}{port}{}",
        defang(url.host_str().unwrap_or_default()),
        defang_text(&excerpt(path, 60))
    ))
}

pub(super) fn why(text: &mut Text, it: &Incident, locale: &Locale, detail: Detail) {
    let mut reasons: Vec<String> = it
        .signals
        .iter()
        .filter(|it| it.weight > 0.3)
        .take(detail.signals)
        .map(|it| said(&it.say, locale))
        .collect();
    if let Some(cause) = &it.cause {
        reasons.push(said(cause, locale));
    }
    if let Some(address) = it.address.filter(|_| it.one_of) {
        let address = defang(&address.to_string());
        reasons.push(locale.text_with("why-address", &[("address", &address)]));
    }
    if it.class == Class::ByPortal || it.kind == Kind::Maintenance {
        reasons.push(locale.text(if it.kind == Kind::Maintenance {
            "why-maintenance"
        } else {
            "why-blocked"
        }));
    }
    if reasons.is_empty() {
        return;
    }
    text.line().bold(&locale.text("alert-why")).line();
    for reason in reasons {
        text.push("• ").push(&reason).line();
    }
}

pub(super) fn shown(text: &mut Text, it: &Incident, locale: &Locale, detail: Detail) {
    if !it.kind.is_tampering() && it.kind != Kind::Asked {
        return;
    }
    text.line();
    if it.title_before != it.title_now {
        let none = locale.text("alert-no-title");
        let quoted = |title: &Option<String>| match title {
            Some(title) => format!("«{}»", quoted(title, 120)),
            None => none.clone(),
        };
        text.push(&locale.text_with("alert-before", &[("title", &quoted(&it.title_before))]))
            .line();
        text.push(&locale.text_with("alert-now", &[("title", &quoted(&it.title_now))]))
            .line();
    }
    for line in it.changes.iter().take(detail.changes) {
        text.push(if line.added { "+ " } else { "− " })
            .push(&quoted(&line.text, 110))
            .line();
    }
    if let Some(evidence) = it.evidence.last() {
        text.push(&locale.text_with("alert-evidence", &[("digest", &evidence.digest.short())]))
            .line();
    }
}

fn life(text: &mut Text, it: &Incident, locale: &Locale, tz: &TimeZone) {
    let mut lines = Vec::new();
    if let Some(remark) = &it.remark {
        let class: Option<Class> = remark.args.get("class").and_then(|it| it.parse().ok());
        let class = class.map(|it| locale.text(&it.key())).unwrap_or_default();
        lines.push(locale.text_with(&remark.key, &[("class", &class)]));
    }
    if it.stage.is_open() && it.timeline.iter().any(|it| it.what == What::Blind) {
        let when = locale.moment(it.seen_at, tz);
        let key = match it.kind {
            Kind::Maintenance => "reminder-closed",
            _ => "reminder-blind",
        };
        lines.push(locale.text_with(key, &[("when", &when)]));
    }
    if let Some(plan) = &it.planned {
        lines.push(locale.text_with("alert-planned", &[("id", &plan.to_string())]));
    }
    if let Some(seen) = it.intermittent.as_ref().filter(|_| it.stage.is_open()) {
        let long = locale.duration(SignedDuration::from_secs(seen.unseen_s.into()));
        lines.push(locale.text_with("alert-until-unseen", &[("long", &long)]));
    } else if it.flaps > 0 {
        let times = (it.flaps + 1).to_string();
        lines.push(locale.text_with("alert-flaps", &[("times", &times)]));
    }
    for taken in it.taken.iter().chain(&it.overseen) {
        let took = locale.duration(since(it.confirmed_at, taken.at));
        lines.push(locale.text_with(
            "alert-taken",
            &[
                ("by", &called(&taken.by, taken.origin.as_ref(), locale)),
                ("clock", &locale.clock(taken.at, tz)),
                ("took", &took),
            ],
        ));
    }
    if let Some(end) = it.ended_at {
        let by = it
            .timeline
            .iter()
            .rev()
            .find(|it| matches!(it.what, What::Closed | What::Unwatched | What::Dismissed))
            .and_then(|it| Some(called(it.by.as_ref()?, it.origin.as_ref(), locale)));
        let by = by.as_deref();
        let lasted = locale.duration(since(it.seen_at, end));
        let clock = locale.clock(end, tz);
        lines.push(match (it.stage, by) {
            (Stage::Dismissed, by) => locale.text_with(
                "alert-dismissed",
                &[("by", by.unwrap_or("?")), ("clock", &clock)],
            ),
            (_, Some(_)) if is_unwatched(it) => {
                locale.text_with("alert-unwatched", &[("clock", &clock)])
            }
            (_, Some(by)) => locale.text_with(
                "alert-closed",
                &[("by", by), ("clock", &clock), ("lasted", &lasted)],
            ),
            (_, None) => {
                locale.text_with("alert-restored", &[("clock", &clock), ("lasted", &lasted)])
            }
        });
    }
    if !lines.is_empty() {
        text.line();
    }
    for line in lines {
        text.push(&line).line();
    }
}

/// Whether the service closed the incident because it stopped watching the portal: the present state is unknown.
fn is_unwatched(it: &Incident) -> bool {
    let last = it.timeline.iter().rev();
    let mut ends = last.filter(|it| matches!(it.what, What::Closed | What::Unwatched));
    ends.next().is_some_and(|it| it.what == What::Unwatched)
}

fn since(from: Timestamp, to: Timestamp) -> SignedDuration {
    to.duration_since(from)
}

fn buttons(it: &Incident, locale: &Locale) -> Vec<Button> {
    if !it.stage.is_open() {
        return Vec::new();
    }
    use IncidentAction::{Change, Diff, Mute, Pages};
    let mut out = Vec::new();
    if it.led().is_none() {
        out.push(take(it, it.taken.is_some(), locale));
    }
    let verbs: &[IncidentAction] = if it.kind.is_tampering() {
        &[Change, Mute(Silence::Hour), Diff, Pages]
    } else {
        &[Mute(Silence::Hour)]
    };
    let button =
        |verb: &IncidentAction| Button::new(Action::Incident(*verb, it.id.clone()), locale);
    out.extend(verbs.iter().map(button));
    out
}
