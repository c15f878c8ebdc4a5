//! What attackers say besides their name.

use crate::{
    detect::{
        Detector, Found, View,
        phrases::{REPORTED, TAUNTS},
    },
    model::Say,
};

pub struct Taunt;

impl Detector for Taunt {
    fn name(&self) -> &'static str {
        "taunt"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let mut phrases = Vec::new();
        let mut shown: Option<&str> = None;
        for text in &view.texts {
            if text.folded.split(' ').count() > 40 || REPORTED.any(&text.folded) {
                continue;
            }
            for hit in TAUNTS.find(&text.folded) {
                let known = view.change.is_some() && view.knows(hit.phrase);
                if !known && !phrases.contains(&hit.phrase) {
                    phrases.push(hit.phrase);
                    shown.get_or_insert(&text.raw);
                }
            }
        }
        // on a short page one is much; on a full page it takes several
        let enough = if view.words < 150 { 2.0 } else { 4.0 };
        let strength = phrases.len() as f64 / enough;
        let say = Say::new("signal-taunt").with("phrase", phrases.first()?);
        Some(Found::new(strength, say, shown.unwrap_or_default()))
    }
}
