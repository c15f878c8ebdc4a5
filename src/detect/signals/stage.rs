//! The attackers' stage set: black ground, sound or film that starts by itself, on a page of few words.

use crate::{
    detect::{Detector, Found, View},
    model::Say,
};

pub struct Stage;

impl Detector for Stage {
    fn name(&self) -> &'static str {
        "stage"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let page = view.page;
        let dark = page.dark && !view.norm.dark;
        let sound = page.media > view.norm.media
            || page.frames.iter().any(|it| it.src.contains("autoplay=1"));
        if view.words > 250 || view.kept() > 0.5 && view.norm.looks > 0 {
            return None;
        }
        let strength = match (dark, sound) {
            (true, true) => 1.0,
            (true, false) => 0.6,
            (false, true) => 0.4,
            (false, false) => return None,
        };
        Some(Found::new(
            strength,
            Say::new("signal-stage"),
            if dark {
                "background: black"
            } else {
                "audio/video"
            },
        ))
    }
}
