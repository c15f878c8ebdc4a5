//! The public holidays of Vietnam (Labour Code 2019, article 112).

use jiff::{ToSpan, civil::Date};

use super::lunar;

/// A public holiday, on a solar or lunar date.
pub struct Holiday {
    /// The word of the contract.
    pub name: &'static str,
    pub title: &'static str,
    day: Day,
    /// Days off before and after the day itself, as the code grants them.
    lead: i32,
    tail: i32,
}

enum Day {
    Solar(i8, i8),
    /// Day and month of the Vietnamese lunar year that begins in the year.
    Lunar(i8, i8),
}

/// The holidays of a year.
pub const HOLIDAYS: &[Holiday] = &[
    Holiday {
        name: "tet-duong-lich",
        title: "Tết Dương lịch",
        day: Day::Solar(1, 1),
        lead: 0,
        tail: 0,
    },
    // five days; which ones is announced each year, mostly from the last day of the old year
    Holiday {
        name: "tet",
        title: "Tết Nguyên đán",
        day: Day::Lunar(1, 1),
        lead: 1,
        tail: 3,
    },
    Holiday {
        name: "gio-to",
        title: "Giỗ Tổ Hùng Vương",
        day: Day::Lunar(10, 3),
        lead: 0,
        tail: 0,
    },
    Holiday {
        name: "thong-nhat",
        title: "Ngày Giải phóng miền Nam, thống nhất đất nước",
        day: Day::Solar(30, 4),
        lead: 0,
        tail: 0,
    },
    Holiday {
        name: "lao-dong",
        title: "Ngày Quốc tế Lao động",
        day: Day::Solar(1, 5),
        lead: 0,
        tail: 0,
    },
    // two days: 2/9 and the day before or after
    Holiday {
        name: "quoc-khanh",
        title: "Quốc khánh",
        day: Day::Solar(2, 9),
        lead: 1,
        tail: 0,
    },
];

/// The holiday of this name, as the contract spells it.
pub fn holiday(name: &str) -> Option<&'static Holiday> {
    HOLIDAYS.iter().find(|it| it.name == name)
}

impl Holiday {
    /// The day itself in a solar year.
    pub fn date(&self, year: i16) -> Option<Date> {
        match self.day {
            Day::Solar(day, month) => Date::new(year, month, day).ok(),
            Day::Lunar(day, month) => lunar::to_solar(day, month, year),
        }
    }

    /// First and last day off.
    pub fn days(&self, year: i16) -> Option<(Date, Date)> {
        let date = self.date(year)?;
        Some((
            date.checked_sub(self.lead.days()).ok()?,
            date.checked_add(self.tail.days()).ok()?,
        ))
    }
}
