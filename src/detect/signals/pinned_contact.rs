//! A telephone or mail address that stood on the page in all recent looks is gone, and another one stands for it.

use crate::{
    detect::{
        Detector, Found, View,
        pins::{Swap, strangeness, swaps},
    },
    diff::pins::Fact,
};

/// Strength 0.5 where a person's number or address replaces an office's, 1.0 where several do; 0.2 for another one of an office:
/// offices change their numbers.
pub struct PinnedContact;

/// Beginnings of mobile telephones in Vietnam (plan of numbers of 2018), without the international prefix.
const MOBILE: &[&str] = &["03", "05", "07", "08", "09"];
/// Providers of mail addresses for anybody.
const FREE_MAIL: &[&str] = &[
    "gmail.com",
    "yahoo.com",
    "outlook.com",
    "hotmail.com",
    "proton.me",
    "protonmail.com",
    "mail.ru",
];

/// Whether a person's mobile telephone or mail address stands for an office's line or address.
fn is_personal(view: &View, swap: &Swap) -> bool {
    let mobile =
        |number: &str| number.len() == 10 && MOBILE.iter().any(|it| number.starts_with(it));
    match swap.after.kind {
        Fact::Phone => mobile(&swap.after.value) && !mobile(&swap.before.value),
        _ => {
            let host = |it: &str| {
                it.rsplit('@')
                    .next()
                    .unwrap_or_default()
                    .to_ascii_lowercase()
            };
            let (before, after) = (host(&swap.before.value), host(&swap.after.value));
            let free = |it: &str| FREE_MAIL.contains(&it);
            before != after && !free(&before) && (free(&after) || strangeness(view, &after) > 0.5)
        }
    }
}

impl Detector for PinnedContact {
    fn name(&self) -> &'static str {
        "pinned-contact"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let mut all: Vec<Swap> = swaps(view, Fact::Phone);
        all.extend(swaps(view, Fact::Email));
        all.retain(|it| it.words >= 0.5);
        let worst = all.iter().max_by_key(|it| is_personal(view, it))?;
        let strength = match (is_personal(view, worst), all.len() > 1) {
            (true, true) => 1.0,
            (true, false) => 0.5,
            (false, _) => 0.2,
        };
        let say = worst.say("signal-pinned-contact");
        Some(Found::new(strength, say, &worst.shown()))
    }
}
