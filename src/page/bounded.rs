//! The tree builder with limits: it gets the text in small pieces and stops once the tree that it has built passes a
//! limit.
//!
//! [`guard`](super::guard) counts the text as written and is fast; the tree that the tree builder makes of hostile text
//! can be larger than any such count. This module counts the tree itself.

use std::{
    borrow::Cow,
    cell::{Cell, Ref, RefCell},
    collections::HashMap,
};

use ego_tree::NodeId;
use html5ever::{
    Attribute, QualName, driver,
    interface::{ElementFlags, NodeOrText, QuirksMode, TreeSink},
    tendril::{StrTendril, TendrilSink},
    tree_builder::TreeBuilderOpts,
};
use scraper::{Html, HtmlTreeSink};

use super::{
    cancel,
    guard::{
        ALL_ATTRIBUTES, ATTRIBUTES, DEPTH, FORMATTING_ATTRIBUTES, FORMATTING_TAGS, Limit, NODES,
    },
};

/// Bytes fed to the tree builder between two checks of the counters: a limit is overshot by at most one piece.
const PIECE: usize = 2048;

/// Most words fed to the tree builder in a row without an event from it: they belong to one tag, comment or attribute
/// value. html5ever compares all attributes of a tag with each other, and [`guard`](super::guard) takes some tags for
/// text, so [`ATTRIBUTES`] does not bound them. Honest pages hold comments and values of some hundred thousand words:
/// data, drawings, rows left out. The time limit ends what costs more.
const WORDS_IN_ONE_TOKEN: usize = 1_000_000;
/// Most visits of open elements by the tree builder: an honest page needs some hundred thousand.
const STEPS: u64 = 20_000_000;
/// Bytes of copied attributes that a tree may hold beyond twice the page's length: the tree builder reopens formatting
/// elements in every block, with all their attributes.
const COPIED: usize = 1 << 20;
/// Most attributes that later `html` and `body` tags may add to the first ones.
const ADDED: usize = 200;

/// Builds the tree of `text` as a browser without scripting does, so that the content of `noscript` becomes elements.
/// Fails on the first limit that the tree breaks.
pub(super) fn parse(text: &str) -> Result<Html, Limit> {
    let options = driver::ParseOpts {
        tree_builder: TreeBuilderOpts {
            scripting_enabled: false,
            ..TreeBuilderOpts::default()
        },
        ..driver::ParseOpts::default()
    };
    let mut parser = driver::parse_document(Watched::new(text.len()), options);
    let (mut rest, mut seen, mut words) = (text, 0, 0);
    while !rest.is_empty() {
        let mut end = rest.len().min(PIECE);
        while !rest.is_char_boundary(end) {
            end += 1;
        }
        let (piece, left) = rest.split_at(end);
        parser.process(StrTendril::from_slice(piece));
        rest = left;
        let sink = &parser.tokenizer.sink.sink;
        if let Some(limit) = sink.over.get() {
            return Err(limit);
        }
        if cancel::is_cancelled() {
            return Err(Limit::Time);
        }
        if sink.calls.get() == seen {
            words += piece.split_ascii_whitespace().count();
            if words > WORDS_IN_ONE_TOKEN {
                return Err(Limit::Token);
            }
        } else {
            (seen, words) = (sink.calls.get(), 0);
        }
    }
    let (html, over) = parser.finish();
    match over {
        Some(limit) => Err(limit),
        None => Ok(html),
    }
}

struct Watched {
    inner: HtmlTreeSink,
    depth: RefCell<HashMap<NodeId, usize>>,
    nodes: Cell<usize>,
    calls: Cell<u64>,
    steps: Cell<u64>,
    attributes: Cell<usize>,
    /// Bytes of attributes that may still be copied into the tree.
    room: Cell<usize>,
    added: Cell<usize>,
    /// The element that got the last text: more text there extends that node and makes none.
    texted: Cell<Option<NodeId>>,
    over: Cell<Option<Limit>>,
}

impl Watched {
    fn new(length: usize) -> Self {
        Self {
            inner: HtmlTreeSink::new(Html::new_document()),
            depth: RefCell::default(),
            nodes: Cell::new(0),
            calls: Cell::new(0),
            steps: Cell::new(0),
            attributes: Cell::new(0),
            room: Cell::new(2 * length + COPIED),
            added: Cell::new(0),
            texted: Cell::new(None),
            over: Cell::new(None),
        }
    }

    fn made(&self) {
        self.calls.set(self.calls.get() + 1);
        self.nodes.set(self.nodes.get() + 1);
        if self.nodes.get() > NODES {
            self.over.set(Some(Limit::Nodes));
        }
    }

    /// Counts a text. It is a new node unless it continues the text before it.
    fn texted(&self, parent: NodeId) {
        self.calls.set(self.calls.get() + 1);
        if self.texted.replace(Some(parent)) != Some(parent) {
            self.made();
        }
    }

    /// Returns the attributes, or none if there are too many: the tree is given up then.
    fn bounded(&self, name: &QualName, attrs: Vec<Attribute>) -> Vec<Attribute> {
        self.attributes.set(self.attributes.get() + attrs.len());
        let bytes: usize = attrs.iter().map(|it| it.value.len() + 32).sum();
        let room = self.room.get().checked_sub(bytes);
        self.room.set(room.unwrap_or(0));
        let formatting = FORMATTING_TAGS.contains(&&*name.local);
        let many = attrs.len() > ATTRIBUTES
            || self.attributes.get() > ALL_ATTRIBUTES
            || formatting && attrs.len() > FORMATTING_ATTRIBUTES
            || room.is_none();
        if many || self.over.get().is_some() {
            self.over.set(self.over.get().or(Some(Limit::Attributes)));
            return Vec::new();
        }
        attrs
    }

    fn placed(&self, child: NodeId, under: NodeId) {
        let mut depths = self.depth.borrow_mut();
        let depth = depths.get(&under).copied().unwrap_or(0) + 1;
        depths.insert(child, depth);
        // `html` and `body` are two levels that the author's markup does not contain
        if depth > DEPTH + 2 {
            self.over.set(Some(Limit::Depth));
        }
    }
}

impl TreeSink for Watched {
    type Handle = NodeId;
    type Output = (Html, Option<Limit>);
    type ElemName<'a> = Ref<'a, QualName>;

    fn finish(self) -> Self::Output {
        (self.inner.finish(), self.over.get())
    }

    fn parse_error(&self, _: Cow<'static, str>) {}

    fn get_document(&self) -> NodeId {
        self.inner.get_document()
    }

    fn elem_name<'a>(&'a self, target: &'a NodeId) -> Ref<'a, QualName> {
        self.steps.set(self.steps.get() + 1);
        if self.steps.get() > STEPS {
            self.over.set(Some(Limit::Work));
        }
        self.inner.elem_name(target)
    }

    fn create_element(&self, name: QualName, attrs: Vec<Attribute>, flags: ElementFlags) -> NodeId {
        self.made();
        let attrs = self.bounded(&name, attrs);
        self.inner.create_element(name, attrs, flags)
    }

    fn create_comment(&self, text: StrTendril) -> NodeId {
        self.made();
        self.inner.create_comment(text)
    }

    fn create_pi(&self, target: StrTendril, data: StrTendril) -> NodeId {
        self.made();
        self.inner.create_pi(target, data)
    }

    fn append(&self, parent: &NodeId, child: NodeOrText<NodeId>) {
        match &child {
            NodeOrText::AppendNode(id) => {
                self.texted.set(None);
                self.placed(*id, *parent);
            }
            NodeOrText::AppendText(_) => self.texted(*parent),
        }
        self.inner.append(parent, child);
    }

    fn append_based_on_parent_node(
        &self,
        element: &NodeId,
        previous: &NodeId,
        child: NodeOrText<NodeId>,
    ) {
        match &child {
            NodeOrText::AppendNode(id) => self.placed(*id, *previous),
            NodeOrText::AppendText(_) => self.made(),
        }
        self.inner
            .append_based_on_parent_node(element, previous, child);
    }

    fn append_before_sibling(&self, sibling: &NodeId, child: NodeOrText<NodeId>) {
        match &child {
            NodeOrText::AppendNode(id) => {
                let depth = self.depth.borrow().get(sibling).copied().unwrap_or(0);
                self.depth.borrow_mut().insert(*id, depth);
            }
            NodeOrText::AppendText(_) => self.made(),
        }
        self.inner.append_before_sibling(sibling, child);
    }

    fn append_doctype_to_document(&self, name: StrTendril, public: StrTendril, system: StrTendril) {
        self.made();
        self.inner.append_doctype_to_document(name, public, system);
    }

    fn get_template_contents(&self, target: &NodeId) -> NodeId {
        let contents = self.inner.get_template_contents(target);
        self.placed(contents, *target);
        contents
    }

    fn same_node(&self, x: &NodeId, y: &NodeId) -> bool {
        x == y
    }

    fn set_quirks_mode(&self, mode: QuirksMode) {
        self.inner.set_quirks_mode(mode);
    }

    fn add_attrs_if_missing(&self, target: &NodeId, attrs: Vec<Attribute>) {
        self.calls.set(self.calls.get() + 1);
        self.added.set(self.added.get() + attrs.len());
        if self.added.get() > ADDED {
            // the attributes of the first tag count; the rest of the tree is sound
            return;
        }
        self.inner.add_attrs_if_missing(target, attrs);
    }

    fn remove_from_parent(&self, target: &NodeId) {
        self.inner.remove_from_parent(target);
    }

    fn reparent_children(&self, node: &NodeId, new_parent: &NodeId) {
        self.inner.reparent_children(node, new_parent);
    }
}
