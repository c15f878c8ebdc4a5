//! Recognizes pages that are not the portal's own content: error pages, maintenance, browser checks, login walls,
//! parked domains, empty shells.

use std::collections::HashSet;

use super::{
    View, challenge,
    phrases::{DEEDS, FAULTS, LOGIN, OUT_OF_ORDER, PARKED, Phrases, SIGNED, SLOGANS, SPAM, TAUNTS},
};
use crate::{
    diff::pins::{Fact, Pin},
    model::{digest::key, verdict::State},
    page::{
        Hiding, Kind, Page, Usage,
        fold::{fold, visible},
        noise, place,
    },
};

/// Most visible words of such pages; a long page that mentions maintenance is news.
const SHORT: usize = 160;
/// Most visible words of a shell: its scripts fetch the content.
const SHELL: usize = 15;
/// Most visible words of a site's own error page that no list knows.
const FAULT: usize = 60;
/// Words of a label, such as a name or "loading", and words with which longer lines of a shell ask to wait, folded.
const WAITING_WORDS: usize = 4;
const WAITS: &[&str] = &[
    "dang tai",
    "vui long cho",
    "vui long doi",
    "cho trong giay lat",
    "javascript",
    "loading",
    "please wait",
    "memuat",
    "trinh duyet",
    "browser",
];
/// Bytes of inline code that can fill a shell.
const SHELL_CODE: usize = 2000;

/// The state of a page. Every page with words of an attack is ordinary, so that all signals count.
pub fn of(view: &View) -> State {
    let page = view.page;
    if page.kind == Kind::Empty {
        return State::Empty;
    }
    if !page.kind.is_text() || view.words > SHORT {
        return State::Ordinary;
    }
    let mut told: Vec<String> = page.title.iter().map(|it| fold(it)).collect();
    told.extend(page.visible().take(40).map(|it| fold(&it.text)));
    if is_hostile(view, &told) {
        return State::Ordinary;
    }
    // a page with the portal's own template is the portal's content, in any wording
    if view.norm.looks > 0 && view.kept() > 0.6 {
        return State::Ordinary;
    }
    // firewalls and administrators do not paint their pages black or show pictures of strange hosts
    let masked = view.norm.looks > 0
        && (page.dark
            || page
                .images
                .iter()
                .any(|it| !it.host.is_empty() && view.is_strange(&it.host)));
    if masked {
        return State::Ordinary;
    }
    let hidden: Vec<String> = page
        .blocks
        .iter()
        .filter(|it| it.hidden == Some(Hiding::NoScript))
        .take(10)
        .map(|it| fold(&it.text))
        .collect();
    // of hidden text, only that of noscript is shown to anyone: browser checks say there what they wait for
    let told: Vec<&str> = told.iter().map(String::as_str).collect();
    let said: Vec<&str> = told
        .iter()
        .copied()
        .chain(hidden.iter().map(String::as_str))
        .collect();
    if challenge::is_one(view, &said) {
        return State::Challenge;
    }
    let says = |list: &Phrases| told.iter().any(|it| list.any(it));
    if view.norm.looks > 0 && challenge::is_hostile(view) && !says(&LOGIN) {
        return State::Ordinary;
    }
    let out_of_order = says(&OUT_OF_ORDER) && !leads_on(view);
    if out_of_order || says(&FAULTS) && is_plain(view, page) {
        return State::Maintenance;
    }
    if says(&PARKED) {
        return State::Parked;
    }
    // without a baseline, a page with a login is simply a login page
    let asks =
        page.forms.iter().any(|it| it.password) || page.asks.iter().any(|it| it == "password");
    if view.change.is_some() && asks && says(&LOGIN) && is_at_home(view, page) {
        return State::Login;
    }
    let shows = page.images.len() + page.media + page.frames.len();
    let is_blank = page.visible().all(|it| visible(&it.text).trim().is_empty());
    if is_blank
        && shows == 0
        && page.title.is_none()
        && page.scripts.is_empty()
        && page.refreshes.is_empty()
    {
        return State::Empty;
    }
    if shows == 0 && is_shell(view, page) && is_earned(view, page) {
        return State::Shell;
    }
    State::Ordinary
}

/// Whether words of an attack stand in the visible texts, or in those that are new.
fn is_hostile(view: &View, told: &[String]) -> bool {
    let written = view.texts.iter().map(|it| it.folded.as_str());
    told.iter()
        .map(String::as_str)
        .chain(written)
        .any(|it| SIGNED.any(it) || TAUNTS.any(it) || SLOGANS.any(it) || DEEDS.any(it))
}

/// Whether a notice sends its readers, as the portal never did, to an account, a messenger or a stranger: one of maintenance
/// gives a time and a telephone.
fn leads_on(view: &View) -> bool {
    if view.norm.looks == 0 {
        return false;
    }
    let links = view.page.links.iter().filter(|it| !it.host.is_empty());
    let mut links = links.filter(|it| it.hidden.is_none());
    let pays = |it: &Pin| it.kind == Fact::Account && !view.norm.pins.contains_key(&it.key());
    links.any(|it| view.is_strange(&it.host) || is_new_tenant(view, &it.url, &it.host))
        || view.pins().iter().any(pays)
}

/// Whether the address is that of one of many publishers on a host, to which the portal never led.
fn is_new_tenant(view: &View, url: &str, host: &str) -> bool {
    place::is_shared(host) && !view.norm.holds(Usage::Link, place::of(url, host).name())
}

/// Whether the page uses no strange host and advertises no trade.
fn is_at_home(view: &View, page: &Page) -> bool {
    // a portal's login page has at least three parts of its own besides the password field
    let own = page.domain();
    let furnished = |host: &str| crate::page::registrable(host) == own;
    let parts = page.links.iter().filter(|it| furnished(&it.host)).count()
        + page.images.iter().filter(|it| furnished(&it.host)).count()
        + page.scripts.iter().filter(|it| furnished(&it.host)).count();
    if parts < 3 || page.dark {
        return false;
    }
    let hosts = page
        .links
        .iter()
        .map(|it| &it.host)
        .chain(page.images.iter().map(|it| &it.host))
        .chain(page.forms.iter().map(|it| &it.host))
        .chain(page.scripts.iter().map(|it| &it.host));
    !hosts.into_iter().any(|it| view.is_strange(it))
        && !view.texts.iter().any(|it| SPAM.any(&it.folded))
}

/// Whether the page is a few words without links or parts of strangers: a server's or a program's own error page.
fn is_plain(view: &View, page: &Page) -> bool {
    let hosts = page
        .links
        .iter()
        .map(|it| &it.host)
        .chain(page.images.iter().map(|it| &it.host))
        .chain(page.scripts.iter().map(|it| &it.host));
    let own = page.domain();
    let mut elsewhere = hosts.filter(|it| !it.is_empty());
    view.words <= FAULT
        && own == view.expect.domain
        && !page.dark
        && page.media + page.frames.len() + page.forms.len() + page.refreshes.len() == 0
        && !elsewhere.any(|it| crate::page::registrable(it) != own)
}

/// Whether a page without words is the portal's own: it loads what the portal always loaded, or bears the portal's name
/// and loads code of the portal's own host. Without a baseline, any shell is a portal's.
fn is_earned(view: &View, page: &Page) -> bool {
    let mut sources = page.scripts.iter().filter_map(|it| it.src.as_deref());
    let known = |it: &str| view.norm.scripts.contains_key(&key(&noise::normal_url(it)));
    if view.norm.looks == 0 || sources.any(known) {
        return true;
    }
    let words = |text: &str| -> HashSet<String> {
        let folded = fold(text);
        let words = folded.split(' ').filter(|it| it.chars().count() > 2);
        words.map(str::to_owned).collect()
    };
    let named = page.title.as_deref().map(words).unwrap_or_default();
    let is_name = |it: &String| {
        let known = words(it);
        !named.is_empty() && named.intersection(&known).count() * 2 >= named.len()
    };
    let own = page.domain();
    let loads_own = page
        .scripts
        .iter()
        .any(|it| it.src.is_some() && crate::page::registrable(&it.host) == own);
    loads_own && view.norm.titles.iter().any(is_name)
}

/// Whether a shell's few words say that something is loading, name the portal, or stood there before. A sentence in the place of the
/// page is no shell.
fn says_nothing(view: &View) -> bool {
    if view.norm.looks == 0 {
        return true;
    }
    let mut said = view.page.visible().take(SHELL);
    said.all(|it| {
        let words = it.text.split_whitespace().count();
        let known = view.norm.blocks.contains_key(&it.key);
        let folded = || fold(&it.text);
        words <= WAITING_WORDS || known || WAITS.iter().any(|word| folded().contains(word))
    })
}

/// Whether the page has nothing to read and honest code to fetch it: not black, not packed, and no `document.write`.
fn is_shell(view: &View, page: &Page) -> bool {
    let loads = page
        .scripts
        .iter()
        .any(|it| it.src.is_some() && !view.is_strange(&it.host));
    let code: usize = page.scripts.iter().map(|it| it.code.len()).sum();
    let packed = view.codes().iter().any(|it| {
        it.script.code.contains("document.write")
            || it
                .layers
                .iter()
                .filter(|it| it.disguised)
                .map(|it| it.text.len())
                .sum::<usize>()
                > 200
    });
    view.words <= SHELL
        && says_nothing(view)
        && (loads || code > SHELL_CODE)
        && !page.dark
        && page.stunts.is_empty()
        && !packed
}
