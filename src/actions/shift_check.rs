//! The test call before a shift: its officers confirm that they are present.

use jiff::{SignedDuration, Timestamp};

use crate::{
    actions::{
        access::{Access, Role},
        refused::Refused,
    },
    duty::handover,
    model::{duty::Person, names::is_same_name},
    store::{Commit, Result},
    world::World,
};

/// Marker: begin of the last shift for which officers were asked to confirm.
pub(crate) const ASKED: &str = "duty/mustered";
/// Marker: begin of the next shift, then the names of the officers with a confirmation, one on each line.
const PRESENT: &str = "duty/present";

/// The officers beginning duty at `at`, by the present roster. Officers already on duty in the shift before are not
/// asked.
fn taking_over(world: &World, at: Timestamp) -> Vec<Person> {
    let before = at - SignedDuration::from_secs(1);
    let zone = &world.config.service.timezone;
    let change = handover(&world.config.duty.roster, before, at, zone);
    change
        .filter(|it| it.at == at)
        .map(|it| it.joining)
        .unwrap_or_default()
}

async fn present(world: &World, at: Timestamp) -> Result<Vec<String>> {
    let kept = world.store.marker(PRESENT).await?.unwrap_or_default();
    let mut lines = kept.lines();
    let ours = lines.next() == Some(at.to_string().as_str());
    Ok(lines.filter(|_| ours).map(str::to_owned).collect())
}

/// The officers beginning duty at `at` without a confirmation.
pub(crate) async fn missing_at(world: &World, at: Timestamp) -> Result<Vec<Person>> {
    let present = present(world, at).await?;
    let mut missing = taking_over(world, at);
    missing.retain(|it| !present.contains(&it.name));
    Ok(missing)
}

/// Confirms that the caller is present for the shift that begins at `at`. Returns the caller's name in the roster.
///
/// # Errors
///
/// [`Refused::Because`] if the shift has begun, if the caller does not begin duty then, or if the chat is not the
/// operator's.
pub async fn confirm_self(
    access: &Access<'_>,
    at: Timestamp,
) -> std::result::Result<String, Refused> {
    if access.role() < Role::Operator {
        return Err(Refused::because("muster-other"));
    }
    if at <= access.world.clock.now() {
        return Err(Refused::because("muster-past"));
    }
    let caller = access.asker();
    let known = confirm(access.world, at, caller.account, &caller.name).await?;
    known.ok_or_else(|| Refused::because("muster-other"))
}

/// Confirms that an officer is present for the shift of the last test call. Officers are matched by account, or by
/// name if the roster has no account for them. Returns the name in the roster; `None` if that person does not begin
/// duty then.
pub async fn confirm(
    world: &World,
    at: Timestamp,
    account: Option<i64>,
    called: &str,
) -> Result<Option<String>> {
    // accept only the shift of the last test call: the content of a button can be forged
    if world.store.marker(ASKED).await? != Some(at.to_string()) {
        return Ok(None);
    }
    let on = taking_over(world, at);
    let is_caller = |it: &&Person| match it.telegram {
        Some(known) => account == Some(known),
        None => is_same_name(&it.name, called),
    };
    let Some(person) = on.iter().find(is_caller) else {
        return Ok(None);
    };
    let mut lines = present(world, at).await?;
    if !lines.contains(&person.name) {
        lines.push(person.name.clone());
    }
    lines.insert(0, at.to_string());
    let commit = Commit {
        marker: Some((PRESENT.to_owned(), lines.join("\n"))),
        ..Commit::default()
    };
    world.store.commit(commit).await?;
    Ok(Some(person.name.clone()))
}
