//! Recognizes pages that are not the portal's own content: error pages, maintenance, browser checks, login walls,
//! parked domains, empty shells.

use super::{
    View,
    phrases::{CHALLENGE, DEEDS, LOGIN, OUT_OF_ORDER, PARKED, SIGNED, SLOGANS, SPAM, TAUNTS},
};
use crate::{
    model::verdict::State,
    page::{Hiding, Kind, Page, fold::fold},
};

/// Most visible words of such pages; a long page that mentions maintenance is news.
const SHORT: usize = 160;
/// Most visible words of a shell: its scripts fetch the content.
const SHELL: usize = 15;
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
    let written = view.texts.iter().map(|it| it.folded.as_str());
    if told
        .iter()
        .map(String::as_str)
        .chain(written)
        .any(|it| SIGNED.any(it) || TAUNTS.any(it) || SLOGANS.any(it) || DEEDS.any(it))
    {
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
    if told.iter().chain(&hidden).any(|it| CHALLENGE.any(it)) || sets_cookie_and_reloads(view) {
        return State::Challenge;
    }
    if told.iter().any(|it| OUT_OF_ORDER.any(it)) {
        return State::Maintenance;
    }
    if told.iter().any(|it| PARKED.any(it)) {
        return State::Parked;
    }
    // without a baseline, a page with a login is simply a login page
    let asks =
        page.forms.iter().any(|it| it.password) || page.asks.iter().any(|it| it == "password");
    if view.change.is_some()
        && asks
        && told.iter().any(|it| LOGIN.any(it))
        && is_at_home(view, page)
    {
        return State::Login;
    }
    let shows = page.images.len() + page.media + page.frames.len();
    if view.words == 0
        && shows == 0
        && page.title.is_none()
        && page.scripts.is_empty()
        && page.refreshes.is_empty()
    {
        return State::Empty;
    }
    if shows == 0 && is_shell(view, page) {
        return State::Shell;
    }
    State::Ordinary
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
        && (loads || code > SHELL_CODE)
        && !page.dark
        && page.stunts.is_empty()
        && !packed
}

/// Whether a script sets a cookie and loads the page again: firewalls recognize browsers in this way.
fn sets_cookie_and_reloads(view: &View) -> bool {
    view.words < 30
        && view.page.images.is_empty()
        && view.page.scripts.iter().any(|it| {
            let code = &it.code;
            code.contains("cookie") && (code.contains("reload(") || code.contains("location.href"))
        })
}
