use gaccong::config::{self, Pace};

fn faults(text: &str) -> Vec<String> {
    match config::parse(text, Pace::Polite) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.iter().map(ToString::to_string).collect(),
    }
}

/// Asserts the faults of a file; each line of `text` is a line of the file.
fn check(text: &str, expected: &[&str]) {
    let found = faults(text);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(
            found.starts_with(expected),
            "{found}\nshould begin with\n{expected}"
        );
    }
}

#[test]
fn the_committed_file_is_valid() {
    let text = std::fs::read_to_string("targets.yaml").unwrap();
    let config = config::parse(&text, Pace::Polite).unwrap();
    assert!(config.targets.len() >= 7);
    assert!(config.warnings.is_empty(), "{:?}", config.warnings);
    assert_eq!(config.windows.len(), 2);
}

#[test]
fn everything_the_contract_shows_is_understood() {
    let text = std::fs::read_to_string("tests/config/valid.yaml").unwrap();
    let config = config::parse(&text, Pace::Polite).unwrap();
    assert_eq!(config.notifiers.len(), 3);
    assert_eq!(config.targets[0].settings.notify, ["duty-room"]);
    assert_eq!(config.targets[0].allow_hosts, ["cdn.example.vn"]);
    assert_eq!(config.windows.len(), 3);
}

#[test]
fn all_faults_come_at_once_with_their_places() {
    check(
        "service:\n  langauge: vi\n  timezone: Asia/Saigonn\n  allow_ports: [80, 70000]\n\
         defaults:\n  every: 5 minutes\n  confirm: { looks: 2, agree: 3 }\n  notify: [nobody]\n\
         watch_windows:\n  - { holiday: tét }\n  - { from: 2027-05-24, to: 2027-05-20 }\n\
         agencies:\n  - id: A B\n    targets:\n      - { id: a, url: 'ftp://x.vn/' }\n      - { id: a, url: 'https://u:p@x.vn/' }\n      - { url: 'https://y.vn/', ignore: ['##'] }\n",
        &[
            "2:3: service.langauge: unknown key; did you mean language?",
            "3:13: service.timezone: \"Asia/Saigonn\" is no time zone",
            "4:21: service.allow_ports: \"70000\"",
            "6:10: defaults.every: \"5 minutes\" is not a length of time",
            "7:12: defaults.confirm.agree: 3 of 2 looks",
            "8:12: defaults.notify: no notifier is called \"nobody\"",
            "10:16: watch_windows[0].holiday: no holiday is called",
            "11:5: watch_windows[1].to: lies before from",
            "13:5: agencies[0].name: is missing",
            "13:9: agencies[0].id: \"A B\" cannot be used",
            "15:23: agencies[0].targets[0].url: \"ftp://x.vn/\": only http and https",
            "16:15: agencies[0].targets[1].id: \"a\" is taken by the target at line 15",
            "16:23: agencies[0].targets[1].url: x.vn: a user name or password",
            "17:9: agencies[0].targets[2].id: is missing",
            "17:42: agencies[0].targets[2].ignore: \"##\" is not a CSS selector",
        ],
    );
}

#[test]
fn one_fault_each() {
    for (text, expected) in [
        ("a: [", "this is not YAML"),
        (
            "service: 5",
            "service: a mapping is wanted here, this is a single value",
        ),
        (
            "service:\n  name: a\n  name: b",
            "3:3: service.name: written twice",
        ),
        (
            "- a",
            "targets.yaml: a mapping is wanted here, this is a list",
        ),
        ("x: &a 1\ny: *a", "aliases"),
        ("service: {}\n---\nservice: {}", "a second document"),
        ("defaults:\n  every: 10s", "from 30s to 1d"),
        ("defaults:\n  max_body: 900MiB", "is not a size"),
        ("service:\n  listen: 8480", "is not an address with a port"),
        (
            "service:\n  allow_networks: [10.0.0.0/99]",
            "is not a network",
        ),
        ("agencies:\n  id: x", "agencies: a list (- …) is wanted"),
        (
            "notifiers:\n  a: { with: {} }",
            "notifiers.a.kind: is missing",
        ),
        ("watch_windows:\n  - { name: x }", "needs either holiday"),
        ("defaults:\n  profiles: [tablet]", "is no client profile"),
        (
            "questions:\n  answer_within: 10s",
            "2:18: questions.answer_within: from 1m to 24h",
        ),
        (
            "questions: { answer_within: 10m }",
            "questions.in_window: longer than answer_within",
        ),
        ("questions: { within: 2h }", "unknown key"),
    ] {
        let found = faults(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        assert!(found[0].contains(expected), "{text}: {}", found[0]);
    }
}

#[test]
fn hostile_files_are_refused_in_time() {
    let deep = "a: ".to_owned() + &"[".repeat(10_000);
    assert!(!faults(&deep).is_empty());
    assert!(!faults(&"- ".repeat(5_000)).is_empty());
    assert!(
        faults("").is_empty(),
        "an empty file watches nothing and is no fault"
    );
    assert!(faults("\u{feff}service:\n  name: x\n").is_empty());
}

#[test]
fn an_export_reads_back_as_the_same() {
    let text = std::fs::read_to_string("tests/config/valid.yaml").unwrap();
    let config = config::parse(&text, Pace::Polite).unwrap();
    let exported = config::export::yaml(&config, &config.agencies, &config.targets);
    let again =
        config::parse(&exported, Pace::Polite).unwrap_or_else(|it| panic!("{it:?}\n{exported}"));
    assert_eq!(config.service, again.service);
    assert_eq!(config.defaults, again.defaults);
    assert_eq!(config.targets, again.targets);
    assert_eq!(config.agencies, again.agencies);
    assert_eq!(config.windows, again.windows);
    let specs = |it: &config::Config| {
        it.notifiers
            .iter()
            .map(|(name, it)| (name.clone(), it.kind.clone(), it.with.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(specs(&config), specs(&again));
}

#[test]
fn times_for_answers_are_read_and_written() {
    let usual = config::parse("", Pace::Polite).unwrap();
    let exported = |it: &config::Config| config::export::yaml(it, &it.agencies, &it.targets);
    assert!(!exported(&usual).contains("questions"));
    let text = "questions: { answer_within: 4h, at_night: 30m, in_window: 10m }\n";
    let config = config::parse(text, Pace::Polite).unwrap();
    let minutes = |it: std::time::Duration| it.as_secs() / 60;
    let times = config.questions;
    assert_eq!(
        [times.answer_within, times.at_night, times.in_window].map(minutes),
        [240, 30, 10]
    );
    let again = config::parse(&exported(&config), Pace::Polite).unwrap();
    assert_eq!(again.questions, times);
}

/// Found by fuzzing: an empty list was exported in a form that could not be read back.
#[test]
fn a_list_with_nothing_in_it_is_a_fault_where_one_is_needed() {
    for text in ["defaults:\n  profiles:\n", "defaults:\n  profiles: []\n"] {
        let found = config::parse(text, Pace::Polite).unwrap_err();
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].message.contains("at least one is needed"));
        assert_eq!(found[0].line, 2);
    }
    // other lists may be empty
    let config = config::parse("defaults:\n  notify:\n", Pace::Polite).unwrap();
    let written = config::export::yaml(&config, &config.agencies, &config.targets);
    assert!(config::parse(&written, Pace::Polite).is_ok(), "{written}");
}
