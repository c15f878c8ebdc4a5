use std::collections::BTreeSet;

use fluent::FluentResource;
use gaccong::{
    detect::signals,
    locale::{Lang, Locale, SOURCES},
    model::{Class, Kind},
};

/// Key and placeholders of each message; a line that begins with a blank belongs to the message before it.
fn messages(source: &str) -> Vec<(String, BTreeSet<String>)> {
    let mut out: Vec<(String, BTreeSet<String>)> = Vec::new();
    for line in source.lines().filter(|it| !it.starts_with('#')) {
        let text = match line.split_once(" = ") {
            Some((key, text)) if !line.starts_with(' ') => {
                out.push((key.to_owned(), BTreeSet::new()));
                text
            }
            _ => line,
        };
        let names = text.split("{ $").skip(1);
        let names = names.map(|it| it.split(' ').next().unwrap().to_owned());
        if let Some(last) = out.last_mut() {
            last.1.extend(names);
        }
    }
    out
}

#[test]
fn both_languages_have_every_message_and_placeholder() {
    let mut all = SOURCES.map(|(_, source)| {
        assert!(
            FluentResource::try_new(source.to_owned()).is_ok(),
            "a broken line"
        );
        let mut found = messages(source);
        found.sort();
        found
    });
    let [vi, en] = &mut all;
    for pair in vi.windows(2) {
        assert_ne!(pair[0].0, pair[1].0, "written twice");
    }
    assert_eq!(vi, en);
}

#[test]
fn everything_that_is_named_has_words() {
    for lang in [Lang::Vi, Lang::En] {
        let words = Locale::new(lang);
        let mut keys: Vec<String> = Class::ALL.iter().map(|it| it.key()).collect();
        keys.extend(
            signals::ALL
                .iter()
                .map(|it| format!("signal-{}", it.name())),
        );
        for kind in [
            Kind::Defaced,
            Kind::Planted,
            Kind::Asked,
            Kind::Redirected,
            Kind::Down,
            Kind::Maintenance,
            Kind::Blocked,
        ] {
            keys.push(format!("kind-{}", kind.as_str()));
        }
        for key in keys {
            assert!(words.has(&key), "{key} in {lang:?}");
        }
    }
}

/// Every key that is a literal in the code has a text in both languages.
#[test]
fn no_sentence_is_missing() {
    fn walk(dir: &std::path::Path, out: &mut String) {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, out);
            } else {
                out.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }
    let mut code = String::new();
    walk(std::path::Path::new("src"), &mut code);
    let words = Locale::new(Lang::En);
    for call in [
        ".plain(\"",
        ".text(\"",
        "Say::new(\"",
        "self.t(\"",
        "{ t(\"",
        "stage.say(\"",
        "self.say(\"",
    ] {
        for rest in code.split(call).skip(1) {
            let key = rest.split('"').next().unwrap();
            let is_key = key.contains('-')
                && key
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c == '-' || c.is_ascii_digit());
            assert!(!is_key || words.has(key), "{key}");
        }
    }
}
