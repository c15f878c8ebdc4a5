//! The message of an incident, edited as the incident changes. It says, in this order: what happened and how bad it
//! is; which portal; when, and how certain; why; and what to do.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::{
    locale::Words,
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
pub fn message(it: &Incident, words: &Words, tz: &TimeZone, repeat: bool) -> Message {
    let mut detail = Detail {
        signals: 5,
        changes: 8,
    };
    let mut text = write(it, words, tz, repeat, detail);
    while !text.fits() && (detail.signals > 0 || detail.changes > 0) {
        detail = Detail {
            signals: detail.signals.saturating_sub(1),
            changes: detail.changes.saturating_sub(2),
        };
        text = write(it, words, tz, repeat, detail);
    }
    Message {
        buttons: buttons(it, words),
        facts: facts(it, words),
        gravity: gravity(it),
        repeat,
        ..Message::of(it.id.to_string(), text)
    }
}

/// How many items of the long lists the message shows.
#[derive(Clone, Copy)]
struct Detail {
    signals: usize,
    changes: usize,
}

fn write(it: &Incident, words: &Words, tz: &TimeZone, repeat: bool, detail: Detail) -> Text {
    let mut text = Text::default();
    head(&mut text, it, words, tz);
    if repeat {
        text.push(" ").push(&words.plain("alert-repeat"));
    }
    text.line();
    text.bold(&named(&it.portal.name, 120));
    if !it.portal.agency_name.is_empty() {
        text.push(&format!(" ({})", named(&it.portal.agency_name, 120)));
    }
    text.line();
    text.push(&address(it)).line();
    text.push(&seen(it, words, tz)).line();
    why(&mut text, it, words, detail);
    shown(&mut text, it, words, detail);
    life(&mut text, it, words, tz);
    text
}

fn head(text: &mut Text, it: &Incident, words: &Words, tz: &TimeZone) {
    let (icon, key) = match (it.stage, it.kind) {
        (Stage::Resolved, _) if is_unwatched(it) => ("⚪", "head-unwatched"),
        (Stage::Resolved, _) => ("🟢", "head-restored"),
        (Stage::Dismissed, _) => ("⚪", "head-dismissed"),
        (_, Kind::Defaced) => ("🔴", "head-defaced"),
        (_, Kind::Redirected) => ("🔴", "head-redirected"),
        (_, Kind::Planted) => ("🟠", "head-planted"),
        (_, Kind::Down) if it.is_unread() => ("🟠", "head-unread"),
        (_, Kind::Down) => ("🟡", "head-down"),
        (_, Kind::Maintenance) => ("⚪", "head-maintenance"),
        (_, Kind::Blocked) => ("⚪", "head-blocked"),
    };
    text.push(icon)
        .push(" ")
        .bold(&words.plain(key))
        .push(&format!(" · {}", it.id));
    if let Some(seen) = it.intermittent.as_ref().filter(|_| it.stage.is_open()) {
        let how = if seen.times > 1 {
            "head-intermittent"
        } else {
            "head-once"
        };
        text.push(" ").push(&words.plain(how));
    }
    if it.kind == Kind::Down && it.stage.is_open() {
        let since = words.text(
            "head-since",
            &[
                ("class", &words.plain(&it.class.key())),
                ("clock", &words.clock(it.seen_at, tz)),
            ],
        );
        text.push(" ").push(&since);
    }
    if !it.stage.is_open() {
        let was = words.text(
            "head-was",
            &[("what", &words.plain(&format!("kind-{}", it.kind.as_str())))],
        );
        text.push(" ").push(&was);
    }
}

/// The line with the time of the incident and the number of looks that agreed.
fn seen(it: &Incident, words: &Words, tz: &TimeZone) -> String {
    let when = words.moment(it.seen_at, tz);
    let Some(seen) = &it.intermittent else {
        let (agreed, looked) = (it.agreed.to_string(), it.looked.to_string());
        let args = [
            ("when", when.as_str()),
            ("agreed", &agreed),
            ("looked", &looked),
        ];
        return words.text("alert-seen", &args);
    };
    let (times, looks) = (seen.times.to_string(), seen.looks.to_string());
    let last = words.moment(seen.last_at, tz);
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
    words.text(key, &args)
}

fn address(it: &Incident) -> String {
    let url = &it.portal.url;
    let path = if url.path() == "/" { "" } else { url.path() };
    let port = url.port().map(|it| format!(":{it}")).unwrap_or_default();
    marked(&format!(
        "{}{port}{}",
        defang(url.host_str().unwrap_or_default()),
        defang_text(&excerpt(path, 60))
    ))
}

fn why(text: &mut Text, it: &Incident, words: &Words, detail: Detail) {
    let mut reasons: Vec<String> = it
        .signals
        .iter()
        .filter(|it| it.weight > 0.3)
        .take(detail.signals)
        .map(|it| said(&it.say, words))
        .collect();
    if let Some(cause) = &it.cause {
        reasons.push(said(cause, words));
    }
    if let Some(address) = it.address.filter(|_| it.one_of) {
        let address = defang(&address.to_string());
        reasons.push(words.text("why-address", &[("address", &address)]));
    }
    if it.class == Class::ByPortal || it.kind == Kind::Maintenance {
        reasons.push(words.plain(if it.kind == Kind::Maintenance {
            "why-maintenance"
        } else {
            "why-blocked"
        }));
    }
    if reasons.is_empty() {
        return;
    }
    text.line().bold(&words.plain("alert-why")).line();
    for reason in reasons {
        text.push("• ").push(&reason).line();
    }
}

fn shown(text: &mut Text, it: &Incident, words: &Words, detail: Detail) {
    if !it.kind.is_tampering() {
        return;
    }
    text.line();
    if it.title_before != it.title_now {
        let none = words.plain("alert-no-title");
        let quoted = |title: &Option<String>| match title {
            Some(title) => format!("«{}»", quoted(title, 120)),
            None => none.clone(),
        };
        text.push(&words.text("alert-before", &[("title", &quoted(&it.title_before))]))
            .line();
        text.push(&words.text("alert-now", &[("title", &quoted(&it.title_now))]))
            .line();
    }
    for line in it.changes.iter().take(detail.changes) {
        text.push(if line.added { "+ " } else { "− " })
            .push(&quoted(&line.text, 110))
            .line();
    }
    if let Some(evidence) = it.evidence.last() {
        text.push(&words.text("alert-evidence", &[("digest", &evidence.digest.short())]))
            .line();
    }
}

fn life(text: &mut Text, it: &Incident, words: &Words, tz: &TimeZone) {
    let mut lines = Vec::new();
    if let Some(remark) = &it.remark {
        let class: Option<Class> = remark.args.get("class").and_then(|it| it.parse().ok());
        let class = class.map(|it| words.plain(&it.key())).unwrap_or_default();
        lines.push(words.text(&remark.key, &[("class", &class)]));
    }
    if it.stage.is_open() && it.timeline.iter().any(|it| it.what == What::Blind) {
        let when = words.moment(it.seen_at, tz);
        lines.push(words.text("reminder-blind", &[("when", &when)]));
    }
    if let Some(plan) = &it.planned {
        lines.push(words.text("alert-planned", &[("id", &plan.to_string())]));
    }
    if let Some(seen) = it.intermittent.as_ref().filter(|_| it.stage.is_open()) {
        let long = words.duration(SignedDuration::from_secs(seen.unseen_s.into()));
        lines.push(words.text("alert-until-unseen", &[("long", &long)]));
    } else if it.flaps > 0 {
        let times = (it.flaps + 1).to_string();
        lines.push(words.text("alert-flaps", &[("times", &times)]));
    }
    for taken in it.taken.iter().chain(&it.overseen) {
        let took = words.duration(since(it.confirmed_at, taken.at));
        lines.push(words.text(
            "alert-taken",
            &[
                ("by", &called(&taken.by, taken.origin.as_ref(), words)),
                ("clock", &words.clock(taken.at, tz)),
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
            .and_then(|it| Some(called(it.by.as_ref()?, it.origin.as_ref(), words)));
        let by = by.as_deref();
        let lasted = words.duration(since(it.seen_at, end));
        let clock = words.clock(end, tz);
        lines.push(match (it.stage, by) {
            (Stage::Dismissed, by) => words.text(
                "alert-dismissed",
                &[("by", by.unwrap_or("?")), ("clock", &clock)],
            ),
            (_, Some(_)) if is_unwatched(it) => words.text("alert-unwatched", &[("clock", &clock)]),
            (_, Some(by)) => words.text(
                "alert-closed",
                &[("by", by), ("clock", &clock), ("lasted", &lasted)],
            ),
            (_, None) => words.text("alert-restored", &[("clock", &clock), ("lasted", &lasted)]),
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

fn buttons(it: &Incident, words: &Words) -> Vec<Button> {
    if !it.stage.is_open() {
        return Vec::new();
    }
    use IncidentAction::{Change, Diff, Mute, Pages};
    let mut out = Vec::new();
    if it.led().is_none() {
        out.push(take(it, it.taken.is_some(), words));
    }
    let verbs: &[IncidentAction] = if it.kind.is_tampering() {
        &[Change, Mute(Silence::Hour), Diff, Pages]
    } else {
        &[Mute(Silence::Hour)]
    };
    let button = |verb: &IncidentAction| Button::new(Action::Incident(*verb, it.id.clone()), words);
    out.extend(verbs.iter().map(button));
    out
}
