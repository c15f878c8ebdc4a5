//! Cookies of any bytes: the jar stays bounded, sends cookies only to sites that may have them, and never panics.
#![no_main]

use gaccong::fetch::cookies::Jar;
use http::{HeaderMap, HeaderValue, header::SET_COOKIE};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use url::Url;

/// Places that cookies come from and go to. The last is another owner's site.
const PLACES: &[&str] = &[
    "https://so.tinh.gov.vn/tin/a",
    "http://so.tinh.gov.vn/",
    "https://tinh.gov.vn/",
    "http://127.0.0.1:8080/a/b",
    "https://ke-xau.example/",
];

fuzz_target!(|data: &[u8]| {
    let places: Vec<Url> = PLACES.iter().map(|it| it.parse().expect("a URL")).collect();
    let now = Timestamp::UNIX_EPOCH;
    let (mut all, mut strange) = (Jar::default(), Jar::default());
    // each line is a cookie, with its origin in the first byte
    for line in data.split(|it| *it == b'\n') {
        let Some((from, value)) = line.split_first() else {
            continue;
        };
        let Ok(value) = HeaderValue::from_bytes(value) else {
            continue;
        };
        let headers: HeaderMap = [(SET_COOKIE, value)].into_iter().collect();
        all.keep(&places[usize::from(*from) % places.len()], &headers, now);
        strange.keep(&places[4], &headers, now);
    }
    for place in &places {
        let sent = all.header(place, now);
        assert!(sent.is_none_or(|it| it.len() <= 512 << 10));
    }
    for place in &places[..4] {
        assert_eq!(strange.header(place, now), None, "{place}");
    }
});
