//! Fills the fields of templates: `«host»` is something new each time, `«host#a»` stays for a case, `«3-8*TEXT»` repeats,
//! `«b64:TEXT»` writes TEXT another way. Deterministic by seed.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use fastrand::Rng;

use crate::{book::Book, letters, names};

pub struct Spell<'a> {
    book: &'a Book,
    pub rng: &'a mut Rng,
    /// What was named before in this case, by field.
    kept: BTreeMap<String, String>,
}

impl<'a> Spell<'a> {
    pub fn new(book: &'a Book, rng: &'a mut Rng) -> Self {
        Self {
            book,
            rng,
            kept: BTreeMap::new(),
        }
    }

    /// Panics where a field has no meaning.
    pub fn fill(&mut self, template: &str) -> String {
        let (mut out, mut rest) = (String::new(), template);
        while let Some(at) = rest.find('«') {
            out.push_str(&rest[..at]);
            let inner = &rest[at + '«'.len_utf8()..];
            let end = closing(inner).unwrap_or_else(|| panic!("a field without end: {rest}"));
            out.push_str(&self.field(&inner[..end]));
            rest = &inner[end + '»'.len_utf8()..];
        }
        out.push_str(rest);
        out
    }

    fn field(&mut self, field: &str) -> String {
        if let Some((count, text)) = field.split_once('*')
            && let Some((least, most)) = count.split_once('-')
            && let (Ok(least), Ok(most)) = (least.parse::<usize>(), most.parse::<usize>())
        {
            let count = self.rng.usize(least..=most);
            return (0..count).map(|_| self.fill(text)).collect();
        }
        if let Some((way, text)) = field.split_once(':') {
            let text = self.fill(text);
            return self.written(way, &text);
        }
        if !field.contains('#') && field != "xorkey" {
            return self.named(field);
        }
        if let Some(kept) = self.kept.get(field) {
            return kept.clone();
        }
        let new = self.named(field.split('#').next().unwrap_or_default());
        self.kept.insert(field.to_owned(), new.clone());
        new
    }

    fn named(&mut self, name: &str) -> String {
        if let Some(list) = self.book.lists.get(name) {
            let entry = self.rng.choice(list).map_or("", String::as_str);
            return self.fill(entry);
        }
        match name {
            "xorkey" => names::id(self.rng),
            "xorkeylen" => self.field("xorkey").len().to_string(),
            _ => names::named(name, self.rng).unwrap_or_else(|| panic!("«{name}»: no such field")),
        }
    }

    fn xored(&mut self, text: &str) -> Vec<u8> {
        let key = self.field("xorkey");
        text.bytes()
            .zip(key.bytes().cycle())
            .map(|(byte, key)| byte ^ key)
            .collect()
    }

    fn written(&mut self, way: &str, text: &str) -> String {
        match way {
            "b64" => STANDARD.encode(text),
            "xor" => format!("{:?}", self.xored(text)).replace(' ', ""),
            "b64xor" => STANDARD.encode(self.xored(text)),
            "pct" => text.bytes().map(|it| format!("%{it:02X}")).collect(),
            "ent" => text
                .chars()
                .map(|it| format!("&#{};", u32::from(it)))
                .collect(),
            "rev" => text.chars().rev().collect(),
            "attr" => text.replace('&', "&amp;").replace('"', "&quot;"),
            "js" => letters::literal(text, self.rng),
            "viet" => letters::vietnamese(text, self.rng),
            "spaced" => letters::spaced(text, self.rng),
            "zerowidth" => letters::zero_width(text, self.rng),
            "homoglyph" => crate::plant::homoglyphs(text),
            "bidi" => format!("\u{202e}{}\u{202c}", text.chars().rev().collect::<String>()),
            "fancy" => letters::fancy(text),
            other => panic!("«{other}:»: no such way"),
        }
    }
}

/// Where the field ends that `text` is inside of.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0;
    for (at, c) in text.char_indices() {
        match c {
            '«' => depth += 1,
            '»' if depth == 0 => return Some(at),
            '»' => depth -= 1,
            _ => {}
        }
    }
    None
}
