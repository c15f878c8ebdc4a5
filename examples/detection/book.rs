//! Books of templates: kinds of deed or edit, with the lists that their words come from.
//!
//! ```text
//! == KIND [@VISITOR[,VISITOR]] PLACE[|PLACE]
//! one way to write it, with «fields»
//! --
//! another way
//! :: LIST
//! one entry a line
//! ```

use std::collections::BTreeMap;

use gaccong::model::Profile;

/// A kind of deed or edit.
pub struct Kind {
    pub name: String,
    /// Visitors that are shown it; empty: all of them.
    pub visitors: Vec<Profile>,
    /// Where it may be put: the names that `places::put` knows.
    pub places: Vec<String>,
    /// Ways to write it.
    pub ways: Vec<String>,
}

#[derive(Default)]
pub struct Book {
    pub kinds: Vec<Kind>,
    pub lists: BTreeMap<String, Vec<String>>,
}

impl Book {
    /// Panics where a line says nothing: books are part of the program.
    pub fn of(texts: &[&str]) -> Self {
        let mut book = Self::default();
        for text in texts {
            let mut list: Option<&mut Vec<String>> = None;
            for line in text.lines() {
                if let Some(head) = line.strip_prefix("== ") {
                    list = None;
                    book.kinds.push(kind(head));
                } else if let Some(name) = line.strip_prefix(":: ") {
                    list = Some(book.lists.entry(name.to_owned()).or_default());
                } else if let Some(list) = list.as_mut() {
                    list.push(line.to_owned());
                } else {
                    let kind = book.kinds.last_mut();
                    let kind =
                        kind.unwrap_or_else(|| panic!("a line before the first kind: {line}"));
                    way(kind, line);
                }
            }
        }
        book
    }
}

fn kind(head: &str) -> Kind {
    let mut words = head.split(' ');
    let name = words.next().unwrap_or_default().to_owned();
    let mut places = words.next().unwrap_or_default();
    let mut visitors = Vec::new();
    if let Some(names) = places.strip_prefix('@') {
        visitors = names.split(',').map(visitor).collect();
        places = words.next().unwrap_or_default();
    }
    Kind {
        name,
        visitors,
        places: places.split('|').map(str::to_owned).collect(),
        ways: vec![String::new()],
    }
}

fn visitor(name: &str) -> Profile {
    match name {
        "mobile" => Profile::Mobile,
        "googlebot" => Profile::Googlebot,
        "from-google" => Profile::FromGoogle,
        other => panic!("{other}: no such visitor"),
    }
}

fn way(kind: &mut Kind, line: &str) {
    if line == "--" {
        kind.ways.push(String::new());
        return;
    }
    let Some(way) = kind.ways.last_mut() else {
        return;
    };
    if !way.is_empty() {
        way.push('\n');
    }
    way.push_str(line);
}
