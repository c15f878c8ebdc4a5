//! Reads the headers of an answer that change what browsers show of its body.

use reqwest::header::{self, HeaderMap, HeaderName};
use url::Url;

use crate::model::{digest::key, excerpt::excerpt, presentation::Presentation};

const SHEETS: usize = 8;
const LONGEST: usize = 300;
/// Most bytes read of one header.
const READ: usize = 16 << 10;

/// The presentation that `headers` ask for. `from` is the URL of the page, the base of relative addresses in headers.
pub(super) fn of(headers: &HeaderMap, from: &Url) -> Presentation {
    let all = |name: HeaderName| {
        let values = headers.get_all(name).iter();
        values.map(|it| excerpt(&String::from_utf8_lossy(it.as_bytes()), READ).to_ascii_lowercase())
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
        let link = String::from_utf8_lossy(link.as_bytes());
        sheets(&excerpt(&link, READ), from, &mut shown.sheets);
    }
    let mut rules: Vec<String> = Vec::new();
    for policy in all(header::CONTENT_SECURITY_POLICY) {
        for rule in policy.split([';', ',']) {
            let mut words: Vec<&str> = rule.split_ascii_whitespace().collect();
            let Some(name) = words.first().copied() else {
                continue;
            };
            words[1..].sort_unstable();
            if name == "sandbox" {
                shown.sandbox = Some(excerpt(&words[1..].join(" "), LONGEST));
            } else if name.ends_with("-src") || name.starts_with("style-src") {
                // a nonce changes with each answer; a digest names code that the page itself shows
                words.retain(|it| !it.starts_with("'nonce-") && !it.starts_with("'sha"));
                rules.push(words.join(" "));
            }
        }
    }
    rules.sort_unstable();
    shown.policy = (!rules.is_empty()).then(|| key(&rules.join(";")));
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

/// Collects the URLs of style sheets in a `Link` header: `<a.css>; rel=stylesheet, <b>; rel="preload"`.
fn sheets(text: &str, from: &Url, into: &mut Vec<String>) {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((target, after)) = after.split_once('>') else {
            return;
        };
        let params = match after.split_once('<') {
            Some((params, _)) => params,
            None => after,
        };
        rest = after;
        let lower = params.to_ascii_lowercase();
        let words = lower.split(';').filter_map(|it| it.split_once('='));
        let rel = words
            .filter(|(name, _)| name.trim() == "rel")
            .map(|(_, value)| {
                value
                    .trim()
                    .trim_end_matches(',')
                    .trim()
                    .trim_matches(['"', '\''])
            })
            .next()
            .unwrap_or_default();
        let words: Vec<&str> = rel.split_ascii_whitespace().collect();
        if !words.contains(&"stylesheet") || words.contains(&"alternate") || into.len() >= SHEETS {
            continue;
        }
        let Ok(mut url) = from.join(target.trim()) else {
            continue;
        };
        url.set_query(None);
        url.set_fragment(None);
        let url = excerpt(url.as_str(), LONGEST);
        if !into.contains(&url) {
            into.push(url);
        }
    }
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
