//! Which declarations win for an element.

use std::sync::Arc;

use ego_tree::NodeRef;
use scraper::{Node, node::Element};

use super::{
    declared::Declaration,
    rule_set::{Index, RuleSet},
    selector::{Drawn, Open, PLACES, place},
    sheet::Sheet,
};
use crate::page::{cancel, outline::classes};

/// Most compounds compared for one page. After that only style attributes count.
const STEPS: usize = 1_000_000;

/// The rules of a page, in parts in the order in which they stand on it.
#[derive(Debug, Default)]
pub(in crate::page) struct Cascade {
    /// RuleSet, and the number of selectors before them.
    parts: Vec<(u64, Arc<RuleSet>)>,
}

impl Cascade {
    /// The rules of all sheets, in the order in which they stand on the page.
    pub fn of<'a>(sheets: impl IntoIterator<Item = &'a Sheet>) -> Self {
        Self::joined([Arc::new(RuleSet::of(sheets, false))])
    }

    /// RuleSet that were read before, in the order in which they stand on the page.
    pub fn joined(parts: impl IntoIterator<Item = Arc<RuleSet>>) -> Self {
        let mut before = 0;
        let parts = parts.into_iter().map(|it| {
            let part = (before, it);
            before += part.1.selectors.len() as u64;
            part
        });
        Self {
            parts: parts.collect(),
        }
    }

    /// Addresses that style loads: imports and fonts.
    pub fn loads(&self) -> impl Iterator<Item = &str> {
        let all = self.parts.iter().flat_map(|it| &it.1.loads.all);
        all.map(String::as_str)
    }

    /// Whether any rule draws text before or after elements.
    pub fn draws(&self) -> bool {
        self.parts.iter().any(|it| !it.1.drawn.is_empty())
    }

    /// The style of the innermost open element; `inline` holds the declarations of its style attribute.
    pub fn style<'a>(&'a self, path: &mut Path, inline: &'a [Declaration]) -> Style<'a> {
        let mut style = Style::of(inline);
        self.gather(|it| &it.elements, None, path, &mut style);
        style
    }

    /// The style of what is drawn before or after the content of the innermost open element.
    pub fn drawn(&self, path: &mut Path, drawn: Drawn) -> Style<'_> {
        let mut style = Style::default();
        self.gather(|it| &it.drawn, Some(drawn), path, &mut style);
        style
    }

    fn gather<'a>(
        &'a self,
        index: fn(&RuleSet) -> &Index,
        drawn: Option<Drawn>,
        path: &mut Path,
        style: &mut Style<'a>,
    ) {
        let Some(open) = path.open.last().copied() else {
            return;
        };
        let before = path.steps;
        for (first, rules) in &self.parts {
            if path.steps > path.most {
                break;
            }
            index(rules).fitting(open.element, |at| {
                let (selector, block) = &rules.selectors[at as usize];
                if path.steps <= path.most
                    && selector.drawn == drawn
                    && selector.matches(&path.open, &path.filter, &mut path.steps)
                {
                    let rank = (u64::from(selector.specificity) << 24) | (first + u64::from(at));
                    rules.blocks[*block]
                        .iter()
                        .for_each(|it| style.put(it, rank));
                }
            });
        }
        cancel::step(path.steps - before);
    }

    /// Whether a rule that does not hold now would hide the innermost open element: once a class is set, a box is
    /// checked, a visitor points at something. `hides` tells whether a style hides.
    pub fn may_hide(&self, path: &mut Path, hides: impl Fn(&Style) -> bool) -> bool {
        let Some(open) = path.open.last().copied() else {
            return false;
        };
        let mut found = false;
        for (_, rules) in &self.parts {
            rules.elements.fitting(open.element, |at| {
                let (selector, block) = &rules.selectors[at as usize];
                if found || path.steps > path.most || selector.name().is_none_or(|it| it.0 == b't')
                {
                    return;
                }
                if !selector.matches(&path.open, &path.filter, &mut path.steps) {
                    let mut style = Style::default();
                    rules.blocks[*block].iter().for_each(|it| style.put(it, 0));
                    found = hides(&style);
                }
            });
        }
        found
    }

    /// Whether another state of the page shows the innermost open element, which its `style` hides: a rule that does
    /// not hold now, or the end of one that excludes a class (`:not(.show)`).
    pub fn may_show(
        &self,
        path: &mut Path,
        style: &Style,
        inline: &[Declaration],
        hides: impl Fn(&Style) -> bool,
    ) -> bool {
        let Some(open) = path.open.last().copied() else {
            return false;
        };
        let mut found = false;
        let mut lasting = Style::of(inline);
        for (first, rules) in &self.parts {
            let mut ask = |at: u32| {
                let (selector, block) = &rules.selectors[at as usize];
                if found || path.steps > path.most {
                    return;
                }
                if !selector.matches(&path.open, &path.filter, &mut path.steps) {
                    let mut other = style.clone();
                    rules.blocks[*block]
                        .iter()
                        .for_each(|it| other.put(it, !IMPORTANT));
                    found = !hides(&other);
                } else if !selector.excludes() {
                    let rank = (u64::from(selector.specificity) << 24) | (first + u64::from(at));
                    rules.blocks[*block]
                        .iter()
                        .for_each(|it| lasting.put(it, rank));
                }
            };
            rules.elements.fitting(open.element, &mut ask);
            rules.states.fitting(open.element, ask);
            for at in &rules.adders {
                let (selector, block) = &rules.selectors[*at as usize];
                if found || path.steps > path.most {
                    break;
                }
                if selector.fits_inside(&path.open, &mut path.steps) {
                    let mut other = style.clone();
                    rules.blocks[*block]
                        .iter()
                        .for_each(|it| other.put(it, !IMPORTANT));
                    found = !hides(&other);
                }
            }
        }
        found || !hides(&lasting)
    }
}

const INLINE: u64 = 1 << 62;
const IMPORTANT: u64 = 1 << 63;

/// The declarations that won.
#[derive(Clone, Debug, Default)]
pub(in crate::page) struct Style<'a>(Vec<(&'static str, u64, &'a str)>);

impl<'a> Style<'a> {
    /// The style that an attribute alone gives.
    pub fn of(inline: &'a [Declaration]) -> Self {
        let mut style = Self::default();
        inline.iter().for_each(|it| style.put(it, INLINE));
        style
    }

    fn put(&mut self, declaration: &'a Declaration, rank: u64) {
        let rank = if declaration.important {
            rank | IMPORTANT
        } else {
            rank
        };
        match self.0.iter_mut().find(|it| it.0 == declaration.name) {
            Some(known) if known.1 <= rank => (known.1, known.2) = (rank, &declaration.value),
            Some(_) => (),
            None => self.0.push((declaration.name, rank, &declaration.value)),
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The value of a property.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|it| it.0 == name).map(|it| it.2)
    }

    /// Whether a property was declared `!important`: scripts that set a style attribute do not undo it.
    pub fn is_important(&self, name: &str) -> bool {
        let mut all = self.0.iter();
        all.any(|it| it.0 == name && it.1 >= IMPORTANT)
    }

    /// Whether a property has this value.
    pub fn is(&self, name: &str, value: &str) -> bool {
        self.get(name) == Some(value)
    }
}

/// The open elements of a walk over the tree, outermost first.
pub(in crate::page) struct Path<'t> {
    open: Vec<Open<'t>>,
    /// How many open elements have a name of each place.
    filter: Vec<u16>,
    roots: i64,
    steps: usize,
    /// Most steps.
    most: usize,
}

impl<'t> Path<'t> {
    pub fn new() -> Self {
        Self::bounded(STEPS)
    }

    /// A path on which at most `most` compounds are compared.
    pub fn bounded(most: usize) -> Self {
        Self {
            open: Vec::new(),
            filter: vec![0; PLACES],
            roots: 0,
            steps: 0,
            most,
        }
    }

    /// Opens an element.
    pub fn open(&mut self, node: NodeRef<'t, Node>, element: &'t Element) {
        let siblings = self
            .open
            .last_mut()
            .map_or(&mut self.roots, |it| &mut it.children);
        *siblings += 1;
        let index = *siblings;
        let is_last = !node.next_siblings().any(|it| it.value().is_element());
        self.open.push(Open {
            element,
            index,
            is_last,
            children: 0,
        });
        self.count(element, |it| it.saturating_add(1));
    }

    /// Closes the innermost element.
    pub fn close(&mut self) {
        if let Some(open) = self.open.pop() {
            self.count(open.element, |it| it.saturating_sub(1));
        }
    }

    /// The parent of the innermost open element.
    pub fn parent(&self) -> Option<&'t Element> {
        let at = self.open.len().checked_sub(2)?;
        self.open.get(at).map(|it| it.element)
    }

    fn count(&mut self, element: &Element, change: impl Fn(u16) -> u16) {
        let mut at = |kind, name: &str| {
            let count = &mut self.filter[usize::from(place(kind, name))];
            *count = change(*count);
        };
        at(b't', element.name());
        if let Some(id) = element.attr("id") {
            at(b'#', id);
        }
        classes(element).for_each(|it| at(b'.', it));
    }
}

#[cfg(test)]
mod tests {
    use scraper::Html;

    use super::*;
    use crate::page::style::declarations;

    /// The colours of all `p` of a page.
    fn colours(css: &str, html: &str) -> Vec<String> {
        let cascade = Cascade::of(&[Sheet {
            css: css.to_owned(),
        }]);
        let tree = Html::parse_document(html);
        let mut path = Path::new();
        let mut out = Vec::new();
        for edge in tree.tree.root().traverse() {
            match edge {
                ego_tree::iter::Edge::Open(node) => {
                    if let Node::Element(element) = node.value() {
                        path.open(node, element);
                        let inline = declarations(element.attr("style").unwrap_or_default());
                        let style = cascade.style(&mut path, &inline);
                        if element.name() == "p" {
                            out.push(style.get("color").unwrap_or("-").to_owned());
                        }
                    }
                }
                ego_tree::iter::Edge::Close(node) => {
                    if node.value().is_element() {
                        path.close();
                    }
                }
            }
        }
        out
    }

    #[test]
    fn rules_find_their_elements() {
        let page = "<div id=a class='x y'><section><p>1</p><p class=k data-z='một hai'>2</p></section></div><p>3</p>";
        for (css, wanted) in [
            ("p{color:red}", "red red red"),
            (".x p{color:red}", "red red -"),
            (".x>p{color:red}", "- - -"),
            (".x > section > p:nth-child(2){color:red}", "- red -"),
            ("body>*{color:red}", "- - red"),
            ("body>:not(#a){color:red}", "- - red"),
            ("[data-z~=hai],#q{color:red}", "- red -"),
            ("p[data-z^='một']{color:red}", "- red -"),
            ("div p:last-child{color:red}", "- red -"),
            ("#a p{color:red} p{color:blue}", "red red blue"),
            ("#a p{color:red} p{color:blue!important}", "blue blue blue"),
            ("html div.y section .k{color:red} .k{color:blue}", "- red -"),
            ("section .x p{color:red}", "- - -"),
            ("@media print{p{color:red}}", "- - -"),
            ("p:hover{color:red}", "- - -"),
        ] {
            assert_eq!(colours(css, page).join(" "), wanted, "{css}");
        }
        assert_eq!(colours("p{color:red}", "<p style=color:blue>"), ["blue"]);
        assert_eq!(
            colours("p{color:red!important}", "<p style=color:blue>"),
            ["red"]
        );
    }

    #[test]
    fn the_work_is_bounded() {
        let css: String = (0..20_000)
            .map(|it| format!("i b i b p:not(.a{it}){{color:red}}"))
            .collect();
        let found = colours(&css, &"<i><b><p>1</p></b></i>".repeat(3000));
        assert_eq!(found.len(), 3000);
    }
}
