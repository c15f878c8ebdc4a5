//! A page that says it cannot be shown now (an error, a browser check, maintenance) and shows a picture, a film or a
//! frame over the window, which such pages do not.

use crate::{
    detect::{Detector, Found, View, phrases::NOTICES, state},
    model::{Say, digest::key, verdict::State},
    page::{Cover, Image, fold::fold, noise},
};

pub struct Covered;

/// Words of a page that is little but a picture.
const POSTER: usize = 12;
/// Words of a page on which a picture of the window's width is most of what is seen.
const SHORT: usize = 60;
/// A frame of this path is how one maker of firewalls shows its own question; it is the firewall's, not the portal's.
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
        // little but a picture that is nobody's sign
        let shows = |it: &&Image| new(&it.src) && !it.src.is_empty() && !is_sign(it);
        if view.words >= POSTER || view.kept() > 0.3 {
            return None;
        }
        let image = view.page.images.iter().find(shows)?;
        found(&image.src, "img")
    }
}

/// The picture says by its name or text that it is a sign, or what the page is about.
fn is_sign(image: &Image) -> bool {
    let name = image.src.rsplit('/').next().unwrap_or_default();
    let name = fold(&name.replace(['-', '_', '.'], " "));
    let path = image.src.to_ascii_lowercase();
    NOTICES.any(&name)
        || NOTICES.any(&fold(&image.alt))
        || path.ends_with(".svg")
        || path.contains("captcha")
}
