//! From a confirmed finding to the incidents as they are now.

use jiff::Timestamp;

use crate::model::{
    Class, Incident, IncidentId, Kind, Say, Signal,
    incident::{ChangeLine, Event, Evidence, Portal, Stage, What},
    target::Target,
};

/// What confirmed looks say of a target now.
#[derive(Clone, Debug)]
pub struct Finding {
    pub class: Class,
    /// First look that saw it, and the one that confirmed it.
    pub seen_at: Timestamp,
    pub confirmed_at: Timestamp,
    pub agreed: u32,
    pub looked: u32,
    pub vantage: String,
    pub cause: Option<Say>,
    pub score: f64,
    pub signals: Vec<Signal>,
    pub title_before: Option<String>,
    pub title_now: Option<String>,
    pub changes: Vec<ChangeLine>,
    pub before: Option<Evidence>,
    pub evidence: Option<Evidence>,
}

/// The incidents that change, none where nothing does. `known` is the open incident of the target; `id`
/// is called when one opens. At most one incident of a target is open afterwards.
pub fn step(
    known: Option<&Incident>,
    target: &Target,
    finding: &Finding,
    id: impl FnOnce() -> IncidentId,
) -> Vec<Incident> {
    let now = finding.confirmed_at;
    let kind = Kind::of(finding.class);
    match (known, kind) {
        (None, None) => Vec::new(),
        (None, Some(kind)) => vec![open(target, finding, kind, id())],
        (Some(known), None) => vec![restored(known, now)],
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
        // tampering is not over because the page cannot be seen
        (Some(known), Some(_)) if known.kind.is_tampering() => {
            unseen(known, finding).into_iter().collect()
        }
        // it answers again, with somebody else's page: the outage is over, something worse begins
        (Some(known), Some(kind)) if kind.is_tampering() => {
            vec![restored(known, now), open(target, finding, kind, id())]
        }
        (Some(known), Some(kind)) => vec![changed(known, finding, kind)],
    }
}

/// A page that hovers between two kinds of tampering is told as the graver one, once.
fn graver(kind: Kind, known: Kind) -> bool {
    let rank = |it: Kind| match it {
        Kind::Defaced => 3,
        Kind::Redirected => 2,
        _ => 1,
    };
    rank(kind) > rank(known)
}

/// Whether a look of this class says something that the open incident (or its absence) does not already
/// say: only then is it worth confirming.
pub fn is_news(known: Option<&Incident>, class: Class) -> bool {
    match (known, Kind::of(class)) {
        (None, kind) => kind.is_some(),
        (Some(_), None) => true,
        (Some(known), Some(kind)) if known.kind == kind => known.remark.is_some(),
        (Some(known), Some(kind)) if known.kind.is_tampering() && kind.is_tampering() => {
            graver(kind, known.kind) || known.remark.is_some()
        }
        (Some(known), Some(kind)) if known.kind.is_tampering() && !kind.is_tampering() => {
            known.remark.is_none()
        }
        _ => true,
    }
}

fn open(target: &Target, finding: &Finding, kind: Kind, id: IncidentId) -> Incident {
    let event = |at, what, note| Event {
        at,
        what,
        by: None,
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
    }
}

fn restored(known: &Incident, now: Timestamp) -> Incident {
    let mut it = known.clone();
    it.stage = Stage::Resolved;
    it.ended_at = Some(now);
    it.remark = None;
    for what in [What::Restored, What::Closed] {
        it.timeline.push(Event {
            at: now,
            what,
            by: None,
            note: None,
        });
    }
    it
}

/// The same kind again: only what was said "for now" is taken back.
fn settle(known: &Incident, finding: &Finding) -> Option<Incident> {
    let mut it = known.clone();
    it.remark = None;
    let seen_again = known.remark.is_some();
    if seen_again {
        let note = Some(finding.class.to_string());
        it.timeline.push(Event {
            at: finding.confirmed_at,
            what: What::Changed,
            by: None,
            note,
        });
    }
    seen_again.then_some(it)
}

fn changed(known: &Incident, finding: &Finding, kind: Kind) -> Incident {
    let mut it = known.clone();
    it.kind = kind;
    it.class = finding.class;
    it.cause.clone_from(&finding.cause);
    it.remark = None;
    if kind.is_tampering() {
        it.score = finding.score;
        it.signals.clone_from(&finding.signals);
        it.title_now.clone_from(&finding.title_now);
        it.changes.clone_from(&finding.changes);
        it.evidence.extend(finding.evidence.iter().cloned());
    }
    let note = Some(finding.class.to_string());
    it.timeline.push(Event {
        at: finding.confirmed_at,
        what: What::Changed,
        by: None,
        note,
    });
    it
}

fn unseen(known: &Incident, finding: &Finding) -> Option<Incident> {
    if known.remark.is_some() {
        return None;
    }
    let mut it = known.clone();
    it.remark = Some(Say::new("remark-unseen").with("class", finding.class));
    let note = Some(finding.class.to_string());
    it.timeline.push(Event {
        at: finding.confirmed_at,
        what: What::Changed,
        by: None,
        note,
    });
    Some(it)
}
