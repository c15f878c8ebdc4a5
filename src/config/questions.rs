//! The section `questions`: how long an agency may take to answer whether a large change is its own.

use std::time::Duration;

use super::{Fault, fields::Fields, tree::Node};
use crate::model::question::AnswerTimes;

/// The times that may be configured. A person needs a minute to read; after a day, what was seen is old news.
const SHORTEST: Duration = Duration::from_secs(60);
const LONGEST: Duration = Duration::from_secs(24 * 3600);

/// Reads the section.
pub(super) fn read(node: &Node, faults: &mut Vec<Fault>) -> AnswerTimes {
    let mut out = AnswerTimes::default();
    let Some(fields) = Fields::of(node, "questions", faults) else {
        return out;
    };
    let at = |name| fields.node(name).map_or(fields.at, |it| it.at);
    let mut is_sane = true;
    for (name, value) in [
        ("answer_within", &mut out.answer_within),
        ("at_night", &mut out.at_night),
        ("in_window", &mut out.in_window),
    ] {
        let Some(length) = fields.duration(name) else {
            continue;
        };
        if !(SHORTEST..=LONGEST).contains(&length) {
            is_sane = false;
            fields.fault(at(name), name, "from 1m to 24h");
        }
        *value = length;
    }
    if is_sane && out.in_window > out.answer_within {
        let why = "longer than answer_within: a watch window leaves less time, not more";
        fields.fault(at("in_window"), "in_window", why);
    }
    // without a time of its own, the night leaves no more than the day
    if fields.node("at_night").is_none() {
        out.at_night = out.at_night.min(out.answer_within);
    }
    fields.finish();
    out
}
