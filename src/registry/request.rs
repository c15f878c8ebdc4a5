//! A request from its beginning to the officer's decision.

use jiff::{SignedDuration, Timestamp};
use url::Url;

use super::{
    Known, Step,
    ends::{is_open, line},
    limits::{self, is_full, is_one_of_many, is_same, is_stranger, token},
    names::{agency_of, free, portal_key, target_id},
    rivals::displace,
};
use crate::model::{
    Agency, Class, Localized, Standing, Target,
    excerpt::{defang_text, excerpt},
    registration::{
        Asker, AuditEntry, AuditEvent, Proof, Registration, Request, RequestId, Stage, View,
    },
    target::Settings,
};

/// Open requests of one asker at a time: each makes the service visit a stranger's address.
const MOST_OF_ONE: usize = 5;
/// Requests of one asker within a day. Withdrawn ones count, too, because officers get a message about each.
const MOST_A_DAY: usize = 10;
/// Time between two looks for a proof of ownership.
const AGAIN: SignedDuration = SignedDuration::from_mins(30);
const DAILY: SignedDuration = SignedDuration::from_hours(24);
/// The shortest time between two looks that an asker triggers: a stranger must not use the service to flood a portal.
const NOT_SOONER: SignedDuration = SignedDuration::from_secs(30);

/// A request before it is checked.
#[derive(Clone, Debug)]
pub struct Wanted {
    pub url: Url,
    /// The asker's name for the portal; empty to use the page's title.
    pub name: String,
    pub agency: Whose,
    pub asker: Asker,
}

/// The agency of the requested portal.
#[derive(Clone, Debug)]
pub enum Whose {
    /// Id and name of a known agency, which the asker speaks for.
    Known(String, String),
    /// The name that the asker gave.
    Named(String),
}

/// The known agencies, and the ports that portals may use.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    pub agencies: &'a [Agency],
    pub ports: &'a [u16],
}

/// Makes a request. With `proved`, no limit applies, and the unproved requests of other askers for this portal end.
///
/// # Errors
///
/// The reason for the asker.
pub fn ask(
    known: Known,
    around: Around,
    wanted: Wanted,
    proved: Option<Proof>,
    id: RequestId,
    now: Timestamp,
) -> Result<Step, Localized> {
    if let Some(refusal) = refusal(known, around, &wanted, now) {
        return Err(refusal);
    }
    let stranger = is_stranger(&wanted.asker, known);
    let is_bounded = stranger && proved.is_none();
    if is_bounded && let Some(full) = is_full(&wanted, known, now) {
        return Err(full);
    }
    let crowd = if is_bounded {
        limits::crowd(known, now)
    } else {
        None
    };
    let token = token(&wanted);
    let taken = |it: &str| is_taken(known, it);
    let target = target_id(&wanted.url, taken).ok_or_else(|| Localized::new("register-bad-url"))?;
    let (agency, agency_name) = match wanted.agency {
        Whose::Known(id, name) => (id, name),
        Whose::Named(name) => agency_of(&name, around.agencies, known.requests),
    };
    let mut request = Request {
        id,
        revision: 0,
        at: now,
        url: wanted.url,
        target,
        name: excerpt(&wanted.name, 120),
        agency,
        agency_name,
        asker: wanted.asker,
        stage: Stage::Open,
        view: None,
        proof: None,
        token,
        look_at: now,
        again: false,
        stranger,
        crowd,
        together: false,
    };
    if proved.is_some() && is_one_of_many(&request, known, now) {
        request.together = true;
        request.crowd = limits::crowd(known, now).or(Some(now));
    }
    Ok(begun(request, proved, known, now))
}

/// The reason why the portal cannot be requested at all, or not by this asker; `None` if it can.
fn refusal(known: Known, around: Around, wanted: &Wanted, now: Timestamp) -> Option<Localized> {
    let key = portal_key(&wanted.url);
    if known.targets.iter().any(|it| portal_key(&it.url) == key) {
        return Some(Localized::new("register-watched"));
    }
    let open = || known.requests.iter().filter(|it| it.stage.is_open());
    let same = || open().filter(|it| portal_key(&it.url) == key);
    let own = |it: &&Request| it.asker.notifier == wanted.asker.notifier;
    if let Some(own) = same().find(own) {
        return Some(Localized::new("register-asked").with("id", &own.id));
    }
    // the answer must not reveal the owner; another asker's request without proof does not block this one
    if same().any(|it| it.proof.is_some()) {
        return Some(Localized::new("register-watched"));
    }
    if !is_plain(&wanted.url, around.ports) {
        return Some(Localized::new("register-bad-url"));
    }
    let ours = |it: &&Request| is_same(&it.asker, &wanted.asker);
    let lately = |it: &&Request| now.duration_since(it.at) < DAILY;
    let today = known.requests.iter().filter(ours).filter(lately);
    let too_many = open().filter(ours).count() >= MOST_OF_ONE || today.count() >= MOST_A_DAY;
    too_many.then(|| Localized::new("register-many").with("most", MOST_OF_ONE))
}

/// Whether an id belongs to a target, an open request or an earlier portal.
fn is_taken(known: Known, id: &str) -> bool {
    let mut open = known.requests.iter().filter(|it| it.stage.is_open());
    known.targets.iter().any(|it| it.id.as_str() == id)
        || open.any(|it| it.target.as_str() == id)
        || known.used.iter().any(|it| it == id)
}

/// The first step of a request, with its proof if there is one.
fn begun(request: Request, proved: Option<Proof>, known: Known, now: Timestamp) -> Step {
    let entry = AuditEntry {
        at: now,
        target: request.target.clone(),
        by: request.asker.name.clone(),
        deed: AuditEvent::Asked {
            request: request.id.clone(),
            url: request.url.clone(),
        },
    };
    let mut step = Step {
        entries: vec![entry],
        ..Step::default()
    };
    if let Some(proof) = &proved {
        step.entries.push(proof_entry(&request, proof, now));
        displace(&mut step, &request, known, now);
    }
    step.request = Some(Request {
        proof: proved,
        ..request
    });
    step
}

fn proof_entry(request: &Request, proof: &Proof, now: Timestamp) -> AuditEntry {
    let deed = AuditEvent::Proved {
        request: request.id.clone(),
        proof: proof.clone(),
    };
    line(request, "gaccong", deed, now)
}

/// Whether the address is plain: a full host name, a usual port, and no part that could trigger an action.
fn is_plain(url: &Url, ports: &[u16]) -> bool {
    let host = url.host_str().unwrap_or_default().trim_end_matches('.');
    // a name of one word belongs to a local network
    host.contains(['.', ':'])
        && url.query().is_none()
        && url
            .port_or_known_default()
            .is_some_and(|it| ports.contains(&it))
}

/// Applies a look at the portal to its request. With `refused`, the request ends because the address may never be
/// visited. A proof ends the unproved requests of other askers.
pub fn seen(
    request: &Request,
    known: Known,
    view: View,
    proof: Option<Proof>,
    refused: Option<String>,
) -> Step {
    let now = view.at;
    let mut next = request.clone();
    let mut step = Step::default();
    if let Some(reason) = refused {
        next.stage = Stage::Refused {
            by: "gaccong".to_owned(),
            at: now,
            reason: reason.clone(),
        };
        let deed = AuditEvent::Refused {
            request: request.id.clone(),
            reason,
        };
        step.entries.push(line(request, "gaccong", deed, now));
    } else if let Some(found) = proof.and_then(|it| proved(request, known, it, now)) {
        next = found.request.clone().unwrap_or(next);
        step = found;
    }
    let pause = if next.proof.is_some() { DAILY } else { AGAIN };
    next.look_at = now.checked_add(pause).unwrap_or(now);
    next.view = Some(view);
    next.again = false;
    step.request = Some(next);
    step
}

/// Applies a proof to its request, and ends the unproved requests of other askers for the portal. `None` if the
/// request is decided or already has its proof.
pub fn proved(request: &Request, known: Known, proof: Proof, now: Timestamp) -> Option<Step> {
    if !request.stage.is_open() || request.proof.is_some() {
        return None;
    }
    let mut step = Step {
        entries: vec![proof_entry(request, &proof, now)],
        ..Step::default()
    };
    displace(&mut step, request, known, now);
    step.request = Some(Request {
        proof: Some(proof),
        together: request.crowd.is_some() && is_one_of_many(request, known, now),
        ..request.clone()
    });
    Some(step)
}

/// Whether a look found something to report: its first result, a proof, an end, or a changed state of the portal.
pub fn is_news(before: &Request, after: &Request) -> bool {
    let looks = |it: &Request| {
        it.view
            .as_ref()
            .map(|view| (view.class.standing(), view.suspicious, view.same_as.clone()))
    };
    before.stage != after.stage || before.proof != after.proof || looks(before) != looks(after)
}

/// The asker claims to have published the proof: schedules a look, and a report of its result.
///
/// # Errors
///
/// If the request is already decided.
pub fn prove(request: &Request, now: Timestamp) -> Result<Step, Localized> {
    is_open(request)?;
    let earliest = request.view.as_ref().map(|it| it.at + NOT_SOONER);
    let next = Request {
        look_at: earliest.unwrap_or(now).max(now),
        again: true,
        ..request.clone()
    };
    Ok(Step {
        request: Some(next),
        ..Step::default()
    })
}

/// An officer's approval: its author, its time, and the end of the registration, if any.
#[derive(Clone, Copy, Debug)]
pub struct Decided<'a> {
    pub by: &'a str,
    pub until: Option<Timestamp>,
    pub now: Timestamp,
}

/// Approves a request: the portal is watched from now on, until the given end.
///
/// # Errors
///
/// If the request is decided, if its portal was not looked at yet, or if the portal is already watched.
pub fn approve(
    request: &Request,
    known: Known,
    agencies: &[Agency],
    defaults: &Settings,
    decided: Decided,
) -> Result<Step, Localized> {
    let Decided { by, until, now } = decided;
    is_open(request)?;
    let Some(view) = &request.view else {
        return Err(Localized::new("register-unseen").with("id", &request.id));
    };
    let key = portal_key(&request.url);
    if known.targets.iter().any(|it| portal_key(&it.url) == key) {
        return Err(Localized::new("register-watched"));
    }
    let mut next = request.clone();
    let mut entries = Vec::new();
    if next.proof.is_none() {
        let proof = Proof::Vouched(by.to_owned());
        entries.push(line(
            request,
            by,
            AuditEvent::Proved {
                request: request.id.clone(),
                proof: proof.clone(),
            },
            now,
        ));
        next.proof = Some(proof);
    }
    let target = target(request, view, known, agencies, defaults)?;
    next.target = target.id.clone();
    next.stage = Stage::Approved {
        by: by.to_owned(),
        at: now,
    };
    entries.push(line(
        &next,
        by,
        AuditEvent::Registered {
            request: Some(request.id.clone()),
            url: target.url.clone(),
            agency: target.agency.clone(),
            until,
            notify: target.settings.notify.clone(),
        },
        now,
    ));
    let mut step = Step {
        request: Some(next),
        registered: vec![Registration {
            target,
            by: by.to_owned(),
            at: now,
            until,
        }],
        entries,
        ..Step::default()
    };
    displace(&mut step, request, known, now);
    Ok(step)
}

fn target(
    request: &Request,
    view: &View,
    known: Known,
    agencies: &[Agency],
    defaults: &Settings,
) -> Result<Target, Localized> {
    let mut settings = defaults.clone();
    let agency = agencies.iter().find(|it| it.id == request.agency);
    if let Some(agency) = agency.filter(|it| !it.notify.is_empty()) {
        settings.notify.clone_from(&agency.notify);
    }
    if let Some(own) = &request.asker.notifier
        && !settings.notify.contains(own)
    {
        settings.notify.push(own.clone());
    }
    let mut target = Target::unregistered(request.url.clone(), settings);
    // another target may have taken the id in the meantime
    let taken = |it: &str| known.targets.iter().any(|of| of.id.as_str() == it);
    let id = free(request.target.as_str(), taken);
    target.id = id.parse().map_err(|_| Localized::new("register-bad-url"))?;
    target.agency.clone_from(&request.agency);
    target.agency_name.clone_from(&request.agency_name);
    let title = view
        .title
        .as_ref()
        .filter(|_| !view.suspicious && view.class.standing() == Standing::Up);
    if !request.name.is_empty() {
        target.name.clone_from(&request.name);
    } else if let Some(title) = title {
        target.name = defang_text(&excerpt(title, 120));
    }
    Ok(target)
}

/// Whether a look found an address that may never be visited, even if an officer approves.
pub fn is_forbidden(class: Class) -> bool {
    matches!(
        class,
        Class::PrivateAddress | Class::Scheme | Class::Port | Class::RefusedRedirect
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_home_pages_are_asked_for() {
        let plain = |url: &str| is_plain(&url.parse().unwrap(), &[80, 443]);
        assert!(plain("https://cong.gov.vn/") && plain("http://1.2.3.4/vi"));
        for wrong in [
            "https://cong.gov.vn:6379/",
            "https://cong.gov.vn/?a=b",
            "http://localhost/",
        ] {
            assert!(!plain(wrong), "{wrong}");
        }
    }
}
