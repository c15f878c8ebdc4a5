//! ISO weeks and the days of a time zone.

use std::{fmt, str::FromStr};

use jiff::{
    Timestamp, ToSpan,
    civil::{Date, ISOWeekDate, Weekday},
    tz::TimeZone,
};

/// An ISO 8601 week, `2026-W47`: Monday to Sunday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Week {
    pub year: i16,
    pub week: i8,
}

impl Week {
    /// The week of a date.
    pub fn of(date: Date) -> Self {
        let iso = date.iso_week_date();
        Self {
            year: iso.year(),
            week: iso.week(),
        }
    }

    /// The first day of the week.
    pub fn monday(self) -> Date {
        ISOWeekDate::new(self.year, self.week, Weekday::Monday)
            .map(ISOWeekDate::date)
            .unwrap_or(Date::MIN)
    }

    /// The last day of the week.
    pub fn sunday(self) -> Date {
        self.monday().saturating_add(6.days())
    }

    /// The week before this one.
    pub fn before(self) -> Self {
        Self::of(self.monday().saturating_sub(7.days()))
    }

    /// The first instant of the week, and that of the following week.
    pub fn bounds(self, tz: &TimeZone) -> (Timestamp, Timestamp) {
        let next = self.monday().saturating_add(7.days());
        (midnight(self.monday(), tz), midnight(next, tz))
    }
}

/// The day of an instant in UTC, where a day more or less does not matter.
pub fn day(at: Timestamp) -> Date {
    at.to_zoned(TimeZone::UTC).date()
}

/// The first instant of a day.
pub fn midnight(date: Date, tz: &TimeZone) -> Timestamp {
    date.to_zoned(tz.clone())
        .map(|it| it.timestamp())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-W{:02}", self.year, self.week)
    }
}

impl FromStr for Week {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.split_once("-W")
            .and_then(|(year, week)| Some((year.parse().ok()?, week.parse().ok()?)))
            .filter(|(year, _)| (2000..=9000).contains(year))
            .filter(|(year, week)| ISOWeekDate::new(*year, *week, Weekday::Monday).is_ok())
            .map(|(year, week)| Self { year, week })
            .ok_or_else(|| format!("{text:?} is not a week of the calendar: write it as 2026-W47"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weeks_know_their_days() {
        let week: Week = "2026-W47".parse().unwrap();
        assert_eq!(week.monday().to_string(), "2026-11-16");
        assert_eq!(week.sunday().to_string(), "2026-11-22");
        assert_eq!(week.before().to_string(), "2026-W46");
        assert_eq!(
            "2026-W01".parse::<Week>().unwrap().before().to_string(),
            "2025-W52"
        );
        assert!("2026-W54".parse::<Week>().is_err());
        assert!("47".parse::<Week>().is_err());
    }
}
