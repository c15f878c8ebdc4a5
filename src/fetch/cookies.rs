//! The cookies of one visit, kept and sent as browsers do (RFC 6265bis): many portals, and the firewalls in front of
//! them, let in only clients that return their cookies. Values are kept byte for byte; count and size are bounded.

use jiff::{SignedDuration, Timestamp};
use reqwest::header::{self, HeaderMap, HeaderValue};
use url::{Host, Url};

use super::cookie_date;
use crate::model::{Digest, domain::is_public_suffix};

/// Most bytes of a cookie's name and value together, and of an attribute's value: the limits of browsers.
const LARGEST: usize = 4096;
const LARGEST_ATTRIBUTE: usize = 1024;
/// Most cookies of one domain (as in Chromium and Firefox) and of one visit; the oldest are dropped first.
const OF_A_DOMAIN: usize = 180;
const OF_A_VISIT: usize = 600;
/// Most bytes of all cookies of a visit together.
const ALL_BYTES: usize = 256 << 10;

/// The cookies of one visit.
#[derive(Default)]
pub struct Jar {
    cookies: Vec<Cookie>,
    made: u64,
}

struct Cookie {
    name: Vec<u8>,
    value: Vec<u8>,
    domain: String,
    /// The cookie is sent to `domain` alone, not to its sub-domains.
    host_only: bool,
    path: Vec<u8>,
    secure: bool,
    until: Option<Timestamp>,
    /// A counter: among cookies with paths of equal length, the older one is sent first.
    made: u64,
}

/// The attributes of a `Set-Cookie` header.
#[derive(Default)]
struct Attributes<'a> {
    domain: Option<&'a [u8]>,
    path: Option<&'a [u8]>,
    secure: bool,
    max_age: Option<i64>,
    expires: Option<Timestamp>,
}

impl Jar {
    /// Takes the cookies of a response from `url`; `now` is our clock.
    pub fn keep(&mut self, url: &Url, headers: &HeaderMap, now: Timestamp) {
        // `Expires` is meant by the server's clock, which may be off
        let date = headers.get(header::DATE).map(HeaderValue::as_bytes);
        let theirs = date.and_then(cookie_date::parse).unwrap_or(now);
        for value in headers.get_all(header::SET_COOKIE) {
            if let Some(cookie) = read(value.as_bytes(), url, now, theirs) {
                self.put(cookie, is_trustworthy(url), now);
            }
        }
    }

    fn put(&mut self, mut cookie: Cookie, from_secure: bool, now: Timestamp) {
        // a response over plain HTTP, which an attacker may have forged, must not replace a `Secure` cookie
        let protected = |it: &&Cookie| {
            it.secure
                && it.name == cookie.name
                && (domain_matches(&it.domain, &cookie.domain)
                    || domain_matches(&cookie.domain, &it.domain))
                && path_matches(&cookie.path, &it.path)
        };
        if !from_secure && self.cookies.iter().any(|it| protected(&it)) {
            return;
        }
        let same = |it: &Cookie| {
            it.name == cookie.name
                && it.domain == cookie.domain
                && it.host_only == cookie.host_only
                && it.path == cookie.path
        };
        let known = self.cookies.iter().position(same);
        if cookie.until.is_some_and(|it| it <= now) {
            if let Some(at) = known {
                self.cookies.remove(at);
            }
            return;
        }
        if let Some(at) = known {
            cookie.made = self.cookies[at].made;
            self.cookies[at] = cookie;
        } else {
            self.made += 1;
            cookie.made = self.made;
            self.cookies.push(cookie);
        }
        self.make_room();
    }

    fn make_room(&mut self) {
        let Some(domain) = self.cookies.last().map(|it| it.domain.clone()) else {
            return;
        };
        if self.cookies.iter().filter(|it| it.domain == domain).count() > OF_A_DOMAIN
            && let Some(oldest) = self.cookies.iter().position(|it| it.domain == domain)
        {
            self.cookies.remove(oldest);
        }
        let mut bytes: usize = self.cookies.iter().map(Cookie::size).sum();
        let mut surplus = self.cookies.len().saturating_sub(OF_A_VISIT);
        let kept = self.cookies.iter().position(|it| {
            let enough = surplus == 0 && bytes <= ALL_BYTES;
            surplus = surplus.saturating_sub(1);
            bytes -= it.size();
            enough
        });
        self.cookies.drain(..kept.unwrap_or(self.cookies.len()));
    }

    /// The `Cookie` header for a request to `url`; `None` if no cookie goes there.
    pub fn header(&self, url: &Url, now: Timestamp) -> Option<HeaderValue> {
        let host = url.host_str()?;
        let secure = is_trustworthy(url);
        let mut sent: Vec<&Cookie> = self
            .cookies
            .iter()
            .filter(|it| match it.host_only {
                true => it.domain == host,
                false => domain_matches(host, &it.domain),
            })
            .filter(|it| path_matches(url.path().as_bytes(), &it.path))
            .filter(|it| secure || !it.secure)
            .filter(|it| it.until.is_none_or(|until| now < until))
            .collect();
        sent.sort_by_key(|it| (std::cmp::Reverse(it.path.len()), it.made));
        let pairs: Vec<Vec<u8>> = sent.iter().map(|it| it.pair()).collect();
        let text = pairs.join(&b"; "[..]);
        if text.is_empty() {
            return None;
        }
        HeaderValue::from_bytes(&text).ok()
    }

    /// A digest of all cookies, which tells apart two states of the jar.
    pub fn digest(&self) -> Digest {
        let parts = self.cookies.iter().flat_map(|it| {
            let texts = [&it.name[..], &it.value, it.domain.as_bytes(), &it.path];
            // a header value holds no zero byte, so that it can separate the parts
            texts.into_iter().flat_map(|it| [it, &b"\0"[..]])
        });
        Digest::of_parts(parts)
    }
}

impl Cookie {
    fn size(&self) -> usize {
        self.name.len() + self.value.len() + self.domain.len() + self.path.len()
    }

    fn pair(&self) -> Vec<u8> {
        match self.name.is_empty() {
            true => self.value.clone(),
            false => [&self.name[..], &self.value].join(&b'='),
        }
    }
}

/// Parses one `Set-Cookie` header as a browser at `url` does; `None` if the browser would refuse the cookie.
fn read(text: &[u8], url: &Url, now: Timestamp, theirs: Timestamp) -> Option<Cookie> {
    let mut parts = text.split(|it| *it == b';');
    let pair = parts.next()?;
    // without a `=` the whole pair is the value of a cookie without a name
    let at = pair.iter().position(|it| *it == b'=');
    let (name, value) = at.map_or((&b""[..], pair), |at| (&pair[..at], &pair[at + 1..]));
    let (name, value) = (name.trim_ascii(), value.trim_ascii());
    let size = name.len() + value.len();
    if size == 0 || size > LARGEST {
        return None;
    }
    let attributes = attributes(parts);
    let host = url.host_str()?.to_owned();
    let (domain, host_only) = domain_of(&host, attributes.domain)?;
    let own_path = attributes.path.filter(|it| it.first() == Some(&b'/'));
    let path = own_path.unwrap_or_else(|| default_path(url)).to_vec();
    let secure = attributes.secure;
    if secure && !is_trustworthy(url) {
        return None;
    }
    let named = if name.is_empty() { value } else { name };
    let begins = |prefix: &[u8]| {
        let begin = named.get(..prefix.len());
        begin.is_some_and(|it| it.eq_ignore_ascii_case(prefix))
    };
    let is_host = begins(b"__Host-");
    if (is_host || begins(b"__Secure-")) && (!secure || name.is_empty()) {
        return None;
    }
    if is_host && !(host_only && own_path == Some(&b"/"[..])) {
        return None;
    }
    let lasts = match (attributes.max_age, attributes.expires) {
        (Some(seconds), _) => Some(SignedDuration::from_secs(seconds)),
        (None, Some(end)) => Some(end.duration_since(theirs)),
        (None, None) => None,
    };
    Some(Cookie {
        name: name.to_vec(),
        value: value.to_vec(),
        domain,
        host_only,
        path,
        secure,
        until: lasts.map(|it| now.checked_add(it).unwrap_or(Timestamp::MAX)),
        made: 0,
    })
}

/// The attributes of a cookie. The last of several with one name counts; an invalid one is ignored.
fn attributes<'a>(parts: impl Iterator<Item = &'a [u8]>) -> Attributes<'a> {
    let mut found = Attributes::default();
    for part in parts {
        let mut halves = part.splitn(2, |it| *it == b'=');
        let name = halves.next().unwrap_or_default().trim_ascii();
        let value = halves.next().unwrap_or_default().trim_ascii();
        if value.len() > LARGEST_ATTRIBUTE {
            continue;
        }
        match name.to_ascii_lowercase().as_slice() {
            b"domain" => found.domain = Some(value),
            b"path" => found.path = Some(value),
            b"secure" => found.secure = true,
            b"max-age" => found.max_age = seconds(value).or(found.max_age),
            b"expires" => found.expires = cookie_date::parse(value).or(found.expires),
            _ => (),
        }
    }
    found
}

/// A `Max-Age` in seconds: zero or less ends the cookie at once, more than 400 days becomes 400 days.
fn seconds(text: &[u8]) -> Option<i64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let most = 400 * 24 * 3600;
    if digits.len() < text.len() {
        return Some(-1);
    }
    let value = std::str::from_utf8(digits).ok()?.parse().unwrap_or(most);
    Some(value.min(most))
}

/// The domain of a cookie set by `host`, and whether the cookie is for that host only; `None` if the `Domain` attribute
/// names a domain that the host may not set cookies for.
fn domain_of(host: &str, wanted: Option<&[u8]>) -> Option<(String, bool)> {
    let wanted = wanted.map(|it| it.strip_prefix(b".").unwrap_or(it));
    let Some(wanted) = wanted.filter(|it| !it.is_empty()) else {
        return Some((host.to_owned(), true));
    };
    if !wanted.is_ascii() {
        return None;
    }
    let wanted = std::str::from_utf8(wanted).ok()?.to_ascii_lowercase();
    if is_public_suffix(&wanted) {
        return (wanted == host).then_some((wanted, true));
    }
    domain_matches(host, &wanted).then_some((wanted, false))
}

fn domain_matches(host: &str, domain: &str) -> bool {
    let is_address = || host.starts_with('[') || host.parse::<std::net::Ipv4Addr>().is_ok();
    let is_below = || {
        let before = host.strip_suffix(domain);
        before.is_some_and(|it| it.ends_with('.'))
    };
    host == domain || (is_below() && !is_address())
}

fn path_matches(path: &[u8], of_cookie: &[u8]) -> bool {
    let Some(rest) = path.strip_prefix(of_cookie) else {
        return false;
    };
    rest.is_empty() || of_cookie.ends_with(b"/") || rest.starts_with(b"/")
}

/// The default path of a cookie: the directory of the URL that set it.
fn default_path(url: &Url) -> &[u8] {
    let path = url.path().as_bytes();
    match path.iter().rposition(|it| *it == b'/') {
        Some(at) if at > 0 => &path[..at],
        _ => b"/",
    }
}

/// Whether browsers take the URL for secure: HTTPS, or this machine.
fn is_trustworthy(url: &Url) -> bool {
    url.scheme() == "https"
        || match url.host() {
            Some(Host::Ipv4(it)) => it.is_loopback(),
            Some(Host::Ipv6(it)) => it.is_loopback(),
            Some(Host::Domain(it)) => it == "localhost" || it.ends_with(".localhost"),
            None => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-28T10:00:00Z";

    fn now() -> Timestamp {
        NOW.parse().unwrap()
    }

    /// The `Cookie` header that `to` gets after `from` set `cookies`.
    fn sent(from: &str, cookies: &[&[u8]], to: &str) -> Option<Vec<u8>> {
        let mut jar = Jar::default();
        set(&mut jar, from, cookies);
        let header = jar.header(&to.parse().unwrap(), now());
        header.map(|it| it.as_bytes().to_vec())
    }

    fn set(jar: &mut Jar, from: &str, cookies: &[&[u8]]) {
        let mut headers = HeaderMap::new();
        for it in cookies {
            headers.append(header::SET_COOKIE, HeaderValue::from_bytes(it).unwrap());
        }
        jar.keep(&from.parse().unwrap(), &headers, now());
    }

    const PORTAL: &str = "https://www.songxanh.gov.vn/a/b";

    #[test]
    fn a_domain_is_the_hosts_own_or_one_above_it() {
        let to = |cookie: &str, to: &str| sent(PORTAL, &[cookie.as_bytes()], to).is_some();
        assert!(to("a=1; Path=/", "https://www.songxanh.gov.vn/"));
        assert!(!to("a=1; Path=/", "https://songxanh.gov.vn/"), "host only");
        assert!(!to("a=1; Path=/", "https://x.www.songxanh.gov.vn/"));
        for own in ["songxanh.gov.vn", ".songxanh.gov.vn", "SongXanh.GOV.vn"] {
            let cookie = format!("a=1; path=/; DOMAIN={own}");
            assert!(to(&cookie, "https://songxanh.gov.vn/"), "{own}");
            assert!(to(&cookie, "https://dichvucong.songxanh.gov.vn/"), "{own}");
            assert!(!to(&cookie, "https://xsongxanh.gov.vn/"), "{own}");
        }
        for foreign in [
            "gov.vn",
            "vn",
            "haiduong.gov.vn",
            "x.www.songxanh.gov.vn",
            "ng-xanh.gov.vn",
            "sông.vn",
        ] {
            let cookie = format!("a=1; Path=/; Domain={foreign}");
            assert!(!to(&cookie, PORTAL), "{foreign}");
        }
        assert!(to("a=1; Path=/; Domain=", PORTAL), "an empty one is none");
        // the last `Domain` of several counts
        assert!(to(
            "a=1; Domain=evil.vn; Domain=songxanh.gov.vn; Path=/",
            PORTAL
        ));
        let alone = sent(
            "http://127.0.0.1/",
            &[b"a=1; Domain=0.0.1"],
            "http://127.0.0.1/",
        );
        assert_eq!(alone, None, "an address has nothing above it");
    }

    #[test]
    fn a_path_holds_what_lies_below_it() {
        let to = |cookie: &str, to: &str| sent(PORTAL, &[cookie.as_bytes()], to).is_some();
        let at = |path: &str| format!("https://www.songxanh.gov.vn{path}");
        assert!(
            to("a=1", &at("/a/c")) && to("a=1", &at("/a")),
            "the folder that set it"
        );
        assert!(!to("a=1", &at("/")) && !to("a=1", &at("/ab")));
        assert!(to("a=1; Path=/x", &at("/x")) && to("a=1; Path=/x", &at("/x/y")));
        assert!(!to("a=1; Path=/x", &at("/xy")));
        assert!(to("a=1; Path=x", &at("/a/")), "no path at all: the folder");
        let both = sent(
            PORTAL,
            &[b"long=2; Path=/a", b"short=1; Path=/", b"deep=3; Path=/a/b"],
            PORTAL,
        );
        assert_eq!(both.unwrap(), b"deep=3; long=2; short=1");
    }

    #[test]
    fn what_has_ended_is_deleted_and_what_is_safe_stays_safe() {
        let mut jar = Jar::default();
        set(
            &mut jar,
            PORTAL,
            &[
                b"a=1; Path=/",
                b"b=1; Path=/",
                b"c=1; Path=/",
                b"d=1; Path=/",
            ],
        );
        let before = jar.digest();
        set(
            &mut jar,
            PORTAL,
            &[
                b"a=; Path=/; Max-Age=0",
                b"b=x; Path=/; Expires=Thu, 01-Jan-1970 00:00:10 GMT",
                b"c=2; Path=/; Expires=Thu, 01 Jan 1970 00:00:10 GMT; Max-Age=5",
                b"d=1; Path=/; Expires=no date; Max-Age=soon",
            ],
        );
        assert_ne!(jar.digest(), before);
        let url: Url = PORTAL.parse().unwrap();
        assert_eq!(jar.header(&url, now()).unwrap(), "c=2; d=1");
        let later = now() + SignedDuration::from_secs(6);
        assert_eq!(jar.header(&url, later).unwrap(), "d=1");
        let plain = PORTAL.replace("https", "http");
        assert_eq!(sent(&plain, &[b"a=1; Secure; Path=/"], &plain), None);
        assert_eq!(sent(PORTAL, &[b"a=1; Secure; Path=/"], &plain), None);
        let mut jar = Jar::default();
        set(&mut jar, PORTAL, &[b"a=1; Secure; Path=/"]);
        set(&mut jar, &plain, &[b"a=2; Path=/"]);
        assert_eq!(jar.header(&url, now()).unwrap(), "a=1");
        for (refused, cookie) in [
            (true, &b"__Host-a=1; Path=/"[..]),
            (true, b"__host-a=1; Secure; Path=/; Domain=songxanh.gov.vn"),
            (true, b"__Secure-a=1; Path=/"),
            (false, b"__Host-a=1; Secure; Path=/"),
            (false, b"__Secure-a=1; Secure"),
        ] {
            assert_eq!(
                sent(PORTAL, &[cookie], PORTAL).is_none(),
                refused,
                "{}",
                cookie.escape_ascii()
            );
        }
        // a server with a clock one year behind: its `Expires` of one hour still is one hour
        let mut jar = Jar::default();
        let mut headers = HeaderMap::new();
        headers.insert(
            header::DATE,
            HeaderValue::from_static("Fri, 28 Nov 2025 10:00:00 GMT"),
        );
        let hour = "a=1; Path=/; Expires=Fri, 28 Nov 2025 11:00:00 GMT";
        headers.insert(header::SET_COOKIE, HeaderValue::from_static(hour));
        jar.keep(&url, &headers, now());
        assert!(jar.header(&url, now()).is_some());
    }

    #[test]
    fn bytes_stay_and_numbers_are_bounded() {
        let raw = [
            &b"t\xean=gi\xe1 tr\xf0; Path=/"[..],
            "tên=giá trị; Path=/".as_bytes(),
            b"alone; Path=/",
        ];
        let found = sent(PORTAL, &raw, PORTAL).unwrap();
        let wanted = [
            &b"t\xean=gi\xe1 tr\xf0; "[..],
            "tên=giá trị; alone".as_bytes(),
        ]
        .concat();
        assert_eq!(found, wanted);
        assert_eq!(sent(PORTAL, &[b"=; Path=/", b";", b""], PORTAL), None);
        let large = format!("a={}; Path=/", "x".repeat(LARGEST));
        assert_eq!(sent(PORTAL, &[large.as_bytes()], PORTAL), None);
        let many: Vec<String> = (0..500).map(|it| format!("c{it}=1; Path=/")).collect();
        let many: Vec<&[u8]> = many.iter().map(|it| it.as_bytes()).collect();
        let found = String::from_utf8(sent(PORTAL, &many, PORTAL).unwrap()).unwrap();
        assert_eq!(found.split("; ").count(), OF_A_DOMAIN);
        assert!(
            found.starts_with("c320=1; ") && found.ends_with("; c499=1"),
            "the last stay"
        );
        let mut jar = Jar::default();
        for host in 0..20 {
            let heavy: Vec<String> = (0..30)
                .map(|it| format!("c{it}={}; Path=/", "x".repeat(4000)))
                .collect();
            let heavy: Vec<&[u8]> = heavy.iter().map(|it| it.as_bytes()).collect();
            set(
                &mut jar,
                &format!("https://h{host}.songxanh.gov.vn/"),
                &heavy,
            );
        }
        assert!(jar.cookies.iter().map(Cookie::size).sum::<usize>() <= ALL_BYTES);
        assert!(
            jar.header(&"https://h19.songxanh.gov.vn/".parse().unwrap(), now())
                .is_some()
        );
    }
}
