//! Phrases of attackers besides their name: threats, mockery, greetings.

use crate::{
    detect::{
        Detector, Found, View,
        phrases::{REPORTED, TAUNTS},
    },
    model::Localized,
};

/// Strength 1.0 from two phrases, or from four on a full page.
pub struct Taunt;

impl Detector for Taunt {
    fn name(&self) -> &'static str {
        "taunt"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let mut phrases = Vec::new();
        let mut short = false;
        let mut shown: Option<&str> = None;
        for text in &view.texts {
            if text.folded.split(' ').count() > 40 || REPORTED.any(&text.folded) {
                continue;
            }
            for hit in TAUNTS.find(&text.folded) {
                let known = view.change.is_some() && view.knows(hit.phrase);
                if !known && !phrases.contains(&hit.phrase) {
                    short |= text.folded.split(' ').count() <= 12;
                    phrases.push(hit.phrase);
                    shown.get_or_insert(&text.raw);
                }
            }
        }
        // on a short page two phrases are enough, on a full page four; beside a baseline the line is new, and short
        // lines of that kind are no news
        let full = view.words >= 150 && (view.change.is_none() || !short);
        let enough = if full { 4.0 } else { 2.0 };
        let mut strength = phrases.len() as f64 / enough;
        if view.change.is_none() && (view.is_full() || view.is_sober()) {
            strength *= 0.5;
        }
        let say = Localized::new("signal-taunt").with("phrase", phrases.first()?);
        Some(Found::new(strength, say, shown.unwrap_or_default()))
    }
}
