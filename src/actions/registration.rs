//! Registration requests: ask, prove, approve, refuse, withdraw. Each action is one commit with the alerts about it.

use jiff::Timestamp;

use crate::{
    actions::{
        access::{Access, Role},
        ownership::inspect,
        refused::{Noun, Refused},
        registry::{Change, Present, change},
        request_alerts::told,
    },
    model::{
        Alert, Localized, Target, TargetId,
        registration::{AuditEvent, Proof, Registration, Request, RequestId},
    },
    registry::{
        self, Known, Step, Wanted,
        limits::token,
        request::{Around, Decided},
    },
    store::StoreError,
    world::World,
};

/// Ids that are tried for a new portal before the last one is used nevertheless.
const MOST_USED: usize = 20;

/// Stores a request; the service looks at its portal soon afterwards. If too many requests are waiting, the asker is
/// only remembered in memory, and must publish the proof first.
///
/// # Errors
///
/// [`Refused::Because`] with the reason; with the key `register-prove-first` and the arguments `token` and `host` if
/// the proof must come first.
pub async fn ask(access: &Access<'_>, wanted: Wanted) -> Result<Request, Refused> {
    if !access.is_somebody() {
        return Err(Refused::because("register-nobody"));
    }
    let asked = begin(access.world, wanted.clone(), None, access.mark()).await;
    match asked {
        Err(Refused::Because(say)) if say.key == "register-prove-first" => {
            let host = wanted.url.host_str().unwrap_or_default().to_owned();
            let token = token(&wanted);
            let candidates = &access.world.candidates;
            candidates.put(wanted, access.world.clock.now());
            let say = say.with("token", token).with("host", host);
            Err(Refused::Because(say))
        }
        asked => asked,
    }
}

/// Stores a request with a proof that has already been found.
pub(crate) async fn ask_proved(
    world: &World,
    wanted: Wanted,
    proof: Proof,
) -> Result<Request, Refused> {
    begin(world, wanted, Some(proof), None).await
}

async fn begin(
    world: &World,
    wanted: Wanted,
    proof: Option<Proof>,
    mark: Option<(String, String)>,
) -> Result<Request, Refused> {
    let ports = &world.config.service.allow_ports;
    let start = |present: &Present, used: &[String], id: RequestId, now| {
        let known = Known {
            used,
            ..present.known()
        };
        let around = Around {
            agencies: &present.agencies,
            ports,
        };
        registry::ask(known, around, wanted.clone(), proof.clone(), id, now)
    };
    let present = Present::of(world).await?;
    let now = world.clock.now();
    let mut used = Vec::new();
    // an id with stored state of an earlier portal is skipped: that state is not this portal's
    for _ in 0..MOST_USED {
        // a probe without a real number, so that a refused request uses up none
        let probe = RequestId::new(0, 0);
        let asked = start(&present, &used, probe, now)?.request;
        let Some(id) = asked.map(|it| it.target) else {
            break;
        };
        if !is_used(world, &id).await? {
            break;
        }
        used.push(id.to_string());
    }
    let year = now.to_zoned(world.config.service.timezone.clone()).year();
    let id = world.store.request_id(year).await?;
    let step = change(world, mark, |present, now| {
        let step = start(present, &used, id.clone(), now)?;
        Ok(told_of(world, step, Vec::new(), now))
    })
    .await?;
    step.request.ok_or(Refused::NotFound(Noun::Request))
}

/// Whether the store still holds state or history of an earlier portal with this id.
async fn is_used(world: &World, id: &TargetId) -> Result<bool, StoreError> {
    if world.store.target_state(id).await?.is_some() {
        return Ok(true);
    }
    let entries = world.store.entries(Some(id)).await?;
    Ok(!entries.iter().all(|it| is_asked(&it.deed)))
}

/// A change with `alerts`, and with the alerts about the other requests that the step ends.
fn told_of(world: &World, step: Step, mut alerts: Vec<Alert>, now: Timestamp) -> Change {
    for it in &step.others {
        alerts.extend(told(world, it, now));
    }
    Change {
        step,
        alerts,
        incidents: Vec::new(),
    }
}

/// Whether a history entry only belongs to a request, and not to a watched portal.
fn is_asked(deed: &AuditEvent) -> bool {
    !matches!(
        deed,
        AuditEvent::Registered { .. }
            | AuditEvent::Removed { .. }
            | AuditEvent::Ended
            | AuditEvent::Listed { .. }
            | AuditEvent::Unlisted
    )
}

/// Carries out one step of a request, with the alerts to officers and asker.
async fn step_of(
    world: &World,
    id: &RequestId,
    mark: Option<(String, String)>,
    decide: impl Fn(&Request, &Present, Timestamp) -> Result<Step, Localized> + Sync,
) -> Result<Request, Refused> {
    let step = change(world, mark, |present, now| {
        let known = present.requests.iter().find(|it| it.id == *id);
        let known = known.ok_or(Refused::NotFound(Noun::Request))?;
        let step = decide(known, present, now)?;
        let next = step.request.as_ref().unwrap_or(known);
        let alerts = told(world, next, now);
        Ok(told_of(world, step, alerts, now))
    })
    .await?;
    step.request.ok_or(Refused::NotFound(Noun::Request))
}

/// A request by the id that a person types: `DK-2026-0007`, or only the number for a request of this year.
///
/// # Errors
///
/// [`Refused::NotFound`] if the text is no id, if there is no such request, or if the caller is not the operator.
pub async fn find(access: &Access<'_>, text: &str) -> Result<Request, Refused> {
    to_see(access, &read(access, text)?).await
}

/// A request of the caller's own chat, by the id that a person types.
///
/// # Errors
///
/// [`Refused::NotFound`] if the text is no id, or if the request was made in another chat.
pub async fn find_own(access: &Access<'_>, text: &str) -> Result<Request, Refused> {
    own(access, &read(access, text)?).await
}

fn read(access: &Access<'_>, text: &str) -> Result<RequestId, Refused> {
    let world = access.world;
    let zone = world.config.service.timezone.clone();
    let this_year = world.clock.now().to_zoned(zone).year();
    RequestId::read(text, this_year).ok_or(Refused::NotFound(Noun::Request))
}

/// A request that was made in the caller's chat, even if Telegram has changed the chat's number since.
async fn own(access: &Access<'_>, id: &RequestId) -> Result<Request, Refused> {
    let is_of = |asker: &str| {
        access.recipient() == Some(asker) || access.notifiers().iter().any(|it| it == asker)
    };
    let asked = |it: &Request| it.asker.notifier.as_deref().is_some_and(is_of);
    // the operator at the command line may act for any asker
    let is_own = |it: &Request| access.recipient().is_none() || asked(it);
    let known = access.world.store.request(id).await?;
    known.filter(is_own).ok_or(Refused::NotFound(Noun::Request))
}

/// A request that the caller may see, as a member of the operator's staff.
///
/// # Errors
///
/// [`Refused::NotFound`] if there is none, or if the caller is not the operator.
pub async fn to_see(access: &Access<'_>, id: &RequestId) -> Result<Request, Refused> {
    let known = access.world.store.request(id).await?;
    let known = known.filter(|_| access.role() == Role::Operator);
    known.ok_or(Refused::NotFound(Noun::Request))
}

/// A request that the caller may decide on, as one of the operator's officers.
///
/// # Errors
///
/// [`Refused::NotFound`] as in [`to_see`]; [`Refused::Forbidden`] if the caller is no officer.
pub async fn to_decide(access: &Access<'_>, id: &RequestId) -> Result<Request, Refused> {
    let known = to_see(access, id).await?;
    access.decides("register-officers-only")?;
    Ok(known)
}

/// Refuses all requests without proof by the asker of `of`. Returns how many were refused.
///
/// # Errors
///
/// As [`to_decide`]; [`Refused::Because`] if there is no such request.
pub async fn refuse_all(access: &Access<'_>, of: &RequestId) -> Result<usize, Refused> {
    let of = to_decide(access, of).await?;
    let world = access.world;
    let reason = world.locale.text("register-refused-all-reason");
    let by = access.name();
    let step = change(world, access.mark(), |present, now| {
        let step = registry::refuse_all(&of, &present.requests, &by, &reason, now)?;
        Ok(told_of(world, step, Vec::new(), now))
    })
    .await?;
    Ok(step.others.len())
}

/// Records that the asker claims to have published the proof: the service looks for it soon.
///
/// # Errors
///
/// [`Refused::NotFound`] if the request was made in another chat, [`Refused::Because`] if it is decided.
pub async fn prove(access: &Access<'_>, id: &RequestId) -> Result<Request, Refused> {
    let missing = || Refused::NotFound(Noun::Request);
    own(access, id).await?;
    let step = change(access.world, access.mark(), |present, now| {
        let known = present.requests.iter().find(|it| it.id == *id);
        let step = registry::prove(known.ok_or_else(missing)?, now)?;
        Ok(Change {
            step,
            ..Change::default()
        })
    })
    .await?;
    step.request.ok_or_else(missing)
}

/// Approves a request: the portal is watched, until `until` if given. `state` is the [`Request::state`] that the
/// officer saw.
///
/// # Errors
///
/// [`Refused::Because`] if the request no longer has that state, if `until` has passed, or if the request is decided.
pub async fn approve(
    access: &Access<'_>,
    id: &RequestId,
    until: Option<Timestamp>,
    state: Option<&str>,
) -> Result<Request, Refused> {
    let known = to_decide(access, id).await?;
    let world = access.world;
    let changed = state.is_some_and(|it| it != known.state());
    if known.stage.is_open() && changed {
        return Err(Localized::new("register-changed").with("id", id).into());
    }
    if until.is_some_and(|it| it <= world.clock.now()) {
        return Err(Refused::because("register-window-over"));
    }
    let by = access.name();
    let defaults = &world.config.defaults;
    step_of(world, id, access.mark(), |known, present, now| {
        let decided = Decided {
            by: &by,
            until,
            now,
        };
        registry::approve(known, present.known(), &present.agencies, defaults, decided)
    })
    .await
}

/// Refuses a request, with a reason for the asker.
///
/// # Errors
///
/// As [`to_decide`]; [`Refused::Because`] if the request is decided.
pub async fn refuse(access: &Access<'_>, id: &RequestId, reason: &str) -> Result<Request, Refused> {
    to_decide(access, id).await?;
    let by = access.name();
    step_of(access.world, id, access.mark(), |known, _, now| {
        registry::refuse(known, &by, reason, now)
    })
    .await
}

/// Withdraws a request of the caller's own chat.
///
/// # Errors
///
/// [`Refused::NotFound`] if the request was made in another chat, [`Refused::Because`] if it is decided.
pub async fn withdraw(access: &Access<'_>, id: &RequestId) -> Result<Request, Refused> {
    own(access, id).await?;
    let by = access.name();
    step_of(access.world, id, access.mark(), |known, _, now| {
        registry::withdraw(known, &by, now)
    })
    .await
}

/// Registers targets without a request, until `until` if given. All of them, or none if `targets` returns a fault for
/// the present registry.
///
/// # Errors
///
/// [`Refused::Forbidden`] if the caller is no officer, [`Refused::Because`] with the fault of `targets`.
pub async fn add(
    access: &Access<'_>,
    until: Option<Timestamp>,
    targets: impl Fn(&Present) -> Result<Vec<Target>, Localized> + Sync,
) -> Result<Vec<Registration>, Refused> {
    access.decides("register-officers-only")?;
    let by = access.name();
    let step = change(access.world, access.mark(), |present, now| {
        let step = registry::add(targets(present)?, &by, until, now);
        Ok(Change {
            step,
            ..Change::default()
        })
    })
    .await?;
    Ok(step.registered)
}

/// Records a proof for a request that a look on behalf of other askers found.
pub(crate) async fn proved(world: &World, id: &RequestId, proof: Proof) -> Result<(), Refused> {
    let step = step_of(world, id, None, |known, present, now| {
        let step = registry::proved(known, present.known(), proof.clone(), now);
        // in the meantime the request was decided, or its own look found the proof
        step.ok_or_else(Localized::default)
    });
    match step.await {
        Ok(_) | Err(Refused::Because(_)) => Ok(()),
        Err(why) => Err(why),
    }
}

/// Processes one open request: ends it if it has expired, otherwise looks at its portal.
pub(crate) async fn look_at(world: &World, request: Request) -> Result<(), Refused> {
    if registry::expire(&request, world.clock.now()).is_some() {
        let expired = step_of(world, &request.id, None, |known, _, now| {
            registry::expire(known, now).ok_or_else(Localized::default)
        });
        return expired.await.map(drop);
    }
    let Some((view, proof)) = inspect(world, &request).await else {
        // the service's own network is down: this says nothing about the portal
        return Ok(());
    };
    let class = view.class;
    let refused = registry::request::is_forbidden(class).then(|| {
        let class = world.locale.text(&class.key());
        world
            .locale
            .text_with("register-forbidden", &[("class", &class)])
    });
    let missing = || Refused::NotFound(Noun::Request);
    let seen = change(world, None, |present, now| {
        let known = present.requests.iter().find(|it| it.id == request.id);
        // ignore a request that was decided during the look
        let known = known.filter(|it| it.stage.is_open()).ok_or_else(missing)?;
        let (view, proof) = (view.clone(), proof.clone());
        let step = registry::seen(known, present.known(), view, proof, refused.clone());
        let next = step.request.as_ref().unwrap_or(known);
        let mut alerts = Vec::new();
        if registry::request::is_news(known, next) {
            alerts = told(world, next, now);
        } else if known.again {
            alerts = told(world, next, now);
            let asker = known.asker.notifier.as_ref();
            alerts.retain(|it| Some(&it.notifier) == asker);
        }
        Ok(told_of(world, step, alerts, now))
    });
    match seen.await {
        Ok(_) | Err(Refused::NotFound(_)) => Ok(()),
        Err(why) => Err(why),
    }
}
