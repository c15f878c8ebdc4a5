//! Commands print about an older program's directory what that program printed.

use std::fs;

use super::{ALL, faults, kept, laid, value};
use crate::scene::{gaccong, said};

/// Commands, and the files in `said/` with the lines that the older program printed, without translated parts.
const SAID: [(&str, &[&str]); 5] = [
    ("targets", &["targets", "list"]),
    ("incidents", &["incidents", "list"]),
    ("requests", &["targets", "requests", "--all"]),
    ("plans", &["targets", "plan", "--list"]),
    ("registry-history", &["targets", "history"]),
];

#[test]
fn commands_print_of_it_what_they_printed() {
    for directory in ALL {
        let (_keep, path) = laid(directory);
        let run = |args: &[&str]| {
            let args = [args, &["--json"]].concat();
            let (out, err, code) = said(&gaccong(&path, &args));
            assert_eq!((code, err.as_str()), (0, ""), "{directory}: {args:?}");
            out
        };
        let kept =
            |name: &str| fs::read_to_string(kept(directory).join("said").join(name)).unwrap();
        let mut all: Vec<(String, String, String)> = Vec::new();
        for (name, args) in SAID {
            all.push((name.to_owned(), run(args), kept(&format!("{name}.jsonl"))));
        }
        for line in kept("shown.jsonl").lines() {
            let incident = value(line);
            let id = incident["id"].as_str().unwrap();
            all.push((
                id.to_owned(),
                run(&["incidents", "show", id]),
                line.to_owned(),
            ));
        }
        for (name, found, wanted) in all {
            let (found, wanted): (Vec<_>, Vec<_>) =
                (found.lines().collect(), wanted.lines().collect());
            assert_eq!(found.len(), wanted.len(), "{directory}: {name}");
            let mut out = Vec::new();
            for (at, (found, wanted)) in found.iter().zip(wanted).enumerate() {
                let place = format!("{directory}: {name} {at}");
                faults(&place, &value(found), &value(wanted), &mut out);
            }
            assert!(out.is_empty(), "{}", out.join("\n"));
        }
    }
}

#[test]
fn a_week_is_reported_as_it_was() {
    for (directory, week) in [("every", "2025-W10"), ("day", "2026-W47")] {
        let (_keep, path) = laid(directory);
        let args = [
            "report", "weekly", "--week", week, "--format", "json", "--out", "out",
        ];
        let (out, err, code) = said(&gaccong(&path, &args));
        assert_eq!(code, 0, "{out}{err}");
        let name = format!("gaccong-{week}.json");
        let found = fs::read_to_string(path.join("out").join(&name)).unwrap();
        let wanted = fs::read_to_string(kept(directory).join("said").join(&name)).unwrap();
        let mut out = Vec::new();
        faults(directory, &value(&found), &value(&wanted), &mut out);
        assert!(out.is_empty(), "{}", out.join("\n"));
    }
}
