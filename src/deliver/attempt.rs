//! One attempt to deliver an alert: mark it as begun, compose the message, send it, record the outcome.

use std::time::Duration;

use jiff::SignedDuration;

use super::{
    PAUSE,
    compose::{Unsent, compose, kind_of},
    fallback,
    outbox::record,
    receipts::{is_edit, stored, wording},
    rings,
    send::send,
    storms, timeline,
};
use crate::{
    model::{About, Alert, Incident, Receipt},
    notify::{Message, Refusal},
    store::Delivery,
    world::World,
};

/// The first pause after a send with an unknown outcome; it grows fourfold with each attempt.
const UNSURE: Duration = Duration::from_secs(10);
/// The longest pause between attempts: after an outage of an hour every alert must be out within two minutes.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The longest pause that a notifier may ask for; when it is over, the notifier may ask again.
const LONGEST_ASKED: Duration = Duration::from_secs(600);
/// Age at which an alert to the asker of a request is given up: the asker can ask again.
const ASKER: SignedDuration = SignedDuration::from_hours(24);

/// Tries to deliver one alert. Returns a pause if the notifier would not take the following alerts either.
pub(super) async fn attempt(world: &World, mut alert: Alert) -> Option<Duration> {
    let unsure = alert.begun;
    alert.begun = true;
    alert.attempts += 1;
    match record(world, Delivery::Begun(alert.clone())).await {
        Ok(stored) => alert = stored.unwrap_or(alert),
        Err(()) => return Some(PAUSE),
    }
    let name = alert.notifier.clone();
    let earlier = kind_of(&alert.about).earlier(world, &name).await;
    let repeat = unsure && !is_edit(world, &name, earlier.as_ref()).await;
    let composed = match compose(world, &alert, repeat).await {
        Ok(composed) => composed,
        Err(why) => return not_composed(world, alert, why).await,
    };
    // if the notifier cannot edit, an identical message tells nothing new: the change has been reverted
    let wording = wording(world, &alert, &composed.message);
    if let Some(wording) = &wording
        && !unsure
        && stored(world, &name, &alert.about.key()).await.as_ref() == Some(wording)
    {
        return leave_out(world, alert).await;
    }
    let outcome = send(world, &name, earlier.as_ref(), &composed.message).await;
    world.metrics.count_delivery(&name, outcome.is_ok());
    match outcome {
        Ok(receipt) => delivered(world, alert, receipt.or(wording), composed.members).await,
        Err(refusal) => {
            // an earlier attempt may have arrived, regardless of this refusal
            alert.begun = unsure;
            refused(world, alert, &composed.message, refusal).await
        }
    }
}

async fn not_composed(world: &World, mut alert: Alert, why: Unsent) -> Option<Duration> {
    let (notifier, about) = (&alert.notifier, alert.about.key());
    match why {
        Unsent::Store(why) => {
            tracing::error!(notifier, about, why, "an alert waits for the store");
            Some(PAUSE)
        }
        Unsent::Moot => leave_out(world, alert).await,
        Unsent::Gone(why) => {
            tracing::error!(
                notifier,
                about,
                why,
                "an alert has nothing to tell of any more"
            );
            alert.refused = Some(why);
            let _ = record(world, Delivery::Dead(alert)).await;
            None
        }
    }
}

/// Records an alert that no longer has anything to report as sent.
async fn leave_out(world: &World, alert: Alert) -> Option<Duration> {
    let sent = Delivery::Sent {
        alert,
        receipt: None,
    };
    record(world, sent).await.is_err().then_some(PAUSE)
}

async fn delivered(
    world: &World,
    alert: Alert,
    receipt: Option<Receipt>,
    members: Vec<Incident>,
) -> Option<Duration> {
    let name = alert.notifier.as_str();
    fallback::mark_alive(world, name);
    let sent = Delivery::Sent {
        alert: alert.clone(),
        receipt,
    };
    let written = record(world, sent).await;
    match &alert.about {
        About::Incident(id) => timeline::note_told(world, id, name).await,
        About::Storm(id) => storms::sent(world, name, id, members).await,
        About::Joined(id) => storms::joined_sent(world, name, id, &members).await,
        _ => rings::sent(world, &alert).await,
    }
    // if the record fails, the alert is sent again, marked as a repeat, after a pause
    written.is_err().then_some(LONGEST_PAUSE)
}

async fn refused(
    world: &World,
    mut alert: Alert,
    message: &Message,
    refusal: Refusal,
) -> Option<Duration> {
    let wait = match refusal {
        Refusal::Never(why) => {
            alert.refused = Some(why.clone());
            if let Some(id) = kind_of(&alert.about).audience().incident() {
                timeline::note_undelivered(world, id, &alert.notifier, &why).await;
            }
            fallback::mark_dead(world, &alert, message, &why).await;
            let _ = record(world, Delivery::Dead(alert)).await;
            return None;
        }
        Refusal::Later(asked, why) => Wait {
            asked,
            why,
            unsure: false,
        },
        Refusal::Unsure(why) => Wait {
            asked: None,
            why,
            unsure: true,
        },
        Refusal::Moved(to) => Wait {
            asked: None,
            why: format!("moved to {to}"),
            unsure: false,
        },
    };
    Some(postpone(world, alert, wait).await)
}

/// Why an alert is postponed.
struct Wait {
    /// The pause that the notifier asked for, if any.
    asked: Option<Duration>,
    why: String,
    /// Whether the message may have arrived.
    unsure: bool,
}

async fn postpone(world: &World, mut alert: Alert, wait: Wait) -> Duration {
    let now = world.clock.now();
    let tries = alert.attempts.saturating_sub(1).min(10);
    let doubled = if wait.unsure {
        // the message has probably arrived, and each attempt sends another copy
        UNSURE
            .saturating_mul(1 << (2 * tries).min(10))
            .min(LONGEST_ASKED)
    } else {
        PAUSE.saturating_mul(1 << tries).min(LONGEST_PAUSE)
    };
    let asked = wait.asked.map(|it| it.min(LONGEST_ASKED));
    let pause = asked.unwrap_or(doubled) + Duration::from_millis(fastrand::u64(..=250));
    tracing::warn!(
        notifier = alert.notifier,
        about = alert.about.key(),
        why = wait.why,
        again_in_s = pause.as_secs(),
        "an alert waits"
    );
    let signed = SignedDuration::try_from(pause).unwrap_or(SignedDuration::from_secs(60));
    alert.due = now.checked_add(signed).unwrap_or(now);
    alert.refused = Some(wait.why);
    let of_asker = matches!(alert.about, About::Request(_));
    if of_asker && now.duration_since(alert.created) > ASKER {
        let _ = record(world, Delivery::Dead(alert)).await;
        return pause.min(LONGEST_PAUSE);
    }
    alert.begun |= wait.unsure;
    fallback::also_elsewhere(world, &mut alert).await;
    let _ = record(world, Delivery::Postponed(alert)).await;
    pause.min(LONGEST_PAUSE.max(asked.unwrap_or_default()))
}
