//! Requests that portals be watched: asked for, proved, approved, refused. Each verb is one commit with the alerts that
//! tell of it.

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
        Alert, Say, Target, TargetId,
        registration::{Deed, Proof, Registration, Request, RequestId},
    },
    registry::{
        self, Known, Step, Wanted,
        limits::token,
        request::{Around, Decided},
    },
    store::StoreError,
    world::World,
};

/// Ids that are tried for a newcomer.
const MOST_USED: usize = 20;

/// Begins a request, whose portal is looked at soon. Where too many wait, the asker is remembered: a proof makes it a
/// request.
///
/// # Errors
///
/// [`Refused::Because`] with the reason; `register-prove-first` with `token` and `host` where a proof is wanted first.
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

/// Begins a request that has its proof already.
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
    // what was learnt of a portal that had the id before is not this one's
    for _ in 0..MOST_USED {
        // what cannot be asked for takes no number
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

/// Whether an id is remembered from a portal that had it before.
async fn is_used(world: &World, id: &TargetId) -> Result<bool, StoreError> {
    if world.store.dossier(id).await?.is_some() {
        return Ok(true);
    }
    let entries = world.store.entries(Some(id)).await?;
    Ok(!entries.iter().all(|it| is_asked(&it.deed)))
}

/// A step with `alerts`, and those about the other requests that it ends.
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

/// Asking alone leaves nothing behind.
fn is_asked(deed: &Deed) -> bool {
    !matches!(
        deed,
        Deed::Registered { .. }
            | Deed::Removed { .. }
            | Deed::Ended
            | Deed::Listed { .. }
            | Deed::Unlisted
    )
}

/// One step of a request that is told to officers and to the asker.
async fn step_of(
    world: &World,
    id: &RequestId,
    mark: Option<(String, String)>,
    decide: impl Fn(&Request, &Present, Timestamp) -> Result<Step, Say> + Sync,
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

/// A request by its id as people type it, `DK-2026-0007` or a number of this year.
pub async fn find(access: &Access<'_>, text: &str) -> Result<Request, Refused> {
    to_see(access, &read(access, text)?).await
}

/// A request of the caller's own chat, by its id as people type it.
pub async fn find_own(access: &Access<'_>, text: &str) -> Result<Request, Refused> {
    own(access, &read(access, text)?).await
}

fn read(access: &Access<'_>, text: &str) -> Result<RequestId, Refused> {
    let world = access.world;
    let zone = world.config.service.timezone.clone();
    let this_year = world.clock.now().to_zoned(zone).year();
    RequestId::read(text, this_year).ok_or(Refused::NotFound(Noun::Request))
}

/// A request that was made in the caller's chat, also where the group had another number then.
async fn own(access: &Access<'_>, id: &RequestId) -> Result<Request, Refused> {
    let is_of = |asker: &str| {
        access.recipient() == Some(asker) || access.notifiers().iter().any(|it| it == asker)
    };
    let asked = |it: &Request| it.asker.notifier.as_deref().is_some_and(is_of);
    // the operator at the command line stands in for any asker
    let is_own = |it: &Request| access.recipient().is_none() || asked(it);
    let known = access.world.store.request(id).await?;
    known.filter(is_own).ok_or(Refused::NotFound(Noun::Request))
}

/// A request that is shown to the caller, as one of the operator's people.
pub async fn to_see(access: &Access<'_>, id: &RequestId) -> Result<Request, Refused> {
    let known = access.world.store.request(id).await?;
    let known = known.filter(|_| access.role() == Role::Operator);
    known.ok_or(Refused::NotFound(Noun::Request))
}

/// A request that the caller may decide about, as one of the operator's officers.
pub async fn to_decide(access: &Access<'_>, id: &RequestId) -> Result<Request, Refused> {
    let known = to_see(access, id).await?;
    access.decides("register-officers-only")?;
    Ok(known)
}

/// Refuses all requests without proof that the asker of `of` made; returns their number.
pub async fn refuse_all(access: &Access<'_>, of: &RequestId) -> Result<usize, Refused> {
    let of = to_decide(access, of).await?;
    let world = access.world;
    let reason = world.words.plain("register-refused-all-reason");
    let by = access.name();
    let step = change(world, access.mark(), |present, now| {
        let step = registry::refuse_all(&of, &present.requests, &by, &reason, now)?;
        Ok(told_of(world, step, Vec::new(), now))
    })
    .await?;
    Ok(step.others.len())
}

/// The asker says that the proof is in place.
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

/// Lets the portal be watched, until `until` where it is given. `state` is the [`Request::state`] that the officer was
/// shown: where the request is another by now, nothing is approved.
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
        return Err(Say::new("register-changed").with("id", id).into());
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

pub async fn refuse(access: &Access<'_>, id: &RequestId, reason: &str) -> Result<Request, Refused> {
    to_decide(access, id).await?;
    let by = access.name();
    step_of(access.world, id, access.mark(), |known, _, now| {
        registry::refuse(known, &by, reason, now)
    })
    .await
}

pub async fn withdraw(access: &Access<'_>, id: &RequestId) -> Result<Request, Refused> {
    own(access, id).await?;
    let by = access.name();
    step_of(access.world, id, access.mark(), |known, _, now| {
        registry::withdraw(known, &by, now)
    })
    .await
}

/// Registers targets without a request: all of them, or none where `targets` finds a fault in the present registry.
pub async fn add(
    access: &Access<'_>,
    until: Option<Timestamp>,
    targets: impl Fn(&Present) -> Result<Vec<Target>, Say> + Sync,
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

/// Takes a proof into a request that was found by a look for others.
pub(crate) async fn proved(world: &World, id: &RequestId, proof: Proof) -> Result<(), Refused> {
    let step = step_of(world, id, None, |known, present, now| {
        let step = registry::proved(known, present.known(), proof.clone(), now);
        // it was decided, or proved by its own look, meanwhile
        step.ok_or_else(Say::default)
    });
    match step.await {
        Ok(_) | Err(Refused::Because(_)) => Ok(()),
        Err(why) => Err(why),
    }
}

/// Brings one open request forward: ends it where its time is over, else looks at its portal.
pub(crate) async fn look_at(world: &World, request: Request) -> Result<(), Refused> {
    if registry::expire(&request, world.clock.now()).is_some() {
        let expired = step_of(world, &request.id, None, |known, _, now| {
            registry::expire(known, now).ok_or_else(Say::default)
        });
        return expired.await.map(drop);
    }
    let Some((view, proof)) = inspect(world, &request).await else {
        // our own network is gone: nothing is said of the portal
        return Ok(());
    };
    let class = view.class;
    let refused = registry::request::is_forbidden(class).then(|| {
        let class = world.words.plain(&class.key());
        world.words.text("register-forbidden", &[("class", &class)])
    });
    let missing = || Refused::NotFound(Noun::Request);
    let seen = change(world, None, |present, now| {
        let known = present.requests.iter().find(|it| it.id == request.id);
        // decided while we looked
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
