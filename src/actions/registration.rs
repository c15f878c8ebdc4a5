//! The registry's verbs in the world: each decision of `registry` as one commit with whom it is told to, decided anew where
//! somebody else was faster.

use futures_util::StreamExt;
use jiff::Timestamp;

use crate::{
    actions::{candidates, ownership::scrutinise, removal, request_alerts::told},
    model::{
        Agency, Alert, Incident, Say, Target,
        registration::{Deed, Proof, Registration, Request, RequestId},
    },
    registry::{self, Known, Step, Wanted, limits, request::Around},
    store::{Commit, Enrolment, StoreError},
    world::World,
};

/// A commit that was overtaken is decided anew so many times.
const TRIES: u32 = 5;
/// Portals that are looked at at once because somebody asked.
const AT_ONCE: usize = 8;
/// … and in one round: who asks meanwhile does not wait for all of them.
const A_ROUND: usize = 32;
/// Ids that are tried for a newcomer.
const MOST_USED: usize = 20;

/// Why nothing was done.
#[derive(Debug)]
pub enum NotDone {
    /// There is no such request or target.
    Unknown,
    /// It cannot be, for that reason.
    Refused(Say),
    Store(StoreError),
}

impl From<StoreError> for NotDone {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<Say> for NotDone {
    fn from(say: Say) -> Self {
        Self::Refused(say)
    }
}

/// The registry as one moment knew it.
pub struct Present {
    pub revision: u64,
    pub registered: Vec<Registration>,
    pub targets: Vec<Target>,
    pub agencies: Vec<Agency>,
    pub requests: Vec<Request>,
    /// Ids of newcomers that are remembered from before.
    used: Vec<String>,
}

impl Present {
    pub async fn of(world: &World) -> Result<Self, StoreError> {
        let revision = world.store.registry_revision().await?;
        let registered = world.store.registry().await?;
        let targets = world.with_file(registered.iter().map(|it| it.target.clone()));
        Ok(Self {
            revision,
            agencies: world.agencies(&targets),
            requests: world.store.requests().await?,
            registered,
            targets,
            used: Vec::new(),
        })
    }

    pub fn known(&self) -> Known<'_> {
        Known {
            targets: &self.targets,
            requests: &self.requests,
            used: &self.used,
        }
    }
}

/// Decides on the registry as it is and commits it; `milestone` is written in the same commit.
pub(crate) async fn decided(
    world: &World,
    milestone: Option<(String, String)>,
    decide: impl Fn(&Present, Timestamp) -> Result<(Step, Vec<Alert>, Vec<Incident>), NotDone>,
) -> Result<Step, NotDone> {
    for _ in 0..TRIES {
        let present = Present::of(world).await?;
        let now = world.clock.now();
        let (step, alerts, incidents) = decide(&present, now)?;
        match world
            .store
            .commit(Commit {
                incidents,
                ..written(&step, &present, alerts, &milestone)
            })
            .await
        {
            Ok(()) => return Ok(step),
            Err(StoreError::Conflict) => continue,
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}

fn written(
    step: &Step,
    present: &Present,
    alerts: Vec<Alert>,
    milestone: &Option<(String, String)>,
) -> Commit {
    let enrols = !step.registered.is_empty() || !step.removed.is_empty();
    Commit {
        requests: step.request.iter().chain(&step.others).cloned().collect(),
        // a new request is decided from who else asks, a request from who is watched
        registry: (enrols || step.request.is_some() || !step.others.is_empty()).then(|| {
            Enrolment {
                revision: present.revision,
                registered: step.registered.clone(),
                removed: step.removed.clone(),
            }
        }),
        entries: step.entries.clone(),
        alerts,
        milestone: milestone.clone(),
        ..Commit::default()
    }
}

/// Begins a request, which is looked at soon. Where too many wait, the asker is remembered: a proof makes it a request.
pub async fn ask(
    world: &World,
    wanted: Wanted,
    milestone: Option<(String, String)>,
) -> Result<Request, NotDone> {
    let asked = begin(world, wanted.clone(), None, milestone).await;
    match asked {
        Err(NotDone::Refused(say)) if say.key == "register-prove-first" => {
            let host = wanted.url.host_str().unwrap_or_default().to_owned();
            let token = candidates::remember(world, wanted);
            let say = say.with("token", token).with("host", host);
            Err(NotDone::Refused(say))
        }
        asked => asked,
    }
}

/// Begins a request that has its proof already.
pub(crate) async fn ask_proved(
    world: &World,
    wanted: Wanted,
    proof: Proof,
) -> Result<Request, NotDone> {
    begin(world, wanted, Some(proof), None).await
}

async fn begin(
    world: &World,
    wanted: Wanted,
    proof: Option<Proof>,
    milestone: Option<(String, String)>,
) -> Result<Request, NotDone> {
    // what cannot be asked for takes no number
    let probe = RequestId::new(0, 0);
    let ports = &world.config.service.allow_ports;
    let begin = |present: &Present, id: RequestId, now| {
        let around = Around {
            agencies: &present.agencies,
            ports,
        };
        registry::ask(
            present.known(),
            around,
            wanted.clone(),
            proof.clone(),
            id,
            now,
        )
    };
    let mut present = Present::of(world).await?;
    let now = world.clock.now();
    // what was learnt of a portal that had the id before is not this one's
    for _ in 0..MOST_USED {
        let asked = begin(&present, probe.clone(), now)?.request;
        let Some(id) = asked.map(|it| it.target) else {
            break;
        };
        let remembered = world.store.dossier(&id).await?.is_some();
        if !remembered
            && world
                .store
                .entries(Some(&id))
                .await?
                .iter()
                .all(|it| is_asked(&it.deed))
        {
            break;
        }
        present.used.push(id.to_string());
    }
    let used = present.used;
    let year = now.to_zoned(world.config.service.timezone.clone()).year();
    let id = world.store.request_id(year).await?;
    let step = decided(world, milestone, |present, now| {
        let known = Known {
            used: &used,
            ..present.known()
        };
        let around = Around {
            agencies: &present.agencies,
            ports,
        };
        let (wanted, proof) = (wanted.clone(), proof.clone());
        let step = registry::ask(known, around, wanted, proof, id.clone(), now)?;
        let mut alerts = Vec::new();
        for it in &step.others {
            alerts.extend(told(world, it, now));
        }
        Ok((step, alerts, Vec::new()))
    })
    .await?;
    step.request.ok_or(NotDone::Unknown)
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

/// One step of a request that is told to officers and to who asked.
async fn step_of(
    world: &World,
    id: &RequestId,
    milestone: Option<(String, String)>,
    decide: impl Fn(&Request, &Present, Timestamp) -> Result<Step, Say>,
) -> Result<Request, NotDone> {
    let step = decided(world, milestone, |present, now| {
        let known = present.requests.iter().find(|it| it.id == *id);
        let known = known.ok_or(NotDone::Unknown)?;
        let step = decide(known, present, now)?;
        let next = step.request.as_ref().unwrap_or(known);
        let mut alerts = told(world, next, now);
        for it in &step.others {
            alerts.extend(told(world, it, now));
        }
        Ok((step.clone(), alerts, Vec::new()))
    })
    .await?;
    step.request.ok_or(NotDone::Unknown)
}

/// Refuses, for an officer, all requests without proof that the asker of `of` made; returns their number.
pub async fn refuse_all(
    world: &World,
    of: &Request,
    by: &str,
    milestone: Option<(String, String)>,
) -> Result<usize, NotDone> {
    let reason = world.words.plain("register-refused-all-reason");
    let step = decided(world, milestone, |present, now| {
        let step = registry::refuse_all(of, &present.requests, by, &reason, now)?;
        let told = step.others.iter().flat_map(|it| told(world, it, now));
        Ok((step.clone(), told.collect(), Vec::new()))
    })
    .await?;
    Ok(step.others.len())
}

/// The asker says that his proof is in place.
pub async fn prove(
    world: &World,
    id: &RequestId,
    milestone: Option<(String, String)>,
) -> Result<Request, NotDone> {
    let step = decided(world, milestone, |present, now| {
        let known = present.requests.iter().find(|it| it.id == *id);
        let step = registry::prove(known.ok_or(NotDone::Unknown)?, now)?;
        Ok((step, Vec::new(), Vec::new()))
    })
    .await?;
    step.request.ok_or(NotDone::Unknown)
}

pub async fn approve(
    world: &World,
    id: &RequestId,
    by: &str,
    until: Option<Timestamp>,
    milestone: Option<(String, String)>,
) -> Result<Request, NotDone> {
    let defaults = &world.config.defaults;
    step_of(world, id, milestone, |known, present, now| {
        let agencies = &present.agencies;
        registry::approve(known, present.known(), agencies, defaults, by, until, now)
    })
    .await
}

pub async fn refuse(
    world: &World,
    id: &RequestId,
    by: &str,
    reason: &str,
    milestone: Option<(String, String)>,
) -> Result<Request, NotDone> {
    step_of(world, id, milestone, |known, _, now| {
        registry::refuse(known, by, reason, now)
    })
    .await
}

pub async fn withdraw(
    world: &World,
    id: &RequestId,
    by: &str,
    milestone: Option<(String, String)>,
) -> Result<Request, NotDone> {
    step_of(world, id, milestone, |known, _, now| {
        registry::withdraw(known, by, now)
    })
    .await
}

/// Registers targets without a request: all of them, or none where `targets` finds a fault in the present registry.
pub async fn add(
    world: &World,
    by: &str,
    until: Option<Timestamp>,
    targets: impl Fn(&Present) -> Result<Vec<Target>, Say>,
) -> Result<Vec<Registration>, NotDone> {
    let step = decided(world, None, |present, now| {
        let step = registry::add(targets(present)?, by, until, now);
        Ok((step, Vec::new(), Vec::new()))
    })
    .await?;
    Ok(step.registered)
}

/// Takes a proof into a request that was found by a look for others.
pub(crate) async fn proved(world: &World, id: &RequestId, proof: Proof) -> Result<(), NotDone> {
    let step = step_of(world, id, None, |known, present, now| {
        let step = registry::proved(known, present.known(), proof.clone(), now);
        // it was decided, or proved by its own look, meanwhile
        step.ok_or_else(Say::default)
    });
    match step.await {
        Ok(_) | Err(NotDone::Refused(_)) => Ok(()),
        Err(why) => Err(why),
    }
}

/// When a portal is to be looked at next, of those that are asked for.
pub async fn next_look(world: &World) -> Option<Timestamp> {
    let requests = world.store.requests().await.ok()?;
    let open = requests.into_iter().filter(|it| it.stage.is_open());
    let at = |it: Request| {
        let free = world.candidates.free_at(&limits::domain(&it.url));
        free.map_or(it.look_at, |free| free.max(it.look_at))
    };
    open.map(at).chain(world.candidates.next()).min()
}

/// Ends registrations whose window is over, looks at portals that are asked for, ends requests nobody decided.
pub async fn round(world: &World) {
    let now = world.clock.now();
    if let Err(error) = removal::end(world, now).await {
        tracing::error!(?error, "a registration whose time is over cannot be ended");
    }
    if let Err(error) = removal::unlisted(world, now).await {
        tracing::error!(%error, "incidents of portals that are watched no more cannot be ended");
    }
    let mut due = match world.store.requests().await {
        Ok(requests) => requests,
        Err(error) => return tracing::error!(%error, "requests cannot be read"),
    };
    due.retain(|it| it.stage.is_open() && it.look_at <= now);
    let wait = due.iter().map(|it| limits::domain(&it.url));
    candidates::round(world, &wait.collect()).await;
    // requests with proof first, then portals without a look: their askers wait for an answer
    due.sort_by_key(|it| (it.proof.is_none(), it.view.is_some(), !it.again, it.at));
    let mut next = Vec::new();
    for it in due {
        // a request that ends now needs no look
        let ends = registry::expire(&it, now).is_some();
        if next.len() < A_ROUND && (ends || world.candidates.begins(&limits::domain(&it.url), now))
        {
            next.push(it);
        }
    }
    futures_util::stream::iter(next)
        .for_each_concurrent(AT_ONCE, |it| async move {
            if let Err(error) = looked(world, it).await {
                tracing::error!(?error, "a request cannot be brought forward");
            }
        })
        .await;
}

async fn looked(world: &World, request: Request) -> Result<(), NotDone> {
    if registry::expire(&request, world.clock.now()).is_some() {
        let expired = step_of(world, &request.id, None, |known, _, now| {
            registry::expire(known, now).ok_or_else(Say::default)
        });
        return expired.await.map(drop);
    }
    let Some((view, proof)) = scrutinise(world, &request).await else {
        // our own network is gone: nothing is said of the portal
        return Ok(());
    };
    let class = view.class;
    let refused = registry::request::is_forbidden(class).then(|| {
        let class = world.words.plain(&class.key());
        world.words.text("register-forbidden", &[("class", &class)])
    });
    decided(world, None, |present, now| {
        let known = present.requests.iter().find(|it| it.id == request.id);
        let known = known.ok_or(NotDone::Unknown)?;
        if !known.stage.is_open() {
            // decided while we looked
            return Err(NotDone::Unknown);
        }
        let step = registry::seen(
            known,
            present.known(),
            view.clone(),
            proof.clone(),
            refused.clone(),
        );
        let next = step.request.as_ref().unwrap_or(known);
        let mut alerts = Vec::new();
        if registry::request::is_news(known, next) {
            alerts = told(world, next, now);
        } else if known.again {
            alerts = told(world, next, now);
            let asker = known.asker.notifier.as_ref();
            alerts.retain(|it| Some(&it.notifier) == asker);
        }
        for it in &step.others {
            alerts.extend(told(world, it, now));
        }
        Ok((step, alerts, Vec::new()))
    })
    .await
    .map(drop)
    .or_else(|why| match why {
        NotDone::Unknown => Ok(()),
        other => Err(other),
    })
}

/// A request by what people call it: `DK-2026-0007`, or a number of this year.
pub async fn find(world: &World, text: &str) -> Result<Option<Request>, StoreError> {
    let text = text.trim().to_uppercase();
    let rest = text.strip_prefix("DK-").unwrap_or(&text);
    let (year, number) = match rest.split_once('-') {
        Some((year, number)) => (year.parse().ok(), number),
        None => {
            let zone = world.config.service.timezone.clone();
            (Some(world.clock.now().to_zoned(zone).year()), rest)
        }
    };
    match (year, number.parse().ok()) {
        (Some(year), Some(number)) => world.store.request(&RequestId::new(year, number)).await,
        _ => Ok(None),
    }
}
