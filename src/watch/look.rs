//! One look: visit, judge by what is known, read and judge. Writes nothing.

use std::{net::IpAddr, sync::Arc};

use crate::{
    detect::{self, shown::Shown},
    diff::Norm,
    fetch::Visit,
    judge::{self, Candidate, Case, Known, Look},
    model::{
        Class, Digest, Fetched, Mask, Profile, Standing, Target, TargetState, incident::Evidence,
        lead::Reached, target_state::Validators,
    },
    watch::outside::without_exceptions,
    world::{World, sheet_cache::Set, workers::Unfinished},
};

/// How a look asks, and what it is compared with besides its own baseline.
#[derive(Clone, Copy, Debug, Default)]
pub struct LookOptions<'a> {
    /// Make the request a conditional one.
    pub validators: Option<&'a Validators>,
    /// What is remembered of the first profile, where the look is by another one.
    pub first_profile: Option<&'a TargetState>,
    /// What the first profile was shown just now, where the look is by another one and the first one's page is well.
    pub first_shown: Option<&'a Arc<Shown>>,
    /// The address of an earlier look that this one is compared with.
    pub address: Option<IpAddr>,
    /// What was fetched at the places that the page newly leads to.
    pub reached: Option<&'a Arc<[Reached]>>,
}

/// Bytes up to which a page is matched with its mask on the calling thread: a millisecond or two at worst.
const MATCHED_HERE: usize = 32 << 10;

/// Looks at a target once as one profile; `target_state` is that profile's own.
pub async fn look(
    world: &World,
    target: &Target,
    profile: Profile,
    target_state: &TargetState,
    options: LookOptions<'_>,
) -> Look {
    let target = &*without_exceptions(world, target, options.first_profile.unwrap_or(target_state));
    let known = Known {
        target,
        target_state,
        first: options.first_profile,
        shown: options.first_shown,
        at: world.clock.now(),
    };
    let visit = Visit {
        target: &target.id,
        url: &target.url,
        profile,
        timeout: target.settings.timeout,
        max_body: target.settings.max_body,
        validators: options.validators,
        prefer: options.address,
        by_operator: target.by_operator,
    };
    let mut fetched = world.eye.visit(&visit, known.at).await;
    if let Some(look) = shown_over_http2(world, known, &fetched).await {
        return look;
    }
    fetched.broken = None;
    // a page with other style sheets is another page, whatever its bytes
    let restyled = target.part.is_none() && !world.sheets.known(&target.id).await.is_settled();
    if !(restyled && fetched.body.is_some())
        && let Some(look) = judge::glance(known, &fetched)
    {
        return look;
    }
    if let Some(look) = soft_404(world, known, visit, &mut fetched).await {
        return look;
    }
    let mask = kept_mask(world, known, &fetched).await;
    if !restyled && let Some(look) = masked(world, known, &fetched, mask.as_ref()).await {
        return look;
    }
    // a judgement with what the page leads to is not one of its bytes alone
    let key = judge::cache_key(known, &fetched).filter(|_| options.reached.is_none());
    let key = key.map(|it| match world.sheets.digest(&target.id, Set::Now) {
        Some(sheets) => Digest::of_parts([it.bytes().as_slice(), sheets.bytes()]),
        None => it,
    });
    if let Some(judgement) = key.and_then(|it| world.verdicts.get(&it)) {
        let mut look = judge::cached(known, &fetched, &judgement);
        name_changed(world, known, &mut look).await;
        return look;
    }
    let look = read(world, known, fetched, mask, options.reached).await;
    if let Some((key, judgement)) = key.zip(judge::judgement(&look)) {
        world.verdicts.insert(key, judgement);
    }
    look
}

/// Judges the page of a look once more, with what was fetched since (`options.reached`). `target_state` is that of the
/// look's profile.
pub(crate) async fn judge_again(
    world: &World,
    target: &Target,
    target_state: &TargetState,
    look: Look,
    options: LookOptions<'_>,
) -> Look {
    let known = Known {
        target,
        target_state,
        first: options.first_profile,
        shown: options.first_shown,
        at: look.observation.at,
    };
    let fetched = Fetched {
        observation: look.observation,
        body: look.body,
        partial: None,
        broken: None,
        held: None,
    };
    read(world, known, fetched, None, options.reached).await
}

/// The look of a page that broke off over HTTP/2, if that is the page that counts.
async fn shown_over_http2(world: &World, known: Known<'_>, fetched: &Fetched) -> Option<Look> {
    fetched.broken.as_ref()?;
    let id = &known.target.id;
    let of = Arc::new((
        known.target.clone(),
        known.target_state.clone(),
        fetched.clone(),
    ));
    let (work, at) = (of.clone(), known.at);
    let shown = world.workers.run_limited(id, move || {
        let (target, target_state, fetched) = work.as_ref();
        let known = Known {
            target,
            target_state,
            first: None,
            shown: None,
            at,
        };
        judge::shown_over_http2(known, fetched)
    });
    // a page that takes too long is not believed: the one that came over HTTP/1.1 counts
    let look = shown.await.ok().flatten()?;
    if look.class == Class::Defaced {
        return Some(look);
    }
    let is_another = world
        .workers
        .run_limited(id, move || judge::is_another_page(&of.0, &of.2));
    is_another.await.unwrap_or(false).then_some(look)
}

/// The look of an unlinked path that the server does not have, though it answers with status 200.
async fn soft_404(
    world: &World,
    known: Known<'_>,
    visit: Visit<'_>,
    fetched: &mut Fetched,
) -> Option<Look> {
    if !judge::could_be_soft_404(known, fetched) {
        return None;
    }
    // the second visit may wait for a place among large bodies, and must not hold another one meanwhile
    fetched.held = None;
    let nowhere = visit_nowhere(world, visit, fetched).await;
    let (target, page) = (known.target.clone(), fetched.clone());
    let work = move || judge::is_soft_404(&target, &page, nowhere.as_ref());
    let done = world.workers.run_limited(&known.target.id, work).await;
    done.unwrap_or(true)
        .then(|| judge::soft_404(known, fetched))
}

/// Reads and judges a page, unless a mask that is learnt first decides it.
async fn read(
    world: &World,
    known: Known<'_>,
    fetched: Fetched,
    mask: Option<Arc<Mask>>,
    reached: Option<&Arc<[Reached]>>,
) -> Look {
    let mut case = Case::of(known);
    case.reached = reached.cloned().unwrap_or_default();
    case.fleet = world.fleet.now();
    let (id, sheets) = (&known.target.id, &world.sheets);
    let mut settled = true;
    if known.target.part.is_none() {
        case.sheets = sheets.sheets(&world.workers, id, Set::Now).await;
        settled = sheets.known(id).await.is_settled();
    }
    if judge::needs_mask(known, &fetched) {
        case.mask = mask.clone().filter(|it| judge::is_current(known, it));
        if case.mask.is_none() {
            case.mask = world.mask_updates.learn(known, mask).await;
            if settled
                && let Some(mut look) = masked(world, known, &fetched, case.mask.as_ref()).await
            {
                // a look behind a bad certificate has no mask, and teaches none
                look.mask_update = look.mask.as_ref().map(|it| Box::new(it.as_ref().clone()));
                return look;
            }
        }
    }
    if judge::needs_norm(known, &fetched) {
        match norms(world, known, &fetched).await {
            Ok((norm, reference)) => {
                case.compare(norm, reference, known.shown);
            }
            // without a norm, only what the beginning of a page itself says can accuse it
            Err(_) if fetched.body.is_none() => (),
            Err(why) => {
                tracing::error!(target.id = %known.target.id, %why, "the norm could not be made in time; the page counts as over a limit");
                return judge::unread(known, &fetched, why);
            }
        }
    }
    let mut look = judged(world, case, fetched).await;
    name_changed(world, known, &mut look).await;
    look
}

/// Names the changed style sheets of a portal among the evidence of tampering.
async fn name_changed(world: &World, known: Known<'_>, look: &mut Look) {
    if look.class.standing() != Standing::Tampered || known.target.part.is_some() {
        return;
    }
    let sheets = world.sheets.known(&known.target.id).await;
    let changed = sheets.changed().filter_map(|(url, digest)| {
        Some(Evidence {
            at: known.at,
            digest,
            url: url.parse().ok()?,
            content_type: Some("text/css".to_owned()),
        })
    });
    look.led.extend(changed);
}

/// Reads and judges a page on the workers.
async fn judged(world: &World, case: Case, fetched: Fetched) -> Look {
    let id = case.target.id.clone();
    let of = Arc::new((case, fetched));
    let work = of.clone();
    let read = world
        .workers
        .run_limited(&id, move || judge::read(&work.0, &work.1));
    let why = match read.await {
        Ok(look) => return look,
        Err(why) => why,
    };
    let work = of.clone();
    let crude = move || judge::read_crudely(&work.0, &work.1, why);
    match world.workers.run_limited(&id, crude).await {
        Ok(look) => look,
        Err(_) => {
            tracing::error!(target.id = %id, %why, "a page could not be judged; it counts as over a limit");
            judge::unread(of.0.known(), &of.1, why)
        }
    }
}

/// The mask in the store, for a visit that is judged by a page.
async fn kept_mask(world: &World, known: Known<'_>, fetched: &Fetched) -> Option<Arc<Mask>> {
    if !judge::needs_mask(known, fetched) {
        return None;
    }
    match world.store.mask(&known.target_state.target).await {
        Ok(kept) => kept,
        Err(error) => {
            tracing::warn!(target.id = %known.target_state.target, %error, "the mask cannot be read; it is learnt anew");
            None
        }
    }
}

/// The look of a page that a mask lets through: a small page is matched here, a larger one on another thread.
async fn masked(
    world: &World,
    known: Known<'_>,
    fetched: &Fetched,
    mask: Option<&Arc<Mask>>,
) -> Option<Look> {
    let body = fetched.body.clone()?;
    let candidate = Candidate::of(known, fetched, mask)?;
    let fits = if body.len() <= MATCHED_HERE {
        candidate.mask().fits(&body)
    } else {
        let mask = candidate.mask().clone();
        let work = move || mask.fits(&body);
        let done = world.workers.run_limited(&known.target.id, work).await;
        // a page that is not matched in time is judged
        done.unwrap_or(false)
    };
    fits.then(|| candidate.matched(fetched))
}

/// The norm of the profile that looks, and a second one by which planted things are judged once more.
async fn norms(
    world: &World,
    known: Known<'_>,
    fetched: &Fetched,
) -> Result<(Arc<Norm>, Reference), Unfinished> {
    let learnt = world
        .norms
        .learnt(&world.workers, known.target, known.target_state)
        .await?;
    let reference = match known.first {
        // the beginning of a page is compared with nothing else
        _ if fetched.body.is_none() => None,
        Some(first) => {
            let of = world
                .norms
                .learnt(&world.workers, known.target, first)
                .await?;
            Some((of.all, detect::ReferenceKind::FirstProfile))
        }
        None => learnt
            .approved
            .map(|it| (it, detect::ReferenceKind::Approved)),
    };
    Ok((learnt.all, reference))
}

type Reference = Option<judge::Reference>;

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
