//! Blocks of text: the text between two block-level boundaries.

use super::{hidden::Hiding, noise, truncate::floor};
use crate::model::digest::key;

/// A run of text as a visitor reads it, or would read it if it were not hidden.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    pub text: String,
    /// Hash of the text without its noise: two looks are compared by it.
    pub key: u64,
    pub hidden: Option<Hiding>,
    /// Whether all of it is inside links.
    pub linked: bool,
}

/// Whether an element ends a line in a browser's default style.
pub fn is_block(tag: &str) -> bool {
    matches!(
        tag,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "body"
            | "br"
            | "button"
            | "caption"
            | "center"
            | "dd"
            | "details"
            | "dialog"
            | "div"
            | "dl"
            | "dt"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hr"
            | "html"
            | "iframe"
            | "legend"
            | "li"
            | "main"
            | "marquee"
            | "menu"
            | "nav"
            | "noscript"
            | "ol"
            | "option"
            | "p"
            | "pre"
            | "section"
            | "select"
            | "summary"
            | "table"
            | "tbody"
            | "td"
            | "tfoot"
            | "th"
            | "thead"
            | "tr"
            | "ul"
    )
}

/// Most bytes kept of one text, from its beginning and from its end: no honest paragraph is longer.
const HEAD: usize = 48 << 10;
const TAIL: usize = 16 << 10;
/// Bytes of text that a page may have with full blocks; of each block after that, the first [`LITTLE`] bytes are kept.
const ALL_KEPT: usize = 2 << 20;
const LITTLE: usize = 256;

/// Gathers text until a block ends.
#[derive(Default)]
pub(super) struct Gather {
    text: String,
    unlinked: bool,
    hidden: Option<Hiding>,
    /// Bytes of text in the blocks.
    kept: usize,
    pub blocks: Vec<Block>,
}

impl Gather {
    /// Appends text to the current block. A text hidden in another way begins a new block.
    pub fn add(&mut self, text: &str, hidden: Option<Hiding>, in_link: bool) {
        if text.trim().is_empty() {
            if !self.text.is_empty() {
                self.text.push(' ');
            }
            return;
        }
        if hidden != self.hidden {
            self.flush();
        }
        self.hidden = hidden;
        self.unlinked |= !in_link;
        self.text.push_str(text);
    }

    /// Cuts a text to the bytes that are kept: head and tail of a long one, only its beginning once the page has more
    /// than [`ALL_KEPT`]. The block's key covers the whole text, so that a change anywhere counts.
    fn kept(&mut self, mut text: String) -> String {
        let (head, tail) = if self.kept > ALL_KEPT {
            (LITTLE, 0)
        } else {
            (HEAD, TAIL)
        };
        if text.len() > head + tail {
            let (from, to) = (floor(&text, head), floor(&text, text.len() - tail));
            text.replace_range(from..to, " ");
        }
        self.kept += text.len();
        text
    }

    /// Adds a text that is not in the flow, such as an attribute's, as a block of its own.
    pub fn carry(&mut self, text: &str, hidden: Option<Hiding>) {
        if text.trim().is_empty() {
            return;
        }
        self.flush();
        self.add(text, hidden, false);
        self.flush();
    }

    /// Ends the current block.
    pub fn flush(&mut self) {
        let text = fold(&std::mem::take(&mut self.text));
        let linked = !std::mem::take(&mut self.unlinked);
        let hidden = self.hidden.take();
        if text.is_empty() {
            return;
        }
        let key = key(&noise::normal(&text));
        let text = self.kept(text);
        self.blocks.push(Block {
            text,
            key,
            hidden,
            linked,
        });
    }
}

/// Folds white space to single blanks.
pub fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    out
}
