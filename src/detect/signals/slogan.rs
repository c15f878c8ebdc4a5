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
            .filter(|it| it.folded.split(' ').count() <= 12 && !it.linked && !REPORTED.any(&it.folded))
            .filter_map(|text| SLOGANS.find(&text.folded).next().map(|hit| (text, hit)))
            .filter(|(_, hit)| view.change.is_none() || !view.norm.folded.contains(hit.phrase))
            .map(|(text, hit)| {
                let strength = if hit.at == 0 { 1.0 } else { 0.4 };
                let say = Say::new("signal-slogan").with("phrase", hit.phrase);
                Found::new(strength, say, text.raw)
            })
            .max_by(|a, b| a.strength.total_cmp(&b.strength))
    }
}
