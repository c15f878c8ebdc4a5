//! Cookie dates, in every form that servers write (RFC 6265, section 5.1.1).

use jiff::{Timestamp, civil, tz::TimeZone};

const MONTHS: [&str; 12] = [
    "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
];

/// The moment of a date; `None` if `text` is none.
pub(super) fn parse(text: &[u8]) -> Option<Timestamp> {
    let (mut time, mut day, mut month, mut year) = (None, None, None, None);
    for token in text
        .split(|it| is_delimiter(*it))
        .filter(|it| !it.is_empty())
    {
        if time.is_none()
            && let Some(found) = time_of(token)
        {
            time = Some(found);
        } else if day.is_none()
            && let Some((found, _)) = number(token, 1..=2)
        {
            day = Some(found);
        } else if month.is_none()
            && let Some(found) = month_of(token)
        {
            month = Some(found);
        } else if year.is_none()
            && let Some((found, _)) = number(token, 2..=4)
        {
            year = Some(match found {
                70..=99 => found + 1900,
                0..=69 => found + 2000,
                whole => whole,
            });
        }
    }
    let (hour, minute, second) = time?;
    let year = year.filter(|it| *it >= 1601)?;
    let date = civil::DateTime::new(
        year,
        i8::try_from(month?).ok()?,
        i8::try_from(day?).ok()?,
        i8::try_from(hour).ok()?,
        i8::try_from(minute).ok()?,
        i8::try_from(second).ok()?,
        0,
    );
    let zoned = date.ok()?.to_zoned(TimeZone::UTC).ok()?;
    Some(zoned.timestamp())
}

fn is_delimiter(byte: u8) -> bool {
    matches!(byte, 0x09 | 0x20..=0x2f | 0x3b..=0x40 | 0x5b..=0x60 | 0x7b..=0x7e)
}

/// The leading digits of a token and the rest of it; `None` if their count is not in `digits`.
fn number(token: &[u8], digits: std::ops::RangeInclusive<usize>) -> Option<(i16, &[u8])> {
    let count = token.iter().take_while(|it| it.is_ascii_digit()).count();
    if !digits.contains(&count) {
        return None;
    }
    let (own, rest) = token.split_at(count);
    let value = std::str::from_utf8(own).ok()?.parse().ok()?;
    Some((value, rest))
}

fn time_of(token: &[u8]) -> Option<(i16, i16, i16)> {
    let (hour, rest) = number(token, 1..=2)?;
    let (minute, rest) = number(rest.strip_prefix(b":")?, 1..=2)?;
    let (second, _) = number(rest.strip_prefix(b":")?, 1..=2)?;
    Some((hour, minute, second))
}

fn month_of(token: &[u8]) -> Option<usize> {
    let begins = token.get(..3)?.to_ascii_lowercase();
    let at = MONTHS.iter().position(|it| it.as_bytes() == begins)?;
    Some(at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_as_servers_write_them() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun, 6-NOVEMBER-1994 8:49:37",
        ] {
            let found = parse(text.as_bytes()).map(|it| it.to_string());
            assert_eq!(found.as_deref(), Some("1994-11-06T08:49:37Z"), "{text}");
        }
        let early = parse(b"Thu, 01-Jan-70 00:00:00 GMT");
        assert_eq!(early, Some(Timestamp::UNIX_EPOCH));
        for text in [
            "",
            "0",
            "-1",
            "Sun, 06 Nov 1994",
            "08:49:37",
            "Sun, 31 Feb 2027 08:49:37 GMT",
            "Sun, 06 Nov 1600 08:49:37 GMT",
            "Sun, 06 Nov 2027 24:49:37 GMT",
            "Chủ nhật",
        ] {
            assert_eq!(parse(text.as_bytes()), None, "{text}");
        }
    }
}
