//! A page that says it cannot be shown now (an error, a browser check, maintenance), yet covers the window with a
//! picture, a film or a frame, which honest pages of that sort do not.

use crate::{
    detect::{Detector, Found, View, phrases::NOTICES, state},
    model::{Say, digest::key, verdict::State},
    page::{Cover, Image, fold::fold, noise},
};

pub struct Covered;

/// Words of a page that consists of little but a picture.
const POSTER: usize = 12;
/// Words of a page of which visitors mostly see a picture as wide as the window.
const SHORT: usize = 60;
/// The path of the frame in which Imperva's firewall shows its own challenge: the firewall's frame, not the portal's.
const FIREWALL: &str = "/_incapsula_resource";

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
            (it.whole || little) && !it.src.to_ascii_lowercase().contains(FIREWALL) && new(&it.src)
        };
        let found = |src: &str, what: &str| {
            let say = Say::new("signal-covered").with("what", what);
            Some(Found::new(1.0, say, src))
        };
        if let Some(cover) = view.page.covers.iter().find(lies) {
            return found(&cover.src, &cover.tag);
        }
        // little but a picture that is no logo
        let shows = |it: &&Image| new(&it.src) && !it.src.is_empty() && !is_sign(it);
        if view.words >= POSTER || view.kept() > 0.3 {
            return None;
        }
        let image = view.page.images.iter().find(shows)?;
        found(&image.src, "img")
    }
}

/// Whether name or text of the picture say that it is a logo, or what such a page is about.
fn is_sign(image: &Image) -> bool {
    let name = image.src.rsplit('/').next().unwrap_or_default();
    let name = fold(&name.replace(['-', '_', '.'], " "));
    let path = image.src.to_ascii_lowercase();
    NOTICES.any(&name)
        || NOTICES.any(&fold(&image.alt))
        || path.ends_with(".svg")
        || path.contains("captcha")
}
