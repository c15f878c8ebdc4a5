//! What people do with an incident, by button, command or answer. Each step is one commit with the message that shows it
//! to all.

use std::time::Duration;

use jiff::{Timestamp, ToSpan, civil::time};

use super::here::Here;
use crate::{
    actions::{
        approve::{Keep, NotApproved, Word, approve},
        incidents as steps,
        incidents::NotDone,
    },
    incident,
    model::{Incident, IncidentId},
    notify::people::called,
};

/// A portal that is looked at because of an answer has so long: whoever taps next waits for it.
const LOOKING: Duration = Duration::from_secs(10);

/// How long somebody wants silence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Silence {
    Hour,
    /// Until seven, when people come to work.
    Morning,
    /// Until the watch window ends.
    Window,
}

impl Silence {
    /// `1h`, `sang`, `dot` and their English words.
    pub fn of(text: &str) -> Option<Self> {
        match text.trim().to_lowercase().as_str() {
            "" | "1h" | "hour" => Some(Self::Hour),
            "sang" | "sáng" | "morning" => Some(Self::Morning),
            "dot" | "đợt" | "window" => Some(Self::Window),
            _ => None,
        }
    }

    /// `None` where no watch window is open.
    fn until(self, here: &Here<'_>, now: Timestamp) -> Option<Timestamp> {
        match self {
            Self::Hour => now.checked_add(1.hour()).ok(),
            Self::Morning => {
                let zone = here.world.config.service.timezone.clone();
                let local = now.to_zoned(zone.clone());
                let today = local
                    .date()
                    .to_datetime(time(7, 0, 0, 0))
                    .to_zoned(zone)
                    .ok()?;
                let next = if local < today {
                    today
                } else {
                    today.checked_add(1.day()).ok()?
                };
                Some(next.timestamp())
            }
            Self::Window => {
                let windows = here.world.windows(now);
                let open = windows.iter().filter(|it| it.from <= now && now < it.to);
                open.map(|it| it.to).max()
            }
        }
    }
}

/// A step that was written, and the incident as it is now; or what to say instead.
type Stepped = Result<Incident, String>;

async fn step(
    here: &Here<'_>,
    id: &IncidentId,
    decide: impl Fn(&Incident, Timestamp) -> Result<Incident, String> + Sync,
) -> Stepped {
    let done = steps::step(here.world, id, Some(here.seen_to()), decide).await;
    done.map_err(|why| match why {
        NotDone::Unknown => here.say("bot-no-incident", &[]),
        NotDone::Refused(why) => why,
        NotDone::Store(error) => {
            tracing::error!(incident.id = %id, %error, "what a person did cannot be written");
            here.say("bot-failed", &[])
        }
    })
}

/// Who taps first has it.
pub(super) async fn take(here: &Here<'_>, id: &IncidentId) -> Stepped {
    let by = here.actor().await;
    step(here, id, |known, now| {
        let first = known.led().or(known.taken.as_ref());
        incident::take(known, &by, now).map_err(|_| match first {
            Some(taken) if known.stage.is_open() => {
                let by = called(&taken.by, taken.origin.as_ref(), &here.world.words);
                here.say("bot-taken-already", &[("by", &by)])
            }
            _ => here.say("bot-over", &[]),
        })
    })
    .await
}

pub(super) async fn mute(here: &Here<'_>, id: &IncidentId, how: Silence) -> Stepped {
    let by = here.actor().await;
    let own = here.own_notifiers();
    let now = here.world.clock.now();
    let Some(until) = how.until(here, now) else {
        return Err(here.say("bot-no-window", &[]));
    };
    step(here, id, |known, _| {
        incident::mute(known, &by, own, until, now).map_err(|_| {
            let over = !known.stage.is_open();
            here.say(if over { "bot-over" } else { "bot-mute-hour" }, &[])
        })
    })
    .await
}

pub(super) async fn unmute(here: &Here<'_>, id: &IncidentId) -> Stepped {
    let by = here.actor().await;
    let own = here.own_notifiers();
    step(here, id, |known, now| {
        incident::unmute(known, &by, own, now).map_err(|_| here.say("bot-not-muted", &[]))
    })
    .await
}

pub(super) async fn note(here: &Here<'_>, id: &IncidentId, text: &str) -> Stepped {
    let by = here.actor().await;
    step(here, id, |known, now| {
        incident::note(known, &by, text, now).map_err(|_| here.say("bot-no-note", &[]))
    })
    .await
}

/// The page as it is now belongs there: it joins what is known, and the incident ends with the reason.
pub(super) async fn legitimate(here: &Here<'_>, known: &Incident, reason: &str) -> String {
    let world = here.world;
    if !known.stage.is_open() {
        return here.say("bot-over", &[]);
    }
    let Ok(Some(mut target)) = world.target(&known.target).await else {
        return here.say("bot-no-target", &[]);
    };
    target.settings.timeout = target.settings.timeout.min(LOOKING);
    let by = here.actor().await;
    let shown = called(&by.name, by.origin.as_ref(), &world.words);
    let word = Word {
        by,
        keep: Keep::Beside,
        reason: Some(reason.chars().take(500).collect()),
        of: Some(known.id.clone()),
        milestone: Some(here.seen_to()),
    };
    match approve(world, &target, word, None).await {
        Ok(_) => here.say(
            "bot-legitimate",
            &[("id", &known.id.to_string()), ("by", &shown)],
        ),
        Err(NotApproved::NoPage(class)) => here.say(
            "bot-no-page",
            &[("class", &world.words.plain(&class.key()))],
        ),
        Err(NotApproved::Doubtful(class)) => {
            here.say("bot-worse", &[("class", &world.words.plain(&class.key()))])
        }
        Err(error) => {
            tracing::error!(incident.id = %known.id, %error, "a legitimate change cannot be written");
            here.say("bot-failed", &[])
        }
    }
}
