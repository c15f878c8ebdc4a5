//! Links that visitors rely on: public services, and files to keep.

use std::collections::{HashMap, HashSet};

use super::{Fact, Pin, words::bare};
use crate::page::{Link, Page, cancel, registrable};

/// Most links of a page that are searched.
const SEARCHED: usize = 4000;

/// Words of services of the state, in lower case and without marks.
const SERVICES: &[&str] = &[
    "dich vu cong",
    "dvc",
    "vneid",
    "thu tuc",
    "mot cua",
    "nop ho so",
    "tra cuu ho so",
    "nop thue",
    "etax",
    "thue dien tu",
    "hoa don dien tu",
    "thanh toan",
    "le phi",
    "bao hiem",
    "vssid",
    "dang ky ho",
    "dinh danh",
    "chu ky so",
    "public service",
    "e-service",
    "eservice",
    "online service",
    "pay ",
    "tax",
    "permit",
    "apply",
    "layanan",
    "perizinan",
    "pajak",
    "dang nhap",
    "login",
    "log in",
    "sign in",
    "masuk",
];

/// Words by which a link promises a visitor something of the state: more than the names of services, which are pinned.
const PROMISES: &[&str] = &[
    "hoan thue",
    "tro cap",
    "phat nguoi",
    "nop phat",
    "can cuoc",
    "giay phep lai xe",
    "tra cuu phat",
    "tra cuu tro cap",
    "ho tro an sinh",
    "xac minh thong tin",
    "xac thuc thong tin",
    "cap nhat thong tin",
    "kich hoat tai khoan",
    "refund",
    "subsidy",
];

/// Whether the words of a link, in lower case and without marks, promise a service of the state.
pub fn promises_service(bare: &str) -> bool {
    let words = SERVICES.iter().chain(PROMISES);
    let mut words = words.filter(|it| !it.ends_with(' '));
    words.any(|it| bare.contains(it))
}

/// Labels of hosts that serve them.
const HOSTS: &[&str] = &[
    "dichvucong",
    "dvc",
    "vneid",
    "motcua",
    "thutuc",
    "dvcqg",
    "xacthuc",
    "etax",
];

/// Endings of programs, and of archives that carry one.
const PROGRAMS: &[&str] = &[
    "apk", "xapk", "apks", "exe", "msi", "msix", "scr", "bat", "cmd", "jar", "ipa", "dmg", "pkg",
    "vbs", "ps1", "hta", "iso", "lnk", "deb", "rpm",
];
const ARCHIVES: &[&str] = &["zip", "rar", "7z"];
const DOCUMENTS: &[&str] = &["pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "odt"];

/// Whether files of this ending run.
pub fn is_program(ending: &str) -> bool {
    PROGRAMS.contains(&ending)
}

/// Whether files of this ending are read.
pub fn is_document(ending: &str) -> bool {
    DOCUMENTS.contains(&ending)
}

pub(super) fn of(page: &Page) -> Vec<Pin> {
    let own = page.domain();
    let pictures = pictures(page);
    let mut found: Vec<Pin> = Vec::new();
    for (at, link) in page.links.iter().enumerate().take(SEARCHED) {
        if cancel::step(link.url.len() + link.text.len())
            || link.hidden.is_some()
            || link.host.is_empty()
        {
            continue;
        }
        let mut label = bare(&link.text);
        if label.trim().is_empty() {
            label = pictures.get(&at).cloned().unwrap_or_default();
        }
        if label.trim().is_empty() || label.len() > 200 {
            continue;
        }
        let ending = ending(&link.url);
        if [PROGRAMS, ARCHIVES, DOCUMENTS]
            .iter()
            .any(|it| it.contains(&ending.as_str()))
        {
            let value = format!("{ending} {}", link.host);
            found.push(Pin::new(Fact::Download, &value, &label, &link.url));
        } else if is_service(&label, link, &own) {
            found.push(Pin::new(Fact::Service, &link.host, &label, &link.url));
        }
    }
    // under one text that leads to several places, none is the known one
    let mut values: HashMap<(Fact, String), String> = HashMap::new();
    let mut several: HashSet<(Fact, String)> = HashSet::new();
    for pin in &found {
        let name = (pin.kind, pin.label.clone());
        match values.get(&name) {
            Some(value) => {
                if *value != pin.value {
                    several.insert(name);
                }
            }
            None => {
                values.insert(name, pin.value.clone());
            }
        }
    }
    found.retain(|it| !several.contains(&(it.kind, it.label.clone())));
    found
}

/// What the pictures inside links say, by the places of the links.
fn pictures(page: &Page) -> HashMap<usize, String> {
    let mut out = HashMap::new();
    for image in page.images.iter().take(SEARCHED) {
        let Some(link) = image.link else { continue };
        let name = image.src.split(['?', '#']).next().unwrap_or_default();
        let name = name.rsplit('/').next().unwrap_or_default();
        let said = if image.alt.is_empty() {
            name
        } else {
            image.alt.as_str()
        };
        out.entry(link).or_insert_with(|| bare(said));
    }
    out
}

fn is_service(label: &str, link: &Link, own: &str) -> bool {
    let label_says = SERVICES.iter().any(|it| label.contains(it));
    let mut parts = link.host.split(['.', '-']);
    let host_says = parts.any(|it| HOSTS.contains(&it));
    // a link to another public body is one that visitors follow without a second look
    let is_public = registrable(&link.host) != own && is_state(&link.host);
    label_says || host_says || is_public
}

/// Whether the name of a host is made of the names of the state's services: what a look-alike is made of.
pub fn imitates_state(host: &str) -> bool {
    let mut parts = host.split(['.', '-']);
    parts.any(|it| HOSTS.contains(&it) || it == "gov") && !is_state(host)
}

/// Whether the host lies under a suffix that only public bodies and schools are given.
pub fn is_state(host: &str) -> bool {
    let mut labels = host.rsplit('.');
    let (last, second) = (
        labels.next().unwrap_or_default(),
        labels.next().unwrap_or_default(),
    );
    let state = [
        "gov", "gob", "gouv", "gub", "go", "govt", "mil", "edu", "ac",
    ];
    ["gov", "mil", "edu"].contains(&last) || last.len() == 2 && state.contains(&second)
}

/// The ending of the file at an address, in lower case.
fn ending(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    let is_host = path.matches('/').count() < 3;
    match name.rsplit_once('.') {
        Some((_, end)) if !is_host && end.len() <= 5 => end.to_ascii_lowercase(),
        _ => String::new(),
    }
}
