//! The dependencies in Cargo.lock: licences, sources, banned crates and known advisories. Each exception has an end
//! date. The lists are in deny.toml and tests/advisories.tsv.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    iter::Peekable,
    process::Command,
};

use jiff::civil::Date;
use serde_json::Value;

struct Package {
    name: String,
    version: String,
    source: Option<String>,
    has_checksum: bool,
}

fn locked(file: &str) -> Vec<Package> {
    let lock = fs::read_to_string(file).unwrap();
    let packages = lock.split("[[package]]").skip(1);
    let packages = packages.map(|it| {
        let field = |name: &str| {
            let line = it
                .lines()
                .find_map(|it| it.strip_prefix(name)?.strip_prefix(" = "));
            line.map(|it| it.trim_matches('"').to_owned())
        };
        Package {
            name: field("name").unwrap(),
            version: field("version").unwrap(),
            source: field("source"),
            has_checksum: field("checksum").is_some(),
        }
    });
    packages.collect()
}

/// The quoted words of a list in deny.toml; with `key`, those after that key in the list's entries.
fn listed(list: &str, key: Option<&str>) -> BTreeSet<String> {
    let text = fs::read_to_string("deny.toml").unwrap();
    let start = text.find(&format!("\n{list} = [")).unwrap();
    let body = &text[start..];
    let body = &body[..body.find("\n]").unwrap()];
    let lines = body.lines().filter(|it| !it.trim_start().starts_with('#'));
    let words = lines.filter_map(|it| {
        let it = match key {
            Some(key) => it.split_once(&format!("{key} = "))?.1,
            None => it.trim(),
        };
        it.strip_prefix('"')?.split('"').next().map(str::to_owned)
    });
    words.collect()
}

/// `1.2.3` as numbers, without a part after a hyphen or plus.
fn numbers(version: &str) -> Vec<u64> {
    let plain = version.split(['-', '+']).next().unwrap();
    plain.split('.').map(|it| it.parse().unwrap()).collect()
}

#[test]
fn everything_comes_from_the_one_registry_and_nothing_that_is_banned() {
    const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
    let banned = listed("deny", Some("crate"));
    assert!(banned.len() >= 9, "{banned:?}");
    for it in locked("Cargo.lock")
        .iter()
        .filter(|it| it.name != "gaccong")
    {
        let name = &it.name;
        assert_eq!(it.source.as_deref(), Some(REGISTRY), "{name}");
        assert!(it.has_checksum, "{name}");
        assert!(!banned.contains(name), "{name} is banned: see deny.toml");
    }
}

/// Whether a version lies in an advisory's ranges: `*`, or `<0.3.26 || >=0.4.0, <0.4.4`.
fn concerns(affected: &str, version: &str) -> bool {
    let version = numbers(version);
    let within = |bound: &str| match bound.strip_prefix(">=") {
        Some(first) => version >= numbers(first),
        None => version < numbers(bound.strip_prefix('<').unwrap()),
    };
    affected == "*"
        || affected
            .split(" || ")
            .any(|range| range.split(", ").all(within))
}

#[test]
fn an_advisory_concerns_every_branch_up_to_its_own_patch() {
    let two = "<0.3.26 || >=0.4.0, <0.4.4";
    for (affected, version, expected) in [
        (two, "0.2.9", true),
        (two, "0.3.25", true),
        (two, "0.3.26", false),
        (two, "0.3.100", false),
        (two, "0.4.0", true),
        (two, "0.4.3", true),
        (two, "0.4.4", false),
        (two, "1.0.0", false),
        (">=0.11.0, <0.11.7", "0.10.9", false),
        (">=0.11.0, <0.11.7", "0.11.6", true),
        ("<111.16.0", "300.6.1+3.6.3", false),
        ("*", "0.0.1", true),
    ] {
        assert_eq!(
            concerns(affected, version),
            expected,
            "{version} in {affected}"
        );
    }
}

#[test]
fn no_known_advisory_concerns_what_is_here_but_for_exceptions_that_end() {
    let mut here: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for it in locked("Cargo.lock")
        .into_iter()
        .chain(locked("fuzz/Cargo.lock"))
    {
        here.entry(it.name).or_default().insert(it.version);
    }
    let table = fs::read_to_string("tests/advisories.tsv").unwrap();
    let today = jiff::Zoned::now().date();
    let (mut wrong, mut excepted) = (Vec::new(), BTreeSet::new());
    let rows = table.lines().filter(|it| !it.starts_with('#')).skip(1);
    for row in rows {
        let [id, name, affected, until, what] = row.split('\t').collect::<Vec<_>>()[..] else {
            panic!("{row:?} has no five columns");
        };
        let versions = here.get(name).into_iter().flatten();
        for version in versions.filter(|it| concerns(affected, it)) {
            if until.is_empty() {
                wrong.push(format!("{id}: {name} {version}: {what}"));
                continue;
            }
            if id.starts_with("RUSTSEC-") {
                excepted.insert(id.to_owned());
            }
            if until.parse::<Date>().unwrap() < today {
                wrong.push(format!(
                    "{id}: {name} {version}: the exception ended on {until}: decide anew"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(
        excepted,
        listed("ignore", Some("id")),
        "each exception is needed, and written in both lists"
    );
}

/// Whether an SPDX expression is allowed. Older crates write `/` for OR.
fn allows(expression: &str, allowed: &BTreeSet<String>) -> bool {
    let spaced = expression
        .replace('/', " OR ")
        .replace('(', " ( ")
        .replace(')', " ) ");
    let spaced = spaced.replace(" WITH ", "\u{1}");
    let mut words = spaced
        .split_whitespace()
        .map(|it| it.replace('\u{1}', " WITH "))
        .peekable();
    any(&mut words, allowed)
}

fn any<I: Iterator<Item = String>>(words: &mut Peekable<I>, allowed: &BTreeSet<String>) -> bool {
    let mut out = all(words, allowed);
    while words.next_if(|it| it == "OR").is_some() {
        out |= all(words, allowed);
    }
    out
}

fn all<I: Iterator<Item = String>>(words: &mut Peekable<I>, allowed: &BTreeSet<String>) -> bool {
    let mut out = one(words, allowed);
    while words.next_if(|it| it == "AND").is_some() {
        out &= one(words, allowed);
    }
    out
}

fn one<I: Iterator<Item = String>>(words: &mut Peekable<I>, allowed: &BTreeSet<String>) -> bool {
    match words.next() {
        Some(it) if it == "(" => {
            let out = any(words, allowed);
            words.next();
            out
        }
        Some(it) => allowed.contains(&it),
        None => false,
    }
}

#[test]
fn every_licence_is_one_that_we_may_pass_on() {
    let allowed = listed("allow", None);
    for (text, may) in [
        ("MIT", true),
        ("GPL-3.0", false),
        ("MIT/Apache-2.0", true),
        ("Apache-2.0 OR GPL-2.0-only", true),
        ("MIT AND GPL-2.0", false),
        ("(MIT OR GPL-2.0) AND Unicode-3.0", true),
        ("Apache-2.0 WITH LLVM-exception", true),
        ("", false),
    ] {
        assert_eq!(allows(text, &allowed), may, "{text}");
    }
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let asked = Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--locked",
            "--offline",
            "--format-version",
            "1",
            "--filter-platform",
            &platform,
        ])
        .output()
        .unwrap();
    assert!(
        asked.status.success(),
        "{}",
        String::from_utf8_lossy(&asked.stderr)
    );
    let all: Value = serde_json::from_slice(&asked.stdout).unwrap();
    let packages = all["packages"].as_array().unwrap();
    assert!(packages.len() > 300);
    let wrong = packages
        .iter()
        .filter(|it| !allows(it["license"].as_str().unwrap_or_default(), &allowed));
    let wrong: Vec<String> = wrong
        .map(|it| format!("{} {}: {}", it["name"], it["version"], it["license"]))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
