//! Hosts that everybody embeds, hosts of public bodies, and endings that attackers favour.

use std::{collections::HashSet, sync::LazyLock};

use aho_corasick::AhoCorasick;

/// See the head of the list.
static WELL_KNOWN: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    include_str!("hosts/well-known.txt")
        .lines()
        .filter(|it| !it.starts_with('#'))
        .collect()
});

/// Pieces of names under which gambling, loans, pills and essays are sold.
static TRADE: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    let pieces = include_str!("hosts/trade.txt")
        .lines()
        .filter(|it| !it.starts_with('#') && !it.is_empty());
    AhoCorasick::new(pieces).ok()
});

/// Endings that cost nothing or little and carry most of the planted links and scripts.
const RISKY_TLDS: &[&str] = &[
    "bet", "buzz", "cam", "casino", "cc", "cf", "cfd", "click", "club", "cyou", "fit", "fun", "ga",
    "gq", "icu", "lat", "life", "link", "live", "lol", "loan", "ml", "mom", "monster", "one",
    "online", "pics", "poker", "pro", "pw", "quest", "rest", "ru", "sbs", "shop", "site", "skin",
    "space", "su", "surf", "tk", "today", "top", "vip", "win", "work", "wtf", "ws", "xyz", "zip",
];

/// Second-level endings under which only public bodies, schools and armies are registered.
const PUBLIC: &[&str] = &[
    "gov", "edu", "mil", "go", "gob", "gouv", "gub", "ac", "govt",
];

pub fn is_well_known(domain: &str) -> bool {
    WELL_KNOWN.contains(domain)
}

/// `*.gov`, `*.gov.vn`, `*.edu`, `*.go.id` …, and Vietnam's own `.vn`, where a registrant is identified.
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

/// The name itself says what is sold there.
pub fn is_trade(host: &str) -> bool {
    TRADE.as_ref().is_some_and(|it| it.is_match(host))
}

pub fn is_risky(host: &str) -> bool {
    host.rsplit('.')
        .next()
        .is_some_and(|it| RISKY_TLDS.contains(&it))
        || host.contains("xn--")
}
