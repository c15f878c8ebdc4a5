//! A slogan that stands alone on a page that never had such text.

use crate::{
    detect::{
        Detector, Found, View,
        phrases::{REPORTED, SLOGANS},
    },
    model::Say,
};

pub struct Slogan;

impl Detector for Slogan {
    fn name(&self) -> &'static str {
        "slogan"
    }

    fn look(&self, view: &View) -> Option<Found> {
        view.texts
            .iter()
            .filter(|it| {
                it.folded.split(' ').count() <= 12 && !it.linked && !REPORTED.any(&it.folded)
            })
            .filter_map(|text| {
                let known = |phrase: &str| view.change.is_some() && view.knows(phrase);
                let hits: Vec<_> = SLOGANS
                    .find(&text.folded)
                    .filter(|it| !known(it.phrase))
                    .collect();
                let first = *hits.first()?;
                // one slogan that leads the line, or one after the other
                let strength = if first.at == 0 || hits.len() > 1 {
                    1.0
                } else {
                    0.4
                };
                let say = Say::new("signal-slogan").with("phrase", first.phrase);
                Some(Found::new(strength, say, text.raw))
            })
            .max_by(|a, b| a.strength.total_cmp(&b.strength))
    }
}
