//! No file of `src` imports itself through others: each can be read, and changed, without those that use it. A module and
//! the files under it may name each other.

use std::collections::{BTreeMap, BTreeSet};

use crate::layers::sources;

/// A file as its path of modules, `["watch", "check"]` for `src/watch/check.rs`.
type File = Vec<String>;
type Graph = BTreeMap<File, BTreeSet<File>>;

#[test]
fn no_file_imports_itself_through_others() {
    let texts: BTreeMap<File, String> = sources()
        .into_iter()
        .filter(|(path, ..)| path != "src/lib.rs" && path != "src/main.rs")
        .map(|(path, _, text)| (file(&path), text))
        .collect();
    let is_file = |path: &[String]| texts.contains_key(path);
    let mut graph = Graph::new();
    for (from, text) in &texts {
        let named = paths(text).into_iter();
        let named = named.filter_map(|it| resolve(from, &it, &is_file));
        let apart = |to: &File| !from.starts_with(to) && !to.starts_with(from);
        graph.insert(from.clone(), named.filter(apart).collect());
    }
    assert!(
        graph.values().map(BTreeSet::len).sum::<usize>() > 500,
        "the imports cannot be read any more"
    );
    let cycles = cyclic(graph);
    let shown: Vec<String> = cycles
        .iter()
        .map(|(from, to)| {
            let to: Vec<String> = to.iter().map(|it| it.join("/")).collect();
            format!("{} -> {}", from.join("/"), to.join(", "))
        })
        .collect();
    assert!(shown.is_empty(), "{}", shown.join("\n"));
}

fn file(path: &str) -> File {
    let path = path.trim_start_matches("src/").trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    path.split('/').map(str::to_owned).collect()
}

/// Cuts off the files that import no other or that no other imports, until none is left. What stays are cycles, and the ways
/// from one cycle to another.
fn cyclic(mut graph: Graph) -> Graph {
    loop {
        let before = graph.len();
        let named: BTreeSet<File> = graph.values().flatten().cloned().collect();
        graph.retain(|file, to| !to.is_empty() && named.contains(file));
        let left: BTreeSet<File> = graph.keys().cloned().collect();
        for to in graph.values_mut() {
            to.retain(|it| left.contains(it));
        }
        if graph.len() == before {
            return graph;
        }
    }
}

/// The file that a path in the file `from` leads to: the longest beginning that is one.
fn resolve(from: &File, path: &[String], is_file: &impl Fn(&[String]) -> bool) -> Option<File> {
    let mut base = from.clone();
    let mut rest = path;
    match path.first()?.as_str() {
        "crate" => {
            base.clear();
            rest = &path[1..];
        }
        "self" => rest = &path[1..],
        "super" => {
            while rest.first().is_some_and(|it| it == "super") {
                base.pop();
                rest = &rest[1..];
            }
        }
        // a child of the module; any other name was imported by a path of its own
        first => {
            base.push(first.to_owned());
            rest = &path[1..];
            if !is_file(&base) {
                return None;
            }
        }
    }
    base.extend(rest.iter().cloned());
    while !base.is_empty() && !is_file(&base) {
        base.pop();
    }
    (!base.is_empty()).then_some(base)
}

/// All paths with `::` in the code of a file, those in braces one by one.
fn paths(text: &str) -> Vec<Vec<String>> {
    let production = text.split("#[cfg(test)]\nmod ").next().unwrap();
    let lines = production.lines();
    let code: Vec<&str> = lines.map(|it| it.split("//").next().unwrap()).collect();
    let code = code.join("\n");
    // the other name of an import is no path of its own
    let parts = code.split(" as ").map(|it| {
        let rest = it.trim_start_matches(is_name);
        if rest.starts_with("::") { it } else { rest }
    });
    let code: String = parts.collect::<Vec<_>>().join(" ");
    let mut out = Vec::new();
    let mut rest = code.as_str();
    while let Some(start) = rest.find(is_name) {
        rest = &rest[start..];
        rest = path(rest, &[], &mut out);
    }
    out.retain(|it| it.len() > 1);
    out
}

/// Reads one path, behind the beginning `before`; returns the text behind it.
fn path<'a>(mut text: &'a str, before: &[String], out: &mut Vec<Vec<String>>) -> &'a str {
    let mut path = before.to_vec();
    loop {
        let end = text.find(|it| !is_name(it)).unwrap_or(text.len());
        path.push(text[..end].to_owned());
        text = &text[end..];
        let Some(next) = text.strip_prefix("::") else {
            break;
        };
        text = next;
        if let Some(group) = text.strip_prefix('{') {
            text = group.trim_start();
            while !text.is_empty() && !text.starts_with('}') {
                text = match text.starts_with(is_name) {
                    true => self::path(text, &path, out),
                    false => &text[text.chars().next().map_or(0, char::len_utf8)..],
                };
            }
            return text.strip_prefix('}').unwrap_or(text);
        }
        if !text.starts_with(is_name) {
            break;
        }
    }
    out.push(path);
    text
}

fn is_name(it: char) -> bool {
    it.is_alphanumeric() || it == '_'
}

#[test]
fn paths_are_read_one_by_one() {
    let text = "use crate::{\n    a::{self, B as C},\n    d,\n};\nfn e() { super::f::g(x); }\n#[cfg(test)]\nmod tests { use crate::h::I; }";
    let read: Vec<String> = paths(text).iter().map(|it| it.join("::")).collect();
    assert_eq!(
        read,
        ["crate::a::self", "crate::a::B", "crate::d", "super::f::g"]
    );
}

#[test]
fn cycles_are_found() {
    let file = |name: &str| vec![name.to_owned()];
    let edges = |of: &[(&str, &[&str])]| -> Graph {
        let of = of.iter();
        of.map(|(from, to)| (file(from), to.iter().map(|it| file(it)).collect()))
            .collect()
    };
    let found = cyclic(edges(&[
        ("a", &["b"]),
        ("b", &["c"]),
        ("c", &["b", "d"]),
        ("d", &[]),
    ]));
    assert_eq!(found, edges(&[("b", &["c"]), ("c", &["b"])]));
}
