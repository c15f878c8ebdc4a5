//! Recognizes browser checks: pages of a firewall that lets a browser in once its code has run. A check earns its name by
//! where its code comes from and by what it leaves undone; its words alone can be copied.

use super::{View, phrases::CHALLENGE};
use crate::{
    model::digest::key,
    page::{Script, noise, registrable},
};

/// Hosts, and everything below them, that serve code of checks and nothing that strangers upload.
const CHECKERS: &[&str] = &[
    "www.google.com",
    "www.recaptcha.net",
    "www.gstatic.com",
    "hcaptcha.com",
    "challenges.cloudflare.com",
    "captcha-delivery.com",
    "awswaf.com",
    "perimeterx.net",
    "px-cdn.net",
    "px-cloud.net",
    "geetest.com",
    "arkoselabs.com",
    "funcaptcha.com",
    "ddos-guard.net",
    "incapsula.com",
    "friendlycaptcha.com",
    "smartcaptcha.yandexcloud.net",
    "captcha.qq.com",
    "captcha.gtimg.com",
    "queue-it.net",
];
/// Hosts of libraries that their operators choose: checks use them, and nothing but libraries lies there.
const LIBRARIES: &[&str] = &[
    "cdnjs.cloudflare.com",
    "ajax.googleapis.com",
    "code.jquery.com",
];
/// Beginnings of paths that a firewall keeps for itself on the portal's host.
const RESERVED: &[&str] = &["/.", "/cdn-cgi/", "/_sec/", "/_fs-ch-"];
/// Words in such paths.
const NAMED: &[&str] = &[
    "incapsula",
    "tspd",
    "challenge",
    "challenges",
    "captcha",
    "recaptcha",
    "turnstile",
    "antibot",
    "botcheck",
    "antiddos",
    "ddos",
    "waf",
    "verify",
    "safeline",
    "firewall",
    "pow",
];
/// Folders into which visitors and editors upload: no firewall's code lies there.
const UPLOADS: &[&str] = &[
    "upload", "uploads", "files", "media", "images", "tmp", "temp",
];
/// Code that a check, a notice or an error page never needs.
const HOSTILE_CODE: &[&str] = &[
    "clipboard",
    "execcommand",
    "ethereum",
    "solana",
    "tronweb",
    "walletconnect",
    "activexobject",
];
/// What an attacker asks visitors to press, to run or to pay, each in spaces.
const HOSTILE_WORDS: &[&str] = &[
    " win r ",
    " windows r ",
    " ctrl v ",
    " ctrl c ",
    " cmd v ",
    " command v ",
    " powershell ",
    " mshta ",
    " cmd exe ",
    " terminal ",
    " bitcoin ",
    " btc ",
    " usdt ",
    " monero ",
    " wallet ",
    " seed phrase ",
];
/// Endings of programs that a page offers to install.
const PROGRAMS: &[&str] = &[
    ".exe", ".msi", ".apk", ".bat", ".cmd", ".ps1", ".vbs", ".hta", ".scr", ".dmg", ".jar",
];
/// Most links of a browser check that has no known words.
const LINKS: usize = 4;
/// Most bytes of code of a check that shows nothing and loads nothing.
const BARE: usize = 1000;
/// Most texts in which hostile words are looked for.
const TEXTS: usize = 60;

/// Whether the page is a browser check. `told`: its visible texts and those for visitors without scripting, folded.
pub(super) fn is_one(view: &View, told: &[&str]) -> bool {
    let page = view.page;
    let mut sources = page.scripts.iter().filter(|it| it.src.is_some());
    let has_code = sources.clone().next().is_some();
    let is_earned = sources.all(|it| is_check_code(view, it));
    // the words do not matter where nothing but a firewall's code is loaded
    let loads_check = has_code && is_earned && page.links.len() <= LINKS;
    let says = told.iter().any(|it| CHALLENGE.any(it));
    if !(says || loads_check || comes_back(view)) || is_hostile(view) || reaches_strangers(view) {
        return false;
    }
    // without a baseline there is nothing that the check could stand in the place of
    view.norm.looks == 0 || sources_are_known(view) || is_earned
}

/// Whether the page copies, asks for keys, secrets or money, or offers a program. No page of a firewall, server or
/// administrator does.
pub(super) fn is_hostile(view: &View) -> bool {
    let page = view.page;
    let offers = page.links.iter().any(|it| {
        let path = it.url.split(['?', '#']).next().unwrap_or_default();
        let path = path.to_ascii_lowercase();
        PROGRAMS.iter().any(|ending| path.ends_with(ending))
    });
    let asks = page.asks.iter().any(|it| it != "code");
    let codes = page.scripts.iter().filter(|it| it.runs);
    let acts = codes.filter(|it| !it.code.is_empty()).any(|it| {
        let code = it.code.to_ascii_lowercase();
        HOSTILE_CODE.iter().any(|deed| code.contains(deed))
    });
    offers || asks || acts || page.blocks.iter().take(TEXTS).any(|it| demands(&it.text))
}

fn demands(text: &str) -> bool {
    let mut plain = String::from(" ");
    let lower = text.to_lowercase();
    for word in lower.split(|c: char| !c.is_alphanumeric()) {
        if !word.is_empty() {
            plain.push_str(word);
            plain.push(' ');
        }
    }
    HOSTILE_WORDS.iter().any(|it| plain.contains(it))
}

/// Whether the page frames, posts to, leads to or loads from a stranger.
fn reaches_strangers(view: &View) -> bool {
    let page = view.page;
    let strange = |host: &str| view.is_strange(host) && !is_below(CHECKERS, host);
    let of_url = |url: &String| {
        let url = url.parse::<url::Url>().ok();
        url.is_some_and(|it| it.host_str().is_some_and(strange))
    };
    page.forms.iter().any(|it| strange(&it.host))
        || page.frames.iter().any(|it| strange(&it.host))
        || page.refreshes.iter().any(of_url)
        || view
            .codes()
            .iter()
            .any(|it| it.hosts().any(|it| strange(&it)))
}

/// Whether a script comes from a firewall: from a host that serves nothing else, or from the path that it keeps for itself
/// on the portal's host.
fn is_check_code(view: &View, script: &Script) -> bool {
    let Some(url) = script
        .src
        .as_ref()
        .and_then(|it| it.parse::<url::Url>().ok())
    else {
        return false;
    };
    let host = url.host_str().unwrap_or_default();
    if is_below(CHECKERS, host) || LIBRARIES.contains(&host) {
        return true;
    }
    if registrable(host) != view.page.domain() {
        return false;
    }
    let path = url.path().to_ascii_lowercase();
    let words = || path.split(|c: char| !c.is_ascii_alphanumeric());
    let is_kept =
        RESERVED.iter().any(|it| path.starts_with(it)) || words().any(|it| NAMED.contains(&it));
    is_kept && !words().any(|it| UPLOADS.contains(&it))
}

/// Whether all scripts are those that the portal always loaded.
fn sources_are_known(view: &View) -> bool {
    let mut sources = view.page.scripts.iter().filter_map(|it| it.src.as_deref());
    sources.all(|it| view.norm.scripts.contains_key(&key(&noise::normal_url(it))))
}

fn is_below(hosts: &[&str], host: &str) -> bool {
    hosts.iter().any(|it| {
        host.strip_suffix(it)
            .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// Whether a script sets a cookie, or does work, and loads the page again: firewalls recognize browsers in this way.
fn comes_back(view: &View) -> bool {
    let again = |code: &str| code.contains("reload(") || code.contains("location");
    let works = |code: &str| {
        let sums = code.contains("subtle.digest") || code.contains("sha256");
        sums && (code.contains("nonce") || code.contains("difficulty"))
    };
    let scripts = &view.page.scripts;
    // a page that shows nothing, and puts an address together in its own few lines
    let code: usize = scripts.iter().map(|it| it.code.len()).sum();
    let is_bare = view.words == 0 && code <= BARE && scripts.iter().all(|it| it.src.is_none());
    view.words < 30
        && view.page.images.is_empty()
        && scripts
            .iter()
            .any(|it| again(&it.code) && (it.code.contains("cookie") || works(&it.code) || is_bare))
}
