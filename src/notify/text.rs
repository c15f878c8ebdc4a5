//! A text that is built in two forms at once: Telegram's HTML, and plain.

use std::fmt;

use crate::{
    locale::Locale,
    model::{
        Incident, Localized,
        excerpt::{MARKS, broken, named, quoted},
    },
    notify::Message,
};

/// Telegram's limit of a message, in UTF-16 units after its tags are parsed.
pub const LIMIT: usize = 4096;

#[derive(Clone, Debug, Default)]
/// A text in both forms.
pub struct Text {
    html: String,
    plain: String,
}

impl Text {
    /// Appends a sentence. Parts marked as foreign become code entities, in which clients make no links.
    pub fn push(&mut self, text: &str) -> &mut Self {
        let [open, close] = MARKS;
        let mut foreign = false;
        for part in text.split_inclusive(MARKS) {
            let (part, mark) = match part.chars().next_back() {
                Some(it) if MARKS.contains(&it) => (part.trim_end_matches(MARKS), Some(it)),
                _ => (part, None),
            };
            self.html.push_str(&escape(part));
            if foreign {
                self.plain.push_str(&broken(part));
            } else {
                self.plain.push_str(part);
            }
            if mark == Some(open) && !foreign {
                self.html.push_str("<code>");
                foreign = true;
            } else if mark == Some(close) && foreign {
                self.html.push_str("</code>");
                foreign = false;
            }
        }
        if foreign {
            self.html.push_str("</code>");
        }
        self
    }

    /// Appends a finished message in both its forms, HTML and plain.
    pub fn written(&mut self, message: &Message) -> &mut Self {
        self.html.push_str(&message.html);
        self.plain.push_str(&message.plain);
        self
    }

    /// Appends a sentence in bold.
    pub fn bold(&mut self, text: &str) -> &mut Self {
        self.html.push_str("<b>");
        self.push(text);
        self.html.push_str("</b>");
        self
    }

    /// Appends the icon, the title in bold, and what the message is about: an id, a moment or a name.
    pub fn heading(&mut self, icon: &str, title: &str, about: impl fmt::Display) -> &mut Self {
        self.push(icon)
            .push(" ")
            .bold(title)
            .push(&format!(" · {about}"))
    }

    /// Appends a line with an incident's portal and class.
    pub fn portal_and_class(&mut self, it: &Incident, locale: &Locale) -> &mut Self {
        self.bold(&named(&it.portal.name, 120))
            .push(": ")
            .push(&locale.text(&it.class.key()))
            .line()
    }

    /// Appends a text that readers copy with one tap.
    pub fn code(&mut self, text: &str) -> &mut Self {
        self.html.push_str("<code>");
        self.push(text);
        self.html.push_str("</code>");
        self
    }

    /// Appends a mention of an account, which rings the phone of its owner.
    pub fn mention(&mut self, name: &str, account: i64) -> &mut Self {
        self.html
            .push_str(&format!("<a href=\"tg://user?id={account}\">"));
        self.push(name);
        self.html.push_str("</a>");
        self
    }

    /// Ends the line.
    pub fn line(&mut self) -> &mut Self {
        self.html.push('\n');
        self.plain.push('\n');
        self
    }

    /// Appends another text.
    pub fn append(&mut self, other: Self) -> &mut Self {
        self.html.push_str(&other.html);
        self.plain.push_str(&other.plain);
        self
    }

    /// Length of the HTML form in UTF-16 units, with its tags and escapes: an upper bound of what Telegram counts.
    pub fn units(&self) -> usize {
        self.html.encode_utf16().count()
    }

    /// Whether the text is within Telegram's limit.
    pub fn fits(&self) -> bool {
        self.plain.encode_utf16().count() <= LIMIT
    }

    /// The HTML form and the plain form.
    pub fn into_forms(self) -> (String, String) {
        (
            self.html.trim_end().to_owned(),
            self.plain.trim_end().to_owned(),
        )
    }
}

/// A sentence of the core as text, with every argument except short numbers marked as foreign: hosts, phrases of a
/// page, a server's texts.
pub fn said(say: &Localized, locale: &Locale) -> String {
    let number = |it: &str| it.chars().all(|it| it.is_ascii_digit() || it == '.') && it.len() < 7;
    let mut say = say.clone();
    for value in say.args.values_mut() {
        if !number(value) || value.matches('.').count() > 1 {
            *value = quoted(value, LONGEST_ARGUMENT);
        }
    }
    locale.localized(&say)
}

/// Length limit of one argument in a sentence, in characters: two rows on a phone.
const LONGEST_ARGUMENT: usize = 160;

/// Escapes the characters that have a meaning in Telegram's HTML.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use crate::notify::text::*;

    fn forms(text: &str) -> (String, String) {
        let mut out = Text::default();
        out.push(text);
        out.into_forms()
    }

    #[test]
    fn what_is_foreign_stands_in_code_and_is_broken_where_there_is_none() {
        let [open, close] = MARKS;
        let (html, plain) = forms(&format!("Nay: «{}» /suco", quoted("<b> a.vn /x", 40)));
        assert_eq!(html, "Nay: «<code>&lt;b&gt; a[.]vn /x</code>» /suco");
        assert_eq!(plain, "Nay: «<b> a[.]vn (/)x» /suco");
        // tags stay balanced, however marks are nested or cut off
        assert_eq!(forms(&format!("a{open}b")).0, "a<code>b</code>");
        assert_eq!(
            forms(&format!("a{close}b{open}{open}c{close}{close}")).0,
            "ab<code>c</code>"
        );
    }
}
