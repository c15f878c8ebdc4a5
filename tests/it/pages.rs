//! `tests/pages/<case>/`: before*.html (oldest first), after.html, and `verdict`: a first line of
//! rings | defaced | quiet | calm, then the names of signals that must be among those found.

use std::{fs, path::Path};

use gaccong::{
    detect::{Expect, judge},
    diff::Norm,
    model::{Level, Verdict, verdict::State},
    page::{self, Page, Source},
};

fn read(path: &Path) -> Page {
    let bytes = fs::read(path).unwrap();
    let url = "https://portal.example.gov.vn/".parse().unwrap();
    page::read(Source {
        bytes: &bytes,
        content_type: None,
        url: &url,
        ignore: &[],
    })
    .unwrap()
}

fn judged(case: &Path) -> Verdict {
    let mut before: Vec<_> = fs::read_dir(case)
        .unwrap()
        .map(|it| it.unwrap().path())
        .filter(|it| {
            it.file_name()
                .unwrap()
                .to_string_lossy()
                .starts_with("before")
        })
        .collect();
    before.sort();
    let pages: Vec<Page> = before.iter().map(|it| read(it)).collect();
    let after = read(&case.join("after.html"));
    judge(&after, &Norm::learn(&pages), &Expect::of_url(&after.url))
}

#[test]
fn every_page_is_judged_right() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for entry in fs::read_dir("tests/pages").unwrap() {
        let case = entry.unwrap().path();
        if !case.is_dir() {
            continue;
        }
        count += 1;
        let expected = fs::read_to_string(case.join("verdict")).unwrap();
        let mut expected = expected.lines().map(str::trim).filter(|it| !it.is_empty());
        let verdict = judged(&case);
        let right = match expected.next().unwrap() {
            "rings" => verdict.level.rings(),
            "defaced" => verdict.level == Level::Defaced,
            "quiet" => !verdict.level.rings(),
            "calm" => !verdict.level.rings() && verdict.state != State::Ordinary,
            other => panic!("{}: {other:?} is no verdict", case.display()),
        };
        let names: Vec<&str> = verdict.signals.iter().map(|it| it.name.as_str()).collect();
        let missing: Vec<&str> = expected.filter(|it| !names.contains(it)).collect();
        if !right || !missing.is_empty() {
            wrong.push(format!(
                "{}: {:?} {:.3} {:?}, missing {missing:?}, found {names:?}",
                case.display(),
                verdict.level,
                verdict.score,
                verdict.state
            ));
        }
    }
    assert!(count >= 30, "only {count} cases were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_alarm_can_be_seen() {
    for entry in fs::read_dir("tests/pages").unwrap() {
        let case = entry.unwrap().path();
        if case.is_dir() {
            let verdict = judged(&case);
            let shown = verdict.signals.iter().any(|it| !it.excerpt.is_empty());
            assert!(
                !verdict.level.rings() || shown,
                "{}: an alarm without evidence",
                case.display()
            );
        }
    }
}
