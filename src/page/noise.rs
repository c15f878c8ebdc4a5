//! Removes what differs between two looks at an unchanged page: numbers, clocks, tokens, session ids.

/// Query parameters that do not change the target of a link. A name that ends with `*` is a prefix.
const NOISY_PARAMETERS: &[&str] = &[
    "_",
    "v",
    "ver",
    "version",
    "t",
    "ts",
    "time",
    "timestamp",
    "rnd",
    "rand",
    "random",
    "nocache",
    "cache",
    "cb",
    "sid",
    "session",
    "sessionid",
    "phpsessid",
    "jsessionid",
    "token",
    "csrf",
    "nonce",
    "utm_*",
    "fbclid",
    "gclid",
];

/// Meta elements with content that changes without an edit.
const NOISY_META: &[&str] = &[
    "csrf-token",
    "csrf-param",
    "request-id",
    "generator-time",
    "date",
    "dc.date",
    "timestamp",
    "og:updated_time",
    "article:modified_time",
    "build-time",
    "x-request-id",
];

/// Whether the content of this meta element changes without an edit. `name` is in lower case.
pub fn is_noisy_meta(name: &str) -> bool {
    NOISY_META.contains(&name)
}

/// A text for comparison: in lower case, runs of digits as `#`, long mixed tokens (hashes, base64, view states) as `~`,
/// white space folded. No attack consists of digits alone.
pub fn normal(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        if is_token(word) {
            out.push('~');
            continue;
        }
        let mut digits = false;
        for c in word.chars() {
            // fast path: most letters are ASCII
            if c.is_ascii_alphabetic() {
                digits = false;
                out.push(c.to_ascii_lowercase());
            } else if c.is_numeric() {
                if !digits {
                    out.push('#');
                }
                digits = true;
            } else {
                digits = false;
                out.extend(c.to_lowercase());
            }
        }
    }
    out
}

/// Whether a word is a token: at least 24 ASCII characters of identifiers or base64, at least four of them digits.
fn is_token(word: &str) -> bool {
    word.len() >= 24
        && word
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"+/=_-.".contains(&b))
        && word.bytes().filter(u8::is_ascii_digit).count() >= 4
}

/// A URL without its fragment and the values of its noisy parameters.
pub fn normal_url(url: &str) -> String {
    let url = url.split('#').next().unwrap_or_default();
    let Some((path, query)) = url.split_once('?') else {
        return strip_path_session(url).to_owned();
    };
    let kept: Vec<&str> = query
        .split('&')
        .filter(|it| !is_noisy_parameter(it))
        .collect();
    let path = strip_path_session(path);
    if kept.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{}", kept.join("&"))
    }
}

fn is_noisy_parameter(pair: &str) -> bool {
    let name = pair
        .split('=')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    // "?1763779200" and "?v=…": a number alone is a cache buster
    name.bytes().all(|b| b.is_ascii_digit())
        || NOISY_PARAMETERS
            .iter()
            .any(|rule| match rule.strip_suffix('*') {
                Some(prefix) => name.starts_with(prefix),
                None => name == *rule,
            })
}

fn strip_path_session(path: &str) -> &str {
    match path.to_ascii_lowercase().find(";jsessionid=") {
        Some(at) if path.is_char_boundary(at) => &path[..at],
        _ => path,
    }
}

/// A script for comparison: runs of digits and quoted tokens become placeholders.
pub fn normal_script(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in text.split(['"', '\'', '`']) {
        if is_token(part) {
            out.push('~');
        } else {
            out.push_str(&normal(part));
        }
        out.push('"');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_and_counters_are_silent_words_are_not() {
        let (a, b) = (
            "Lượt truy cập: 1.234 lúc 10:03",
            "Lượt truy cập: 99.235 lúc 11:17",
        );
        assert_eq!(normal(a), normal(b));
        assert_ne!(normal("Hacked by 1"), normal("Chào mừng 1"));
        assert_eq!(normal_url("/a.js?v=12&x=1#top"), "/a.js?x=1");
        assert_eq!(normal_url("/a;jsessionid=0AF?1763779200"), "/a");
        assert_eq!(
            normal_script("var t='9f8a7b6c5d4e3f2a1b0c9d8e7f';f(12)"),
            normal_script("var t='1a2b3c4d5e6f7a8b9c0d1e2f3a';f(7)")
        );
    }
}
