//! A text in two forms at once: Telegram's HTML and plain.

/// Telegram's limit for a message, counted in UTF-16 units after its tags are read.
pub const LIMIT: usize = 4096;

#[derive(Clone, Debug, Default)]
pub struct Text {
    html: String,
    plain: String,
}

impl Text {
    pub fn push(&mut self, text: &str) -> &mut Self {
        self.html.push_str(&escape(text));
        self.plain.push_str(text);
        self
    }

    pub fn bold(&mut self, text: &str) -> &mut Self {
        self.html.push_str("<b>");
        self.push(text);
        self.html.push_str("</b>");
        self
    }

    /// What is to be copied as it stands: a tap does it.
    pub fn code(&mut self, text: &str) -> &mut Self {
        self.html.push_str("<code>");
        self.push(text);
        self.html.push_str("</code>");
        self
    }

    /// A person whose phone rings, by the number of the account.
    pub fn mention(&mut self, name: &str, account: i64) -> &mut Self {
        self.html
            .push_str(&format!("<a href=\"tg://user?id={account}\">"));
        self.push(name);
        self.html.push_str("</a>");
        self
    }

    pub fn line(&mut self) -> &mut Self {
        self.html.push('\n');
        self.plain.push('\n');
        self
    }

    /// Puts another text behind it.
    pub fn append(&mut self, other: Self) -> &mut Self {
        self.html.push_str(&other.html);
        self.plain.push_str(&other.plain);
        self
    }

    /// UTF-16 units of the longer form, that with tags and escapes: what Telegram counts is never more.
    pub fn units(&self) -> usize {
        self.html.encode_utf16().count()
    }

    /// Whether Telegram would take it.
    pub fn fits(&self) -> bool {
        self.plain.encode_utf16().count() <= LIMIT
    }

    pub fn into_forms(self) -> (String, String) {
        (
            self.html.trim_end().to_owned(),
            self.plain.trim_end().to_owned(),
        )
    }
}

/// The characters that Telegram's HTML gives a meaning to.
pub fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
