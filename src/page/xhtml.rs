//! Rewrites a page that is served as XML into HTML that the tree builder reads as browsers read the XML: any element may
//! be closed in its own tag, CDATA sections are text, and no element's text runs to its own end tag. One pass.

use std::{borrow::Cow, collections::HashMap};

use super::{cancel, truncate::floor};

/// The namespace of XHTML.
const XHTML: &str = "http://www.w3.org/1999/xhtml";
/// Bytes at the beginning in which generic XML must name the namespace of XHTML to be a page.
const NAMED_WITHIN: usize = 4096;
/// Elements without an end tag in HTML.
const VOID: [&str; 15] = [
    "area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input",
    "link", "meta", "source", "wbr",
];
/// Elements with content that an HTML reader takes for text, or leaves out, while a reader of XML finds elements in it.
const RAW: [&str; 4] = ["plaintext", "xmp", "noembed", "noframes"];
/// Most entities that a page may declare, and most bytes of each and of all their uses.
const ENTITIES: usize = 64;
const ENTITY: usize = 4 << 10;
const EXPANDED: usize = 256 << 10;
/// Bytes of an end tag in which the prefix of its name is looked for.
const LONGEST_NAME: usize = 80;

/// Whether browsers read a body of this type by the rules of XML and show it as a page.
pub fn is_xhtml(text: &str, content_type: Option<&str>) -> bool {
    let media = content_type.unwrap_or_default().split(';').next();
    let media = media.unwrap_or_default().trim().to_ascii_lowercase();
    match media.as_str() {
        "application/xhtml+xml" => true,
        "text/xml" | "application/xml" => {
            let head = text.as_bytes();
            let head = &head[..head.len().min(NAMED_WITHIN)];
            head.windows(XHTML.len()).any(|it| it == XHTML.as_bytes())
        }
        _ => false,
    }
}

/// The text as HTML.
pub(super) fn as_html(text: &str) -> String {
    cancel::step(text.len());
    let mut pass = Pass {
        text,
        at: 0,
        out: String::with_capacity(text.len() + text.len() / 8),
        entities: HashMap::new(),
        prefixes: Vec::new(),
        room: EXPANDED,
    };
    pass.run();
    pass.out
}

struct Pass<'a> {
    text: &'a str,
    at: usize,
    out: String,
    /// Entities that the document type declares.
    entities: HashMap<&'a str, &'a str>,
    /// Prefixes that stand for the namespace of XHTML.
    prefixes: Vec<&'a str>,
    /// Bytes that entities may still expand to.
    room: usize,
}

impl<'a> Pass<'a> {
    fn run(&mut self) {
        while let Some(open) = self.text[self.at..].find('<') {
            let (text, from) = (&self.text[self.at..self.at + open], self.at + open);
            self.put_text(text);
            self.at = from;
            let rest = &self.text[from..];
            if rest.starts_with("<!--") {
                self.skip_past(4, "-->");
            } else if rest.starts_with("<?") {
                self.skip_past(2, "?>");
            } else if let Some(inside) = rest.strip_prefix("<![CDATA[") {
                let end = inside.find("]]>").unwrap_or(inside.len());
                put_escaped(&mut self.out, &inside[..end]);
                self.at = (from + 9 + end + 3).min(self.text.len());
            } else if rest.starts_with("<!") {
                self.document_type();
            } else {
                self.tag();
            }
        }
        let text = &self.text[self.at..];
        self.put_text(text);
    }

    fn skip_past(&mut self, begin: usize, end: &str) {
        let from = self.at + begin;
        let found = self.text[from..].find(end).map(|it| from + it + end.len());
        self.at = found.unwrap_or(self.text.len());
    }

    /// Copies text, with the entities that the page declares in place of their names.
    fn put_text(&mut self, mut text: &'a str) {
        if self.entities.is_empty() {
            self.out.push_str(text);
            return;
        }
        while let Some(at) = text.find('&') {
            self.out.push_str(&text[..at]);
            text = &text[at + 1..];
            let name = text.bytes().take(40).position(|it| it == b';');
            let value = name.and_then(|end| self.entities.get(&text[..end]).copied());
            match (name, value) {
                (Some(end), Some(value)) if value.len() <= self.room => {
                    self.room -= value.len();
                    self.out.push_str(value);
                    text = &text[end + 1..];
                }
                _ => self.out.push('&'),
            }
        }
        self.out.push_str(text);
    }

    /// Copies the document type without its declarations, and keeps the entities among them.
    fn document_type(&mut self) {
        let rest = &self.text[self.at..];
        let mut quote = None;
        let mut inside = false;
        let mut end = rest.len();
        for (at, byte) in rest.bytes().enumerate() {
            match (quote, byte) {
                (Some(open), _) if byte == open => quote = None,
                (Some(_), _) => (),
                (None, b'"' | b'\'') => quote = Some(byte),
                (None, b'[') => inside = true,
                (None, b']') => inside = false,
                (None, b'>') if !inside => {
                    end = at + 1;
                    break;
                }
                _ => (),
            }
        }
        let whole = &rest[..end];
        let (head, declared) = whole.split_once('[').unwrap_or((whole, ""));
        self.out.push_str(head);
        if head.len() < whole.len() {
            self.out.push('>');
        }
        for entity in declared.split("<!ENTITY").skip(1).take(ENTITIES) {
            let entity = entity.trim_start();
            let Some((name, value)) = entity.split_once(|c: char| c.is_ascii_whitespace()) else {
                continue;
            };
            let value = value.trim_start();
            let Some(open) = value.chars().next().filter(|it| matches!(it, '"' | '\'')) else {
                continue;
            };
            let value = value[1..].split(open).next().unwrap_or_default();
            if value.len() <= ENTITY {
                self.entities.insert(name, value);
            }
        }
        self.at += end;
    }

    fn tag(&mut self) {
        let rest = &self.text[self.at..];
        // only a name begins a tag: each other sign is passed once, without a search for an end
        if !rest[1..].starts_with(|c: char| c.is_alphabetic() || c == '_' || c == '/') {
            self.out.push_str("&lt;");
            self.at += 1;
            return;
        }
        let Some(end) = end_of_tag(rest) else {
            // browsers stop at a fault; an HTML reader may find something in the rest
            self.out.push_str(rest);
            self.at = self.text.len();
            return;
        };
        self.at += end;
        let inside = &rest[1..end - 1];
        if let Some(name) = inside.strip_prefix('/') {
            let name = self.name_of(name.trim());
            // an HTML reader makes an element of `</br>`
            if !VOID.contains(&&*name) {
                self.out.push_str("</");
                self.out.push_str(&name);
                self.out.push('>');
            }
            return;
        }
        let (inside, is_closed) = match inside.strip_suffix('/') {
            Some(inside) => (inside, true),
            None => (inside, false),
        };
        let from = inside
            .find(|c: char| c.is_ascii_whitespace())
            .unwrap_or(inside.len());
        let (name, attributes) = inside.split_at(from);
        self.bind(attributes);
        let name = self.name_of(name).into_owned();
        self.out.push('<');
        self.out.push_str(&name);
        self.out.push_str(attributes);
        self.out.push('>');
        let raw = matches!(name.as_str(), "script" | "style");
        if is_closed && !VOID.contains(&name.as_str()) {
            self.out.push_str("</");
            self.out.push_str(&name);
            self.out.push('>');
        } else if !is_closed && raw {
            self.code(&name);
        }
    }

    /// Copies the content of a script or style element as an HTML reader must get it: plain text up to its end tag.
    fn code(&mut self, name: &str) {
        let close = format!("</{name}");
        while let Some(open) = self.text[self.at..].find('<') {
            let from = self.at + open;
            let text = unescaped(&self.text[self.at..from]);
            self.put_code(&text);
            self.at = from;
            let rest = &self.text[from..];
            if rest.starts_with("<!--") {
                // XML has no code in comments
                self.skip_past(4, "-->");
            } else if let Some(inside) = rest.strip_prefix("<![CDATA[") {
                let end = inside.find("]]>").unwrap_or(inside.len());
                self.put_code(&inside[..end]);
                self.at = (from + 9 + end + 3).min(self.text.len());
            } else if rest.starts_with(&close) || self.is_prefixed_end(rest, name) {
                return;
            } else {
                self.put_code("<");
                self.at += 1;
            }
        }
        let text = unescaped(&self.text[self.at..]);
        self.put_code(&text);
        self.at = self.text.len();
    }

    fn is_prefixed_end(&self, rest: &str, name: &str) -> bool {
        let head = &rest[..floor(rest, LONGEST_NAME)];
        let parts = head.strip_prefix("</").and_then(|it| it.split_once(':'));
        let Some((prefix, local)) = parts else {
            return false;
        };
        self.prefixes.contains(&prefix) && local.starts_with(name)
    }

    /// Copies code. An end tag or a comment in it would end the element, or hide its end, for an HTML reader.
    fn put_code(&mut self, code: &str) {
        for (n, piece) in code.split('<').enumerate() {
            if n > 0 {
                self.out.push('<');
                if piece.starts_with(['/', '!']) {
                    self.out.push('\\');
                }
            }
            self.out.push_str(piece);
        }
    }

    /// Remembers the prefixes that attributes bind to XHTML.
    fn bind(&mut self, attributes: &'a str) {
        for part in attributes.split("xmlns:").skip(1) {
            let Some((prefix, value)) = part.split_once('=') else {
                continue;
            };
            let value = value.trim_start().trim_start_matches(['"', '\'']);
            let prefix = prefix.trim();
            if value.starts_with(XHTML)
                && self.prefixes.len() < ENTITIES
                && !self.prefixes.contains(&prefix)
            {
                self.prefixes.push(prefix);
            }
        }
    }

    /// The name under which an HTML reader makes the element that browsers make of `name`.
    fn name_of<'n>(&self, name: &'n str) -> Cow<'n, str> {
        let local = match name.split_once(':') {
            Some((prefix, local)) if self.prefixes.contains(&prefix) => local,
            _ => name,
        };
        // names have a case in XML: an element in capitals has no meaning, and its text is shown
        if local.bytes().any(|it| it.is_ascii_uppercase()) && is_meaningful(local) {
            return Cow::Owned(format!("x-{}", local.to_ascii_lowercase()));
        }
        match RAW.contains(&local) {
            true => Cow::Owned(format!("x-{local}")),
            false => Cow::Borrowed(local),
        }
    }
}

/// Whether an HTML reader treats the text inside an element of this name, in any case, in a way of its own.
fn is_meaningful(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    let muted = [
        "script", "style", "title", "template", "noscript", "iframe", "select", "textarea",
    ];
    muted.contains(&name.as_str()) || RAW.contains(&name.as_str())
}

/// The length of the tag at the beginning of `rest`, with its brackets; quoted values may hold any sign.
fn end_of_tag(rest: &str) -> Option<usize> {
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate().skip(1) {
        match (quote, byte) {
            (Some(open), _) if byte == open => quote = None,
            (Some(_), _) => (),
            (None, b'"' | b'\'') => quote = Some(byte),
            (None, b'>') => return Some(at + 1),
            _ => (),
        }
    }
    None
}

fn put_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            _ => out.push(c),
        }
    }
}

/// Code with the five entities of XML undone.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let text = text.replace("&lt;", "<").replace("&gt;", ">");
    let text = text.replace("&quot;", "\"").replace("&apos;", "'");
    Cow::Owned(text.replace("&amp;", "&"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_are_closed_where_xml_closes_them() {
        for (xml, html) in [
            (
                "<script src='/a.js' /><p>x</p>",
                "<script src='/a.js' ></script><p>x</p>",
            ),
            (
                "<title/><style/><textarea/>y",
                "<title></title><style></style><textarea></textarea>y",
            ),
            (
                "<br/><br></br><img src=\"/a>b.png\"/>",
                "<br><br><img src=\"/a>b.png\">",
            ),
            (
                "<plaintext/><xmp><h1>x</h1></xmp>",
                "<x-plaintext></x-plaintext><x-xmp><h1>x</h1></x-xmp>",
            ),
            ("<STYLE>Hacked</STYLE>", "<x-style>Hacked</x-style>"),
            ("a<!-- <p> --!> b -->c<?x <p> ?>d", "acd"),
            ("<p><![CDATA[<b>&]]></p>", "<p>&lt;b>&amp;</p>"),
            (
                "<script>if (a &lt; b &amp;&amp; c) {}</script>",
                "<script>if (a < b && c) {}</script>",
            ),
            (
                "<script><!-- </script> -->x</script>y",
                "<script>x</script>y",
            ),
            (
                "<script><![CDATA[a</script><!--]]></script>y",
                "<script>a<\\/script><\\!--</script>y",
            ),
            (
                "<h:div xmlns:h='http://www.w3.org/1999/xhtml'>x</h:div>",
                "<div xmlns:h='http://www.w3.org/1999/xhtml'>x</div>",
            ),
            ("a < b <", "a &lt; b &lt;"),
        ] {
            assert_eq!(as_html(xml), html, "{xml}");
        }
    }

    #[test]
    fn a_document_type_shows_nothing_and_declares_entities() {
        let page = "<!DOCTYPE html [ <!ENTITY h \"<h1>Hacked &gt;</h1>\"> <!ELEMENT a ANY> ]><p>&h;&amp;</p>";
        assert_eq!(
            as_html(page),
            "<!DOCTYPE html ><p><h1>Hacked &gt;</h1>&amp;</p>"
        );
        let bomb = format!(
            "<!DOCTYPE a [<!ENTITY h \"{}\">]>{}",
            "x".repeat(4000),
            "&h;".repeat(100_000)
        );
        assert!(as_html(&bomb).len() < EXPANDED + bomb.len());
    }

    #[test]
    fn only_xml_that_is_a_page_is_read_so() {
        let page = "<html xmlns='http://www.w3.org/1999/xhtml'>";
        assert!(is_xhtml(page, Some("application/xhtml+xml; charset=utf-8")));
        assert!(is_xhtml(page, Some("text/xml")));
        assert!(!is_xhtml("<rss>", Some("text/xml")));
        assert!(!is_xhtml(page, Some("text/html")) && !is_xhtml(page, None));
    }
}
