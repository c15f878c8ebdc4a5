//! From the findings of the detectors to a verdict, by the table of [`weights`](super::weights).
//!
//! A verdict is a logistic sum: log-odds = bias + Σ weight × strength; score = 1 / (1 + e^−log-odds).

use super::{
    Detector, Found, View, question,
    signals::{Emptied, Moved, Replaced, Stage, Uprooted},
    weights::{Family, TABLE, Table},
};
use crate::{
    model::{Level, Signal, Verdict, verdict::State},
    page::cancel,
};

/// Least score of a suspect page. The score is the calibrated probability that an officer wants to be woken.
pub const SUSPECT: f64 = 0.5;
/// Least score of a defaced page, which also needs an attacker's words or a poster in its place.
pub const DEFACED: f64 = 0.9;
/// Least log-odds of the signals of [`Family::Face`] on a defaced page: a failed redesign, or an error page in black, is
/// suspect and not defaced.
const FACE_ENOUGH: f64 = 1.5;
/// Share kept below which a page that does not ring counts as drifted.
const DRIFTED_BELOW: f64 = 0.6;
/// Log-odds up to which a signal is left out of the verdict.
const NEGLIGIBLE: f64 = 0.05;

/// Least score, and least log-odds of signatures alone, from which a single look opens an incident. A phrase in an
/// otherwise intact page, as news and forums quote it, stays below both.
const SIGNED: (f64, f64) = (0.99, 3.0);

/// Whether the page bears an attacker's signature as no honest page does by accident: the verdict is "defaced", nearly
/// certain, and an attacker's words contribute much to it.
pub fn is_signed(verdict: &Verdict) -> bool {
    let words = verdict
        .signals
        .iter()
        .filter(|it| TABLE.is(&it.name, Family::Signature));
    let words: f64 = words.map(|it| it.weight).sum();
    verdict.level == Level::Defaced && verdict.score >= SIGNED.0 && words >= SIGNED.1
}

/// All inputs of a verdict, not yet weighed.
pub struct Reckoning {
    /// Signal names and findings, in the order of the detectors.
    pub found: Vec<(&'static str, Found)>,
    pub first_sight: bool,
    pub state: State,
    /// Share, 0 to 1, of the stable page that is still there.
    pub kept: f64,
    /// Whether anything of the portal is recognised in the page.
    pub is_recognised: bool,
}

/// Runs `detectors` on a page in this state. Signals of missing parts are left out for pages that are no ordinary
/// content.
pub fn reckon(view: &View, state: State, detectors: &[&dyn Detector]) -> Reckoning {
    let lacking = state != State::Ordinary || view.expect.refused;
    let found = detectors
        .iter()
        .filter(|it| !(lacking && TABLE.is(it.name(), Family::Absence)))
        // each detector reads all texts; after cancellation the results are dropped
        .take_while(|_| !cancel::is_cancelled())
        .filter_map(|it| Some((it.name(), it.look(view)?)))
        .collect();
    Reckoning {
        found,
        first_sight: view.change.is_none(),
        state,
        kept: view.kept(),
        // the page of an error is not the portal's, whatever it shows
        is_recognised: !view.expect.refused && question::is_recognised(view),
    }
}

impl Reckoning {
    /// Weighs the findings by a table.
    pub fn verdict(&self, table: &Table) -> Verdict {
        let mut signals: Vec<Signal> = self
            .found
            .iter()
            .map(|(name, found)| Signal {
                name: (*name).to_owned(),
                weight: table.weight(name, self.first_sight) * found.strength,
                say: found.say.clone(),
                excerpt: found.excerpt.clone(),
            })
            .filter(|it| it.weight > NEGLIGIBLE)
            .collect();
        signals.sort_by(|a, b| b.weight.total_cmp(&a.weight));
        let bias = if self.first_sight {
            table.bias.1
        } else {
            table.bias.0
        };
        let sum: f64 = bias + signals.iter().map(|it| it.weight).sum::<f64>();
        let score = 1.0 / (1.0 + (-sum).exp());
        let face: f64 = signals
            .iter()
            .filter(|it| table.is(&it.name, Family::Face))
            .map(|it| it.weight)
            .sum();
        let has = |signal: &dyn Detector, least: f64| {
            let mut found = self.found.iter();
            found.any(|it| it.0 == signal.name() && it.1.strength >= least)
        };
        // the page is gone, and an image or film stands in its place
        let poster =
            has(&Replaced, 0.5) && has(&Emptied, 0.9) && has(&Stage, 0.3) && has(&Uprooted, 0.0);
        let mut level = if score >= DEFACED && (face >= FACE_ENOUGH || poster) {
            Level::Defaced
        } else if score >= SUSPECT && self.asks(&signals, bias, table) {
            Level::Question
        } else if score >= SUSPECT {
            Level::Suspect
        } else if self.is_asked(table) {
            Level::Question
        } else if self.kept < DRIFTED_BELOW {
            Level::Drifted
        } else {
            Level::Normal
        };
        if self.state != State::Ordinary && level < Level::Suspect {
            level = Level::Unknown;
        }
        Verdict {
            level,
            score,
            redirected: signals.iter().any(|it| it.name == Moved.name()),
            signals,
            state: self.state,
        }
    }

    /// Whether a page that does not ring shows what its agency is asked about.
    fn is_asked(&self, table: &Table) -> bool {
        let mut asked = self.found.iter().filter(|it| table.is(it.0, Family::Asked));
        self.state == State::Ordinary && asked.any(|it| it.1.strength >= question::ASKED_FROM)
    }

    /// Whether a page that would ring by these signals is asked about instead. A page in another state than its
    /// ordinary one rings: no person of the agency calls it a redesign.
    fn asks(&self, signals: &[Signal], bias: f64, table: &Table) -> bool {
        self.state == State::Ordinary
            && self.is_recognised
            && question::is_structural(signals, self.kept, bias, table)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        detect::{Expectations, signals, state},
        diff::Norm,
        page::{self, Page, Source},
    };

    fn page(html: &str) -> Page {
        let url = "https://a.example.vn/".parse().unwrap();
        let source = Source {
            bytes: html.as_bytes(),
            content_type: Some("text/html; charset=utf-8"),
            url: &url,
            ignore: &[],
        };
        page::read(source).unwrap()
    }

    #[test]
    fn a_signal_of_absence_does_not_accuse_error_pages() {
        let news = |n| format!("<li><a href=/tin/{n}>Tin hoạt động số {n} của đơn vị</a></li>");
        let list: String = (0..40).map(news).collect();
        let portal = format!("<title>Cổng thông tin</title><div><ul>{list}</ul></div>");
        let norm = Norm::learn([&page(&portal)]);
        let gone = page("<title>503 Service Unavailable</title><h1>Service Unavailable</h1>");
        let expect = Expectations::of_url(&"https://a.example.vn/".parse().unwrap());
        let view = View::new(&gone, &norm, &expect);
        assert_eq!(state::of(&view), State::Maintenance);
        let absent = |state| {
            let found = reckon(&view, state, signals::ALL).found;
            let absent = found.iter().map(|it| it.0);
            absent
                .filter(|name| TABLE.is(name, Family::Absence))
                .count()
        };
        assert!(absent(State::Ordinary) >= 3);
        assert_eq!(absent(State::Maintenance), 0);
    }
}
