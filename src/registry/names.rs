//! Names and ids of portals and agencies, and the rule for when two addresses are one portal.

use unicode_normalization::UnicodeNormalization;
use url::Url;

use crate::model::{
    Agency, TargetId,
    excerpt::{defang_text, excerpt},
    names::is_same_name,
    registration::Request,
};

/// The key of a portal's address. Addresses with equal keys are one portal for visitors: with or without `www.`, TLS,
/// or a slash at the end.
pub fn portal_key(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default().to_lowercase();
    let host = host.trim_end_matches('.');
    let host = host.strip_prefix("www.").unwrap_or(host);
    let port = match (url.scheme(), url.port()) {
        (_, None) | ("http", Some(443)) | ("https", Some(80)) => String::new(),
        (_, Some(port)) => format!(":{port}"),
    };
    let path = url.path().trim_end_matches('/');
    let query = url.query().map(|it| format!("?{it}")).unwrap_or_default();
    format!("{host}{port}{path}{query}")
}

/// A name reduced to lower-case Latin letters, digits and single hyphens: `so-y-te-nghe-an`.
pub fn slug(name: &str) -> String {
    let mut out = String::new();
    for c in name.nfd().flat_map(char::to_lowercase) {
        match c {
            'đ' => out.push('d'),
            c if c.is_ascii_alphanumeric() => out.push(c),
            // a combining mark belongs to the letter before it
            c if unicode_normalization::char::is_combining_mark(c) => (),
            _ if out.ends_with('-') || out.is_empty() => (),
            _ => out.push('-'),
        }
    }
    out.truncate(LONGEST);
    out.trim_matches('-').to_owned()
}

/// Length of a slug that leaves room for a number after it: an id has at most 64 characters.
const LONGEST: usize = 48;

/// `stem`, or the first free one of `stem-2`, `stem-3` …
pub fn free(stem: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let stem = if stem.is_empty() { "co-quan" } else { stem };
    let numbered = (2u32..).map(|it| format!("{stem}-{it}"));
    std::iter::once(stem.to_owned())
        .chain(numbered)
        .find(|it| !is_taken(it))
        .unwrap_or_default()
}

/// A free id for the portal at this address.
pub fn target_id(url: &Url, is_taken: impl Fn(&str) -> bool) -> Option<TargetId> {
    let whole = TargetId::from_url(url);
    let stem = whole.as_str();
    let stem = stem.strip_prefix("www-").unwrap_or(stem);
    free(stem, is_taken).parse().ok()
}

/// Id and name of the known agency with this name, or of a new one. Names must be equal as a whole: agencies may
/// differ in one mark or in the last word.
pub(super) fn agency_of(name: &str, agencies: &[Agency], requests: &[Request]) -> (String, String) {
    let name = defang_text(&excerpt(name, 120));
    if let Some(known) = agencies.iter().find(|it| is_same_name(&it.name, &name)) {
        return (known.id.clone(), known.name.clone());
    }
    let open = || requests.iter().filter(|it| it.stage.is_open());
    if let Some(asked) = open().find(|it| is_same_name(&it.agency_name, &name)) {
        return (asked.agency.clone(), asked.agency_name.clone());
    }
    let taken =
        |it: &str| agencies.iter().any(|of| of.id == it) || open().any(|of| of.agency == it);
    (free(&slug(&name), taken), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_ids() {
        assert_eq!(slug("Sở Y tế – tỉnh Nghệ An"), "so-y-te-tinh-nghe-an");
        assert_eq!(slug("UBND huyện Đắk R'lấp"), "ubnd-huyen-dak-r-lap");
        assert_eq!(slug("政府"), "");
        assert_eq!(free("", |_| false), "co-quan");
        assert_eq!(free("a", |it| it == "a" || it == "a-2"), "a-3");
    }

    #[test]
    fn agencies_that_differ_in_a_mark_are_two() {
        let agency = |id: &str, name: &str| Agency {
            id: id.to_owned(),
            name: name.to_owned(),
            notify: Vec::new(),
            province: None,
            escalation: Vec::new(),
            head: None,
        };
        let known = [agency("ubnd-xa-dong-tien", "UBND xã Đông Tiến")];
        let of = |name: &str| agency_of(name, &known, &[]);
        assert_eq!(of("ubnd  xã đông tiến").0, "ubnd-xa-dong-tien");
        let other = of("UBND xã Đồng Tiến");
        assert_eq!(
            (other.0.as_str(), other.1.as_str()),
            ("ubnd-xa-dong-tien-2", "UBND xã Đồng Tiến")
        );
        assert_eq!(of("宪法").0, "co-quan");
    }

    #[test]
    fn one_portal_has_one_key() {
        let key = |it: &str| portal_key(&it.parse().unwrap());
        assert_eq!(key("https://www.a.gov.vn/"), key("http://A.gov.vn"));
        assert_eq!(key("http://a.vn:443/x/"), key("https://a.vn/x"));
        assert_ne!(key("https://a.vn/x"), key("https://a.vn/y"));
        assert_ne!(key("https://a.vn:8443/"), key("https://a.vn/"));
        assert_ne!(key("https://a.vn/?p=1"), key("https://a.vn/?p=2"));
    }
}
