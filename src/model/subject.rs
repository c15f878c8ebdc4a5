//! The subject of an id: a portal, or a part of one.

use std::fmt;

/// Separates a portal's id from the name of a part. Registered ids never contain it.
const SEPARATOR: char = '~';

/// The two halves of an id: `nghean-portal`, or `nghean-portal~googlebot` for a part. Parts are everything that is
/// watched of a portal besides its home page: subpages, `robots.txt`, the view of another visitor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subject<'a> {
    pub portal: &'a str,
    /// `None` for the portal itself.
    pub part: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// Splits the text of an id without validating it (see [`super::target::is_id`]).
    pub fn of(id: &'a str) -> Self {
        match id.split_once(SEPARATOR) {
            Some((portal, part)) => Self {
                portal,
                part: Some(part),
            },
            None => Self {
                portal: id,
                part: None,
            },
        }
    }
}

impl fmt::Display for Subject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.portal)?;
        match self.part {
            Some(part) => write!(f, "{SEPARATOR}{part}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Subject;

    #[test]
    fn an_id_is_the_text_of_its_halves() {
        for (text, portal, part) in [
            ("nghean-portal", "nghean-portal", None),
            ("nghean-portal~robots", "nghean-portal", Some("robots")),
        ] {
            let subject = Subject::of(text);
            assert_eq!(subject, Subject { portal, part });
            assert_eq!(subject.to_string(), text);
        }
    }
}
