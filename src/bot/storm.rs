//! Taking all incidents of a storm, or of another message about many, with one tap.

use super::here::Here;
use crate::{
    actions::incidents::{NotDone, step_all},
    incident,
    model::{
        Incident, IncidentId,
        incident::{Event, What},
    },
    notify::reminders::{TAKE_CALLED, TAKE_LASTING},
    store,
    store::Wanted,
};

/// Takes what is open and taken by nobody; says how many that were, and how many somebody had already.
pub(super) async fn take(here: &Here<'_>, id: &str) -> Result<String, String> {
    let failed = |why: String| {
        tracing::error!(storm.id = id, why, "a storm cannot be taken");
        here.say("bot-failed", &[])
    };
    let ours = ours(here, id).await;
    let ours = ours.map_err(|it| failed(it.to_string()))?;
    if ours.is_empty() {
        return Err(here.say("bot-no-incident", &[]));
    }
    let by = here.actor().await;
    let take = |known: &Incident, now| incident::take(known, &by, now).ok();
    let done = step_all(here.world, &ours, Some(here.seen_to()), take).await;
    let done = done.map_err(|why| match why {
        NotDone::Store(error) => failed(error.to_string()),
        NotDone::Refused(why) => why,
        NotDone::Unknown => here.say("bot-no-incident", &[]),
    })?;
    let already = done.left.iter();
    let already = already.filter(|it| it.stage.is_open() && it.taken.is_some());
    let counts = [done.moved.len(), already.count()].map(|it| it.to_string());
    let args = [("count", counts[0].as_str()), ("already", &counts[1])];
    let key = match (done.moved.len(), counts[1].as_str()) {
        (0, "0") => "bot-over-all",
        (0, _) => "bot-taken-all-already",
        _ => "bot-taken-all",
    };
    Ok(here.say(key, &args))
}

/// The incidents that this chat was told of in that message, and is told of still. A storm is of one notifier: another's
/// id finds nothing here.
async fn ours(here: &Here<'_>, id: &str) -> store::Result<Vec<IncidentId>> {
    let store = &here.world.store;
    let mut members = rung_for(here, id).await?;
    for name in &here.names {
        for storm in store.storms(name).await?.iter().filter(|it| it.id == id) {
            members.extend(store.members(storm).await?);
        }
    }
    let members = here.of_ours(members).await?;
    let mut ids: Vec<IncidentId> = members.into_iter().map(|it| it.id).collect();
    ids.sort();
    ids.dedup();
    Ok(ids)
}

/// The open incidents that a message rang for: `calls-1764370000` are those that people were called for by that second,
/// `lasting-…` those that were reminded of. Muted ones were not in it.
async fn rung_for(here: &Here<'_>, id: &str) -> store::Result<Vec<Incident>> {
    let Some((which, by)) = id.split_once('-') else {
        return Ok(Vec::new());
    };
    let of: &[What] = match which {
        TAKE_CALLED => &[What::Escalated],
        TAKE_LASTING => &[What::Blind, What::Reminded],
        _ => return Ok(Vec::new()),
    };
    let Ok(by) = by.parse::<i64>() else {
        return Ok(Vec::new());
    };
    let wanted = Wanted {
        open_only: true,
        ..Wanted::default()
    };
    let now = here.world.clock.now();
    let rang = |it: &Event| of.contains(&it.what) && it.at.as_second() <= by;
    let heard = |it: &Incident| here.names.iter().any(|name| !it.is_muted_for(name, now));
    let mut all = here.world.store.incidents(&wanted).await?;
    all.retain(|it| it.timeline.iter().any(rang) && heard(it));
    Ok(all)
}
