//! What inline code does to the look of a page: the elements that it hides as the page loads, and those that it can
//! hide later.
//!
//! Nothing is run. A statement counts as run at once if it stands in no function, or in one that the page calls when it
//! is ready.

use std::collections::HashSet;

use super::{cancel, truncate::floor};

/// Most bytes of inline code that are read of one page, and of one statement.
const CODE_BYTES: usize = 512 << 10;
const STATEMENT: usize = 600;
/// Most selectors, names and variables that are kept.
const KEPT: usize = 2000;
const VARIABLES: usize = 64;
/// Longest name of an element in a string, in bytes.
const LONGEST_NAME: usize = 60;

/// Signs of code that can hide an element.
const HIDES: &[&str] = &[
    "none",
    ".remove(",
    ".hide(",
    "fadeOut",
    "slideUp",
    ".close(",
    ".hidden",
    "removeChild",
    "classList",
    "removeClass",
    "addClass",
    "toggle",
    ".modal(",
    "visibility",
];

/// Signs of code that copies something to the clipboard: closing what it has opened is part of its trick.
const COPIES: &[&str] = &["clipboard", "execCommand"];

/// What the code of a page does to its look.
#[derive(Debug, Default)]
pub(super) struct Scripted {
    /// Selectors of elements that are hidden at once.
    pub hidden: Vec<String>,
    /// Ids, classes and tags in the strings of code that can hide something.
    pub names: HashSet<String>,
    /// Whether dialogs or popovers are opened at once.
    pub opens: bool,
    /// Whether code may show a page that style hides as a whole.
    pub shows: bool,
    /// Names in the strings of code that takes the content of templates.
    pub templates: HashSet<String>,
    read: usize,
}

/// Whether code can hide an element, and copies nothing.
pub(super) fn can_hide(code: &str) -> bool {
    HIDES.iter().any(|it| code.contains(it)) && !COPIES.iter().any(|it| code.contains(it))
}

impl Scripted {
    /// Reads one script. Stops at 512 KiB of all of them together.
    pub fn add(&mut self, code: &str) {
        let end = floor(code, CODE_BYTES.saturating_sub(self.read));
        self.read += end;
        let code = &code[..end];
        let whole = ["documentElement", "body", "html", "lickjack"];
        let looks = ["style", "class", "remove", "show", "fadeIn"];
        self.shows |=
            whole.iter().any(|it| code.contains(it)) && looks.iter().any(|it| code.contains(it));
        let hides = HIDES.iter().any(|it| code.contains(it));
        let opens = code.contains("showModal") || code.contains("showPopover");
        let clones = code.contains(".content") || code.contains("shadow");
        if !hides && !opens && !clones {
            return;
        }
        cancel::step(code.len());
        let closes = can_hide(code);
        let mut scan = Scan::of(code);
        while let Some(statement) = scan.next_statement() {
            self.read_statement(statement, &mut scan.variables);
        }
        for name in scan.names {
            if closes && self.names.len() < KEPT {
                self.names.insert(name.clone());
            }
            if clones && self.templates.len() < KEPT {
                self.templates.insert(name);
            }
        }
    }

    /// Reads a statement that runs at once.
    fn read_statement(&mut self, statement: &str, variables: &mut Vec<(String, String)>) {
        let statement = &statement[..floor(statement, STATEMENT)];
        let tight: String = statement.chars().filter(|it| !it.is_whitespace()).collect();
        self.opens |= tight.contains(".showModal(") || tight.contains(".showPopover(");
        let selected = selected(statement);
        if let Some(selector) = &selected
            && tight.ends_with(')')
            && let Some((name, _)) = statement.split_once('=')
            && let Some(name) = name.split_whitespace().next_back()
            && variables.len() < VARIABLES
        {
            variables.push((name.to_owned(), selector.clone()));
        }
        if !is_hiding(&tight) || self.hidden.len() >= KEPT {
            return;
        }
        let named = || {
            let name = tight.split(['.', '[', '(']).next()?;
            let known = variables.iter().rev().find(|it| it.0 == name);
            known.map(|it| it.1.clone())
        };
        self.hidden.extend(selected.or_else(named));
    }
}

/// The selector of the elements that a statement begins with.
fn selected(statement: &str) -> Option<String> {
    const CALLS: &[(&str, &str)] = &[
        ("getElementById(", "#"),
        ("getElementsByClassName(", "."),
        ("getElementsByTagName(", ""),
        ("querySelector(", ""),
        ("querySelectorAll(", ""),
        ("$(", ""),
        ("jQuery(", ""),
    ];
    let found = CALLS.iter().filter_map(|(call, mark)| {
        let at = statement.find(call)?;
        let quotes = statement[..at].matches(['"', '\'', '`']).count();
        let rest = statement[at + call.len()..].trim_start();
        let quote = rest
            .chars()
            .next()
            .filter(|it| matches!(it, '"' | '\'' | '`'))?;
        let name = rest[1..].split(quote).next()?;
        // a call inside of a string is text
        let plain = quotes.is_multiple_of(2)
            && !name.is_empty()
            && name.len() <= 200
            && !name.contains(['{', '}', '<', '$']);
        plain.then(|| (at, format!("{mark}{name}")))
    });
    found.min_by_key(|it| it.0).map(|it| it.1)
}

/// Whether a statement without its blanks hides what it names.
fn is_hiding(tight: &str) -> bool {
    let tight = tight.replace('"', "'");
    // what depends on something, waits for something or is shown again is not hidden now
    let depends = [
        "&&",
        "||",
        "?",
        ".fadeIn(",
        ".show(",
        ".slideDown(",
        ".toggle(",
    ]
    .iter()
    .any(|it| tight.contains(it));
    let starts = ["if(", "else", "return", "case", "while("]
        .iter()
        .any(|it| tight.starts_with(it));
    let waits = (tight.contains("=>") || tight.contains("function")) && !is_called(&tight);
    if depends || starts || waits {
        return false;
    }
    [
        "display='none",
        "display','none",
        "cssText='display:none",
        "style','display:none",
        "visibility='hidden'",
        "visibility','hidden'",
        ".hidden=true",
        ".hidden=!0",
        "('hidden'",
        "opacity='0'",
        "opacity','0'",
        ".remove()",
        ".hide()",
    ]
    .iter()
    .any(|it| tight.contains(it))
        || tight.ends_with("opacity=0")
}

/// Cuts code into statements, and keeps the names in its strings.
struct Scan<'a> {
    code: &'a str,
    at: usize,
    start: usize,
    parentheses: usize,
    /// Whether the open blocks run at once, outermost first, and the parentheses that were open before each.
    blocks: Vec<(bool, usize)>,
    names: HashSet<String>,
    variables: Vec<(String, String)>,
}

impl<'a> Scan<'a> {
    fn of(code: &'a str) -> Self {
        Self {
            code,
            at: 0,
            start: 0,
            parentheses: 0,
            blocks: Vec::new(),
            names: HashSet::new(),
            variables: Vec::new(),
        }
    }

    /// The next statement that runs at once.
    fn next_statement(&mut self) -> Option<&'a str> {
        let bytes = self.code.as_bytes();
        while let Some(byte) = bytes.get(self.at).copied() {
            let at = self.at;
            self.at += 1;
            match byte {
                b'"' | b'\'' | b'`' => self.string(byte),
                b'/' if bytes.get(self.at) == Some(&b'/') => {
                    let line = bytes[self.at..].iter().take_while(|it| **it != b'\n');
                    self.at += line.count();
                    let statement = self.end_before_comment(at);
                    if statement.is_some() {
                        return statement;
                    }
                }
                b'/' if bytes.get(self.at) == Some(&b'*') => {
                    let inner = self.code.get(at + 2..).unwrap_or_default();
                    self.at = inner.find("*/").map_or(bytes.len(), |it| at + it + 4);
                    if self.code[self.start..at].trim().is_empty() {
                        self.start = self.at;
                    }
                }
                b'(' => self.parentheses += 1,
                b')' => self.parentheses = self.parentheses.saturating_sub(1),
                b'{' => {
                    let head = &self.code[self.start..at];
                    let runs = self.runs() && runs_at_once(head);
                    if runs && self.variables.len() < VARIABLES {
                        self.variables
                            .extend(loop_variable(head).zip(selected(head)));
                    }
                    self.blocks.push((runs, self.parentheses));
                    self.parentheses = 0;
                    self.start = self.at;
                }
                b'}' | b';' => {
                    let statement = self.end(at);
                    if byte == b'}' {
                        let (_, parentheses) = self.blocks.pop().unwrap_or((true, 0));
                        self.parentheses = parentheses;
                    }
                    if statement.is_some() {
                        return statement;
                    }
                }
                b'\n' if self.parentheses == 0 && !self.goes_on() => {
                    let statement = self.end(at);
                    if statement.is_some() {
                        return statement;
                    }
                }
                _ => (),
            }
        }
        self.end(bytes.len())
    }

    /// Ends the statement before `at`, and returns it if it runs at once.
    fn end(&mut self, at: usize) -> Option<&'a str> {
        let statement = self.code.get(self.start..at)?.trim();
        self.start = self.at.max(at);
        (!statement.is_empty() && self.runs()).then_some(statement)
    }

    /// Ends a statement that a comment at `at` follows, unless the statement goes on after it.
    fn end_before_comment(&mut self, at: usize) -> Option<&'a str> {
        if self.parentheses > 0 {
            return None;
        }
        self.end(at)
    }

    fn runs(&self) -> bool {
        self.blocks.last().is_none_or(|it| it.0)
    }

    /// Whether the next line goes on with the statement of this one.
    fn goes_on(&self) -> bool {
        let next = self.code.as_bytes()[self.at..].iter().take(16);
        next.copied().find(|it| !it.is_ascii_whitespace()) == Some(b'.')
    }

    fn string(&mut self, quote: u8) {
        let bytes = self.code.as_bytes();
        let from = self.at;
        while let Some(byte) = bytes.get(self.at) {
            match *byte {
                b'\\' => self.at += 1,
                b'\n' if quote != b'`' => break,
                it if it == quote => break,
                _ => (),
            }
            self.at += 1;
        }
        let end = self.at.min(bytes.len());
        self.at = end + 1;
        if end - from <= LONGEST_NAME && self.names.len() < KEPT {
            let names = self.code.get(from..end).unwrap_or_default();
            let names = names
                .split([' ', ',', '>'])
                .map(|it| it.trim_start_matches(['#', '.']));
            self.names
                .extend(names.filter(|it| it.len() > 1).map(str::to_owned));
        }
    }
}

/// The variable of a loop over elements: `for (const a of …)`, `….forEach(a => …)`.
fn loop_variable(head: &str) -> Option<String> {
    let names = match head.rsplit_once("forEach(") {
        Some((_, parameters)) => parameters.trim_start().trim_start_matches("function"),
        None => head.split_once(" of ")?.0.rsplit(['(', ' ']).next()?,
    };
    let mut names = names.split(|c: char| !(c.is_alphanumeric() || c == '_'));
    names.find(|it| !it.is_empty()).map(str::to_owned)
}

/// Whether a block after this head runs as the page loads: a function that is called where it stands, or that waits for
/// the page.
fn runs_at_once(head: &str) -> bool {
    let mut from = head.len().saturating_sub(200);
    while !head.is_char_boundary(from) {
        from += 1;
    }
    let tight: String = head[from..]
        .chars()
        .filter(|it| !it.is_whitespace())
        .collect();
    let called = [
        "(function",
        "!function",
        "(()=>",
        "(async",
        "+function",
        "for(",
    ];
    called.iter().any(|it| tight.starts_with(it))
        || matches!(tight.as_str(), "" | "try" | "finally")
        || is_called(&tight)
}

/// Whether a function in this code is called as the page loads.
fn is_called(tight: &str) -> bool {
    const READY: &[&str] = &["DOMContentLoaded", "'load'", "\"load\"", "onload="];
    const CALLED: &[&str] = &[".ready(", "$(function", "forEach("];
    const LATER: &[&str] = &[
        "addEventListener(",
        ".on(",
        ".click(",
        "onclick=",
        "setTimeout(",
        "setInterval(",
        ".then(",
    ];
    let has = |signs: &[&str]| signs.iter().any(|it| tight.contains(it));
    has(READY) || has(CALLED) && !has(LATER)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(code: &str) -> Vec<String> {
        let mut scripted = Scripted::default();
        scripted.add(code);
        scripted.hidden
    }

    #[test]
    fn what_is_hidden_as_the_page_loads() {
        for (code, wanted) in [
            ("document.getElementById('x').style.display='none'", "#x"),
            ("document.querySelector(\"#x .y\").hidden = true;", "#x .y"),
            (
                "var a = document.getElementById('x')\na.style.display = 'none'",
                "#x",
            ),
            (
                "document.querySelectorAll('body>*').forEach(e=>{e.style.display='none'})",
                "body>*",
            ),
            (
                "for (const a of document.querySelectorAll('.t')) { a.hidden = true }",
                ".t",
            ),
            (
                "document.querySelectorAll('body>*').forEach(e=>e.style.display='none')",
                "body>*",
            ),
            (
                "(function(){ document.getElementById('x').remove(); })()",
                "#x",
            ),
            (
                "document.addEventListener('DOMContentLoaded', () => { $('.k').hide() })",
                ".k",
            ),
            (
                "function tat(){document.getElementById('x').style.display='none'}",
                "",
            ),
            ("b.onclick = function(){ $('#x').hide() }", ""),
            ("if (seen) { $('#x').hide() }", ""),
            ("if (seen) $('#x').hide();", ""),
            (
                "b.onclick = () => document.getElementById('x').style.display = 'none'",
                "",
            ),
            ("$('#x').hide().fadeIn(400);", ""),
            (
                "$$('b').forEach(b => b.addEventListener('click', () => { $('#x').hide() }))",
                "",
            ),
            ("// $('#x').hide()\n'$(\"#y\").hide()'", ""),
            ("document.getElementById('x').style.display='block'", ""),
        ] {
            assert_eq!(hidden(code).join(" "), wanted, "{code}");
        }
    }

    #[test]
    fn what_code_can_close() {
        let mut scripted = Scripted::default();
        scripted.add(
            "function dong(){ document.querySelector('#thong-bao .hop').classList.add('an') }",
        );
        assert!(scripted.names.contains("thong-bao") && scripted.names.contains("hop"));
        let mut copying = Scripted::default();
        copying.add("navigator.clipboard.writeText(a); $('#kiem-tra').hide()");
        assert!(copying.names.is_empty());
        let mut opening = Scripted::default();
        opening.add("const d = document.querySelector('dialog'); d.showModal();");
        assert!(opening.opens);
    }
}
