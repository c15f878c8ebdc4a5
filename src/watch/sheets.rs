//! Fetches the style sheets of a portal: where a page links one that is not known, and once a day.

use std::time::Duration;

use futures_util::{StreamExt, stream};
use tokio::time::{Instant, timeout_at};
use url::Url;

use crate::{
    fetch::Visit,
    judge::{DecidedBy, Look, sheets},
    model::{Profile, Standing, Target, TargetState},
    page::{self, Source, registrable},
    watch::look::{LookOptions, judge_again},
    world::{World, sheet_cache::Got},
};

/// Most bytes of each style sheet; most that are fetched at once; time for all of one check together.
const LARGEST: u64 = 256 << 10;
const AT_ONCE: usize = 6;
const WITHIN: Duration = Duration::from_secs(5);
/// Rounds of one check: a style sheet may import others.
const ROUNDS: usize = 2;
/// A page of this score is judged with all its style sheets before the verdict.
const DOUBTFUL: f64 = 0.05;
/// A page of this score makes no style sheet normal.
const LEARNS: f64 = 0.2;

/// Completes the style sheets of a doubtful first look, and judges it once more with them.
pub(crate) async fn complete(
    world: &World,
    target: &Target,
    target_state: &TargetState,
    first: Look,
) -> Look {
    let own = target.settings.profiles.first();
    let is_first = own.is_none_or(|it| *it == first.observation.profile);
    if first.verdict.score < DOUBTFUL || !is_first || target.part.is_some() {
        return first;
    }
    let known = world.sheets.known(&target.id).await;
    if known.is_new() || known.unknown(&first.sheets, world.clock.now()).is_empty() {
        return first;
    }
    fetch_all(world, target, &first, first.sheets.clone()).await;
    judge_again(world, target, target_state, first, LookOptions::default()).await
}

/// Fetches what is not known or too old, after the verdict. A calm look makes the style sheets that it was judged with
/// those of the norm.
pub(crate) async fn renew(world: &World, target: &Target, look: &Look, is_calm: bool) {
    if target.part.is_some() || look.class.standing() != Standing::Up {
        return;
    }
    let known = world.sheets.known(&target.id).await;
    let was_judged = matches!(look.decided_by, DecidedBy::Judged | DecidedBy::Cached);
    if is_calm && was_judged && look.verdict.score < LEARNS && !known.is_settled() {
        world.sheets.settle(&target.id).await;
    }
    let linked = match look.is_whole {
        true => look.sheets.clone(),
        false if known.is_new() => linked(world, target, look).await,
        false => Vec::new(),
    };
    let now = world.clock.now();
    let is_due = known.is_new() && look.body.is_some()
        || !known.unknown(&linked, now).is_empty()
        || !known.due(now).is_empty();
    if is_due {
        fetch_all(world, target, look, linked).await;
    }
}

/// The style sheets of its own domain that a page links which was not read.
async fn linked(world: &World, target: &Target, look: &Look) -> Vec<String> {
    let (Some(body), Some(answer)) = (look.body.clone(), look.observation.answer()) else {
        return Vec::new();
    };
    let (url, kind) = (answer.final_url.clone(), answer.content_type.clone());
    let read = move || {
        let source = Source {
            bytes: &body,
            content_type: kind.as_deref(),
            url: &url,
            ignore: &[],
        };
        let page = page::read(source).ok()?;
        let own = page.domain();
        let mut all = page.sheets;
        all.retain(|it| is_of(it, &own));
        all.truncate(sheets::MOST);
        Some(all)
    };
    let read = world.workers.run_limited(&target.id, read).await;
    read.ok().flatten().unwrap_or_default()
}

fn is_of(url: &str, domain: &str) -> bool {
    let url = Url::parse(url).ok();
    url.is_some_and(|it| registrable(it.host_str().unwrap_or_default()) == domain)
}

/// Fetches those of `linked` that are not known and those that are too old, and what they import from the portal's own
/// domain, within [`WITHIN`].
async fn fetch_all(world: &World, target: &Target, look: &Look, mut linked: Vec<String>) {
    let until = Instant::now() + WITHIN;
    let profile = look.observation.profile;
    let own = registrable(target.url.host_str().unwrap_or_default());
    let mut known = world.sheets.known(&target.id).await;
    let mut due = known.due(world.clock.now());
    for _ in 0..ROUNDS {
        let mut wanted = known.unknown(&linked, world.clock.now());
        wanted.append(&mut due);
        if wanted.is_empty() && !known.is_new() {
            return;
        }
        let visits = wanted.into_iter().map(|url| async move {
            let visit = timeout_at(until, fetch(world, target, profile, &url)).await;
            (url, visit.unwrap_or(Got::Silence))
        });
        let visits = stream::iter(visits).buffer_unordered(AT_ONCE);
        let fetched: Vec<(String, Got)> = visits.collect().await;
        let imported = fetched.iter().flat_map(|(url, got)| match got {
            Got::Sheet(body) => page::imports(body, url),
            Got::Nothing | Got::Silence => Vec::new(),
        });
        let imported: Vec<String> = imported.filter(|it| is_of(it, &own)).collect();
        for it in imported {
            if !linked.is_empty() && linked.len() < sheets::MOST && !linked.contains(&it) {
                linked.push(it);
            }
        }
        let before = known;
        let at = world.clock.now();
        known = world
            .sheets
            .put(&target.id, fetched.clone(), linked.clone(), at)
            .await;
        if before.changed().count() < known.changed().count() {
            keep(world, target, &fetched).await;
        }
    }
}

/// Visits one address as a visit of its own: without the portal's cookies. The operator's exceptions of private
/// networks hold for the portal's own host alone.
async fn fetch(world: &World, target: &Target, profile: Profile, url: &str) -> Got {
    let of = target.id.child("sheet");
    let Ok(url) = Url::parse(url) else {
        return Got::Nothing;
    };
    let visit = Visit {
        target: &of,
        url: &url,
        profile,
        timeout: WITHIN,
        max_body: LARGEST + 4096,
        validators: None,
        prefer: None,
        by_operator: target.by_operator && url.host() == target.url.host(),
    };
    let fetched = world.eye.visit(&visit, world.clock.now()).await;
    let is_too_large = fetched.is_too_large();
    let answer = fetched.observation.answer().cloned();
    let Some(body) = fetched.body.or(fetched.partial.filter(|_| is_too_large)) else {
        let silence = fetched.observation.silence();
        let is_absent = silence.is_some_and(|it| it.status.is_some());
        return if is_absent {
            Got::Nothing
        } else {
            Got::Silence
        };
    };
    // one byte more than is read tells that it is cut
    let body = body.slice(..body.len().min(LARGEST as usize + 1));
    let kind = answer.as_ref().and_then(|it| it.content_type.as_deref());
    let is_good = answer.as_ref().is_none_or(|it| it.status == 200);
    match is_good && sheets::is_style(&body, kind) {
        true => Got::Sheet(body),
        false => Got::Nothing,
    }
}

/// Keeps changed style sheets as evidence.
async fn keep(world: &World, target: &Target, fetched: &[(String, Got)]) {
    for (url, got) in fetched {
        let Got::Sheet(body) = got else { continue };
        match world.evidence.keep_body(body.clone()).await {
            Ok(digest) => {
                tracing::info!(target.id = %target.id, %url, %digest, "a style sheet of the portal has changed");
            }
            Err(error) => {
                tracing::error!(target.id = %target.id, %error, "a style sheet cannot be kept");
            }
        }
    }
}
