//! Parses periods as people write them: times of day, with or without a date.

use jiff::{
    Timestamp, Zoned,
    civil::{Date, Time},
};

/// Parses `22:00-23:00`, `22h 23h30`, with a date before or after it (`25/11`, `2026-11-25`): begin, end, and the
/// text after it. Without a date, the next such times.
pub(super) fn span(text: &str, now: &Zoned) -> Option<(Timestamp, Timestamp, String)> {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let mut day = None;
    let mut hours = Vec::new();
    while let Some(word) = words.first().copied() {
        if hours.len() < 2
            && let Some(found) = clocks(word)
        {
            hours.extend(found);
        } else if day.is_none()
            && let Some(found) = date(word, now)
        {
            day = Some(found);
        } else if !is_between(word, words.get(1).copied(), hours.len(), now) {
            break;
        }
        words.remove(0);
    }
    let [from, to] = hours[..] else {
        return None;
    };
    let zone = now.time_zone();
    let at = |day: Date, time: Time| {
        Some(
            day.to_datetime(time)
                .to_zoned(zone.clone())
                .ok()?
                .timestamp(),
        )
    };
    let today = now.date();
    let first = day.unwrap_or(today);
    let mut begin = first;
    let mut end = if to <= from {
        begin.tomorrow().ok()?
    } else {
        begin
    };
    if day.is_none() && at(end, to)? <= now.timestamp() {
        begin = begin.tomorrow().ok()?;
        end = end.tomorrow().ok()?;
    }
    Some((at(begin, from)?, at(end, to)?, words.join(" ")))
}

/// Whether a word may stand between times and date; `ngày` after the times only if a date follows.
fn is_between(word: &str, next: Option<&str>, hours: usize, now: &Zoned) -> bool {
    match word {
        "ngày" => next.is_some_and(|next| date(next, now).is_some()),
        "từ" | "đến" | "tới" | "-" | "–" | "from" | "to" => hours < 2,
        _ => false,
    }
}

/// One time of day, or two with a dash between them.
fn clocks(word: &str) -> Option<Vec<Time>> {
    let parts: Vec<&str> = word.split(['-', '–']).filter(|it| !it.is_empty()).collect();
    if parts.is_empty() || parts.len() > 2 {
        return None;
    }
    parts.into_iter().map(clock).collect()
}

fn clock(text: &str) -> Option<Time> {
    let text = text.to_lowercase().replace('g', "h");
    let (hour, minute) = text.split_once([':', 'h'])?;
    let minute = if minute.is_empty() { "0" } else { minute };
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

/// `25/11`, `25/11/2026` or `2026-11-25`; without a year, the next such day.
fn date(word: &str, now: &Zoned) -> Option<Date> {
    if let Ok(day) = word.parse() {
        return Some(day);
    }
    let mut parts = word.split('/');
    let day = parts.next()?.parse().ok()?;
    let month = parts.next()?.parse().ok()?;
    match parts.next() {
        Some(year) => Date::new(year.parse().ok()?, month, day).ok(),
        None => {
            let this = Date::new(now.year(), month, day).ok()?;
            if this < now.date() {
                return Date::new(now.year() + 1, month, day).ok();
            }
            Some(this)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<(String, String, String)> {
        let now: Zoned = "2026-11-22T21:30:00+07:00[Asia/Ho_Chi_Minh]"
            .parse()
            .unwrap();
        let (from, to, rest) = span(text, &now)?;
        let shown = |at: Timestamp| {
            let zoned = at.to_zoned(now.time_zone().clone());
            zoned.strftime("%d/%m %H:%M").to_string()
        };
        Some((shown(from), shown(to), rest))
    }

    #[test]
    fn spans_as_people_write_them() {
        let is = |text: &str, from: &str, to: &str, rest: &str| {
            let wanted = (from.to_owned(), to.to_owned(), rest.to_owned());
            assert_eq!(read(text), Some(wanted), "{text}");
        };
        is(
            "22:00-23:00 đổi giao diện",
            "22/11 22:00",
            "22/11 23:00",
            "đổi giao diện",
        );
        is(
            "22h 23h30 banner Tết",
            "22/11 22:00",
            "22/11 23:30",
            "banner Tết",
        );
        is(
            "từ 22h đến 2h nâng cấp",
            "22/11 22:00",
            "23/11 02:00",
            "nâng cấp",
        );
        is(
            "8:00-9:00 sáng mai",
            "23/11 08:00",
            "23/11 09:00",
            "sáng mai",
        );
        is("25/11 8:00 - 9:00 x", "25/11 08:00", "25/11 09:00", "x");
        is(
            "8g-9g ngày 1/1 x 22:00",
            "01/01 08:00",
            "01/01 09:00",
            "x 22:00",
        );
        for wrong in [
            "",
            "22:00",
            "mai",
            "25:00-26:00 x",
            "SC-2026-0001 x",
            "1-2 x",
            "22:00-22:30-23:00 x",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
