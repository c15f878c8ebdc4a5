//! One look: visit, recall what is known, judge. Writes nothing.

use std::{net::IpAddr, sync::Arc};

use super::outside::without_exceptions;
use crate::{
    detect,
    diff::Norm,
    fetch::Visit,
    judge::{self, Case, Known, Look, Matched, Memory},
    model::{Dossier, Fetched, Mask, Profile, Target, dossier::Validators},
    world::{World, mask_updates, norm_cache, workers::Unfinished},
};

/// What a look is compared with besides its own baseline, and how it asks.
#[derive(Clone, Copy, Debug, Default)]
pub struct Beside<'a> {
    /// Make the request a conditional one.
    pub validators: Option<&'a Validators>,
    /// What is remembered of the first visitor, where another one looks.
    pub first: Option<&'a Dossier>,
    /// The address of an earlier look that this one is compared with.
    pub face: Option<IpAddr>,
}

/// Bytes up to which a page is matched with its mask on the calling thread: a millisecond or two at worst.
const MATCHED_HERE: usize = 32 << 10;

/// Looks at a target once as one visitor; `dossier` is that visitor's own.
pub async fn look(
    world: &World,
    target: &Target,
    profile: Profile,
    dossier: &Dossier,
    beside: Beside<'_>,
) -> Look {
    let target = &*without_exceptions(world, target, beside.first.unwrap_or(dossier));
    let known = Known {
        target,
        dossier,
        first: beside.first,
        at: world.clock.now(),
    };
    let visit = Visit {
        target: &target.id,
        url: &target.url,
        profile,
        timeout: target.settings.timeout,
        max_body: target.settings.max_body,
        validators: beside.validators,
        prefer: beside.face,
        by_operator: target.by_operator,
    };
    let fetched = world.eye.visit(&visit, known.at).await;
    if let Some(look) = judge::glance(known, &fetched) {
        return look;
    }
    let key = judge::cache_key(known, &fetched);
    let mask = kept_mask(world, known, &fetched).await;
    let memory = Memory {
        matched: matched(world, known, &fetched, mask.as_ref()).await,
        judgement: key.and_then(|it| world.memo.recall(&it)),
    };
    if let Some(look) = judge::recall(known, &fetched, &memory) {
        return look;
    }
    let look = match gathered(world, known, visit, fetched, mask).await {
        Gathered::Case(case, fetched) => judged(world, *case, *fetched).await,
        Gathered::Look(look) => *look,
    };
    if let Some((key, judgement)) = key.zip(judge::judgement(&look)) {
        world.memo.keep(key, judgement);
    }
    look
}

/// Reads and judges a page: work for a processor, off the threads that wait for sockets.
async fn judged(world: &World, case: Case, fetched: Fetched) -> Look {
    let id = case.target.id.clone();
    let of = Arc::new((case, fetched));
    let work = of.clone();
    let read = world
        .desks
        .within(&id, move || judge::read(&work.0, &work.1));
    let why = match read.await {
        Ok(look) => return look,
        Err(why) => why,
    };
    let work = of.clone();
    let crude = move || judge::read_crudely(&work.0, &work.1, why);
    match world.desks.within(&id, crude).await {
        Ok(look) => look,
        Err(_) => {
            tracing::error!(target.id = %id, %why, "a page could not be judged; it counts as over a limit");
            judge::unread(of.0.known(), &of.1, why)
        }
    }
}

/// A visit with all that it is judged by, or the look that a mask learnt just now decides.
enum Gathered {
    Case(Box<Case>, Box<Fetched>),
    Look(Box<Look>),
}

async fn gathered(
    world: &World,
    known: Known<'_>,
    visit: Visit<'_>,
    mut fetched: Fetched,
    mask: Option<Arc<Mask>>,
) -> Gathered {
    let mut case = Case::of(known);
    if judge::could_be_soft_404(known, &fetched) {
        // the second visit may wait for a place among large bodies, and must not hold another one meanwhile
        fetched.held = None;
        case.nowhere = visit_nowhere(world, visit, &fetched).await;
    }
    if !judge::needs_norm(known, &fetched) {
        return Gathered::Case(case.into(), fetched.into());
    }
    if fetched.body.is_some() {
        case.mask = mask.clone().filter(|it| judge::is_current(known, it));
        if case.mask.is_none() {
            case.mask = mask_updates::learn(world, known, mask).await;
            if let Some(mut look) = recalled(world, known, &fetched, case.mask.as_ref()).await {
                look.mask_update = case.mask.map(|it| Box::new(it.as_ref().clone()));
                return Gathered::Look(look.into());
            }
        }
    }
    match norms(world, known).await {
        Ok((norm, reference)) => {
            case.norm = norm;
            case.reference = reference;
        }
        // without a norm, only what the page itself says can accuse it
        Err(_) if fetched.body.is_none() => (),
        Err(why) => {
            tracing::error!(target.id = %known.target.id, %why, "the norm could not be made in time; the page counts as over a limit");
            return Gathered::Look(judge::unread(known, &fetched, why).into());
        }
    }
    Gathered::Case(case.into(), fetched.into())
}

/// The mask in the store, for a visit that is judged by a page.
async fn kept_mask(world: &World, known: Known<'_>, fetched: &Fetched) -> Option<Arc<Mask>> {
    fetched.body.as_ref()?;
    match world.store.mask(&known.dossier.target).await {
        Ok(kept) => kept,
        Err(error) => {
            tracing::warn!(target.id = %known.dossier.target, %error, "the mask cannot be read; it is learnt anew");
            None
        }
    }
}

/// Matches a page with a mask: a small page here, a larger one on another thread.
async fn matched(
    world: &World,
    known: Known<'_>,
    fetched: &Fetched,
    mask: Option<&Arc<Mask>>,
) -> Option<Matched> {
    let mask = mask.filter(|it| judge::is_current(known, it))?;
    let body = fetched.body.as_ref()?;
    if !judge::could_match(known, fetched) {
        return None;
    }
    if body.len() <= MATCHED_HERE {
        return Matched::test(mask, body);
    }
    let (mask, body) = (mask.clone(), body.clone());
    let work = move || Matched::test(&mask, &body);
    // a page that is not matched in time is judged
    let done = world.desks.within(&known.target.id, work).await;
    done.ok().flatten()
}

async fn recalled(
    world: &World,
    known: Known<'_>,
    fetched: &Fetched,
    mask: Option<&Arc<Mask>>,
) -> Option<Look> {
    let memory = Memory {
        matched: matched(world, known, fetched, mask).await,
        judgement: None,
    };
    judge::recall(known, fetched, &memory)
}

/// The norm of the visitor that looks, and the one that planted things are asked of once more.
async fn norms(world: &World, known: Known<'_>) -> Result<(Arc<Norm>, Reference), Unfinished> {
    let learnt = norm_cache::learnt(world, known.target, known.dossier).await?;
    let reference = match known.first {
        Some(first) => {
            let of = norm_cache::learnt(world, known.target, first).await?;
            Some((of.all, detect::Beside::FirstProfile))
        }
        None => learnt.approved.map(|it| (it, detect::Beside::Approved)),
    };
    Ok((learnt.all, reference))
}

type Reference = Option<(Arc<Norm>, detect::Beside)>;

/// The answer of the server for a path that cannot exist.
async fn visit_nowhere(world: &World, visit: Visit<'_>, fetched: &Fetched) -> Option<Fetched> {
    let url = visit.url.join(judge::NOWHERE).ok()?;
    let visit = Visit {
        url: &url,
        validators: None,
        prefer: fetched.observation.face.address,
        ..visit
    };
    Some(world.eye.visit(&visit, world.clock.now()).await)
}
