//! Hosts that honest pages commonly embed, hosts of public bodies, and top-level domains that attackers favour.

use std::{collections::HashSet, sync::LazyLock};

use aho_corasick::AhoCorasick;

/// Registrable domains that honest pages embed and link without notice; the head of the list names its sources.
static WELL_KNOWN: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    include_str!("hosts/well-known.txt")
        .lines()
        .filter(|it| !it.starts_with('#'))
        .collect()
});

/// Parts of host names under which gambling, loans, pills and essays are sold.
static TRADE: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let pieces = include_str!("hosts/trade.txt")
        .lines()
        .filter(|it| !it.starts_with('#') && !it.is_empty());
    AhoCorasick::new(pieces).ok()
});

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

/// Whether honest pages commonly embed this registrable domain.
pub fn is_well_known(domain: &str) -> bool {
    WELL_KNOWN.contains(domain)
}

/// Whether the host belongs to a public body: `*.gov`, `*.gov.vn`, `*.edu`, `*.go.id` …, or to any holder of a `.vn`
/// name, since Vietnam identifies its registrants.
pub fn is_public_body(host: &str) -> bool {
    let mut labels = host.rsplit('.');
    match (labels.next(), labels.next()) {
        (Some(last), Some(second)) => {
            last == "vn"
                || PUBLIC.contains(&last)
                || (last.len() == 2 && PUBLIC.contains(&second))
                || (second == "gov" && ["scot", "wales"].contains(&last))
                || last == "int"
        }
        _ => false,
    }
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
