//! Remarks on probable mistakes in the duty data: gaps and overlaps of the roster, stale or missing contacts, people
//! without a telephone or an account.

use jiff::Timestamp;

use super::Config;
use crate::{
    duty::roster::{gaps, overlaps},
    locale::Locale,
    model::{
        duty::{Duty, Person, Tier},
        names::is_same_name,
    },
};

/// Two weeks: rosters are made for a month, and corrected in less.
const AHEAD: jiff::SignedDuration = jiff::SignedDuration::from_hours(14 * 24);
/// Remarks of one kind, at most.
const MOST_REMARKS: usize = 10;

/// The remarks as sentences: hours of the next two weeks without an officer on duty, or with several; contacts that
/// were not confirmed for a quarter of a year; provinces without a contact; unreachable people.
pub fn duty_remarks(config: &Config, now: Timestamp, locale: &Locale) -> Vec<String> {
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
            let (from, to) = (locale.moment(from, zone), locale.moment(to, zone));
            out.push(locale.text_with("roster-gap", &[("from", &from), ("to", &to)]));
        }
        for (from, to, names) in overlaps(roster, now, until, zone)
            .into_iter()
            .take(MOST_REMARKS)
        {
            let (from, to) = (locale.moment(from, zone), locale.moment(to, zone));
            let names = names.join(", ");
            let args = [
                ("from", from.as_str()),
                ("to", to.as_str()),
                ("names", names.as_str()),
            ];
            out.push(locale.text_with("roster-overlap", &args));
        }
    }
    let today = now.to_zoned(zone.clone()).date();
    for it in contacts.iter().filter(|it| it.is_stale(today)) {
        let day = locale.date(it.confirmed);
        out.push(locale.text_with("contact-stale", &[("name", &it.name), ("day", &day)]));
    }
    out.extend(unreachable(config, locale).into_iter().take(MOST_REMARKS));
    out.extend(bare(config, locale).into_iter().take(MOST_REMARKS));
    if !contacts.is_empty() && contacts.iter().all(|it| it.tier != Tier::National) {
        out.push(locale.text("contact-no-national"));
    }
    out
}

/// Remarks on people and contacts without a telephone number, an account or an address.
fn unreachable(config: &Config, locale: &Locale) -> Vec<String> {
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
    // name a person with several rows once
    let mut seen = std::collections::HashSet::new();
    names.retain(|it| seen.insert(*it));
    let line = |name: &&str| locale.text_with("person-unreachable", &[("name", name)]);
    names.iter().map(line).collect()
}

/// Remarks on provinces without a contact, with their agencies.
fn bare(config: &Config, locale: &Locale) -> Vec<String> {
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
        locale.text_with("contact-no-province", &args)
    };
    found.iter().map(line).collect()
}
