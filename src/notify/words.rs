//! From an incident to the message an officer reads on a phone at night: first what and how bad, then
//! which portal, when and how sure, why, and what to do.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use serde_json::json;

use crate::{
    locale::Words,
    model::{
        Class, Incident, Kind,
        excerpt::{defang, defang_text, excerpt, marked, named, quoted},
        incident::{Stage, What},
    },
    notify::{
        Button, Document, Gravity, Message,
        people::called,
        text::{Text, said},
    },
};

/// The incident as it is now. Edited into place of what was said of it before.
pub fn incident(it: &Incident, words: &Words, tz: &TimeZone, repeat: bool) -> Message {
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

/// How much of what may be long is shown.
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

/// When the incident was seen, and how many looks agreed.
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

/// Whether gaccong closed the incident because it stopped watching the portal: the portal's present state is unknown.
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
    let mut verbs = Vec::new();
    if it.led().is_none() {
        verbs.push("take");
    }
    if it.kind.is_tampering() {
        verbs.extend(["change", "mute", "diff", "pages"]);
    } else {
        verbs.push("mute");
    }
    verbs
        .into_iter()
        .map(|verb| {
            let label = match verb {
                "take" if it.taken.is_some() => "button-oversee".to_owned(),
                _ => format!("button-{verb}"),
            };
            Button {
                label: words.plain(&label),
                action: format!("{verb}:{}", it.id),
            }
        })
        .collect()
}

fn gravity(it: &Incident) -> Gravity {
    match (it.stage, it.kind) {
        (Stage::Resolved, _) => Gravity::Good,
        (Stage::Dismissed, _) => Gravity::Note,
        (_, kind) if kind.is_tampering() => Gravity::Grave,
        (_, Kind::Down) => Gravity::Warning,
        _ => Gravity::Note,
    }
}

pub(crate) fn facts(it: &Incident, words: &Words) -> serde_json::Value {
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
        "taken": it.taken,
        "overseen": it.overseen,
        "ended_at": it.ended_at,
        "cause": it.cause.as_ref().map(|it| words.say(it)),
        "signals": it.signals.iter().map(|signal| json!({
            "name": signal.name, "weight": signal.weight, "sentence": words.say(&signal.say), "excerpt": signal.excerpt,
        })).collect::<Vec<_>>(),
        "evidence": it.evidence.iter().map(|it| it.digest).collect::<Vec<_>>(),
    })
}

impl Message {
    /// Says in its first line that it may have been delivered before.
    pub fn repeated(mut self, unsure: bool, words: &Words) -> Self {
        if unsure {
            let mark = words.plain("alert-repeat");
            self.html = format!("{mark} {}", self.html);
            self.plain = format!("{mark} {}", self.plain);
            self.headline = format!("{mark} {}", self.headline);
            self.repeat = true;
        }
        self
    }
}

/// It came back, or was silent and is so no more: a short message of its own, since the edit of the long one rings nobody.
pub fn reminder(it: &Incident, words: &Words, tz: &TimeZone, repeat: bool) -> Message {
    let icon = if it.kind.is_tampering() {
        "🔴"
    } else {
        "🟡"
    };
    let aside = [What::Told, What::Undelivered, What::Escalated, What::Nudged];
    let last = it
        .timeline
        .iter()
        .rev()
        .find(|it| !aside.contains(&it.what));
    let by = last.and_then(|it| Some(called(it.by.as_ref()?, it.origin.as_ref(), words)));
    let by = by.unwrap_or_default();
    let reason = last.and_then(|it| it.note.as_deref()).unwrap_or_default();
    let reason = quoted(reason, 300);
    let (head, body) = match last.map(|it| it.what) {
        Some(What::Blind) => ("head-blind", "reminder-blind"),
        Some(What::Disowned) => ("head-disowned", "reminder-see"),
        Some(What::Changed) if it.is_unread() => ("head-unread", "reminder-see"),
        Some(What::Changed) => ("head-unmasked", "reminder-see"),
        Some(What::Dismissed) => ("head-agency-dismissed", "reminder-dismissed"),
        Some(What::Unmuted) => ("head-lasts", "reminder-see"),
        _ if it.flaps > 0 => ("head-again", "reminder-body"),
        _ => ("head-lasts", "reminder-see"),
    };
    let mut text = Text::default();
    text.push(icon)
        .push(" ")
        .bold(&words.plain(head))
        .push(&format!(" · {}", it.id));
    if repeat {
        text.push(" ").push(&words.plain("alert-repeat"));
    }
    text.line();
    text.bold(&named(&it.portal.name, 120))
        .push(": ")
        .push(&words.plain(&it.class.key()))
        .line();
    let body = words.text(
        body,
        &[
            ("times", &(it.flaps + 1).to_string()),
            ("when", &words.moment(it.seen_at, tz)),
            ("by", &by),
            ("reason", &reason),
        ],
    );
    text.push(&body).line();
    Message {
        facts: facts(it, words),
        gravity: gravity(it),
        repeat,
        ..Message::of(format!("{}-reminder", it.id), text)
    }
}

/// A report, with its file.
pub fn report(week: &str, summary: &str, document: Document, words: &Words) -> Message {
    let mut text = Text::default();
    text.push("📊 ")
        .bold(&words.text("report-title", &[("week", week)]))
        .line()
        .push(&excerpt(summary, 900))
        .line();
    Message {
        document: Some(document),
        facts: json!({"report": week}),
        ..Message::of(format!("report-{week}"), text)
    }
}
