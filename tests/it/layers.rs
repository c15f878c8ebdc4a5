//! Keeps the layers apart. The table is the architecture: a module may use only the modules listed in its row. Change
//! the table in a commit of its own.

use std::{collections::BTreeSet, fs, path::Path};

const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("locale", &["model"]),
    ("page", &["model"]),
    ("calendar", &["model"]),
    ("table", &[]),
    ("files", &[]),
    ("blocking", &[]),
    ("envelope", &["model"]),
    ("qr", &[]),
    ("duty", &["model", "table"]),
    ("config", &["model", "calendar", "page", "locale", "duty"]),
    ("diff", &["model", "page", "qr"]),
    ("detect", &["model", "page", "diff", "qr"]),
    ("judge", &["model", "page", "diff", "detect"]),
    ("incident", &["model"]),
    ("registry", &["model"]),
    ("report", &["model", "locale"]),
    ("fetch", &["model"]),
    ("evidence", &["model", "blocking", "envelope"]),
    ("store", &["model", "files", "blocking", "envelope"]),
    ("notify", &["model", "locale", "files"]),
    (
        "world",
        &[
            "judge", "model", "locale", "page", "diff", "calendar", "config", "incident", "fetch",
            "store", "evidence", "notify", "files", "registry",
        ],
    ),
    (
        "watch",
        &[
            "judge", "model", "page", "diff", "detect", "incident", "fetch", "store", "evidence",
            "world",
        ],
    ),
    (
        "actions",
        &[
            "blocking", "config", "diff", "duty", "evidence", "fetch", "incident", "judge",
            "model", "notify", "page", "registry", "report", "store", "watch", "world",
        ],
    ),
    (
        "jobs",
        &[
            "actions", "blocking", "config", "duty", "incident", "model", "notify", "registry",
            "store", "world",
        ],
    ),
    (
        "deliver",
        &[
            "actions", "duty", "model", "notify", "registry", "report", "store", "world",
        ],
    ),
    ("schedule", &["jobs", "model", "watch", "world"]),
    (
        "bot",
        &[
            "actions", "duty", "locale", "model", "notify", "registry", "world",
        ],
    ),
    ("web", &["model", "store", "world"]),
    (
        "cli",
        &[
            "judge", "model", "locale", "page", "diff", "detect", "incident", "calendar", "duty",
            "config", "registry", "fetch", "store", "evidence", "notify", "report", "world",
            "watch", "actions", "jobs", "deliver", "schedule", "bot", "web", "table", "files",
        ],
    ),
];

/// Files of `world` that are operations on a `World`. All others are its parts, and get what they need.
const OPERATIONS: &[&str] = &["decide", "mod", "open", "recipients", "targets"];

/// The core: no files, sockets, clock or runtime.
const PURE: &[&str] = &[
    "model", "locale", "page", "calendar", "table", "config", "diff", "detect", "judge", "duty",
    "incident", "registry", "report", "qr",
];
const IMPURE: &[&str] = &[
    "tokio::",
    "reqwest::",
    "sled::",
    "teloxide::",
    "std::fs",
    "fs::",
    "std::net::Tcp",
    "std::net::Udp",
    "SystemTime::now",
    "Timestamp::now",
    "async fn",
    "std::env",
];

/// Third-party crates, and the files that may use them.
const HOMES: &[(&str, &[&str])] = &[
    ("scraper::", &["src/page/"]),
    ("html5ever::", &["src/page/"]),
    ("similar::", &["src/diff/lines.rs"]),
    ("blake3::", &["src/model/digest.rs"]),
    (
        "reqwest::",
        &[
            "src/fetch/",
            "src/notify/notifiers/webhook.rs",
            "src/notify/heartbeat.rs",
        ],
    ),
    ("sled::", &["src/store/backends/"]),
    ("lettre::", &["src/notify/notifiers/email.rs"]),
    (
        "teloxide::",
        &["src/notify/notifiers/telegram.rs", "src/bot/"],
    ),
    ("tokio_cron_scheduler::", &["src/schedule/jobs.rs"]),
    ("fluent::", &["src/locale/"]),
    ("icu_collator::", &["src/locale/"]),
    ("icu_locale_core::", &["src/locale/"]),
    ("granit_parser::", &["src/config/tree.rs"]),
    ("rqrr::", &["src/qr/locate.rs"]),
    ("png::", &["src/qr/pixels.rs"]),
    ("gif::", &["src/qr/pixels.rs"]),
    ("image_webp::", &["src/qr/pixels.rs"]),
    ("zune_jpeg::", &["src/qr/pixels.rs"]),
];

#[test]
fn modules_import_only_what_the_table_allows() {
    let mut wrong = Vec::new();
    for (file, module, text) in sources() {
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(name, _)| *name == module) else {
            let known = ["main.rs", "lib.rs", "main", "lib"].contains(&module.as_str());
            if !known {
                wrong.push(format!("{file}: `{module}` has no row in the table"));
            }
            continue;
        };
        for named in crate_paths(&text) {
            let ours = MAY_IMPORT.iter().any(|(name, _)| *name == named);
            if ours && named != module && !allowed.contains(&named.as_str()) {
                wrong.push(format!("{file}: `{module}` may not import `{named}`"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_core_does_no_io() {
    let mut wrong = Vec::new();
    for (file, module, text) in sources() {
        let code = code(&text);
        for world in IMPURE
            .iter()
            .filter(|it| PURE.contains(&module.as_str()) && code.contains(**it))
        {
            wrong.push(format!("{file}: the core may not name `{world}`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn parts_of_the_world_do_not_name_it() {
    let mut wrong = Vec::new();
    for (file, module, text) in sources() {
        let name = file.rsplit('/').next().unwrap().trim_end_matches(".rs");
        if module != "world" || OPERATIONS.contains(&name) {
            continue;
        }
        let code = code(&text);
        let mut words = code.split(|it: char| !it.is_alphanumeric() && it != '_');
        if words.any(|it| it == "World") {
            wrong.push(format!("{file}: a part of the world may not name `World`"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn vendor_crates_stay_at_home() {
    let mut wrong = Vec::new();
    for (file, _, text) in sources() {
        let code = code(&text);
        for (name, homes) in HOMES {
            let named = code
                .split(name)
                .take(code.matches(name).count())
                .any(|before| {
                    // `tokio_util::`, `self::sled::` and the like end in another word
                    !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':')
                });
            if named && !homes.iter().any(|it| file.starts_with(it)) {
                wrong.push(format!(
                    "{file}: `{name}` has its home in {}",
                    homes.join(", ")
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn lists_hold_every_file() {
    for folder in [
        "src/detect/signals",
        "src/notify/notifiers",
        "src/store/backends",
        "src/report/formats",
        "src/bot/commands",
        "src/deliver/compose",
        "src/notify/messages",
        "src/jobs",
    ] {
        let list = fs::read_to_string(format!("{folder}/mod.rs")).unwrap();
        for entry in fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let Some(stem) = name.strip_suffix(".rs") else {
                continue;
            };
            assert!(
                stem == "mod" || list.contains(&format!("mod {stem};")),
                "{folder}/{name} is not declared"
            );
        }
    }
}

fn code(text: &str) -> String {
    let production = text.split("#[cfg(test)]").next().unwrap();
    production
        .lines()
        .map(|line| line.split("//").next().unwrap())
        .collect::<Vec<_>>()
        .join("\n")
}

/// The first segments after `crate::`, both `crate::a::b` and `use crate::{a, b::c}`.
fn crate_paths(text: &str) -> BTreeSet<String> {
    let code = code(text);
    let mut named = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            named.insert(
                rest.chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect(),
            );
            continue;
        };
        let mut depth = 0;
        let mut word = String::new();
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    named.insert(std::mem::take(&mut word));
                    continue;
                }
                _ => (),
            }
            if depth == 0 {
                word.push(c);
            }
        }
        named.insert(word);
    }
    named
        .into_iter()
        .map(|path| path.trim().split("::").next().unwrap().trim().to_owned())
        .collect()
}

/// Every source file: path, top module, text.
pub fn sources() -> Vec<(String, String, String)> {
    fn walk(dir: &Path, found: &mut Vec<(String, String, String)>) {
        for entry in fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|it| it == "rs") {
                let shown = path.display().to_string();
                let module = shown
                    .split('/')
                    .nth(1)
                    .unwrap()
                    .trim_end_matches(".rs")
                    .to_owned();
                found.push((shown, module, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let mut found = Vec::new();
    walk(Path::new("src"), &mut found);
    found
}
