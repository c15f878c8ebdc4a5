//! The section `duty`: officers on duty, officers with the right to decide, escalation, contacts.

use std::{cell::RefCell, path::PathBuf, time::Duration};

use jiff::civil::Date;

use super::{
    Fault,
    fields::{Fields, duration, duration_text},
    tree::{Node, Place, Value},
};
use crate::{
    duty::roster,
    model::{
        Agency,
        duty::{Contact, Duty, EscalationStep, Person, Shift, Step, Tier},
    },
};

/// An agency that a contact names. Whether it exists is known only after the whole file is read.
pub(super) struct Named {
    at: Place,
    path: String,
    id: String,
}

impl Named {
    /// A warning that the agency is unknown. It is no fault, because the agency may exist in the store only.
    pub fn unknown(&self, agencies: &[Agency]) -> Option<Fault> {
        if agencies.iter().any(|it| it.id == self.id) {
            return None;
        }
        let message = format!(
            "{}: no agency of this file has the id {:?}: right only if it was registered with gaccong targets add",
            self.path, self.id
        );
        Some(Fault {
            line: self.at.0,
            column: self.at.1,
            message,
        })
    }
}

/// Reads the section. The agencies that contacts name are added to `named`, to be checked at the end.
pub(super) fn read(node: &Node, named: &mut Vec<Named>, faults: &mut Vec<Fault>) -> Duty {
    let mut out = Duty::default();
    let Some(fields) = Fields::of(node, "duty", faults) else {
        return out;
    };
    out.officers = each(&fields, "officers", |fields| {
        let person = person(fields);
        if person.as_ref().is_some_and(|it| it.telegram.is_none()) {
            let why = "is missing: an officer is known by the number of the Telegram account";
            fields.fault(fields.at, "telegram", why);
        }
        person
    });
    out.roster = each(&fields, "roster", |fields| {
        let who = person(fields);
        let from = fields.required("from", fields.parsed("from", said(roster::time)));
        let to = fields.required("to", fields.parsed("to", said(roster::time)));
        let weekdays = fields.parsed("weekdays", said(roster::weekdays));
        let dates = fields.parsed("dates", said(roster::dates));
        Some(Shift {
            who: who?,
            from: from?,
            to: to?,
            weekdays: weekdays.unwrap_or_default(),
            dates,
        })
    });
    out.roster_csv = fields.parsed("roster_csv", |text| Ok(PathBuf::from(text)));
    out.roster_csv_at = fields.node("roster_csv").map_or((1, 1), |it| it.at);
    out.escalation = escalation(&fields);
    let seen = RefCell::new(named);
    out.contacts = each(&fields, "contacts", |fields| {
        contact(fields, &mut seen.borrow_mut())
    });
    for (name, value, least) in [
        ("remind_taken", &mut out.remind_taken, LEAST_REMINDER),
        ("test_call", &mut out.test_call, LEAST_TEST_CALL),
    ] {
        if let Some(length) = or_off(&fields, name, least) {
            *value = length;
        }
    }
    fields.finish();
    out
}

/// The shortest times that may be configured: shorter ones would only make noise.
const LEAST_REMINDER: Duration = Duration::from_secs(10 * 60);
const LEAST_TEST_CALL: Duration = Duration::from_secs(2 * 60);

/// A duration from `least` to a day, or `off` (`Some(None)`).
fn or_off(fields: &Fields, name: &'static str, least: Duration) -> Option<Option<Duration>> {
    fields.parsed(name, |text| {
        if text == "off" {
            return Ok(None);
        }
        let length = duration(text)?;
        if length < least || length > Duration::from_secs(86_400) {
            let least = duration_text(least);
            return Err(format!("{text:?}: from {least} to 1d, or off"));
        }
        Ok(Some(length))
    })
}

/// Escalation steps in the order of their times.
pub(super) fn escalation(fields: &Fields) -> Vec<Step> {
    let mut steps = each(fields, "escalation", |fields| {
        let after = fields.required("after", fields.duration("after"));
        let to = fields.parsed("to", |text| {
            named(text, &EscalationStep::ALL.map(|it| (it.as_str(), it)))
        });
        let to = fields.required("to", to);
        Some(Step {
            after: after?,
            to: to?,
        })
    });
    steps.sort_by_key(|it| it.after);
    steps
}

/// The agency's head, or another person, from a mapping.
pub(super) fn one(fields: &Fields, name: &'static str) -> Option<Person> {
    let node = fields.node(name)?;
    let path = fields.path(name);
    fields.inside(|faults| {
        let fields = Fields::of(node, &path, faults)?;
        let found = person(&fields);
        fields.finish();
        found
    })
}

fn contact(fields: &Fields, seen: &mut Vec<Named>) -> Option<Contact> {
    let tier = fields.parsed("tier", |text| {
        named(text, &Tier::ALL.map(|it| (it.as_str(), it)))
    });
    let tier = fields.required("tier", tier);
    let name = fields.required("name", fields.text("name"));
    let confirmed = fields.parsed("confirmed", |text| {
        text.parse::<Date>()
            .map_err(|_| format!("{text:?} is not a day: write 2026-11-22"))
    });
    let confirmed = fields.required("confirmed", confirmed);
    let agencies = fields.texts("agencies").unwrap_or_default();
    seen.extend(agencies.iter().map(|(at, id)| Named {
        at: *at,
        path: fields.path("agencies"),
        id: id.clone(),
    }));
    let province = fields.text("province");
    if let Some(node) = fields.node("province")
        && tier.is_some_and(|it| it != Tier::Province)
    {
        let why = "belongs to a contact of tier: province; an agency's own contact names agencies, a national one answers for all";
        fields.fault(node.at, "province", why);
    }
    let (phone, email) = (fields.text("phone"), fields.text("email"));
    if tier == Some(Tier::Agency) && agencies.is_empty() {
        let why = "is missing: whose contact this is, by the agency's id";
        fields.fault(fields.at, "agencies", why);
    }
    Some(Contact {
        tier: tier?,
        name: name?,
        phone,
        email,
        agencies: agencies.into_iter().map(|it| it.1).collect(),
        province,
        confirmed: confirmed?,
    })
}

/// Wraps a parser, so that its error begins with the text that was written.
pub(super) fn said<T>(
    read: fn(&str) -> Result<T, String>,
) -> impl FnOnce(&str) -> Result<T, String> {
    move |text| read(text).map_err(|why| format!("{text:?}: {why}"))
}

fn named<T: Copy>(text: &str, known: &[(&str, T)]) -> Result<T, String> {
    let found = known.iter().find(|it| it.0 == text);
    found.map(|it| it.1).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|it| it.0).collect();
        format!("{text:?} is none of: {}", names.join(", "))
    })
}

/// Reads each mapping of a list.
fn each<T>(fields: &Fields, name: &'static str, read: impl Fn(&Fields) -> Option<T>) -> Vec<T> {
    let Some(node) = fields.node(name) else {
        return Vec::new();
    };
    let Value::List(items) = &node.value else {
        if !node.is_null() {
            let message = format!("a list (- …) is wanted here, this is {}", node.kind());
            fields.fault(node.at, name, message);
        }
        return Vec::new();
    };
    let path = fields.path(name);
    let mut out = Vec::new();
    for (at, node) in items.iter().enumerate() {
        let found = fields.inside(|faults| {
            let fields = Fields::of(node, &format!("{path}[{at}]"), faults)?;
            let found = read(&fields);
            fields.finish();
            found
        });
        out.extend(found);
    }
    out
}

fn person(fields: &Fields) -> Option<Person> {
    let name = fields.required("name", fields.text("name"));
    let telegram = fields.parsed("telegram", |text| {
        text.parse::<i64>()
            .ok()
            .filter(|it| *it > 0)
            .ok_or_else(|| {
                format!("{text:?} is not the number of a Telegram account, such as 123456789")
            })
    });
    let phone = fields.text("phone");
    Some(Person {
        name: name?,
        telegram,
        phone,
    })
}
