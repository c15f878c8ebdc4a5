//! The hosts that one portal uses, as the store keeps them, and what the portals of a fleet add up to.

use std::collections::{BTreeMap, HashMap, HashSet};

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::{
    TargetId,
    fleet::{FEWEST, Fleet, HostRole, SETTLED_DAYS, Spread},
    record::{Record, Stored},
};

/// Most uses that are kept of one portal: some 20 KB. A large portal has a hundred.
const MOST: usize = 200;
/// Days after which a use that later learnt looks do not show is forgotten: a name that portals left may get another
/// holder.
const FORGOTTEN_DAYS: i32 = 30;
/// Most rows of a fleet that the judge is given, the most settled first.
const ROWS: usize = 20_000;

/// One use of a host, or where anybody publishes on the host, of a place on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostUse {
    pub name: String,
    pub role: HostRole,
    /// The day of the first learnt look that showed it, and of the last.
    pub since: Date,
    pub seen: Date,
}

/// A use of a host in a look that teaches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownHost {
    pub name: String,
    pub role: HostRole,
    /// Whether the approved looks had it.
    pub is_old: bool,
}

/// The uses of foreign hosts in the learnt looks of one portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PortalHosts {
    pub target: TargetId,
    pub uses: Vec<HostUse>,
}

impl Stored for PortalHosts {}

impl Record for PortalHosts {
    const NAME: &'static str = "portal hosts";

    fn id(&self) -> String {
        self.target.to_string()
    }
}

impl PortalHosts {
    /// A portal of which nothing was learnt.
    pub fn new(target: TargetId) -> Self {
        Self {
            target,
            uses: Vec::new(),
        }
    }

    /// Adds what a learnt look shows. Where nothing was recorded before, uses that the approved looks had count from
    /// `approved`, the day of the first of them.
    pub fn learn(&mut self, shown: &[ShownHost], approved: Date, today: Date) {
        let is_first = self.uses.is_empty();
        for it in shown {
            let mut known = self.uses.iter_mut();
            match known.find(|known| known.role == it.role && known.name == it.name) {
                Some(known) => known.seen = today,
                None => self.uses.push(HostUse {
                    name: it.name.clone(),
                    role: it.role,
                    since: if is_first && it.is_old {
                        approved
                    } else {
                        today
                    },
                    seen: today,
                }),
            }
        }
        self.uses.retain(|it| days(it.seen, today) < FORGOTTEN_DAYS);
        self.uses.sort_by(|a, b| {
            let age = (b.seen, a.since).cmp(&(a.seen, b.since));
            age.then_with(|| (a.role, &a.name).cmp(&(b.role, &b.name)))
        });
        self.uses.truncate(MOST);
    }
}

/// One row of the fleet's knowledge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FleetRow {
    pub name: String,
    pub role: HostRole,
    pub portals: u32,
    /// Portals that have used it so for [`SETTLED_DAYS`].
    pub settled: u32,
    pub since: Date,
}

/// Domain, agency and first day of one portal's use.
type Use = (u32, u32, Date);

/// Adds up the portals of a fleet. Portals of one registrable domain count once, and those of one agency count once, since
/// one hand may have changed them all.
#[derive(Default)]
pub struct Census {
    domains: HashMap<String, u32>,
    agencies: HashMap<String, u32>,
    uses: BTreeMap<(String, HostRole), Vec<Use>>,
}

impl Census {
    /// Adds a portal by its registrable domain and its agency.
    pub fn add(&mut self, domain: &str, agency: &str, hosts: PortalHosts) {
        let (domain, agency) = (
            number(&mut self.domains, domain),
            number(&mut self.agencies, agency),
        );
        for it in hosts.uses {
            let of = self.uses.entry((it.name, it.role)).or_default();
            of.push((domain, agency, it.since));
        }
    }

    /// All rows, by name and role.
    pub fn rows(&self, today: Date) -> Vec<FleetRow> {
        let row = |((name, role), uses): (&(String, HostRole), &Vec<Use>)| FleetRow {
            name: name.clone(),
            role: *role,
            portals: apart(uses.iter()),
            settled: apart(uses.iter().filter(|it| is_settled(it.2, today))),
            since: uses.iter().map(|it| it.2).min().unwrap_or(today),
        };
        self.uses.iter().map(row).collect()
    }

    /// What the judge is given: hosts that no fleet calls ordinary are left out.
    pub fn fleet(&self, today: Date) -> Fleet {
        let mut rows = self.rows(today);
        rows.retain(|it| it.settled >= FEWEST);
        rows.sort_by_key(|it| std::cmp::Reverse(it.settled));
        rows.truncate(ROWS);
        let portals = self.domains.len().min(self.agencies.len());
        let rows = rows.into_iter().map(|it| {
            let spread = Spread {
                portals: it.portals,
                settled: it.settled,
                days: u32::try_from(days(it.since, today)).unwrap_or(0),
            };
            (it.name, it.role, spread)
        });
        Fleet::new(u32::try_from(portals).unwrap_or(u32::MAX), rows)
    }
}

fn number(all: &mut HashMap<String, u32>, name: &str) -> u32 {
    if let Some(known) = all.get(name) {
        return *known;
    }
    let new = u32::try_from(all.len()).unwrap_or(u32::MAX);
    all.insert(name.to_owned(), new);
    new
}

/// Number of different domains, or of different agencies where these are fewer.
fn apart<'a>(uses: impl Iterator<Item = &'a Use>) -> u32 {
    let (mut domains, mut agencies) = (HashSet::new(), HashSet::new());
    for (domain, agency, _) in uses {
        domains.insert(*domain);
        agencies.insert(*agency);
    }
    u32::try_from(domains.len().min(agencies.len())).unwrap_or(u32::MAX)
}

fn is_settled(since: Date, today: Date) -> bool {
    u32::try_from(days(since, today)).is_ok_and(|it| it >= SETTLED_DAYS)
}

/// Days from one day to another; negative if that is earlier.
fn days(from: Date, to: Date) -> i32 {
    (to - from).get_days()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn shown(name: &str, is_old: bool) -> ShownHost {
        ShownHost {
            name: name.to_owned(),
            role: HostRole::Code,
            is_old,
        }
    }

    fn portal(n: usize, name: &str, since: Date) -> PortalHosts {
        let mut out = PortalHosts::new(format!("p{n}").parse().unwrap());
        out.learn(&[shown(name, true)], since, since);
        out
    }

    const TODAY: Date = date(2026, 11, 29);

    #[test]
    fn a_use_counts_from_its_first_learnt_look() {
        let mut it = PortalHosts::new("a".parse().unwrap());
        it.learn(
            &[shown("old.vn", true), shown("new.vn", false)],
            date(2026, 1, 1),
            date(2026, 9, 1),
        );
        let since = |it: &PortalHosts, name: &str| {
            let found = it.uses.iter().find(|it| it.name == name);
            found.map(|it| (it.since, it.seen))
        };
        let (first, learnt) = (date(2026, 1, 1), date(2026, 9, 1));
        assert_eq!(since(&it, "old.vn"), Some((first, learnt)));
        assert_eq!(since(&it, "new.vn"), Some((learnt, learnt)));
        // later nothing new is as old as the baseline
        let later = date(2026, 9, 20);
        it.learn(
            &[shown("new.vn", true), shown("third.vn", true)],
            date(2026, 1, 1),
            later,
        );
        assert_eq!(since(&it, "third.vn"), Some((later, later)));
        assert_eq!(since(&it, "new.vn"), Some((learnt, later)));
        assert_eq!(since(&it, "old.vn"), Some((first, learnt)));
        it.learn(&[shown("new.vn", true)], first, date(2026, 10, 2));
        assert_eq!(since(&it, "old.vn"), None, "it is gone for a month");
        let many: Vec<ShownHost> = (0..500)
            .map(|n| shown(&format!("h{n}.vn"), false))
            .collect();
        it.learn(&many, first, date(2026, 10, 3));
        assert_eq!(it.uses.len(), MOST);
    }

    #[test]
    fn a_hand_with_many_portals_is_one() {
        let mut census = Census::default();
        for n in 0..40 {
            // forty agencies below one domain, and forty domains of one agency
            let one = portal(n, "a.vn", date(2026, 1, 1));
            census.add("tinh.gov.vn", &format!("agency-{n}"), one);
            let other = portal(n, "b.vn", date(2026, 1, 1));
            census.add(&format!("xa{n}.vn"), "agency-x", other);
            let apart = portal(n, "c.vn", date(2026, 1, 1));
            census.add(&format!("so{n}.vn"), &format!("agency-{n}"), apart);
            let new = portal(n, "d.vn", date(2026, 11, 27));
            census.add(&format!("moi{n}.vn"), &format!("agency-{n}"), new);
        }
        let rows = census.rows(TODAY);
        let counts: Vec<(u32, u32)> = rows.iter().map(|it| (it.portals, it.settled)).collect();
        assert_eq!(counts, [(1, 1), (1, 1), (40, 40), (40, 0)]);
        assert_eq!(rows[3].since, date(2026, 11, 27));
        let fleet = census.fleet(TODAY);
        let ordinary = |it: &str| fleet.is_ordinary(it, HostRole::Code);
        assert!(ordinary("c.vn") && !ordinary("a.vn") && !ordinary("b.vn") && !ordinary("d.vn"));
    }
}
