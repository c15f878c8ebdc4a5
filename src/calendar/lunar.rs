//! The Vietnamese lunar calendar, UTC+7, after Hồ Ngọc Đức's description of its rules
//! (<https://www.informatik.uni-leipzig.de/~duc/amlich/>): months begin on the day of the new moon, the
//! month of the winter solstice is the eleventh, a leap month is the first without a major solar term.
//! New moons and the sun's longitude after Jean Meeus, *Astronomical Algorithms* (1991), chapters 47 and 24.

use std::f64::consts::PI;

use jiff::civil::Date;

/// Hours east of Greenwich on which days begin.
const ZONE: f64 = 7.0;
/// Days between new moons.
const MONTH: f64 = 29.530_588_853;
/// Julian day of the new moon of 1 January 1900.
const EPOCH: f64 = 2_415_021.076_998_695;

/// The solar date of a day of the lunar year that begins in solar `year`, in its regular (not leap) month.
pub fn to_solar(day: i8, month: i8, year: i16) -> Option<Date> {
    let year = i64::from(year);
    let (before, after) = (eleventh_month(year - 1), eleventh_month(year));
    let (start, end) = if month < 11 {
        (before, after)
    } else {
        (after, eleventh_month(year + 1))
    };
    let mut offset = i64::from(month) - 11;
    if offset < 0 {
        offset += 12;
    }
    if end - start > 365 && offset >= leap_offset(start) {
        offset += 1;
    }
    let k = (0.5 + (start as f64 - EPOCH) / MONTH).floor() as i64;
    date(new_moon(k + offset) + i64::from(day) - 1)
}

/// Local Julian day number of the `k`th new moon since 1900.
fn new_moon(k: i64) -> i64 {
    let k = k as f64;
    let t = k / 1236.85;
    let (t2, t3) = (t * t, t * t * t);
    let rad = PI / 180.0;
    let mean = 2_415_020.759_33 + 29.530_588_68 * k + 0.000_117_8 * t2 - 0.000_000_155 * t3
        + 0.000_33 * ((166.56 + 132.87 * t - 0.009_173 * t2) * rad).sin();
    let sun = (359.2242 + 29.105_356_08 * k - 0.000_033_3 * t2 - 0.000_003_47 * t3) * rad;
    let moon = (306.0253 + 385.816_918_06 * k + 0.010_730_6 * t2 + 0.000_012_36 * t3) * rad;
    let node = (21.2964 + 390.670_506_46 * k - 0.001_652_8 * t2 - 0.000_002_39 * t3) * rad;
    let correction = (0.1734 - 0.000_393 * t) * sun.sin() + 0.0021 * (2.0 * sun).sin()
        - 0.4068 * moon.sin()
        + 0.0161 * (2.0 * moon).sin()
        - 0.0004 * (3.0 * moon).sin()
        + 0.0104 * (2.0 * node).sin()
        - 0.0051 * (sun + moon).sin()
        - 0.0074 * (sun - moon).sin()
        + 0.0004 * (2.0 * node + sun).sin()
        - 0.0004 * (2.0 * node - sun).sin()
        - 0.0006 * (2.0 * node + moon).sin()
        + 0.0010 * (2.0 * node - moon).sin()
        + 0.0005 * (2.0 * moon + sun).sin();
    let drift = if t < -11.0 {
        0.001 + 0.000_839 * t + 0.000_226_1 * t2 - 0.000_008_45 * t3 - 0.000_000_081 * t * t3
    } else {
        -0.000_278 + 0.000_265 * t + 0.000_262 * t2
    };
    (mean + correction - drift + 0.5 + ZONE / 24.0).floor() as i64
}

/// Which twelfth of its year the sun is in at local midnight of a Julian day, 0 at the spring equinox.
fn sun_sector(day: i64) -> i64 {
    let t = (day as f64 - 2_451_545.5 - ZONE / 24.0) / 36_525.0;
    let t2 = t * t;
    let rad = PI / 180.0;
    let anomaly = (357.529_10 + 35_999.050_30 * t - 0.000_155_9 * t2 - 0.000_000_48 * t * t2) * rad;
    let mean = 280.466_45 + 36_000.769_83 * t + 0.000_303_2 * t2;
    let centre = (1.914_600 - 0.004_817 * t - 0.000_014 * t2) * anomaly.sin()
        + (0.019_993 - 0.000_101 * t) * (2.0 * anomaly).sin()
        + 0.000_290 * (3.0 * anomaly).sin();
    let longitude = (mean + centre).rem_euclid(360.0);
    (longitude / 30.0).floor() as i64
}

/// First day of the month that holds the winter solstice of a solar year.
fn eleventh_month(year: i64) -> i64 {
    let offset = julian(31, 12, year) - 2_415_021;
    let k = (offset as f64 / MONTH).floor() as i64;
    let day = new_moon(k);
    if sun_sector(day) >= 9 {
        new_moon(k - 1)
    } else {
        day
    }
}

/// Number of the leap month after the eleventh: the first month that begins and ends in one sector.
fn leap_offset(start: i64) -> i64 {
    let k = ((start as f64 - EPOCH) / MONTH + 0.5).floor() as i64;
    let mut last = sun_sector(new_moon(k + 1));
    for i in 2..14 {
        let sector = sun_sector(new_moon(k + i));
        if sector == last {
            return i - 1;
        }
        last = sector;
    }
    13
}

fn julian(day: i64, month: i64, year: i64) -> i64 {
    let a = (14 - month) / 12;
    let y = year + 4800 - a;
    let m = month + 12 * a - 3;
    day + (153 * m + 2) / 5 + 365 * y + y / 4 - y / 100 + y / 400 - 32_045
}

fn date(julian_day: i64) -> Option<Date> {
    let a = julian_day + 32_044;
    let b = (4 * a + 3) / 146_097;
    let c = a - b * 146_097 / 4;
    let d = (4 * c + 3) / 1461;
    let e = c - 1461 * d / 4;
    let m = (5 * e + 2) / 153;
    let day = e - (153 * m + 2) / 5 + 1;
    let month = m + 3 - 12 * (m / 10);
    let year = b * 100 + d - 4800 + m / 10;
    Date::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use super::to_solar;

    #[test]
    fn new_years_that_are_known() {
        // 1968, 1985, 2007 and 2030 are years in which Vietnam and China differ
        for (year, day) in [
            (1968, "1968-01-29"),
            (1985, "1985-01-21"),
            (2007, "2007-02-17"),
            (2024, "2024-02-10"),
            (2025, "2025-01-29"),
            (2026, "2026-02-17"),
            (2027, "2027-02-06"),
            (2030, "2030-02-02"),
        ] {
            assert_eq!(to_solar(1, 1, year).unwrap().to_string(), day);
        }
        assert_eq!(to_solar(10, 3, 2026).unwrap().to_string(), "2026-04-26");
        assert_eq!(to_solar(10, 3, 2025).unwrap().to_string(), "2025-04-07");
    }
}
