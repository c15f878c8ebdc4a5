//! Two pages compared: never a panic, never more lines than were asked for.
#![no_main]

use gaccong::{
    diff::{Norm, changed_lines, compare, lines},
    page::{self, Page, Source},
};
use libfuzzer_sys::fuzz_target;

fn read(bytes: &[u8]) -> Option<Page> {
    let url = "https://portal.example.vn/".parse().expect("a URL");
    let source = Source {
        bytes,
        content_type: Some("text/html; charset=utf-8"),
        url: &url,
        ignore: &[],
    };
    page::read(source).ok()
}

fuzz_target!(|data: &[u8]| {
    let at = data
        .iter()
        .position(|it| *it == 0xff)
        .unwrap_or(data.len() / 2);
    let (before, now) = data.split_at(at);
    let (Some(before), Some(now)) = (read(before), read(now)) else {
        return;
    };
    let shown = changed_lines(&lines(&before), &lines(&now), 9, 110);
    assert!(shown.len() <= 9);
    for it in &shown {
        assert!(it.text.chars().count() <= 220, "{}", it.text);
    }
    let norm = Norm::learn([&before, &before].into_iter());
    let kept = compare(&norm, &now).kept();
    assert!((0.0..=1.0).contains(&kept), "{kept}");
});
