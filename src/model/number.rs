//! Ids with numbers that the store assigns: `SC-2026-0412` for an incident, `DK-…` for a request, `KH-…` for a plan.

/// Writes an id: the prefix, the year, and the number within the year with at least four digits.
pub(super) fn write(prefix: &str, year: i16, number: u64) -> String {
    format!("{prefix}-{year}-{number:04}")
}

/// Parses an id as people type it: `SC-2026-0412`, `sc-2026-412`, or `412` for a number of `this_year`. Returns its
/// canonical form.
pub(super) fn read(prefix: &str, text: &str, this_year: i16) -> Option<String> {
    let text = text.trim().to_uppercase();
    let rest = text
        .strip_prefix(prefix)
        .and_then(|it| it.strip_prefix('-'));
    let rest = rest.unwrap_or(&text);
    let (year, number) = match rest.split_once('-') {
        Some((year, number)) => (year.parse().ok()?, number),
        None => (this_year, rest),
    };
    Some(write(prefix, year, number.parse().ok()?))
}

/// Validates an id of a stored record: 1 to 40 ASCII letters, digits and hyphens.
pub(super) fn check(text: String) -> Result<String, String> {
    let plain = |it: u8| it.is_ascii_alphanumeric() || it == b'-';
    if (1..=40).contains(&text.len()) && text.bytes().all(plain) {
        Ok(text)
    } else {
        Err(format!("{text:?} is no number such as SC-2026-0412"))
    }
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn numbers_as_people_type_them() {
        for text in ["SC-2026-0412", " sc-2026-412", "412", "2026-412"] {
            assert_eq!(
                read("SC", text, 2026).as_deref(),
                Some("SC-2026-0412"),
                "{text}"
            );
        }
        for wrong in ["", "SC-", "DK-2026-0001", "x", "SC-2026-1-2"] {
            assert_eq!(read("SC", wrong, 2026), None, "{wrong}");
        }
    }
}
