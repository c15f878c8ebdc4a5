//! Numbers, times and durations as officials write them: 99,95 %, 1.234, 03:10:04 ngày 22/11/2026.

use jiff::{SignedDuration, Timestamp, tz::TimeZone};

use crate::locale::{Lang, Locale};

impl Locale {
    /// Thousands grouped.
    pub fn count(&self, value: u64) -> String {
        let digits = value.to_string();
        let separator = if self.lang == Lang::Vi { '.' } else { ',' };
        let mut out = String::new();
        for (at, digit) in digits.chars().enumerate() {
            if at > 0 && (digits.len() - at).is_multiple_of(3) {
                out.push(separator);
            }
            out.push(digit);
        }
        out
    }

    /// A number with `places` digits after the decimal sign.
    pub fn decimal(&self, value: f64, places: usize) -> String {
        let text = format!("{value:.places$}");
        if self.lang == Lang::Vi {
            text.replace('.', ",")
        } else {
            text
        }
    }

    /// A share 0..1; `–` where nothing is known. Never rounded up to 100 %.
    pub fn percent(&self, share: Option<f64>) -> String {
        let Some(share) = share else {
            return "–".to_owned();
        };
        let floored = (share * 10_000.0 + 1e-9).floor() / 100.0;
        let gap = if self.lang == Lang::Vi { " %" } else { "%" };
        format!("{}{gap}", self.decimal(floored, 2))
    }

    /// `03:10:04 ngày 22/11/2026`.
    pub fn moment(&self, at: Timestamp, tz: &TimeZone) -> String {
        let local = at.to_zoned(tz.clone());
        let format = match self.lang {
            Lang::Vi => "%H:%M:%S ngày %d/%m/%Y",
            Lang::En => "%H:%M:%S on %-d %b %Y",
        };
        local.strftime(format).to_string()
    }

    /// `03:10`.
    pub fn clock(&self, at: Timestamp, tz: &TimeZone) -> String {
        at.to_zoned(tz.clone()).strftime("%H:%M").to_string()
    }

    /// Day, month, year.
    pub fn date(&self, date: jiff::civil::Date) -> String {
        let format = if self.lang == Lang::Vi {
            "%d/%m/%Y"
        } else {
            "%-d %b %Y"
        };
        date.strftime(format).to_string()
    }

    /// The two largest units: `31 phút`, `2 giờ 5 phút`, `3 ngày 4 giờ`.
    pub fn duration(&self, length: SignedDuration) -> String {
        let seconds = length.as_secs().max(0);
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
        let units: [(i64, &str); 4] = [
            (days, "unit-day"),
            (hours, "unit-hour"),
            (minutes, "unit-minute"),
            (seconds % 60, "unit-second"),
        ];
        let first = units.iter().position(|it| it.0 > 0).unwrap_or(3);
        let shown = if seconds >= 60 && first == 2 { 1 } else { 2 };
        units
            .iter()
            .skip(first)
            .take(shown)
            .filter(|it| it.0 > 0 || first == 3)
            .map(|(count, unit)| format!("{count} {}", self.text(unit)))
            .collect::<Vec<_>>()
            .join(" ")
    }
}

#[cfg(test)]
mod tests {
    use crate::locale::numbers::*;

    #[test]
    fn as_officials_write_them() {
        let (vi, en) = (Locale::new(Lang::Vi), Locale::new(Lang::En));
        assert_eq!(vi.count(1_234_567), "1.234.567");
        assert_eq!(vi.percent(Some(0.999_96)), "99,99 %");
        assert_eq!(vi.percent(Some(1.0)), "100,00 %");
        assert_eq!(en.percent(None), "–");
        let at: Timestamp = "2026-11-22T03:10:04+07:00".parse().unwrap();
        let tz = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        assert_eq!(vi.moment(at, &tz), "03:10:04 ngày 22/11/2026");
        let length = |it| SignedDuration::from_secs(it);
        assert_eq!(vi.duration(length(31 * 60 + 4)), "31 phút");
        assert_eq!(vi.duration(length(7500)), "2 giờ 5 phút");
        assert_eq!(en.duration(length(0)), "0 s");
    }
}
