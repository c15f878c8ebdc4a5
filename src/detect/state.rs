//! Pages that are no statement of the portal's: error pages, maintenance, browser checks, empty shells.

use super::{
    View,
    phrases::{CHALLENGE, OUT_OF_ORDER, SIGNED, SLOGANS, TAUNTS},
};
use crate::{
    model::verdict::State,
    page::{Kind, fold::fold},
};

/// Such pages are short; a long page that mentions maintenance is news.
const SHORT: usize = 160;

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
    if told
        .iter()
        .any(|it| SIGNED.any(it) || TAUNTS.any(it) || SLOGANS.any(it))
    {
        return State::Ordinary;
    }
    // a page that kept its own template is the portal speaking, whatever it says
    if view.norm.looks > 0 && view.kept() > 0.6 {
        return State::Ordinary;
    }
    let hidden: Vec<String> = page
        .blocks
        .iter()
        .filter(|it| it.hidden.is_some())
        .take(10)
        .map(|it| fold(&it.text))
        .collect();
    if told.iter().chain(&hidden).any(|it| CHALLENGE.any(it)) || sets_cookie_and_reloads(view) {
        return State::Challenge;
    }
    if told.iter().any(|it| OUT_OF_ORDER.any(it)) {
        return State::Maintenance;
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
    State::Ordinary
}

/// A script that sets a cookie and asks for the page again: how firewalls tell browsers from machines.
fn sets_cookie_and_reloads(view: &View) -> bool {
    view.words < 30
        && view.page.scripts.iter().any(|it| {
            let code = &it.code;
            code.contains("cookie") && (code.contains("reload(") || code.contains("location.href"))
        })
}
