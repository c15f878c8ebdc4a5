//! Finds what the incidents of a storm have in common: an address, a network, an agency.

use std::{collections::BTreeMap, net::IpAddr};

use crate::model::{Incident, storm::Shared};

/// Share of a storm's incidents from which a common property is reported.
const NEARLY_ALL: f64 = 0.8;

/// Number of incidents below which a common property may be chance.
pub(crate) const ENOUGH: usize = 3;

/// Addresses of all watched portals, and whether the last look at each failed.
#[derive(Clone, Debug, Default)]
pub struct StormContext {
    pub watched: Vec<(IpAddr, bool)>,
}

/// A property that many incidents share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Common {
    /// `address`, `block`, `network` or `agency`: the last part of the locale key.
    pub factor: &'static str,
    /// The shared value, such as the address.
    pub value: String,
    /// Number of incidents that share it.
    pub count: usize,
    /// Portals watched at this address, and how many of them fail now; `None` for an agency.
    pub there: Option<(usize, usize)>,
}

impl Common {
    /// The part that the store keeps with the storm.
    pub fn shared(self) -> Shared {
        Shared {
            factor: self.factor.to_owned(),
            value: self.value,
        }
    }
}

/// Whether an incident shares the common property of a storm.
pub fn shares(of: &Shared, it: &Incident) -> bool {
    let part = PLACES.iter().find(|(factor, _)| *factor == of.factor);
    match part {
        Some((_, part)) => it.address.is_some_and(|it| part(it) == of.value),
        None => it.portal.agency_name == of.value,
    }
}

/// Reduces an address to the part that several portals may share.
type Part = fn(IpAddr) -> String;

/// The parts of an address that portals may share, with the last part of their locale keys; the narrowest first.
const PLACES: [(&str, Part); 3] = [
    ("address", |it| it.to_string()),
    ("block", |it| prefix(it, 24, 48)),
    ("network", |it| prefix(it, 16, 32)),
];

/// The narrowest property that nearly all `members` share; `None` if there is none.
pub fn common(members: &[Incident], context: &StormContext) -> Option<Common> {
    for (factor, part) in PLACES {
        let values = members.iter().filter_map(|it| it.address).map(part);
        if let Some((value, count)) = most(values, members.len()) {
            let there: Vec<bool> = context
                .watched
                .iter()
                .filter(|it| part(it.0) == value)
                .map(|it| it.1)
                .collect();
            let failing = there.iter().filter(|it| **it).count();
            return Some(Common {
                factor,
                value,
                count,
                there: Some((there.len(), failing)),
            });
        }
    }
    let agencies = members.iter().map(|it| it.portal.agency_name.clone());
    let (value, count) = most(agencies.filter(|it| !it.is_empty()), members.len())?;
    Some(Common {
        factor: "agency",
        value,
        count,
        there: None,
    })
}

fn prefix(address: IpAddr, v4: u8, v6: u8) -> String {
    let bits = if address.is_ipv4() { v4 } else { v6 };
    ipnet::IpNet::new(address, bits).map_or(address.to_string(), |it| it.trunc().to_string())
}

fn most(values: impl Iterator<Item = String>, of: usize) -> Option<(String, usize)> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for value in values {
        *counts.entry(value).or_default() += 1;
    }
    let (value, count) = counts.into_iter().max_by_key(|it| it.1)?;
    (count >= ENOUGH && count as f64 >= NEARLY_ALL * of as f64).then_some((value, count))
}
