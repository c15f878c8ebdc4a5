//! A page that says that it cannot be shown now (an error, a browser check, maintenance) and covers the window with a
//! picture, a film or a frame. Honest pages of that kind do not.

use crate::{
    detect::{
        Detector, Found, View,
        phrases::{CHALLENGE, NOTICES, OUT_OF_ORDER},
        state,
    },
    model::{Localized, digest::key, verdict::State},
    page::{Cover, Image, fold::fold, noise},
};

/// Strength 1.0. Only beside a baseline, and only for a page that is no ordinary content of the portal.
pub struct Covered;

/// Fewer visible words than this: the page is little more than a picture.
const POSTER: usize = 12;
/// Fewer visible words than this: a picture as wide as the window is most of what visitors see.
const SHORT: usize = 60;
/// The path of the frame in which Imperva's firewall shows its own challenge: the firewall's frame, not the portal's.
const FIREWALL: &str = "/_Incapsula_Resource";

impl Detector for Covered {
    fn name(&self) -> &'static str {
        "covered"
    }

    fn look(&self, view: &View) -> Option<Found> {
        if view.norm.looks == 0 || !(view.expect.refused || state::of(view) != State::Ordinary) {
            return None;
        }
        let new = |src: &str| {
            src.is_empty() || !view.norm.images.contains_key(&key(&noise::normal_url(src)))
        };
        let lies = |it: &&Cover| {
            let little = view.words
                < if it.tag == "background" {
                    POSTER
                } else {
                    SHORT
                };
            (it.whole || little) && !is_firewalls(view, it) && new(&it.src)
        };
        let found = |src: &str, what: &str| {
            let say = Localized::new("signal-covered").with("what", what);
            Some(Found::new(1.0, say, src))
        };
        if let Some(cover) = view.page.covers.iter().find(lies) {
            return found(&cover.src, &cover.tag);
        }
        // little more than a picture, and that is no logo
        let shows = |it: &&Image| new(&it.src) && !it.src.is_empty() && !is_sign(view, it);
        if view.words >= POSTER || view.kept() > 0.3 {
            return None;
        }
        if let Some(image) = view.page.images.iter().find(shows) {
            return found(&image.src, "img");
        }
        (view.page.media > 0).then(|| found("", "video"))?
    }
}

/// Whether the cover is a firewall's frame: it is served at the portal's own host and at one path alone.
fn is_firewalls(view: &View, cover: &Cover) -> bool {
    let framed = matches!(cover.tag.as_str(), "iframe" | "frame");
    let own = view.page.url.host_str() == Some(&cover.host);
    let url = cover.src.parse::<url::Url>();
    framed && own && url.is_ok_and(|it| it.path() == FIREWALL && it.query().is_some())
}

/// Whether the picture is a logo, or shows the subject of an error page. An attacker chooses the name of a planted
/// picture: the name counts only if the picture is small, or if visible words say that the page cannot be shown.
fn is_sign(view: &View, image: &Image) -> bool {
    let name = image.src.rsplit('/').next().unwrap_or_default();
    let name = fold(&name.replace(['-', '_', '.'], " "));
    let path = image.src.to_ascii_lowercase();
    let named = NOTICES.any(&name)
        || NOTICES.any(&fold(&image.alt))
        || path.ends_with(".svg")
        || path.contains("captcha");
    named && (image.small || says_why(view))
}

/// Whether visible words of the page say that it cannot be shown. The title does not count: a visitor looks at the
/// page.
fn says_why(view: &View) -> bool {
    let says = |text: &str| {
        [&OUT_OF_ORDER, &CHALLENGE, &NOTICES]
            .iter()
            .any(|it| it.any(text))
    };
    view.page.visible().any(|it| says(&fold(&it.text)))
}
