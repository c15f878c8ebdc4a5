//! What is known of hosts apart from the portal: which stand in many honest pages and in what role, which belong to
//! public bodies, and which top-level domains attackers favour.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use aho_corasick::AhoCorasick;

use super::expect::Role;
use crate::{model::is_public_suffix, page::registrable};

/// Registrable domains that honest pages embed and link without notice; the head of the list names its sources.
static WELL_KNOWN: LazyLock<HashSet<&str>> =
    LazyLock::new(|| lines(include_str!("hosts/well-known.txt")).collect());

/// Packages that many pages load from public mirrors.
static LIBRARIES: LazyLock<HashSet<&str>> =
    LazyLock::new(|| lines(include_str!("hosts/libraries.txt")).collect());

/// Vietnamese domains outside gov.vn, and whether each is a public body's.
static VIETNAM: LazyLock<HashMap<&str, bool>> = LazyLock::new(|| {
    lines(include_str!("hosts/vietnam.txt"))
        .filter_map(|it| it.split_once('\t'))
        .map(|(domain, standing)| (domain, standing == "body"))
        .collect()
});

/// Parts of host names under which gambling, loans, pills and essays are sold.
static TRADE: LazyLock<Option<AhoCorasick>> =
    LazyLock::new(|| AhoCorasick::new(lines(include_str!("hosts/trade.txt"))).ok());

fn lines(list: &'static str) -> impl Iterator<Item = &'static str> {
    list.lines()
        .filter(|it| !it.starts_with('#') && !it.is_empty())
}

/// Top-level domains that cost little or nothing and carry most planted links and scripts.
const RISKY_TLDS: &[&str] = &[
    "bet", "buzz", "cam", "casino", "cc", "cf", "cfd", "click", "club", "cyou", "fit", "fun", "ga",
    "gq", "icu", "lat", "life", "link", "live", "lol", "loan", "ml", "mom", "monster", "one",
    "online", "pics", "poker", "pro", "pw", "quest", "rest", "ru", "sbs", "shop", "site", "skin",
    "space", "su", "surf", "tk", "today", "top", "vip", "win", "work", "wtf", "ws", "xyz", "zip",
];

/// Second-level domains under which only public bodies, schools and armies can register.
const PUBLIC: &[&str] = &[
    "gov", "edu", "mil", "go", "gob", "gouv", "gub", "ac", "govt",
];

/// Those of schools, among [`PUBLIC`].
const SCHOOLS: &[&str] = &["edu", "ac"];

/// Second-level domains of `.vn` that anybody registers for little or nothing.
const CHEAP: &[&str] = &["id", "io", "biz", "name", "pro", "info", "ai", "health"];

/// Whether honest pages commonly use this registrable domain in this role, whatever portal they belong to.
pub fn is_known_as(domain: &str, role: Role) -> bool {
    match role {
        // no honest page sends all of its visitors, or hands all of its addresses, to a third party
        Role::Refresh | Role::Whole => false,
        _ => WELL_KNOWN.contains(domain) || VIETNAM.get(domain).is_some_and(|body| !body),
    }
}

/// Whether the domain is on the list of third parties: portals link to it, and so do attackers.
pub fn is_third_party(domain: &str) -> bool {
    WELL_KNOWN.contains(domain)
}

/// Whether this package or repository is a library that many pages load.
pub fn is_library(package: &str) -> bool {
    if package.starts_with("wp/") {
        // the mirror of wordpress.org, where plugins are reviewed
        return true;
    }
    let Some(name) = package.strip_prefix("npm/") else {
        return false;
    };
    let scope = name.split('/').next().unwrap_or_default();
    LIBRARIES.contains(name) || (scope.starts_with('@') && LIBRARIES.contains(scope))
}

/// Whether the host belongs to a public body: `*.gov`, `*.gov.vn`, `*.edu`, `*.go.id` …, or a Vietnamese body with a
/// name of another kind.
pub fn is_public_body(host: &str) -> bool {
    let mut labels = host.rsplit('.');
    match (labels.next(), labels.next()) {
        (Some(last), Some(second)) => {
            PUBLIC.contains(&last)
                || (last.len() == 2 && PUBLIC.contains(&second))
                || (second == "gov" && ["scot", "wales"].contains(&last))
                || last == "int"
                || (last == "vn" && VIETNAM.get(registrable(host).as_str()) == Some(&true))
        }
        _ => false,
    }
}

/// Whether the host belongs to a school or university.
pub fn is_school(host: &str) -> bool {
    host.rsplit('.').take(2).any(|it| SCHOOLS.contains(&it))
}

/// Whether the host is under `.vn` by a name that costs money and is registered under the holder's own name.
pub fn is_registered_in_vietnam(host: &str) -> bool {
    let mut labels = host.rsplit('.');
    labels.next() == Some("vn")
        && labels.next().is_some_and(|it| !CHEAP.contains(&it))
        && !is_public_suffix(host)
}

/// Whether the host's name advertises gambling, loans, pills or essays.
pub fn is_trade(host: &str) -> bool {
    TRADE.as_ref().is_some_and(|it| it.is_match(host))
}

/// Whether the host is under a top-level domain that attackers favour, or has a Punycode label (look-alike letters).
pub fn is_risky(host: &str) -> bool {
    host.rsplit('.')
        .next()
        .is_some_and(|it| RISKY_TLDS.contains(&it))
        || host.contains("xn--")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_is_no_role() {
        assert!(is_public_body("www.moh.gov.vn") && is_public_body("chinhphu.vn"));
        for host in ["shop.vn", "a.com.vn", "x.id.vn", "vnpt.vn"] {
            assert!(!is_public_body(host), "{host}");
        }
        assert!(is_registered_in_vietnam("www.a.com.vn") && is_registered_in_vietnam("shop.vn"));
        assert!(!is_registered_in_vietnam("x.id.vn") && !is_registered_in_vietnam("a.com"));
        assert!(is_known_as("youtube.com", Role::Frame));
        assert!(!is_known_as("youtube.com", Role::Refresh));
    }

    #[test]
    fn libraries_by_package() {
        assert!(is_library("npm/swiper") && is_library("npm/@fancyapps/ui"));
        assert!(!is_library("npm/swiper-x1") && !is_library("gh/ai/swiper"));
    }
}
