//! Applies a confirmed finding to the incidents of a target.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};

use super::{
    plan::{is_unmasked, unmuted},
    question,
    timeline::{push, thin_evidence},
};
use crate::model::{
    Class, Incident, IncidentId, Kind, Localized, Signal,
    incident::{ChangeLine, Event, Evidence, Outcome, Portal, Stage, Trace, UNREAD, What},
    storm::Family,
    target::Target,
};

/// A confirmed finding about a target.
#[derive(Clone, Debug)]
pub struct Finding {
    pub class: Class,
    /// Time of the first look that saw it, and of the look that confirmed it.
    pub seen_at: Timestamp,
    pub confirmed_at: Timestamp,
    pub agreed: u32,
    pub looked: u32,
    pub vantage: String,
    pub cause: Option<Localized>,
    pub score: f64,
    pub signals: Vec<Signal>,
    /// Whether one of the signals is a mark of an attack, which no editor causes.
    pub is_marked: bool,
    pub title_before: Option<String>,
    pub title_now: Option<String>,
    pub changes: Vec<ChangeLine>,
    pub before: Option<Evidence>,
    pub evidence: Option<Evidence>,
    /// What was fetched at places that the page newly leads to.
    pub led: Vec<Evidence>,
    /// Strangers that the page newly uses.
    pub traces: Vec<Trace>,
    /// The address that the look went to; if none answered, the last one that did.
    pub address: Option<IpAddr>,
    /// Whether the portal has other addresses, too.
    pub one_of: bool,
}

/// Time within which an ended incident is reopened if the portal fails again (flapping).
const COMES_BACK_WITHIN: SignedDuration = SignedDuration::from_mins(30);

/// Applies a finding and returns the incidents that change. `known` is the open incident of the target, `past` its
/// last one; `id` is called when an incident opens. At most one incident of a target is open afterwards.
pub fn step(
    known: Option<&Incident>,
    past: Option<&Incident>,
    target: &Target,
    finding: &Finding,
    id: impl FnOnce() -> IncidentId,
) -> Vec<Incident> {
    let now = finding.confirmed_at;
    let kind = Kind::of(finding.class);
    match (known, kind) {
        (None, None) => Vec::new(),
        (None, Some(kind)) => vec![begun(past, target, finding, kind, id)],
        (Some(known), kind) if known.kind == Kind::Asked && kind != Some(Kind::Asked) => {
            after_question(known, target, finding, kind, id)
        }
        (Some(known), None) => vec![restored(known, now)],
        // tampering has not ended because only the structure of the page speaks against it now
        (Some(known), Some(Kind::Asked)) if known.kind.is_tampering() => {
            settle(known, finding).into_iter().collect()
        }
        // the portal answers again, with a page to ask about
        (Some(known), Some(Kind::Asked)) if known.kind != Kind::Asked => {
            vec![
                restored(known, now),
                open(target, finding, Kind::Asked, id()),
            ]
        }
        // the silenced change is an attack: it rings like a new incident
        (Some(known), Some(kind)) if is_unmasked(known, Some(kind), finding.is_marked) => {
            vec![changed(&unmuted(known, now), finding, kind)]
        }
        (Some(known), Some(kind)) if becomes_unread(known, kind, &finding.signals) => {
            vec![changed(known, finding, kind)]
        }
        (Some(known), Some(kind)) if known.kind == kind => {
            settle(known, finding).into_iter().collect()
        }
        (Some(known), Some(kind)) if known.kind.is_tampering() && kind.is_tampering() => {
            if graver(kind, known.kind) {
                vec![changed(known, finding, kind)]
            } else {
                settle(known, finding).into_iter().collect()
            }
        }
        // tampering has not ended because the page cannot be seen
        (Some(known), Some(_)) if known.kind.is_tampering() => {
            unseen(known, finding).into_iter().collect()
        }
        // the portal answers again, with an attacker's page: the outage has ended, and a graver incident begins
        (Some(known), Some(kind)) if kind.is_tampering() => {
            vec![restored(known, now), open(target, finding, kind, id())]
        }
        (Some(known), Some(kind)) => vec![changed(known, finding, kind)],
    }
}

/// The incident that begins with a finding: a new one, or one that comes back.
fn begun(
    past: Option<&Incident>,
    target: &Target,
    finding: &Finding,
    kind: Kind,
    id: impl FnOnce() -> IncidentId,
) -> Incident {
    let back = |kind| past.filter(|it| comes_back(it, kind, finding.confirmed_at));
    if let Some(past) = back(kind) {
        return again(past, finding, kind);
    }
    // what rang a while ago is not asked about
    match back(Kind::Planted).filter(|_| kind == Kind::Asked) {
        Some(past) => again(past, &as_alarm(finding), Kind::Planted),
        None => open(target, finding, kind, id()),
    }
}

/// Ends a question that its portal's page does not pose any more. An attacker's content, or no page at all, is an
/// incident by itself.
fn after_question(
    known: &Incident,
    target: &Target,
    finding: &Finding,
    kind: Option<Kind>,
    id: impl FnOnce() -> IncidentId,
) -> Vec<Incident> {
    let now = finding.confirmed_at;
    let Some(kind) = kind else {
        return vec![question::ended(known, Outcome::Restored, None, now)];
    };
    let opened = open(target, finding, kind, id());
    let (outcome, alarm) = match kind.is_tampering() {
        true => (Outcome::Hostile, Some(&opened.id)),
        false => (Outcome::Withdrawn, None),
    };
    vec![question::ended(known, outcome, alarm, now), opened]
}

fn ends_it(what: What) -> bool {
    matches!(what, What::Closed | What::Unwatched | What::Dismissed)
}

/// Whether the incident ended by itself within [`COMES_BACK_WITHIN`] and is of this kind's family. An incident that a
/// person ended is not reopened.
fn comes_back(past: &Incident, kind: Kind, now: Timestamp) -> bool {
    let by_itself = !past
        .timeline
        .iter()
        .any(|it| ends_it(it.what) && it.by.is_some());
    let soon = past
        .ended_at
        .is_some_and(|end| now.duration_since(end) <= COMES_BACK_WITHIN);
    // a question that rings is over; its alarm is another incident
    let rings = past.question.as_ref().is_some_and(|it| it.alarm.is_some());
    by_itself && soon && !rings && Family::from(past.kind) == Family::from(kind)
}

/// The finding of a page that is only asked about, as one that rings.
fn as_alarm(finding: &Finding) -> Finding {
    Finding {
        class: Class::Suspicious,
        ..finding.clone()
    }
}

fn again(past: &Incident, finding: &Finding, kind: Kind) -> Incident {
    let mut it = changed(past, finding, kind);
    it.stage = if it.taken.is_some() {
        Stage::Taken
    } else {
        Stage::Open
    };
    it.ended_at = None;
    it.escalated = 0;
    it.flaps += 1;
    // decide anew whether a plan silences it
    if it.planned.take().is_some() {
        it.muted = None;
    }
    // the time for the answer goes on from where it was
    if let Some(question) = &mut it.question {
        question.outcome = None;
    }
    if let Some(last) = it.timeline.last_mut() {
        last.what = What::Again;
    }
    it
}

/// Whether a page of this kind is worse than the known kind.
pub fn is_graver(kind: Kind, known: Kind) -> bool {
    kind.is_tampering() && (!known.is_tampering() || graver(kind, known))
}

/// Whether one kind of tampering is graver than another. A page that changes between two kinds is reported once, as
/// the graver one.
fn graver(kind: Kind, known: Kind) -> bool {
    let rank = |it: Kind| match it {
        Kind::Defaced => 3,
        Kind::Redirected => 2,
        _ => 1,
    };
    rank(kind) > rank(known)
}

/// Whether a look of this class adds something to the open incident (or to its absence): only then is it worth
/// confirming. `is_marked`: whether `signals` show a mark of an attack.
pub fn is_news(
    known: Option<&Incident>,
    class: Class,
    signals: &[Signal],
    is_marked: bool,
) -> bool {
    if known.is_some_and(|it| is_unmasked(it, Kind::of(class), is_marked)) {
        return true;
    }
    match (known, Kind::of(class)) {
        (None, kind) => kind.is_some(),
        (Some(_), None) => true,
        (Some(known), Some(kind)) if known.kind == kind => {
            known.remark.is_some() || becomes_unread(known, kind, signals)
        }
        (Some(known), Some(Kind::Asked)) if known.kind.is_tampering() => known.remark.is_some(),
        (Some(known), Some(kind)) if known.kind.is_tampering() && kind.is_tampering() => {
            graver(kind, known.kind) || known.remark.is_some()
        }
        (Some(known), Some(kind)) if known.kind.is_tampering() && !kind.is_tampering() => {
            known.remark.is_none()
        }
        _ => true,
    }
}

/// Whether an unreachable portal now answers with a page that cannot be read completely, and that may be an
/// attacker's.
fn becomes_unread(known: &Incident, kind: Kind, signals: &[Signal]) -> bool {
    known.kind == kind && kind == Kind::Down && !known.is_unread() && is_unread(signals)
}

fn is_unread(signals: &[Signal]) -> bool {
    signals.iter().any(|it| it.name == UNREAD)
}

fn open(target: &Target, finding: &Finding, kind: Kind, id: IncidentId) -> Incident {
    let event = |at, what, note| Event {
        at,
        what,
        by: None,
        origin: None,
        note,
    };
    let class = Some(finding.class.to_string());
    Incident {
        id,
        revision: 0,
        target: target.id.clone(),
        portal: Portal::from(target),
        kind,
        stage: Stage::Open,
        class: finding.class,
        cause: finding.cause.clone(),
        score: finding.score,
        signals: finding.signals.clone(),
        seen_at: finding.seen_at,
        confirmed_at: finding.confirmed_at,
        agreed: finding.agreed,
        looked: finding.looked,
        vantage: finding.vantage.clone(),
        title_before: finding.title_before.clone(),
        title_now: finding.title_now.clone(),
        changes: finding.changes.clone(),
        before: finding.before.clone(),
        evidence: finding.evidence.iter().cloned().collect(),
        led: finding.led.clone(),
        taken: None,
        ended_at: None,
        timeline: vec![
            event(finding.seen_at, What::Seen, class),
            event(
                finding.confirmed_at,
                What::Confirmed,
                Some(format!("{}/{}", finding.agreed, finding.looked)),
            ),
        ],
        remark: None,
        flaps: 0,
        rung_at: None,
        address: finding.address,
        one_of: finding.one_of,
        muted: None,
        muted_in: Vec::new(),
        overseen: None,
        planned: None,
        escalated: 0,
        intermittent: None,
        question: None,
        traces: finding.traces.clone(),
    }
}

fn restored(known: &Incident, now: Timestamp) -> Incident {
    let mut it = known.clone();
    it.stage = Stage::Resolved;
    it.ended_at = Some(now);
    it.remark = None;
    for what in [What::Restored, What::Closed] {
        push(&mut it, now, what, None);
    }
    it
}

/// Applies a finding of the known kind: only removes the remark that the page cannot be seen for now.
fn settle(known: &Incident, finding: &Finding) -> Option<Incident> {
    let mut it = known.clone();
    it.remark = None;
    let seen_again = known.remark.is_some();
    if seen_again {
        let note = Some(finding.class.to_string());
        push(&mut it, finding.confirmed_at, What::Visible, note);
    }
    seen_again.then_some(it)
}

fn changed(known: &Incident, finding: &Finding, kind: Kind) -> Incident {
    let mut it = known.clone();
    it.kind = kind;
    it.class = finding.class;
    it.cause.clone_from(&finding.cause);
    it.address = finding.address.or(it.address);
    it.one_of = finding.one_of;
    it.remark = None;
    if kind.is_tampering() || kind == Kind::Asked || is_unread(&finding.signals) {
        it.score = finding.score;
        it.signals.clone_from(&finding.signals);
        it.title_now.clone_from(&finding.title_now);
        it.changes.clone_from(&finding.changes);
        it.evidence.extend(finding.evidence.iter().cloned());
        if !finding.led.is_empty() {
            it.led.clone_from(&finding.led);
        }
        if !finding.traces.is_empty() {
            it.traces.clone_from(&finding.traces);
        }
        thin_evidence(&mut it);
    } else {
        // these signals were about a page that is no longer served
        it.signals.retain(|signal| signal.name != UNREAD);
    }
    let note = Some(finding.class.to_string());
    push(&mut it, finding.confirmed_at, What::Changed, note);
    it
}

fn unseen(known: &Incident, finding: &Finding) -> Option<Incident> {
    if known.remark.is_some() {
        return None;
    }
    let mut it = known.clone();
    it.remark = Some(Localized::new("remark-unseen").with("class", finding.class));
    let note = Some(finding.class.to_string());
    push(&mut it, finding.confirmed_at, What::Unseen, note);
    Some(it)
}
