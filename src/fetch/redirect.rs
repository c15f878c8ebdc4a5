//! The target of a redirect, and when to stop following.

use std::fmt::Write;

use reqwest::{Response, header};
use url::Url;

use super::progress::Progress;

/// Most redirects followed in one visit: Chromium and Firefox give up after as many.
const MOST_HOPS: usize = 20;

/// Most returns of one visit to a URL with unchanged cookies. The answer may change (firewalls admit an address at its
/// second or third request), but each attempt is a connection.
const MOST_RETURNS: usize = 3;

/// Most bytes of a redirect's URL; a redirect to a longer one is taken for the answer itself.
const LONGEST_URL: usize = 8 << 10;

/// The URL that a redirect leads to, without its fragment. `None` if the response is no redirect: it has another
/// status, or a `Location` that is missing, empty or no URL; browsers show the body then.
pub(super) fn redirect(response: &Response, from: &Url) -> Option<Url> {
    if !matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
        return None;
    }
    let all = response.headers().get_all(header::LOCATION);
    let location = all.iter().map(|it| it.as_bytes().trim_ascii());
    // the first non-empty `Location` of several counts, as in Chromium
    leads_to(location.into_iter().find(|it| !it.is_empty())?, from)
}

fn leads_to(location: &[u8], from: &Url) -> Option<Url> {
    let mut to = from.join(&text(location)).ok()?;
    to.set_fragment(None);
    (to.as_str().len() <= LONGEST_URL).then_some(to)
}

/// A `Location` as text. Bytes that are no UTF-8 are percent-encoded as they are: a path may be written in TCVN3. UTF-8
/// is left to the URL parser, since the host is not percent-encoded but IDN.
fn text(location: &[u8]) -> String {
    let mut text = String::with_capacity(location.len());
    for chunk in location.utf8_chunks() {
        text.push_str(chunk.valid());
        for byte in chunk.invalid() {
            // writing to a String does not fail
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}

/// Notes a redirect to `to`. Returns whether it is one too many.
pub(super) fn goes_round(progress: &mut Progress, to: &Url) -> bool {
    let state = (to.clone(), progress.cookies.digest());
    let returns = progress.been.iter().filter(|it| **it == state).count();
    progress.been.push(state);
    progress.hops.len() >= MOST_HOPS || returns >= MOST_RETURNS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locations_as_browsers_read_them() {
        let from: Url = "https://songxanh.gov.vn/a/b?c#d".parse().unwrap();
        for (location, to) in [
            (
                &b"/trang-ch\xfb/"[..],
                "https://songxanh.gov.vn/trang-ch%FB/",
            ),
            (
                b"/t\xecm?q=\xfb\xe1",
                "https://songxanh.gov.vn/t%ECm?q=%FB%E1",
            ),
            (
                "/trang-chủ".as_bytes(),
                "https://songxanh.gov.vn/trang-ch%E1%BB%A7",
            ),
            (
                b"/\xe1\xbb\xa7/\xe1\xbb",
                "https://songxanh.gov.vn/%E1%BB%A7/%E1%BB",
            ),
            (
                "https://sôngxanh.vn/\u{a0}".as_bytes(),
                "https://xn--sngxanh-t0a.vn/%C2%A0",
            ),
            (b"c", "https://songxanh.gov.vn/a/c"),
            (b"../c", "https://songxanh.gov.vn/c"),
            (b"?x=1", "https://songxanh.gov.vn/a/b?x=1"),
            (b"#top", "https://songxanh.gov.vn/a/b?c"),
            (b"//khac.vn/x#y", "https://khac.vn/x"),
            (b"\\\\khac.vn\\x", "https://khac.vn/x"),
            (b"/x\\y", "https://songxanh.gov.vn/x/y"),
            (b"/x y\tz", "https://songxanh.gov.vn/x%20yz"),
            (b"https:/x", "https://songxanh.gov.vn/x"),
            (b"https:\\\\khac.vn", "https://khac.vn/"),
            (b"/%zz%", "https://songxanh.gov.vn/%zz%"),
        ] {
            let found = leads_to(location, &from);
            let found = found.as_ref().map(Url::as_str);
            assert_eq!(found, Some(to), "{}", location.escape_ascii());
        }
        for location in [
            &b"http://"[..],
            b"http://[",
            b"http://a b/",
            b"http://ch\xfb.vn/",
            b"//",
        ] {
            assert_eq!(
                leads_to(location, &from),
                None,
                "{}",
                location.escape_ascii()
            );
        }
        let long = format!("/{}", "x".repeat(LONGEST_URL));
        assert_eq!(leads_to(long.as_bytes(), &from), None);
    }
}
