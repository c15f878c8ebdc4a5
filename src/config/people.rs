//! The people concerned by an incident, from targets.yaml.

use jiff::Timestamp;

use super::Config;
use crate::{
    duty,
    duty::{escalation::told_at, next, on_duty},
    model::{
        Incident,
        duty::{Called, Holder, Person, Step},
        incident::Taken,
        names::is_same_name,
    },
};

impl Config {
    /// The escalation steps of an agency: its own, otherwise the operator's.
    pub fn steps_of(&self, agency: &str) -> Vec<Step> {
        let own = self.agencies.iter().find(|it| it.id == agency);
        let own = own.map(|it| it.escalation.as_slice()).unwrap_or_default();
        duty::steps(own, &self.duty)
    }

    /// The people to call for an incident now.
    pub fn called(&self, it: &Incident, now: Timestamp) -> Called {
        let roster = &self.duty.roster;
        let zone = &self.service.timezone;
        let agency = self.agencies.iter().find(|of| of.id == it.portal.agency);
        let mut present: Vec<Person> = Vec::new();
        for turn in on_duty(roster, now, zone) {
            // rows of one person may overlap
            if present.iter().all(|it| it.name != turn.who.name) {
                present.push(turn.who);
            }
        }
        let province = agency.and_then(|it| it.province.as_deref());
        Called {
            now: present,
            next: next(roster, now, zone).map(|it| (it.who, it.from)),
            head: agency.and_then(|it| it.head.clone()),
            contacts: self.duty.contacts_of(&it.portal.agency, province),
            since: told_at(it),
        }
    }

    /// The holder of an incident, found among officers and roster: by account, or by name if one of the accounts is
    /// unknown and the holder is not the agency's.
    pub fn holder(&self, taken: &Taken) -> Holder {
        let officers = self.duty.officers.iter();
        let mut all = officers.chain(self.duty.roster.iter().map(|it| &it.who));
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
}
