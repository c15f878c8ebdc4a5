//! Pages that are no statement of the portal's: error pages, maintenance, browser checks, login walls, parked domains,
//! empty shells.

use super::{
    View,
    phrases::{CHALLENGE, DEEDS, LOGIN, OUT_OF_ORDER, PARKED, SIGNED, SLOGANS, SPAM, TAUNTS},
};
use crate::{
    model::verdict::State,
    page::{Hiding, Kind, Page, fold::fold},
};

/// Such pages are short; a long page that mentions maintenance is news.
const SHORT: usize = 160;
/// A shell has hardly a word: what it shows, its scripts will fetch.
const SHELL: usize = 15;
/// Code that fills a shell, in bytes.
const SHELL_CODE: usize = 2000;

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
    // a page that kept its own template is the portal speaking, whatever it says
    if view.norm.looks > 0 && view.kept() > 0.6 {
        return State::Ordinary;
    }
    // whoever paints it black or shows a stranger's picture is no firewall and no administrator
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
    // behind noscript a browser check says what it waits for; anything else hidden is said to nobody
    if told.iter().chain(&hidden).any(|it| CHALLENGE.any(it)) || sets_cookie_and_reloads(view) {
        return State::Challenge;
    }
    if told.iter().any(|it| OUT_OF_ORDER.any(it)) {
        return State::Maintenance;
    }
    if told.iter().any(|it| PARKED.any(it)) {
        return State::Parked;
    }
    // at first sight a page with a login is simply that
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

/// Nothing on the page comes from or leads to strangers, and nothing is sold.
fn is_at_home(view: &View, page: &Page) -> bool {
    // a password field in an empty room is no portal's login
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

/// Nothing to read, and honest code that will fetch it: neither black nor packed, and written by nobody on the spot.
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

/// A script that sets a cookie and asks for the page again: how firewalls tell browsers from machines.
fn sets_cookie_and_reloads(view: &View) -> bool {
    view.words < 30
        && view.page.images.is_empty()
        && view.page.scripts.iter().any(|it| {
            let code = &it.code;
            code.contains("cookie") && (code.contains("reload(") || code.contains("location.href"))
        })
}
