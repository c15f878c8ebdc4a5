//! History and page to a verdict: a probability, with harmless sentences; an unchanged page never rings.
#![no_main]

use gaccong::{
    detect::{Expectations, judge},
    diff::Norm,
    locale::{Lang, Locale},
    page::{self, Page, Source},
};
use libfuzzer_sys::fuzz_target;

fn read(bytes: &[u8]) -> Option<Page> {
    let url = "https://portal.example.vn/".parse().expect("a URL");
    let source = Source {
        bytes,
        content_type: None,
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
    let expect = Expectations::of_url(&now.url);
    let words = Locale::new(Lang::Vi);
    for norm in [Norm::default(), Norm::learn([&before, &before].into_iter())] {
        let verdict = judge(&now, &norm, &expect);
        assert!((0.0..=1.0).contains(&verdict.score));
        for signal in &verdict.signals {
            let sentence = words.say(&signal.say);
            assert!(!sentence.contains('\u{202e}') && !signal.excerpt.contains('\u{202e}'));
        }
    }
    let own = Norm::learn([&now, &now].into_iter());
    let verdict = judge(&now, &own, &expect);
    assert!(
        verdict.score < 0.9,
        "a page is nothing new beside itself: {verdict:?}"
    );
});
