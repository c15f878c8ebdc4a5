//! Settings of targets: what `defaults` set for all, and an agency or a target sets for its own.

use std::{collections::BTreeMap, time::Duration};

use super::{
    Fault, NotifierSpec, Pace,
    fields::{self, Fields},
    tree::{Node, Value},
};
use crate::model::{
    Profile,
    target::{Confirm, Learn, Settings},
};

/// What a target may set and `defaults` set for all.
pub(super) fn settings(
    fields: &Fields,
    base: &Settings,
    pace: Pace,
    notifiers: &BTreeMap<String, NotifierSpec>,
) -> Settings {
    let mut out = base.clone();
    let least = pace.least();
    if let Some(every) = fields.duration("every") {
        at_least(fields, "every", every, least, pace);
        out.every = every;
    }
    if let Some(timeout) = fields.duration("timeout") {
        if timeout < Duration::from_millis(100) || timeout > Duration::from_secs(120) {
            let at = fields.node("timeout").map_or(fields.at, |it| it.at);
            fields.fault(at, "timeout", "from 100ms to 120s");
        }
        out.timeout = timeout;
    }
    out.max_body = fields
        .parsed("max_body", fields::size)
        .unwrap_or(out.max_body);
    if let Some(node) = fields.node("confirm") {
        let path = fields.path("confirm");
        out.confirm = fields.inside(|faults| confirm(node, &path, base.confirm, faults));
    }
    if let Some(node) = fields.node("learn") {
        let path = fields.path("learn");
        out.learn = fields.inside(|faults| learn(node, &path, base.learn, faults));
    }
    if let Some(pages) = fields.number("pages", 1, 100) {
        out.pages = u32::try_from(pages).unwrap_or(1);
    }
    let profiles = fields.list("profiles", |text| {
        Profile::ALL
            .into_iter()
            .find(|it| it.as_str() == text)
            .ok_or_else(|| {
                format!("{text:?} is no client profile: desktop, mobile, googlebot, from-google")
            })
    });
    if let Some(profiles) = profiles {
        let node = fields.node("profiles");
        // nothing behind the colon is an empty list, too
        let empty = |it: &Node| match &it.value {
            Value::List(items) => items.is_empty(),
            _ => it.is_null(),
        };
        if node.is_some_and(empty) {
            let at = node.map_or(fields.at, |it| it.at);
            fields.fault(at, "profiles", "at least one is needed");
        }
        out.profiles = profiles;
    }
    if let Some(notify) = notify(fields, notifiers) {
        out.notify = notify;
    }
    out.alone = fields.flag("alone").unwrap_or(out.alone);
    out
}

/// Names of notifiers, each of which must exist.
pub(super) fn notify(
    fields: &Fields,
    notifiers: &BTreeMap<String, NotifierSpec>,
) -> Option<Vec<String>> {
    fields.list("notify", |name| {
        if super::notifier_of(notifiers, name).is_some() {
            return Ok(name.to_owned());
        }
        let known: Vec<&str> = notifiers.keys().map(String::as_str).collect();
        Err(format!(
            "no notifier is called {name:?}; there are: {}",
            known.join(", ")
        ))
    })
}

/// Notes a fault unless a duration is from `least` to one day.
pub(super) fn at_least(
    fields: &Fields,
    name: &'static str,
    value: Duration,
    least: Duration,
    pace: Pace,
) {
    if value < least || value > Duration::from_secs(86_400) {
        let at = fields.node(name).map_or(fields.at, |it| it.at);
        let hint = if pace == Pace::Polite {
            " (1s with --fast, for tests on your own machines)"
        } else {
            ""
        };
        fields.fault(
            at,
            name,
            format!("from {} to 1d{hint}", fields::duration_text(least)),
        );
    }
}

fn confirm(node: &Node, path: &str, base: Confirm, faults: &mut Vec<Fault>) -> Confirm {
    let mut out = base;
    let Some(fields) = Fields::of(node, path, faults) else {
        return out;
    };
    out.looks = fields
        .number("looks", 1, 10)
        .map_or(out.looks, |it| it as u32);
    if let Some(within) = fields.duration("within") {
        if within > Duration::from_secs(600) {
            let at = fields.node("within").map_or(fields.at, |it| it.at);
            fields.fault(at, "within", "10m at the most: an alert waits for it");
        }
        out.within = within;
    }
    out.agree = fields
        .number("agree", 1, 10)
        .map_or(out.agree, |it| it as u32);
    if out.agree > out.looks {
        fields.fault(
            fields.at,
            "agree",
            format!("{} of {} looks can never agree", out.agree, out.looks),
        );
    }
    fields.finish();
    out
}

fn learn(node: &Node, path: &str, base: Learn, faults: &mut Vec<Fault>) -> Learn {
    let mut out = base;
    let Some(fields) = Fields::of(node, path, faults) else {
        return out;
    };
    out.looks = fields
        .number("looks", 1, 5)
        .map_or(out.looks, |it| it as u32);
    if let Some(every) = fields.duration("every") {
        if every < Duration::from_millis(10) || every > Duration::from_secs(3600) {
            let at = fields.node("every").map_or(fields.at, |it| it.at);
            fields.fault(at, "every", "from 10ms to 1h");
        }
        out.every = every;
    }
    fields.finish();
    out
}
