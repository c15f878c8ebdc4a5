//! Keeps files and functions small. A text is scanned, not compiled: comments, strings and characters are blanked first.

use std::{fs, path::Path};

const FILE_LINES: usize = 500;
/// From the line of `fn` to that of the closing brace.
const FUNCTION_LINES: usize = 80;
/// With `self`.
const PARAMETERS: usize = 6;

#[test]
fn files_are_short() {
    let mut wrong = Vec::new();
    for folder in ["src", "tests", "examples", "benches"] {
        for (file, text) in rust_files(Path::new(folder)) {
            let lines = text.lines().count();
            if lines > FILE_LINES {
                wrong.push(format!("{file}: {lines} lines of {FILE_LINES}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn functions_are_short_and_take_few_parameters() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for (file, text) in rust_files(Path::new("src")) {
        for it in functions(&text) {
            count += 1;
            let place = format!("{file}:{}: `{}`", it.line, it.name);
            if it.lines > FUNCTION_LINES {
                wrong.push(format!("{place}: {} lines of {FUNCTION_LINES}", it.lines));
            }
            if it.parameters > PARAMETERS {
                let count = it.parameters;
                wrong.push(format!("{place}: {count} parameters of {PARAMETERS}"));
            }
        }
    }
    assert!(count > 1000, "only {count} functions were found");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_scanner_knows_rust() {
    let text = r##"
// fn comment(a, b) {
/* fn block /* nested */ (a) { */
pub async fn plain(&self, a: &str, (b, c): (u8, u8), d: impl Fn(u8, u8) -> u8) -> String {
    let brace = '{';
    let quote = '\'';
    let text = "fn not_one(a: u8) { \" }";
    let raw = r#"fn nor_this(a: u8) { " }"#;
    let bytes = br"}";
    let call: fn(u8) -> u8 = |it| it;
    format!("{text}{raw}")
}
fn generic<'a, F: Fn(u8) -> u8, const N: usize>(
    map: HashMap<String, Vec<(u8, u8)>>,
    list: [u8; N],
    last: &'a F,
) where
    F: Send,
{
    fn inner() {}
}
trait Named {
    fn name(&self, long: u8) -> [u8; 2];
}
const LETTER: char = 'x'; fn same_line() { }
"##;
    let found: Vec<(usize, String, usize, usize)> = functions(text)
        .into_iter()
        .map(|it| (it.line, it.name, it.lines, it.parameters))
        .collect();
    let wanted = [
        (4, "plain", 9, 4),
        (13, "generic", 9, 3),
        (20, "inner", 1, 0),
        (23, "name", 1, 2),
        (25, "same_line", 1, 0),
    ]
    .map(|(line, name, lines, parameters)| (line, name.to_owned(), lines, parameters));
    assert_eq!(found, wanted);
}

struct Function {
    /// The line of its `fn`, from 1.
    line: usize,
    name: String,
    lines: usize,
    parameters: usize,
}

/// All functions of a text, those inside others and those without a body as well.
fn functions(text: &str) -> Vec<Function> {
    let code: Vec<char> = blanked(text).chars().collect();
    let is_word = |at: usize| {
        code.get(at)
            .is_some_and(|c| c.is_alphanumeric() || *c == '_')
    };
    let newlines = |from: usize, to: usize| code[from..to].iter().filter(|c| **c == '\n').count();
    let mut found = Vec::new();
    for at in 0..code.len() {
        let is_fn = code[at..].starts_with(&['f', 'n', ' ']) && (at == 0 || !is_word(at - 1));
        if !is_fn || !is_word(at + 3) {
            continue;
        }
        let end = (at + 3..code.len()).find(|it| !is_word(*it)).unwrap();
        let opening = if code[end] == '<' {
            closing(&code, end).unwrap() + 1
        } else {
            end
        };
        let Some(shut) = closing(&code, opening) else {
            panic!("line {}: no parameters", newlines(0, at) + 1);
        };
        let last = body_end(&code, shut + 1);
        found.push(Function {
            line: newlines(0, at) + 1,
            name: code[at + 3..end].iter().collect(),
            lines: newlines(at, last) + 1,
            parameters: parameters(&code[opening + 1..shut]),
        });
    }
    found
}

/// The place of the bracket that closes the one at `from`; `None` if none stands there. `->` and `=>` close nothing.
fn closing(code: &[char], from: usize) -> Option<usize> {
    if !matches!(code.get(from)?, '(' | '[' | '{' | '<') {
        return None;
    }
    let mut depth = 0_usize;
    (from..code.len()).find(|at| {
        depth = depth.wrapping_add_signed(step(code, *at));
        depth == 0
    })
}

/// By how much the character at `at` changes the depth of brackets in a signature.
fn step(code: &[char], at: usize) -> isize {
    match code[at] {
        '(' | '[' | '{' | '<' => 1,
        '>' if at > 0 && matches!(code[at - 1], '-' | '=') => 0,
        ')' | ']' | '}' | '>' => -1,
        _ => 0,
    }
}

/// The last place of a function whose parameters end before `from`: its closing brace, or the semicolon of a trait's
/// function.
fn body_end(code: &[char], from: usize) -> usize {
    let mut depth = 0;
    for at in from..code.len() {
        match code[at] {
            '{' if depth == 0 => return block_end(code, at),
            ';' if depth == 0 => return at,
            _ => depth += step(code, at),
        }
    }
    code.len()
}

/// The brace that closes the block at `from`. Comparisons use `<` and `>` in there, so only braces count.
fn block_end(code: &[char], from: usize) -> usize {
    let mut depth = 0;
    let end = (from..code.len()).find(|at| {
        match code[*at] {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => (),
        }
        depth == 0
    });
    end.unwrap_or(code.len())
}

fn parameters(list: &[char]) -> usize {
    let mut depth = 0;
    let mut parts = vec![String::new()];
    for at in 0..list.len() {
        depth += step(list, at);
        match list[at] {
            ',' if depth == 0 => parts.push(String::new()),
            c => parts.last_mut().unwrap().push(c),
        }
    }
    parts.iter().filter(|it| !it.trim().is_empty()).count()
}

/// The text with blanks in place of comments, strings and characters; line ends stay.
pub fn blanked(text: &str) -> String {
    let code: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < code.len() {
        let end = skipped(&code, at);
        if end == at {
            out.push(code[at]);
            at += 1;
        } else {
            let gap = &code[at..end.min(code.len())];
            out.extend(gap.iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    out
}

/// The end of the comment, string or character that begins at `at`; `at` itself if none does.
fn skipped(code: &[char], at: usize) -> usize {
    let is = |from: usize, word: &str| {
        let mut word = word.chars().enumerate();
        word.all(|(n, c)| code.get(from + n) == Some(&c))
    };
    let find = |from: usize, what: &str| (from..code.len()).find(|it| is(*it, what));
    let in_word = at > 0 && (code[at - 1].is_alphanumeric() || code[at - 1] == '_');
    if is(at, "//") {
        return find(at, "\n").unwrap_or(code.len());
    }
    if is(at, "/*") {
        let mut depth = 0;
        let mut next = at;
        while next < code.len() {
            match () {
                () if is(next, "/*") => depth += 1,
                () if is(next, "*/") => depth -= 1,
                () => {
                    next += 1;
                    continue;
                }
            }
            next += 2;
            if depth == 0 {
                break;
            }
        }
        return next;
    }
    let raw = at + usize::from(is(at, "b") || is(at, "c"));
    if !in_word && is(raw, "r") {
        let hashes = code[raw + 1..].iter().take_while(|c| **c == '#').count();
        if is(raw + 1 + hashes, "\"") {
            let shut = format!("\"{}", "#".repeat(hashes));
            let end = find(raw + 2 + hashes, &shut);
            return end.map_or(code.len(), |it| it + shut.len());
        }
    }
    let end_of = |quote: &str| {
        let mut next = at + 1;
        while next < code.len() && !is(next, quote) {
            next += 1 + usize::from(is(next, "\\"));
        }
        next + 1
    };
    if is(at, "\"") {
        return end_of("\"");
    }
    // a lifetime has no second quote right after its first letter
    let is_character = is(at, "'") && (is(at + 1, "\\") || is(at + 2, "'"));
    if is_character { end_of("'") } else { at }
}

/// The Rust files under a folder, as (path, text).
pub fn rust_files(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push((
                path.display().to_string(),
                fs::read_to_string(&path).unwrap(),
            ));
        }
    }
    found
}
