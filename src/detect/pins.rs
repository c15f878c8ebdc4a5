//! Which pinned facts a page has exchanged for others. The signals `pinned-…` weigh what this finds.

use std::{borrow::Cow, collections::HashSet};

use super::{Expectations, Role, View, hosts};
use crate::{
    diff::{
        Norm,
        pins::{self, Fact, Pin, imitates_state, is_program, is_state},
    },
    model::{Localized, excerpt},
    page::{place, registrable},
};

/// A pinned fact that is gone, and the new one that stands for it.
#[derive(Clone, Copy, Debug)]
pub struct Swap<'a> {
    pub before: &'a Pin,
    pub after: &'a Pin,
    /// Share, 0 to 1, of the texts around the old fact that stand around the new one.
    pub place: f64,
    /// Share, 0 to 1, of the words beside the two facts that both have.
    pub words: f64,
}

impl Swap<'_> {
    /// A sentence that names the fact before and after.
    pub fn say(&self, key: &str) -> Localized {
        let cut = |it: &Pin| excerpt::defang_text(&excerpt::excerpt(spelt(it), 80));
        Localized::new(key)
            .with("before", cut(self.before))
            .with("after", cut(self.after))
    }

    /// The words under which the new fact stands.
    pub fn label(&self) -> String {
        excerpt::defang_text(&excerpt::excerpt(&self.after.label, 60))
    }

    /// Both facts, for the excerpt.
    pub fn shown(&self) -> String {
        let cut = |it: &Pin| excerpt::excerpt(spelt(it), 70);
        format!("{} → {}", cut(self.before), cut(self.after))
    }
}

/// A fact as a sentence names it: numbers in digits alone, since their dots would be taken for those of a host.
fn spelt(pin: &Pin) -> &str {
    match pin.kind {
        Fact::Account | Fact::Phone => &pin.value,
        _ => &pin.shown,
    }
}

/// Share of the texts around a fact from which it stands in its old place.
const SAME_PLACE: f64 = 0.6;

/// A fact of the known looks.
#[derive(Clone, Debug)]
pub struct KnownPin<'a> {
    pub pin: Cow<'a, Pin>,
    /// Whether its exchange is told: most recent looks had it, or an officer approved it.
    pub is_watched: bool,
    /// Whether an officer struck it.
    pub is_struck: bool,
}

/// The facts of the known looks, as officers decided on them. Codes count by what they say, where that is known.
pub fn known_pins<'a>(norm: &'a Norm, expect: &Expectations) -> Vec<KnownPin<'a>> {
    let stable = |looks: u16| looks > 0 && norm.is_stable(looks);
    let mut all: Vec<KnownPin<'a>> = if expect.codes.is_empty() {
        let pins = norm.pins.values();
        pins.map(|(pin, looks)| KnownPin::of(Cow::Borrowed(pin), stable(*looks)))
            .collect()
    } else {
        let pins = pins::told(&norm.pins, &expect.codes).into_values();
        pins.map(|(pin, looks)| KnownPin::of(Cow::Owned(pin), stable(looks)))
            .collect()
    };
    for ruling in expect.rulings.iter() {
        // it may have been named by the file before its code was read
        let said = expect.codes.get(&ruling.pin.shown);
        let same = |it: &KnownPin| {
            it.pin.key() == ruling.pin.key()
                || it.pin.kind == Fact::Qr && said.is_some_and(|said| *said == it.pin.value)
        };
        if let Some(known) = all.iter_mut().find(|it| same(it)) {
            known.is_watched = ruling.is_watched;
            known.is_struck = !ruling.is_watched;
        } else {
            all.push(KnownPin {
                pin: Cow::Owned(ruling.pin.clone()),
                is_watched: ruling.is_watched,
                is_struck: !ruling.is_watched,
            });
        }
    }
    all
}

impl<'a> KnownPin<'a> {
    fn of(pin: Cow<'a, Pin>, is_watched: bool) -> Self {
        Self {
            pin,
            is_watched,
            is_struck: false,
        }
    }
}

/// The watched facts of a kind that the page has no more.
fn gone<'a>(view: &'a View<'_>, kind: Fact) -> Vec<&'a Pin> {
    let now = view.pins().iter().filter(|it| it.kind == kind);
    let standing: HashSet<&str> = now.map(|it| it.value.as_str()).collect();
    let known = view.known_pins().iter();
    let mut gone: Vec<&Pin> = known
        .filter(|it| it.is_watched && it.pin.kind == kind)
        .map(|it| it.pin.as_ref())
        .filter(|it| !standing.contains(it.value.as_str()))
        .collect();
    gone.sort_by(|a, b| a.value.cmp(&b.value));
    gone
}

/// Whether facts vary in the place of this one, or the one that stood there is not to be watched.
fn varies(view: &View, pin: &Pin) -> bool {
    let mut known = view.known_pins().iter();
    known.any(|it| it.pin.kind == pin.kind && !it.is_watched && place(&it.pin, pin) >= SAME_PLACE)
}

/// The facts of a kind that were exchanged. A fact that is only gone, or only added, is none; neither is one in a place where
/// such facts always vary. Spelling does not count: values are compared without it.
pub fn swaps<'a>(view: &'a View<'_>, kind: Fact) -> Vec<Swap<'a>> {
    if view.change.is_none() {
        return Vec::new();
    }
    let gone = gone(view, kind);
    let known = |it: &Pin| {
        let mut all = view.known_pins().iter().map(|it| &it.pin);
        all.any(|known| known.kind == kind && known.value == it.value)
    };
    let now = view.pins().iter().filter(|it| it.kind == kind);
    let new = now.filter(|it| !known(it) && !varies(view, it));
    new.filter_map(|after| likest(&gone, after)).collect()
}

/// New pictures in the place of a code that is gone. Only what their own codes say can tell whether they are codes.
pub fn pictures_for_codes<'a>(view: &'a View<'_>) -> Vec<Swap<'a>> {
    let gone = gone(view, Fact::Qr);
    if gone.is_empty() {
        return Vec::new();
    }
    let pictures = view.pictures().iter().filter(|it| !varies(view, it));
    pictures
        .filter_map(|after| likest(&gone, after))
        .filter(|it| it.place >= SAME_PLACE)
        .collect()
}

/// The addresses of pictures to fetch: that of the new code, and that of the known one, which mostly still answers. The judge
/// believes equal codes: an attacker with access to the known file would write over it and need no new address.
pub fn to_read(view: &View) -> Vec<String> {
    let mut all = swaps(view, Fact::Qr);
    all.extend(pictures_for_codes(view));
    let pictures = all.iter().flat_map(|it| [it.after, it.before]);
    pictures
        .filter(|it| it.value != it.shown)
        .map(|it| it.shown.clone())
        .collect()
}

/// The exchange of the gone fact that is most like the new one.
fn likest<'a>(gone: &[&'a Pin], after: &'a Pin) -> Option<Swap<'a>> {
    let swaps = gone.iter().map(|&before| Swap {
        before,
        after,
        place: place(before, after),
        words: words(&before.label, &after.label),
    });
    swaps.max_by(|a, b| (a.place + a.words).total_cmp(&(b.place + b.words)))
}

/// Links to services that lead, at their known host, to a page or program among its uploads, as they never did.
pub fn led_to_uploads<'a>(view: &'a View<'_>) -> Vec<Swap<'a>> {
    moved(view, |it| it.kind == Fact::Service)
}

/// Links of a kind that lead to the uploads of their known host now, under their known words.
fn moved<'a>(view: &'a View<'_>, is_kind: impl Fn(&&Pin) -> bool) -> Vec<Swap<'a>> {
    if view.change.is_none() {
        return Vec::new();
    }
    let uploaded = view.pins().iter().filter(|it| is_kind(it));
    let uploaded = uploaded.filter(|it| place::is_active_upload(&it.shown));
    uploaded
        .filter_map(|after| {
            let known = view.known_pins().iter().filter(|it| it.is_watched);
            let mut known = known.map(|it| it.pin.as_ref()).filter(|it| is_kind(it));
            let before = known.find(|it| it.label == after.label && it.value == after.value)?;
            (!place::is_active_upload(&before.shown)).then_some(Swap {
                before,
                after,
                place: 1.0,
                words: 1.0,
            })
        })
        .collect()
}

/// Programs that lie, at their known host, among its uploads, as they never did.
pub fn moved_to_uploads<'a>(view: &'a View<'_>) -> Vec<Swap<'a>> {
    let runs = |it: &&Pin| it.kind == Fact::Download && is_program(target(it).1);
    moved(view, runs)
}

/// Links to services and files that stand under their known words and now lead elsewhere; those that lead to facts of `kind`
/// now.
pub fn led_elsewhere<'a>(view: &'a View<'_>, kind: Fact) -> Vec<Swap<'a>> {
    if view.change.is_none() {
        return Vec::new();
    }
    let is_link = |it: &&KnownPin| matches!(it.pin.kind, Fact::Service | Fact::Download);
    let links = view.known_pins().iter().filter(is_link);
    let struck: HashSet<&str> = links
        .clone()
        .filter(|it| it.is_struck)
        .map(|it| it.pin.label.as_str())
        .collect();
    let mut known: Vec<&Pin> = links
        .filter(|it| it.is_watched && !struck.contains(it.pin.label.as_str()))
        .map(|it| it.pin.as_ref())
        .collect();
    known.sort_by(|a, b| (&a.label, &a.value).cmp(&(&b.label, &b.value)));
    let now = view.pins().iter().filter(|it| it.kind == kind);
    now.filter_map(|after| {
        let mut same = known.iter().copied().filter(|it| it.label == after.label);
        let before = same.next()?;
        let stays = before.value == after.value || same.any(|it| it.value == after.value);
        (!stays).then_some(Swap {
            before,
            after,
            place: 1.0,
            words: 1.0,
        })
    })
    .collect()
}

/// The host that a link leads to, and the ending of the file there; empty where it is none.
pub fn target(link: &Pin) -> (&str, &str) {
    match link.value.split_once(' ') {
        Some((ending, host)) => (host, ending),
        None => (link.value.as_str(), ""),
    }
}

/// How strange a host is for a fact that people trust: 0 for the portal's own, one that it used before or one of the state;
/// 0.5 for one that honest pages commonly embed, and for a form or chat that agencies keep; 0.75 for a holder of a `.vn` name; 1 for any other, and where anybody
/// publishes, even if the portal leads there for other things.
pub fn strangeness(view: &View, host: &str) -> f64 {
    if is_state(host) {
        return 0.0;
    }
    if place::is_shared(host) {
        return if place::is_used_by_offices(host) {
            0.5
        } else {
            1.0
        };
    }
    let domain = registrable(host);
    let own = [view.expect.domain.as_str(), &view.page.domain()].contains(&domain.as_str());
    if host.is_empty() || own || is_state(host) || view.norm.uses_domain(&domain) {
        return 0.0;
    }
    if hosts::is_known_as(&domain, Role::Any) {
        return 0.5;
    }
    if !view.is_foreign(host) {
        return 0.0;
    }
    // companies at home run services for the state
    let at_home = hosts::is_registered_in_vietnam(host) && !imitates_state(host);
    if at_home { 0.75 } else { 1.0 }
}

fn place(before: &Pin, after: &Pin) -> f64 {
    let kept = before
        .place
        .iter()
        .filter(|it| after.place.contains(it))
        .count();
    kept as f64 / before.place.len().max(1) as f64
}

fn words(before: &str, after: &str) -> f64 {
    let set = |text: &str| -> HashSet<String> { text.split(' ').map(str::to_owned).collect() };
    let (before, after) = (set(before), set(after));
    let common = before.intersection(&after).count();
    common as f64 / before.len().min(after.len()).max(1) as f64
}
