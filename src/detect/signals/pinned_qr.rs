//! A QR code that stood on the page in all recent looks is gone, and another one stands for it.

use url::Url;

use crate::{
    detect::{
        Detector, Found, Role, Standing, View, hosts,
        pins::{Swap, pictures_for_codes, strangeness, swaps},
    },
    diff::pins::{Fact, Pin, speaks_of_payment},
    page::{place, registrable},
    qr,
};

/// Strength 1.0 for a code that pays to another account or leads to a strange host, or that comes from one; 0.9 for another
/// file beside words of payment; 0.5 for another file beside other words; 0.1 for a code that leads home, and for a picture
/// in its place that may be none. Half of it in a page that was rebuilt, or in another place.
pub struct PinnedQr;

/// Share of the page that is kept, below which files may have new names.
const REBUILT: f64 = 0.75;
/// Strength of what says nothing by itself: it makes the picture worth a look.
const LEAST: f64 = 0.1;

impl Detector for PinnedQr {
    fn name(&self) -> &'static str {
        "pinned-qr"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let all = swaps(view, Fact::Qr);
        let weigh = |it: &Swap| strength(view, it);
        if let Some(worst) = all.iter().max_by(|a, b| weigh(a).total_cmp(&weigh(b))) {
            return Some(found(weigh(worst), worst));
        }
        let pictures = pictures_for_codes(view);
        let first = pictures.first().filter(|_| view.kept() >= REBUILT)?;
        Some(found(LEAST, first))
    }
}

fn found(strength: f64, swap: &Swap) -> Found {
    let key = match told(swap.after) {
        Some(Said::Order(_)) => "signal-pinned-qr-pays",
        Some(Said::Address(_)) => "signal-pinned-qr-leads",
        _ => "signal-pinned-qr",
    };
    Found::new(strength, swap.say(key), &swap.shown())
}

/// What a code says.
enum Said<'a> {
    /// An order to pay to this account.
    Order(&'a str),
    Address(Url),
    Text,
}

/// What a code says; `None` where only its file is known: then the value is the file's name and `shown` its address.
fn told(pin: &Pin) -> Option<Said<'_>> {
    let said = pin.value.as_str();
    if said != pin.shown {
        return None;
    }
    if qr::is_order(said) {
        return Some(Said::Order(said.rsplit(' ').next().unwrap_or_default()));
    }
    let bare = format!("https://{said}");
    let address = Url::parse(said).or_else(|_| Url::parse(&bare)).ok();
    let address = address.filter(|it| {
        let host = it.host_str().unwrap_or_default();
        matches!(it.scheme(), "http" | "https") && host.contains('.')
    });
    Some(address.map_or(Said::Text, Said::Address))
}

fn strength(view: &View, swap: &Swap) -> f64 {
    let pays = speaks_of_payment(&swap.before.label) || speaks_of_payment(&swap.after.label);
    let before = told(swap.before);
    let is_grave = pays || before.is_some();
    let strength = match told(swap.after) {
        Some(Said::Order(account)) if is_printed(view, account) => LEAST,
        Some(Said::Order(_)) if is_grave => 1.0,
        Some(Said::Order(_)) => 0.9,
        Some(Said::Address(url)) => match before {
            Some(Said::Address(known)) if place_of(&known) == place_of(&url) => LEAST,
            _ => leads(view, &url, pays, is_grave),
        },
        Some(Said::Text) if pays || matches!(before, Some(Said::Order(_))) => 1.0,
        Some(Said::Text) => 0.5,
        None if is_of_strange_host(view, swap.after) => 1.0,
        None if pays => 0.9,
        None => 0.5,
    };
    let moved = swap.place < 0.5 || view.kept() < REBUILT;
    strength * if moved { 0.5 } else { 1.0 }
}

/// How grave it is that a code leads to an address.
fn leads(view: &View, url: &Url, pays: bool, is_grave: bool) -> f64 {
    let host = url.host_str().unwrap_or_default();
    match view.standing(url.as_str(), Role::Any) {
        Standing::Own | Standing::Allowed | Standing::Learnt | Standing::PublicBody => LEAST,
        Standing::Known | Standing::Fleet if pays => 0.9,
        Standing::Known | Standing::Fleet => 0.4,
        Standing::Registered | Standing::Stranger if is_grave || hosts::is_risky(host) => 1.0,
        Standing::Registered | Standing::Stranger => 0.7,
    }
}

/// Whether the portal always printed this account: another code for it pays to the same hands.
fn is_printed(view: &View, account: &str) -> bool {
    let mut known = view.known_pins().iter();
    known.any(|it| it.is_watched && it.pin.kind == Fact::Account && it.pin.value == account)
}

/// Whether the picture of a code comes from a host that is strange to the portal.
fn is_of_strange_host(view: &View, qr: &Pin) -> bool {
    let mut images = view.page.images.iter();
    let image = images.find(|it| it.src.starts_with(&qr.shown));
    let host = image.map(|it| it.host.as_str()).unwrap_or_default();
    let is_new_host = !view.norm.image_domains.contains(&registrable(host));
    is_new_host && strangeness(view, host) > 0.0
}

fn place_of(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    place::of(url.as_str(), host).name().to_owned()
}
