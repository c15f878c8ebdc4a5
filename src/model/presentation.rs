//! Headers that change what a browser makes of the same bytes.

use serde::{Deserialize, Serialize};

/// In one spelling, so that what is shown alike is equal: no order of parameters, no case, no nonces.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Presentation {
    /// The media type, `text/html`; `None` where there is none or it is no type, so that browsers look at the bytes.
    pub media: Option<String>,
    pub charset: Option<String>,
    /// Browsers store the page instead of showing it (`Content-Disposition` that is not `inline`).
    pub stored: bool,
    /// Style sheets of `Link` headers, without their queries; eight at the most.
    pub sheets: Vec<String>,
    /// The directive `sandbox` of the security policy, its words sorted.
    pub sandbox: Option<String>,
    /// A key of the rest of the policy that says what may be loaded.
    pub policy: Option<u64>,
    /// `X-Content-Type-Options: nosniff`, where the media type is no page's: then it decides.
    pub as_announced: bool,
}

impl Presentation {
    /// Whether browsers show such bytes as a page at all.
    pub fn is_page(&self) -> bool {
        let shown = match self.media.as_deref() {
            Some(it) => is_html(it) || is_xml(it),
            // browsers look at the bytes, unless they are told not to
            None => !self.as_announced,
        };
        !self.stored && shown
    }

    /// XML, whose own style sheet instructions browsers follow.
    pub fn is_xml(&self) -> bool {
        self.media.as_deref().is_some_and(is_xml)
    }

    /// A charset that browsers refuse: they show one sign in the place of the page, or letters that nobody reads.
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
