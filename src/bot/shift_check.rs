//! The button "here": an officer answers the test call before their shift.

use jiff::Timestamp;

use super::{
    here::{Here, Role},
    reply::Reply,
    taps::Tapped,
};
use crate::{jobs::shift_check, model::excerpt::named};

/// Handles the tap. `at` is the begin of the shift in seconds since 1970, taken from the button: it can be forged.
pub(super) async fn tapped(here: &Here<'_>, at: &str) -> Tapped {
    if here.role() < Role::Operator {
        return Tapped::loud(here.say("muster-other", &[]));
    }
    let at = at.parse().ok();
    let at = at.and_then(|it| Timestamp::from_second(it).ok());
    let Some(at) = at.filter(|it| *it > here.world.clock.now()) else {
        return Tapped::loud(here.say("muster-past", &[]));
    };
    let asker = here.asker();
    match shift_check::here(here.world, at, asker.account, &asker.name).await {
        Ok(Some(name)) => {
            let zone = &here.world.config.service.timezone;
            let when = here.world.words.moment(at, zone);
            let name = named(&name, 60);
            let said = here.say("muster-here", &[("name", &name), ("when", &when)]);
            Tapped {
                sent: Some(Reply::plain(&said)),
                ..Tapped::quiet(said)
            }
        }
        Ok(None) => Tapped::loud(here.say("muster-other", &[])),
        Err(error) => {
            tracing::error!(%error, "that somebody is there cannot be written");
            Tapped::loud(here.say("bot-failed", &[]))
        }
    }
}
