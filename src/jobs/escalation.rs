//! The duty room's clock: who is called when nobody takes an incident, and what a shift hands to the next.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::{
    config::Config,
    duty,
    duty::{
        escalation::told_at,
        handover, next, on_duty,
        roster::{gaps, overlaps},
    },
    incident,
    jobs::shift_check,
    locale::Words,
    model::{
        About, Alert, Incident, Urgency,
        duty::{Duty, Person, Rung, Step, Tier},
        incident::Taken,
        names::is_same_name,
    },
    notify::duty::{Called, Holder},
    store::{Commit, StoreError, Wanted},
    world::World,
};

/// Until when shifts were seen to.
const SEEN_TO: &str = "duty/seen-to";
/// A service that was away longer hands nothing over: whoever is on duty was told at the start.
const LONGEST_AWAY: jiff::SignedDuration = jiff::SignedDuration::from_hours(12);

/// Called every few seconds.
pub async fn round(world: &World) {
    if let Err(error) = escalate(world).await {
        tracing::error!(%error, "who is to be called cannot be decided");
    }
    if let Err(error) = shift_check::round(world, world.clock.now()).await {
        tracing::error!(%error, "who takes over a shift cannot be asked");
    }
    if let Err(error) = hand_over(world).await {
        tracing::error!(%error, "a shift cannot be handed over");
    }
}

/// The steps of an agency.
pub fn steps_of(world: &World, agency: &str) -> Vec<Step> {
    let own = world.config.agencies.iter().find(|it| it.id == agency);
    let own = own.map(|it| it.escalation.as_slice()).unwrap_or_default();
    duty::steps(own, &world.config.duty)
}

/// Who is to be called for an incident now.
pub(crate) fn called(world: &World, it: &Incident, now: Timestamp) -> Called {
    let roster = &world.config.duty.roster;
    let zone = &world.config.service.timezone;
    let agencies = &world.config.agencies;
    let agency = agencies.iter().find(|of| of.id == it.portal.agency);
    let mut present: Vec<Person> = Vec::new();
    for turn in on_duty(roster, now, zone) {
        // rows of one person may overlap
        if present.iter().all(|it| it.name != turn.who.name) {
            present.push(turn.who);
        }
    }
    Called {
        now: present,
        next: next(roster, now, zone).map(|it| (it.who, it.from)),
        head: agency.and_then(|it| it.head.clone()),
        contacts: world.config.duty.contacts_of(
            &it.portal.agency,
            agency.and_then(|it| it.province.as_deref()),
        ),
        since: told_at(it),
    }
}

async fn escalate(world: &World) -> Result<(), StoreError> {
    let Config { duty, agencies, .. } = &world.config;
    let reminds = duty.remind_taken.is_some();
    // nobody is named: the register need not be read
    if !reminds && !duty.calls() && agencies.iter().all(|it| it.escalation.is_empty()) {
        return Ok(());
    }
    let now = world.clock.now();
    let windows = world.windows(now);
    let close = windows.iter().any(|it| it.from <= now && now < it.to);
    let wanted = Wanted {
        open_only: true,
        ..Wanted::default()
    };
    let mut due: Vec<Due> = Vec::new();
    for it in world.store.incidents(&wanted).await? {
        let steps = steps_of(world, &it.portal.agency);
        let answers = answers(world, &it, now);
        // a service that was away calls the highest one at once
        if let Some(call) = duty::due(&steps, &it, now, close, &answers) {
            tracing::info!(incident.id = %it.id, to = call.to.as_str(), "nobody has taken it");
            due.push(Due {
                about: About::Call(it.id.clone(), call.to),
                operator: call.to != Rung::Head,
                agency: it.taken.is_none(),
                known: incident::escalate(&it, call.reached, call.to, now),
            });
        } else if let Some(every) = duty.remind_taken
            && let Some(reminder) = duty::overdue(&steps, &it, now, every, &answers)
        {
            tracing::info!(incident.id = %it.id, "it was taken long ago and is not over");
            due.push(Due {
                about: About::TakenReminder(it.id.clone()),
                operator: true,
                agency: it.led().is_none(),
                known: incident::remind_taken(&it, reminder.to, now),
            });
        }
    }
    call_out(world, due, now).await
}

/// A call or reminder that is due: the incident with it noted, and what the alert is about.
struct Due {
    known: Incident,
    about: About,
    /// Whether the operator is told as well.
    operator: bool,
    /// Whether the agency's own chats are told.
    agency: bool,
}

/// Where more than this many are due at once they wait for each other: the notifier's queue makes one message of many.
const ONE_BY_ONE: usize = 3;
/// How long they wait until all are written.
const TOGETHER: jiff::SignedDuration = jiff::SignedDuration::from_secs(5);

/// Whether a step stands for any person now. Looks it up only when asked: most incidents are not due.
fn answers<'a>(
    world: &'a World,
    it: &'a Incident,
    now: Timestamp,
) -> impl Fn(Rung) -> bool + use<'a> {
    move |rung| match rung {
        Rung::Roster => !called(world, it, now).now.is_empty(),
        Rung::Head => called(world, it, now).head.is_some(),
        Rung::DutyRoom => !world.config.defaults.notify.is_empty(),
        Rung::National => !called(world, it, now).contacts.is_empty(),
    }
}

/// Writes the incidents as calls have changed them, with alerts to the notifiers concerned.
async fn call_out(world: &World, due: Vec<Due>, now: Timestamp) -> Result<(), StoreError> {
    if due.is_empty() {
        return Ok(());
    }
    let targets = world.targets().await?.into_iter();
    let notify: HashMap<String, Vec<String>> = targets
        .map(|it| (it.id.to_string(), it.settings.notify))
        .collect();
    let mut tell_at = now;
    if due.len() > ONE_BY_ONE {
        tell_at = now.checked_add(TOGETHER).unwrap_or(now);
    }
    for it in due {
        let urgency = Urgency::of(&it.known);
        let alert = |name: String| Alert {
            due: tell_at,
            ..Alert::new(&name, it.about.clone(), urgency, now)
        };
        let names = names(world, &it, &notify, now);
        let commit = Commit {
            alerts: names.into_iter().map(alert).collect(),
            incidents: vec![it.known.clone()],
            ..Commit::default()
        };
        match world.store.commit(commit).await {
            // taken in this moment, or somebody else decided
            Ok(()) | Err(StoreError::Conflict) => (),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// The notifiers that are told of a call; `notify` holds the notifiers of all targets, by target.
fn names(
    world: &World,
    it: &Due,
    notify: &HashMap<String, Vec<String>>,
    now: Timestamp,
) -> Vec<String> {
    let duty = &world.config.defaults.notify;
    let target = notify.get(it.known.target.portal());
    let mut names = target.unwrap_or(duty).clone();
    // the agency's people have the incident already, or have muted it in their own chat
    let own = |name: &String| it.agency && !it.known.is_muted_for(name, now);
    names.retain(|name| duty.contains(name) || own(name));
    // the roster is the operator's: a mention rings only in a chat that its people are in
    if it.operator {
        names.extend(duty.iter().cloned());
    }
    // a call to an agency's head that its own chats do not take is the operator's to pass on
    if names.is_empty() {
        names.clone_from(duty);
    }
    names.sort();
    names.dedup();
    names
}

/// The holder of an incident, with the person of targets.yaml: found by account, by name where an account is missing.
pub(crate) fn holder(config: &Config, taken: &Taken) -> Holder {
    let officers = config.duty.officers.iter();
    let mut all = officers.chain(config.duty.roster.iter().map(|it| &it.who));
    let account = taken.origin.as_ref().and_then(|it| it.account);
    let known = all.find(|it| match (it.telegram, account) {
        (Some(known), Some(account)) => known == account,
        _ => !taken.is_of_agency() && is_same_name(&it.name, &taken.by),
    });
    Holder {
        taken: taken.clone(),
        known: known.cloned(),
    }
}

/// One message at the change of a shift, with what is open.
async fn hand_over(world: &World) -> Result<(), StoreError> {
    let roster = &world.config.duty.roster;
    if roster.is_empty() {
        return Ok(());
    }
    let now = world.clock.now();
    let zone = &world.config.service.timezone;
    let seen = world.store.milestone(SEEN_TO).await?;
    let seen: Option<Timestamp> = seen.and_then(|it| it.parse().ok());
    let since = seen.filter(|it| *it <= now && now.duration_since(*it) <= LONGEST_AWAY);
    let change = since.and_then(|since| handover(roster, since, now, zone));
    let recently = since.is_some_and(|it| now.duration_since(it).as_secs() < 600);
    if change.is_none() && recently {
        return Ok(());
    }
    let alerts = match &change {
        Some(change) => {
            let about = About::Handover(change.at);
            let names = world.config.defaults.notify.iter();
            names
                .map(|it| Alert::new(it, about.clone(), Urgency::Ordinary, now))
                .collect()
        }
        None => Vec::new(),
    };
    let commit = Commit {
        alerts,
        milestone: Some((SEEN_TO.to_owned(), now.to_string())),
        ..Commit::default()
    };
    world.store.commit(commit).await
}

/// What of the duty room's data nobody meant, in words: hours of the next two weeks without anybody, or with several,
/// contacts that were not confirmed for long, and branches of the tree of contacts without any.
pub fn remarks(config: &Config, now: Timestamp, words: &Words) -> Vec<String> {
    let zone = &config.service.timezone;
    let Duty {
        roster, contacts, ..
    } = &config.duty;
    let mut out = Vec::new();
    let until = now + AHEAD;
    if !roster.is_empty() {
        for (from, to) in gaps(roster, now, until, zone)
            .into_iter()
            .take(MOST_REMARKS)
        {
            let (from, to) = (words.moment(from, zone), words.moment(to, zone));
            out.push(words.text("roster-gap", &[("from", &from), ("to", &to)]));
        }
        for (from, to, names) in overlaps(roster, now, until, zone)
            .into_iter()
            .take(MOST_REMARKS)
        {
            let (from, to) = (words.moment(from, zone), words.moment(to, zone));
            let names = names.join(", ");
            let args = [
                ("from", from.as_str()),
                ("to", to.as_str()),
                ("names", names.as_str()),
            ];
            out.push(words.text("roster-overlap", &args));
        }
    }
    let today = now.to_zoned(zone.clone()).date();
    for it in contacts.iter().filter(|it| it.is_stale(today)) {
        let day = words.date(it.confirmed);
        out.push(words.text("contact-stale", &[("name", &it.name), ("day", &day)]));
    }
    out.extend(unreachable(config, words).into_iter().take(MOST_REMARKS));
    out.extend(bare(config, words).into_iter().take(MOST_REMARKS));
    if !contacts.is_empty() && contacts.iter().all(|it| it.tier != Tier::National) {
        out.push(words.plain("contact-no-national"));
    }
    out
}

/// The names of people and contacts that cannot be reached in any way.
fn unreachable(config: &Config, words: &Words) -> Vec<String> {
    let Duty {
        roster, contacts, ..
    } = &config.duty;
    let bare = |it: &&Person| it.telegram.is_none() && it.phone.is_none();
    let heads = config.agencies.iter().filter_map(|it| it.head.as_ref());
    let people = roster.iter().map(|it| &it.who).chain(heads).filter(bare);
    let mut names: Vec<&str> = people.map(|it| it.name.as_str()).collect();
    let silent = contacts
        .iter()
        .filter(|it| it.phone.is_none() && it.email.is_none());
    names.extend(silent.map(|it| it.name.as_str()));
    // a person with several rows is named once
    let mut seen = std::collections::HashSet::new();
    names.retain(|it| seen.insert(*it));
    let line = |name: &&str| words.text("person-unreachable", &[("name", name)]);
    names.iter().map(line).collect()
}

/// Provinces of agencies for which nobody is named, with these agencies.
fn bare(config: &Config, words: &Words) -> Vec<String> {
    let mut found: Vec<(&str, Vec<&str>)> = Vec::new();
    for agency in &config.agencies {
        let Some(province) = agency.province.as_deref() else {
            continue;
        };
        let called = config.duty.contacts_of(&agency.id, Some(province));
        if called.iter().any(|it| it.tier == Tier::Province) {
            continue;
        }
        match found.iter_mut().find(|it| is_same_name(it.0, province)) {
            Some((_, agencies)) => agencies.push(&agency.id),
            None => found.push((province, vec![&agency.id])),
        }
    }
    let line = |(province, agencies): &(&str, Vec<&str>)| {
        let args = [("province", *province), ("agencies", &agencies.join(", "))];
        words.text("contact-no-province", &args)
    };
    found.iter().map(line).collect()
}

/// Two weeks: a roster is made for a month, and mended in less.
const AHEAD: jiff::SignedDuration = jiff::SignedDuration::from_hours(14 * 24);
const MOST_REMARKS: usize = 10;
