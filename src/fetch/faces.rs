//! The address of a name that a look goes to. A name may have several addresses ("faces"), and each visitor sees one of
//! them. So each look takes the next address: one that shows another page (a hijacked AAAA record, one bad server of
//! many) is seen, and handled like any other look that differs.

use std::{
    collections::HashMap,
    io::ErrorKind,
    net::{IpAddr, SocketAddr, UdpSocket},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use super::dialling::{Dialling, connect_limit};
use crate::model::observation::{Face, Families};

/// Time for which looks avoid an address that did not answer while another address of the name did. Browsers go to the
/// other one as well, so this is no outage.
const LEFT_OUT_FOR: Duration = Duration::from_secs(600);
/// Most pairs of target and host with a remembered turn, and most addresses left out.
const REMEMBERED: usize = 100_000;
/// Most addresses of one name that take turns.
const MOST_FACES: usize = 64;

tokio::task_local! {
    /// The way of the visit that runs in this task: the HTTP client calls the resolver with the host name alone.
    static WAY: Arc<Way>;
}

/// The next address of each target and host, and the addresses that are left out.
#[derive(Default)]
pub(super) struct Faces {
    /// By target id and host: two targets on one host take turns independently.
    turns: Mutex<HashMap<(String, String), Turn>>,
    /// By host as well: an address that is shut for one name may be open for others.
    left_out: Mutex<HashMap<(String, IpAddr), Instant>>,
}

/// The number of the latest look at each address.
#[derive(Default)]
struct Turn {
    count: u64,
    looked: Vec<(IpAddr, u64)>,
}

/// The addresses of one visit, one for each host on its way.
pub(super) struct Way {
    target: String,
    /// The address of an earlier look that this visit repeats or confirms.
    prefer: Option<IpAddr>,
    faces: Arc<Faces>,
    taken: Mutex<Vec<Taken>>,
    /// Time for one address to connect while others wait.
    pub(super) limit: Duration,
    /// Set while `reach` sends a request.
    pub(super) dialling: Mutex<Option<Dialling>>,
    /// Whether a connection was made, TLS handshake included.
    pub(super) connected: AtomicBool,
}

struct Taken {
    host: String,
    address: IpAddr,
    families: Option<Families>,
    /// The addresses of the name if it has several; empty otherwise.
    all: Vec<IpAddr>,
    /// Addresses that could not be reached in this visit, and those that may still be tried.
    failed: Vec<IpAddr>,
    may: Vec<IpAddr>,
}

/// The name has IPv6 addresses only, and this machine has no route to them.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoIpv6;

impl Way {
    /// `limit` is the time limit of the visit.
    pub fn new(
        target: &str,
        prefer: Option<IpAddr>,
        faces: Arc<Faces>,
        limit: Duration,
    ) -> Arc<Self> {
        Arc::new(Self {
            target: target.to_owned(),
            prefer,
            faces,
            taken: Mutex::default(),
            limit: connect_limit(limit),
            dialling: Mutex::default(),
            connected: AtomicBool::new(false),
        })
    }

    /// Whether the visit made a connection, TLS handshake included.
    pub fn is_connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    /// The way of the visit that runs in this task.
    pub fn current() -> Option<Arc<Self>> {
        WAY.try_with(Arc::clone).ok()
    }

    /// Runs a visit with this way in force for the resolver.
    pub async fn along<T>(self: &Arc<Self>, visit: impl Future<Output = T>) -> T {
        WAY.scope(self.clone(), visit).await
    }

    /// The address that the visit saw: of the host `last`, the one that answered (`answered`) or else the first one
    /// tried. The address families are those of the host `first`. Notes addresses that did not answer.
    pub fn face(&self, first: &str, last: &str, answered: Option<IpAddr>) -> Face {
        let taken = lock(&self.taken);
        let of = |host: &str| taken.iter().find(|it| it.host == host);
        if let (Some(tried), Some(answered)) = (of(last), answered) {
            let mut left_out = lock(&self.faces.left_out);
            let silent = tried.failed.iter().chain([&tried.address]);
            for silent in silent.filter(|it| **it != answered) {
                if left_out.len() >= REMEMBERED {
                    left_out.clear();
                }
                left_out.insert((last.to_owned(), *silent), Instant::now());
            }
            left_out.remove(&(last.to_owned(), answered));
        }
        Face {
            address: answered.or(of(last).map(|it| it.address)),
            families: of(first).and_then(|it| it.families),
            others: of(last).is_some_and(|it| !it.all.is_empty()),
            all: of(last).map(|it| it.all.clone()).unwrap_or_default(),
        }
    }

    fn order(
        &self,
        host: &str,
        mut allowed: Vec<IpAddr>,
        families: Option<Families>,
        has_way: impl Fn(IpAddr) -> bool,
    ) -> Result<Vec<IpAddr>, NoIpv6> {
        allowed.truncate(MOST_FACES);
        let all = match allowed.len() {
            0 | 1 => Vec::new(),
            _ => allowed.clone(),
        };
        if let Some(six) = allowed.iter().find(|it| it.is_ipv6())
            && !has_way(*six)
        {
            allowed.retain(IpAddr::is_ipv4);
        }
        let mut taken = lock(&self.taken);
        let before = taken.iter().find(|it| it.host == host).map(|it| it.address);
        // within a visit a host keeps its address, as in a browser with an open connection
        let fixed = before.or(self.prefer).filter(|it| allowed.contains(it));
        let left_out = self.faces.left_out(host, &allowed);
        let in_turn: Vec<IpAddr> = match left_out.len() == allowed.len() {
            true => allowed,
            false => allowed
                .into_iter()
                .filter(|it| !left_out.contains(it))
                .collect(),
        };
        let first = fixed.or_else(|| self.faces.next(self, host, &in_turn));
        let first = first.ok_or(NoIpv6)?;
        if before.is_none() {
            taken.push(Taken {
                host: host.to_owned(),
                address: first,
                families,
                all,
                failed: Vec::new(),
                may: Vec::new(),
            });
        }
        let mut order = in_turn;
        // the client tries the chosen address first, then its family; the order of the rest does not matter
        order.sort_by_key(|it| (*it != first, it.is_ipv4() != first.is_ipv4(), *it));
        if order.first() != Some(&first) {
            order.insert(0, first);
        }
        let Some(taken) = taken.iter_mut().find(|it| it.host == host) else {
            return Ok(order);
        };
        taken.may = [order.as_slice(), &left_out].concat();
        Ok(match taken.failed.is_empty() {
            true => order,
            false => after(&taken.failed, order, &left_out),
        })
    }

    /// Notes that an address could not be reached. Returns whether the visit may try another one.
    pub(super) fn failed(&self, host: &str, address: IpAddr) -> bool {
        let mut taken = lock(&self.taken);
        let Some(it) = taken.iter_mut().find(|it| it.host == host) else {
            return false;
        };
        it.failed.push(address);
        let mut may = it.may.iter();
        may.any(|other| !it.failed.contains(other))
    }
}

/// The order without the addresses that failed. The other family than that of the last failure comes first, since a
/// whole family is often cut off. If all failed, the addresses left out are tried; if these failed as well, all.
fn after(failed: &[IpAddr], order: Vec<IpAddr>, left_out: &[IpAddr]) -> Vec<IpAddr> {
    let fresh = |of: &[IpAddr]| -> Vec<IpAddr> {
        let fresh = of.iter().filter(|it| !failed.contains(it));
        fresh.copied().collect()
    };
    let mut rest = fresh(&order);
    if rest.is_empty() {
        rest = fresh(left_out);
    }
    if rest.is_empty() {
        return order;
    }
    let last = failed.last().is_some_and(IpAddr::is_ipv4);
    rest.sort_by_key(|it| it.is_ipv4() == last);
    rest
}

impl Faces {
    fn left_out(&self, host: &str, of: &[IpAddr]) -> Vec<IpAddr> {
        let mut all = lock(&self.left_out);
        all.retain(|_, since| since.elapsed() < LEFT_OUT_FOR);
        of.iter()
            .copied()
            .filter(|it| all.contains_key(&(host.to_owned(), *it)))
            .collect()
    }

    /// The address for a visit that has none yet. A look that repeats another goes to the address of the last look if
    /// the name has lost `prefer`, and does not advance the turn.
    fn next(&self, way: &Way, host: &str, in_turn: &[IpAddr]) -> Option<IpAddr> {
        let mut turns = lock(&self.turns);
        if turns.len() >= REMEMBERED {
            turns.clear();
        }
        let turn = turns
            .entry((way.target.clone(), host.to_owned()))
            .or_default();
        if way.prefer.is_some()
            && let Some(last) = turn.last().filter(|it| in_turn.contains(it))
        {
            return Some(last);
        }
        turn.take(in_turn)
    }
}

impl Turn {
    fn last(&self) -> Option<IpAddr> {
        self.looked.iter().max_by_key(|it| it.1).map(|it| it.0)
    }

    /// Picks the next address and notes it: families alternate, and within one the address with the oldest look comes
    /// first. IPv6 begins, since browsers prefer it.
    fn take(&mut self, in_turn: &[IpAddr]) -> Option<IpAddr> {
        let last = self.last();
        let looked = |of: &IpAddr| {
            let found = self.looked.iter().find(|it| it.0 == *of);
            found.map_or(0, |it| it.1)
        };
        let key = |it: &&IpAddr| {
            let same_family = last.is_some_and(|last| last.is_ipv4() == it.is_ipv4());
            (same_family, looked(it), it.is_ipv4(), **it)
        };
        let next = in_turn.iter().min_by_key(key).copied()?;
        self.count += 1;
        let count = self.count;
        self.looked
            .retain(|it| it.0 != next && in_turn.contains(&it.0));
        self.looked.push((next, count));
        Some(next)
    }
}

/// The order in which the running visit tries the allowed addresses; unchanged outside a visit.
pub(super) fn order(
    host: &str,
    allowed: Vec<SocketAddr>,
    families: Option<Families>,
) -> Result<Vec<SocketAddr>, NoIpv6> {
    let Some(way) = Way::current() else {
        return Ok(allowed);
    };
    let addresses = allowed.iter().map(SocketAddr::ip).collect();
    let order = way.order(host, addresses, families, has_way)?;
    Ok(order.into_iter().map(|it| SocketAddr::new(it, 0)).collect())
}

/// Whether this machine has a route to an address. Connecting a UDP socket sends nothing: the kernel only looks for a
/// route.
fn has_way(address: IpAddr) -> bool {
    let any: IpAddr = match address {
        IpAddr::V4(_) => [0; 4].into(),
        IpAddr::V6(_) => [0_u16; 8].into(),
    };
    let tried = UdpSocket::bind((any, 0)).and_then(|it| it.connect((address, 53)));
    let no_family = rustix::io::Errno::AFNOSUPPORT.raw_os_error();
    tried.err().is_none_or(|error| {
        error.raw_os_error() != Some(no_family)
            && !matches!(
                error.kind(),
                ErrorKind::NetworkUnreachable
                    | ErrorKind::HostUnreachable
                    | ErrorKind::NetworkDown
                    | ErrorKind::AddrNotAvailable
            )
    })
}

/// Locks a mutex; a poisoned one is used on, since no critical section here leaves a value half written.
pub(super) fn lock<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ips(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|it| it.parse().unwrap()).collect()
    }

    fn way(prefer: Option<IpAddr>, faces: &Arc<Faces>) -> Arc<Way> {
        Way::new("t", prefer, faces.clone(), Duration::from_secs(30))
    }

    /// The address that a look goes to first.
    fn look(faces: &Arc<Faces>, target: &str, all: &[&str], prefer: Option<&str>) -> String {
        let prefer = prefer.map(|it| it.parse().unwrap());
        let way = Way::new(target, prefer, faces.clone(), Duration::from_secs(30));
        let order = way.order("h", ips(all), None, |_| true).unwrap();
        assert_eq!(order.len(), all.len());
        order[0].to_string()
    }

    #[test]
    fn families_alternate_and_every_address_has_its_turn() {
        let faces = Arc::new(Faces::default());
        let all = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "2001:db8::1"];
        let went: Vec<String> = (0..8).map(|_| look(&faces, "t", &all, None)).collect();
        let six = "2001:db8::1";
        let wanted = [six, all[0], six, all[1], six, all[2], six, all[0]];
        assert_eq!(went, wanted);
        // each target takes turns of its own, also on a shared host
        assert_eq!(look(&faces, "other", &all, None), six);
        // a repeated look goes where the first one went and does not advance the turn
        assert_eq!(look(&faces, "t", &all, Some("192.0.2.2")), "192.0.2.2");
        assert_eq!(
            look(&faces, "t", &all, Some("198.51.100.9")),
            all[0],
            "or where the last went"
        );
        assert_eq!(look(&faces, "t", &all, None), six);
        // the order of addresses in a DNS answer does not matter
        let turned = ["2001:db8::1", "192.0.2.3", "192.0.2.1", "192.0.2.2"];
        assert_eq!(look(&faces, "t", &turned, None), all[1]);
    }

    #[test]
    fn what_cannot_be_reached_is_left_out() {
        let faces = Arc::new(Faces::default());
        let all = ["192.0.2.1", "2001:db8::1"];
        let way = self::way(None, &faces);
        let order = way.order("h", ips(&all), None, |it| it.is_ipv4()).unwrap();
        assert_eq!(order, ips(&all[..1]), "no way to IPv6");
        let alone = way.order("h", ips(&all[1..]), None, |it| it.is_ipv4());
        assert_eq!(alone, Err(NoIpv6));
        // the IPv6 address was tried first, and the IPv4 one answered
        let way = self::way(None, &faces);
        assert_eq!(
            way.order("h", ips(&all), None, |_| true).unwrap()[0],
            ips(&all)[1]
        );
        let face = way.face("h", "h", Some(ips(&all)[0]));
        assert_eq!(face.address, Some(ips(&all)[0]));
        for _ in 0..3 {
            let way = self::way(None, &faces);
            assert_eq!(
                way.order("h", ips(&all), None, |_| true).unwrap(),
                ips(&all[..1])
            );
            way.face("h", "h", Some(ips(&all)[0]));
        }
        // an address that is left out is taken if the name has no other
        let way = self::way(None, &faces);
        assert_eq!(
            way.order("h", ips(&all[1..]), None, |_| true).unwrap(),
            ips(&all[1..])
        );
        way.face("h", "h", Some(ips(&all)[1]));
        assert_eq!(
            look(&faces, "t", &all, None),
            all[0],
            "it takes part again, in turn"
        );
    }

    #[test]
    fn after_a_failure_the_other_family_is_next() {
        let faces = Arc::new(Faces::default());
        let all = ips(&["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"]);
        let way = way(None, &faces);
        let mut went = Vec::new();
        for _ in 0..4 {
            let next = way.order("h", all.clone(), None, |_| true).unwrap()[0];
            way.failed("h", next);
            went.push(next.to_string());
        }
        assert_eq!(
            went,
            ["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2"]
        );
        let again = way.order("h", all.clone(), None, |_| true).unwrap();
        assert_eq!(
            again.len(),
            4,
            "who failed everywhere may try everywhere again"
        );
        // of three that failed, none is tried by later looks while the fourth answers
        way.face("h", "h", Some(all[1]));
        let left = self::way(None, &faces).order("h", all.clone(), None, |_| true);
        assert_eq!(left.unwrap(), [all[1]]);
        // those that were left out are the last resort of a visit, and another host knows nothing of them
        let way = self::way(None, &faces);
        way.order("h", all.clone(), None, |_| true).unwrap();
        way.failed("h", all[1]);
        let rest = way.order("h", all.clone(), None, |_| true).unwrap();
        assert!(rest.len() == 3 && !rest.contains(&all[1]));
        let other = way.order("other", all.clone(), None, |_| true).unwrap();
        assert_eq!(other.len(), 4);
    }

    #[test]
    fn a_visit_stays_where_it_began() {
        let faces = Arc::new(Faces::default());
        let all = ips(&["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"]);
        let way = way(None, &faces);
        let first = way.order("h", all.clone(), None, |_| true).unwrap();
        assert!(
            first[0].is_ipv6() && first[1].is_ipv6(),
            "of the same family next: {first:?}"
        );
        assert_eq!(way.order("h", all.clone(), None, |_| true).unwrap(), first);
        way.order("www.h", all, None, |_| true).unwrap();
        let silent = way.face("h", "h", None);
        assert_eq!(silent.address, Some(first[0]), "also where nobody answered");
    }
}
