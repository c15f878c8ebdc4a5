//! Reads the headers of an answer that change what browsers show of its body.

use reqwest::header::{self, HeaderMap, HeaderName};
use url::Url;

use super::{links, policy};
use crate::model::{excerpt::excerpt, presentation::Presentation};

/// Most style sheets that are kept; honest portals name a few.
const SHEETS: usize = 32;
/// Stands for the style sheets above that number. It is no address, so it never matches a known look.
const MORE: &str = "…";
const LONGEST: usize = 300;

/// The presentation that `headers` ask for. `from` is the URL of the page, the base of relative addresses in headers.
pub(super) fn of(headers: &HeaderMap, from: &Url) -> Presentation {
    let all = |name: HeaderName| {
        let values = headers.get_all(name).iter();
        values.map(|it| String::from_utf8_lossy(it.as_bytes()).to_ascii_lowercase())
    };
    // browsers take the last of several Content-Type headers
    let (media, charset) = all(header::CONTENT_TYPE)
        .next_back()
        .map_or((None, None), |it| media(&it));
    let mut shown = Presentation {
        media,
        charset,
        stored: all(header::CONTENT_DISPOSITION).any(|it| is_stored(&it)),
        ..Presentation::default()
    };
    // `all` lowers the case, which would change paths: links are read from the header itself
    for link in headers.get_all(header::LINK) {
        for url in links::sheets(&String::from_utf8_lossy(link.as_bytes()), from) {
            let url = excerpt(&url, LONGEST);
            if shown.sheets.len() > SHEETS || shown.sheets.contains(&url) {
                continue;
            }
            let full = shown.sheets.len() == SHEETS;
            shown.sheets.push(if full { MORE.to_owned() } else { url });
        }
    }
    let policies: Vec<String> = all(header::CONTENT_SECURITY_POLICY).collect();
    policy::read(&policies, &mut shown);
    let nosniff = all(header::X_CONTENT_TYPE_OPTIONS).any(|it| it.contains("nosniff"));
    shown.as_announced = nosniff && (shown.media.is_none() || !shown.is_page());
    shown
}

/// The media type without parameters, and the charset in one spelling.
fn media(text: &str) -> (Option<String>, Option<String>) {
    let mut parts = text.split(';').map(str::trim);
    let media = parts.next().filter(|it| {
        let named = it
            .split_once('/')
            .is_some_and(|(kind, of)| !kind.is_empty() && !of.is_empty());
        named && *it != "*/*" && *it != "unknown/unknown" && *it != "application/unknown"
    });
    let charset = parts.find_map(|it| {
        let (name, value) = it.split_once('=')?;
        let value = value.trim().trim_matches(['"', '\'']).trim();
        (name.trim() == "charset" && !value.is_empty()).then_some(value)
    });
    let charset = charset.map(|it| match it {
        "utf8" | "unicode-1-1-utf-8" => "utf-8",
        it => it,
    });
    let kept = |it: &str| excerpt(it, LONGEST);
    (media.map(kept), charset.map(kept))
}

/// Whether browsers download the page: any `Content-Disposition` but `inline`, unknown words included.
fn is_stored(text: &str) -> bool {
    let how = text.split(';').next().unwrap_or_default().trim();
    !(how.is_empty() || how == "inline" || how.contains('='))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(headers: &[(&'static str, &'static str)]) -> Presentation {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        of(&map, &"https://portal.example/a/".parse().unwrap())
    }

    #[test]
    fn what_is_shown_alike_is_equal() {
        for (one, other) in [
            (
                [("content-type", "text/html; charset=utf-8")],
                [("content-type", "Text/HTML;level=1; Charset=\"UTF-8\"")],
            ),
            (
                [(
                    "content-security-policy",
                    "script-src 'nonce-a1' 'self'; img-src *",
                )],
                [(
                    "content-security-policy",
                    "img-src *; script-src 'self' 'nonce-b2'",
                )],
            ),
            (
                [("link", "</a.css?v=1>; rel=stylesheet, </b.js>; rel=preload")],
                [(
                    "link",
                    "</c>; rel=\"canonical\", </a.css?v=2>; rel=\"StyleSheet\"",
                )],
            ),
        ] {
            assert_eq!(shown(&one), shown(&other));
        }
    }

    #[test]
    fn what_is_shown_otherwise_is_not() {
        let plain = shown(&[("content-type", "text/html")]);
        for (name, value) in [
            ("content-type", "text/plain"),
            ("content-type", "application/octet-stream"),
            ("content-type", "multipart/x-mixed-replace; boundary=x"),
            ("content-disposition", "Attachment; filename=a.html"),
            ("content-disposition", "download"),
        ] {
            assert!(!shown(&[(name, value)]).is_page(), "{value}");
        }
        assert!(plain.is_page() && !plain.is_blank());
        assert!(shown(&[("content-type", "text/html;charset=ISO-2022-KR")]).is_blank());
        let dressed = shown(&[("link", "<//evil.example/d.css>;rel='preload stylesheet'")]);
        assert_eq!(dressed.sheets, ["https://evil.example/d.css"]);
        let boxed = shown(&[("content-security-policy", "sandbox allow-scripts")]);
        assert_eq!(boxed.sandbox.as_deref(), Some("allow-scripts"));
    }
}
