//! Headers that change what a browser shows of a body.

use serde::{Deserialize, Serialize};

/// These headers in normalised form: answers with an equal effect in a browser are equal, regardless of the order of
/// parameters, letter case and nonces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Presentation {
    /// The media type, such as `text/html`; `None` if it is missing or invalid, so that browsers guess from the
    /// bytes.
    pub media: Option<String>,
    pub charset: Option<String>,
    /// Whether browsers download the page instead of showing it (a `Content-Disposition` other than `inline`).
    pub stored: bool,
    /// URLs of style sheets in `Link` headers, without queries; at most 32, then `…` for the rest.
    pub sheets: Vec<String>,
    /// The keywords of the directive `sandbox` of the Content-Security-Policy, sorted.
    pub sandbox: Option<String>,
    /// A hash of the policy's source lists for scripts, styles and the like.
    pub policy: Option<u64>,
    /// Kinds of content (`script`, `style`, `img`) that the policy or the sandbox blocks completely, sorted.
    pub barred: Vec<String>,
    /// Whether `X-Content-Type-Options: nosniff` makes browsers obey a media type that is not a page's.
    pub as_announced: bool,
}

impl Presentation {
    /// Whether browsers show the body as a page.
    pub fn is_page(&self) -> bool {
        let shown = match self.media.as_deref() {
            Some(it) => is_html(it) || is_xml(it),
            // without a media type browsers guess from the bytes, unless `nosniff` forbids it
            None => !self.as_announced,
        };
        !self.stored && shown
    }

    /// Whether the media type is XML: browsers follow style sheet instructions in it.
    pub fn is_xml(&self) -> bool {
        self.media.as_deref().is_some_and(is_xml)
    }

    /// Whether browsers refuse the charset: they then show a single replacement character, or unreadable letters.
    pub fn is_blank(&self) -> bool {
        const REFUSED: [&str; 9] = [
            "csiso2022kr",
            "hz-gb-2312",
            "iso-2022-cn",
            "iso-2022-cn-ext",
            "iso-2022-kr",
            "replacement",
            "unicode-1-1-utf-7",
            "utf-7",
            "utf7",
        ];
        self.charset
            .as_deref()
            .is_some_and(|it| REFUSED.contains(&it))
    }
}

fn is_html(media: &str) -> bool {
    media == "text/html"
}

fn is_xml(media: &str) -> bool {
    matches!(media, "text/xml" | "application/xml") || media.ends_with("+xml")
}
