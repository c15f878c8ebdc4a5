//! Limits for waiting requests. A stranger's account costs nothing to create, so requests without proof are limited
//! by domain, by minute and in all. An asker with a proof is never refused because of them. The owner of a domain can
//! prove any number of names below it, so only a few of those requests get messages of their own.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::{Known, Wanted, names::portal_key};
use crate::model::{
    Digest, Localized, registrable,
    registration::{Asker, Proof, Request, RequestId},
};

/// Open requests without proof, for portals of one registrable domain.
const OF_A_DOMAIN: usize = 3;
/// Open requests without proof in all: each makes the service visit a stranger's address.
const IN_ALL: usize = 500;
/// Requests a minute from accounts that have not asked before: accounts are created by the hundred.
const NEW_A_MINUTE: usize = 10;
/// Strangers' requests with proof that officers get messages of their own for: for portals of one registrable domain,
/// open or made within a day.
const ALONE_OF_A_DOMAIN: usize = 3;
/// The limit for all domains together: another domain costs an attacker little.
const ALONE_IN_ALL: usize = 30;
const DAY: SignedDuration = SignedDuration::from_hours(24);
const MINUTE: SignedDuration = SignedDuration::from_mins(1);
/// Strangers' requests within this time share one message to the officers, which rings once.
const CROWD: SignedDuration = SignedDuration::from_mins(10);

/// The token that proves an asker's right when the portal publishes it. It is no secret, because it is derived from
/// asker and portal: the asker may publish it before asking, and ask again.
pub fn token(wanted: &Wanted) -> String {
    let asker = &wanted.asker;
    let bound = format!(
        "gaccong {} {:?} {:?}",
        portal_key(&wanted.url),
        asker.notifier,
        asker.account
    );
    format!("gaccong-{}", &Digest::of(bound.as_bytes()).hex()[..24])
}

/// Whether the asker's chat is a stranger's: no registered portal sends alerts to it.
pub(super) fn is_stranger(asker: &Asker, known: Known) -> bool {
    let told = |name: &String| {
        let mut all = known.targets.iter();
        all.any(|it| it.settings.notify.contains(name))
    };
    asker.notifier.as_ref().is_some_and(|it| !told(it))
}

/// Whether two askers share a notifier or an account.
pub(super) fn is_same(a: &Asker, b: &Asker) -> bool {
    a.notifier == b.notifier || a.account.is_some() && a.account == b.account
}

/// Whether the request is open, made by a stranger, and without proof.
pub fn is_unproved(it: &Request) -> bool {
    it.stranger && it.stage.is_open() && it.proof.is_none()
}

/// Whether officers see this open request in a common message.
pub fn is_together(it: &Request) -> bool {
    is_unproved(it) || it.stage.is_open() && it.together
}

/// Whether a stranger's proved request must go into the common message, because too many proved requests have
/// messages of their own.
pub(super) fn is_one_of_many(of: &Request, known: Known, now: Timestamp) -> bool {
    let proved = |it: &&Request| {
        let own = it.proof.as_ref();
        own.is_some_and(|it| !matches!(it, Proof::Vouched(_))) && !it.together
    };
    let lately = |it: &&Request| it.stage.is_open() || now.duration_since(it.at) < DAY;
    let others = known.requests.iter();
    let others = others.filter(|it| it.stranger && it.id != of.id);
    let alone: Vec<&Request> = others.filter(proved).filter(lately).collect();
    let domain = domain(&of.url);
    let of_domain = alone.iter().filter(|it| self::domain(&it.url) == domain);
    of.stranger && (of_domain.count() >= ALONE_OF_A_DOMAIN || alone.len() >= ALONE_IN_ALL)
}

/// The reason for refusing a stranger's request without proof because a limit is reached; `None` if there is room.
pub(super) fn is_full(wanted: &Wanted, known: Known, now: Timestamp) -> Option<Localized> {
    let unproved = || known.requests.iter().filter(|it| is_unproved(it));
    let domain = domain(&wanted.url);
    let of_domain = unproved().filter(|it| self::domain(&it.url) == domain);
    let lately = |it: &&Request| now.duration_since(it.at) < MINUTE;
    let before = |asker: &Asker| {
        let mut all = known.requests.iter();
        all.any(|it| !lately(&it) && is_same(&it.asker, asker))
    };
    let new = known
        .requests
        .iter()
        .filter(|it| it.stranger)
        .filter(lately);
    let new = new.filter(|it| !before(&it.asker)).count();
    let full = of_domain.count() >= OF_A_DOMAIN
        || unproved().count() >= IN_ALL
        || new >= NEW_A_MINUTE && !before(&wanted.asker);
    full.then(|| Localized::new("register-prove-first"))
}

/// The registrable domain of a portal, which stands for its owner.
pub fn domain(url: &url::Url) -> String {
    registrable(url.host_str().unwrap_or_default())
}

/// The begin of the common message to officers that a stranger's new request joins; `None` if there is no other
/// request, so that this one gets a message of its own.
pub(super) fn crowd(known: Known, now: Timestamp) -> Option<Timestamp> {
    let others = || known.requests.iter().filter(|it| it.stranger);
    let lately = |at: Timestamp| now.duration_since(at) < CROWD;
    if !others().any(|it| is_unproved(it) || lately(it.at)) {
        return None;
    }
    let running = others().filter_map(|it| it.crowd).filter(|it| lately(*it));
    Some(running.max().unwrap_or(now))
}

/// When the common message must be edited: at the end of the current 20 seconds, so that a flood of requests leaves
/// room in the chat for graver news.
pub fn due(crowd: Timestamp, now: Timestamp) -> Timestamp {
    let passed = now.duration_since(crowd).as_secs().max(0);
    let thirds = passed.div_euclid(20) + i64::from(passed % 20 > 0);
    crowd
        .checked_add(SignedDuration::from_secs(20 * thirds))
        .unwrap_or(now)
}

/// The askers of requests without proof: the id of one request of each, and the number of their requests, the largest
/// number first.
pub fn askers(waiting: &[&Request]) -> Vec<(RequestId, usize)> {
    let mut seen: BTreeSet<&RequestId> = BTreeSet::new();
    let mut out: Vec<(RequestId, usize)> = Vec::new();
    for it in waiting {
        if !seen.insert(&it.id) {
            continue;
        }
        let own: Vec<_> = waiting
            .iter()
            .filter(|of| is_same(&of.asker, &it.asker))
            .collect();
        seen.extend(own.iter().map(|it| &it.id));
        out.push((it.id.clone(), own.len()));
    }
    out.sort_by_key(|it| std::cmp::Reverse(it.1));
    out
}

#[cfg(test)]
mod tests {
    use super::{
        super::request::{Around, Whose, ask},
        *,
    };

    /// Strangers' requests for these hosts, one for each, all with proof and of one time.
    fn proved(hosts: impl Iterator<Item = String>) -> Vec<Request> {
        let mut requests: Vec<Request> = Vec::new();
        let now = "2026-11-22T05:00:00Z".parse().unwrap();
        for (at, host) in hosts.enumerate() {
            let wanted = Wanted {
                url: format!("https://{host}/").parse().unwrap(),
                name: String::new(),
                agency: Whose::Named("Sở Thử".to_owned()),
                asker: Asker {
                    name: "An".to_owned(),
                    notifier: Some(format!("room@{at}")),
                    account: Some(at as i64),
                    username: None,
                    place: None,
                },
            };
            let known = Known {
                targets: &[],
                requests: &requests,
                used: &[],
            };
            let around = Around {
                agencies: &[],
                ports: &[443],
            };
            let id = RequestId::new(2026, at as u64 + 1);
            let step = ask(known, around, wanted, Some(Proof::Dns), id, now).unwrap();
            requests.extend(step.request);
        }
        requests
    }

    #[test]
    fn proved_ones_are_told_one_by_one_up_to_a_bound() {
        let alone = |all: &[Request]| all.iter().filter(|it| !it.together).count();
        let of_one = proved((0..50).map(|it| format!("a{it}.longan.gov.vn")));
        assert_eq!((of_one.len(), alone(&of_one)), (50, ALONE_OF_A_DOMAIN));
        let of_many = proved((0..50).map(|it| format!("a{it}.vn")));
        assert_eq!((of_many.len(), alone(&of_many)), (50, ALONE_IN_ALL));
        // all the others are in the common messages
        let crowds: BTreeSet<_> = of_one.iter().chain(&of_many).map(|it| it.crowd).collect();
        assert_eq!(crowds.len(), 2, "{crowds:?}");
        assert!(of_many.iter().all(|it| it.together == it.crowd.is_some()));
    }
}
