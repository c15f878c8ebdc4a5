//! A QR code that stood on the page in all recent looks is gone, and another one stands for it.

use crate::{
    detect::{
        Detector, Found, View,
        pins::{Swap, strangeness, swaps},
    },
    diff::pins::{Fact, Pin, speaks_of_payment},
    page::registrable,
};

/// Strength 1.0 for a code whose address says another account or a strange host, or that comes from one; 0.9 for another file
/// beside words of payment; 0.5 for another file beside other words. Half of it in a page that was rebuilt, or in another
/// place.
pub struct PinnedQr;

/// Share of the page that is kept, below which files may have new names.
const REBUILT: f64 = 0.75;

impl Detector for PinnedQr {
    fn name(&self) -> &'static str {
        "pinned-qr"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let all = swaps(view, Fact::Qr);
        let weigh = |it: &Swap| strength(view, it);
        let worst = all.iter().max_by(|a, b| weigh(a).total_cmp(&weigh(b)))?;
        let say = worst.say("signal-pinned-qr");
        Some(Found::new(weigh(worst), say, &worst.shown()))
    }
}

fn strength(view: &View, swap: &Swap) -> f64 {
    // what a code says is its value; of a file, the value is its name, which the address shows in longer form
    let told = |it: &Pin| it.value == it.shown;
    let mut images = view.page.images.iter();
    let image = images.find(|it| it.src.starts_with(&swap.after.shown));
    let host = image.map(|it| it.host.as_str()).unwrap_or_default();
    let is_new_host = !view.norm.image_domains.contains(&registrable(host));
    let pays = speaks_of_payment(&swap.before.label) || speaks_of_payment(&swap.after.label);
    let says_another = told(swap.before) && told(swap.after);
    let is_foreign = is_new_host && strangeness(view, host) > 0.0;
    let strength = match (says_another, pays) {
        (true, _) if says_home(view, swap.after) => 0.2,
        _ if says_another || is_foreign => 1.0,
        (_, true) => 0.9,
        _ => 0.5,
    };
    let moved = swap.place < 0.5 || view.kept() < REBUILT;
    strength * if moved { 0.5 } else { 1.0 }
}

/// Whether the code leads to a host that is not strange for the portal, such as the portal itself.
fn says_home(view: &View, qr: &Pin) -> bool {
    let url = url::Url::parse(&qr.value).ok();
    let host = url.and_then(|it| it.host_str().map(str::to_owned));
    host.is_some_and(|it| strangeness(view, &it) == 0.0)
}
