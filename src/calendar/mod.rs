//! Public holidays and watch windows. Pure; days are those of the zone given, lunar ones of UTC+7.

mod holidays;
pub mod lunar;

use std::time::Duration;

pub use holidays::{HOLIDAYS, Holiday, holiday};
use jiff::{
    Span,
    civil::{Date, Time},
    tz::TimeZone,
};

use crate::model::{WatchWindow, time::midnight};

/// What the operator wrote under `watch_windows`.
#[derive(Clone, Debug, PartialEq)]
pub struct WindowRule {
    pub name: Option<String>,
    pub days: Days,
    pub before: Duration,
    pub after: Duration,
    pub every: Option<Duration>,
    pub digest: Option<Time>,
}

/// The days of a window.
#[derive(Clone, Debug, PartialEq)]
pub enum Days {
    /// A name of [`HOLIDAYS`], every year.
    Holiday(String),
    /// Both days inclusive.
    Range(Date, Date),
}

/// The windows that rules open in the years from `first` to `last`, by their beginning.
pub fn windows(rules: &[WindowRule], first: i16, last: i16, tz: &TimeZone) -> Vec<WatchWindow> {
    let mut out = Vec::new();
    for rule in rules {
        match &rule.days {
            Days::Range(from, to) => out.push(window(rule, rule.name.clone(), *from, *to, tz)),
            Days::Holiday(name) => {
                let Some(holiday) = holiday(name) else {
                    continue;
                };
                for year in first..=last {
                    let Some((from, to)) = holiday.days(year) else {
                        continue;
                    };
                    let name = rule.name.clone().or(Some(holiday.title.to_owned()));
                    out.push(window(rule, name, from, to, tz));
                }
            }
        }
    }
    out.sort_by_key(|it| it.from);
    out
}

fn window(
    rule: &WindowRule,
    name: Option<String>,
    from: Date,
    to: Date,
    tz: &TimeZone,
) -> WatchWindow {
    let span = |length: Duration| Span::try_from(length).unwrap_or_default();
    let start = midnight(from, tz);
    let end = midnight(to.tomorrow().unwrap_or(to), tz);
    WatchWindow {
        name: name.unwrap_or_else(|| format!("{from} – {to}")),
        from: start.checked_sub(span(rule.before)).unwrap_or(start),
        to: end.checked_add(span(rule.after)).unwrap_or(end),
        every: rule.every,
        digest: rule.digest,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_opens_before_and_closes_after() {
        let tz = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let day = Duration::from_secs(86_400);
        let rule = WindowRule {
            name: None,
            days: Days::Holiday("tet".to_owned()),
            before: 3 * day,
            after: day,
            every: Some(Duration::from_secs(60)),
            digest: None,
        };
        let found = windows(&[rule], 2027, 2027, &tz);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].name, "Tết Nguyên đán");
        let local = |it: jiff::Timestamp| it.to_zoned(tz.clone()).datetime().to_string();
        // New Year's Eve is 5/2; five days of holiday from it
        assert_eq!(local(found[0].from), "2027-02-02T00:00:00");
        assert_eq!(local(found[0].to), "2027-02-11T00:00:00");
    }
}
