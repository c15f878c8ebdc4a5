//! The page before and the page now in one message, so that an officer can check what the agency says.

use jiff::tz::TimeZone;

use crate::{
    locale::Locale,
    model::{
        Incident,
        excerpt::{marked, named, quoted},
        incident::Evidence,
    },
    notify::text::Text,
};

/// A page kept as evidence. Its texts are foreign and not yet defanged.
#[derive(Clone, Debug)]
pub struct Face {
    pub evidence: Evidence,
    pub title: Option<String>,
    /// `None` if the body is no longer kept, or cannot be read.
    pub content: Option<Content>,
}

#[derive(Clone, Debug)]
/// What a page shows, as far as the message needs it.
pub struct Content {
    pub bytes: usize,
    pub charset: &'static str,
    /// The first visible lines.
    pub lines: Vec<String>,
    /// Number of further lines.
    pub more: usize,
}

/// Lines shown of each page.
pub const LINES: usize = 15;
/// Characters of a line: one or two rows on a phone.
const WIDTH: usize = 100;

/// The message, with as many lines of each page as fit.
pub fn then_and_now(
    it: &Incident,
    faces: &[Option<Face>; 2],
    locale: &Locale,
    tz: &TimeZone,
) -> Text {
    let mut text = Text::default();
    for most in [LINES, 10, 6, 3, 0] {
        text = Text::default();
        // the id comes first, because a reply to this message becomes a note of the incident
        text.push(&format!("{} · {}", it.id, named(&it.portal.name, 120)))
            .line();
        let titles = [&it.title_before, &it.title_now];
        for ((key, face), title) in ["pages-before", "pages-now"]
            .into_iter()
            .zip(faces)
            .zip(titles)
        {
            text.line().bold(&locale.text(key));
            block(&mut text, face.as_ref(), title.as_deref(), most, locale, tz);
        }
        if let Some(address) = it.address {
            let address = marked(&address.to_string());
            text.line()
                .push(&locale.text_with("pages-server", &[("address", &address)]));
        }
        if text.fits() {
            break;
        }
    }
    text
}

fn block(
    text: &mut Text,
    face: Option<&Face>,
    title: Option<&str>,
    most: usize,
    locale: &Locale,
    tz: &TimeZone,
) {
    if let Some(face) = face {
        text.push(&format!(" · {}", locale.moment(face.evidence.at, tz)));
    }
    text.line();
    let title = match face.and_then(|it| it.title.as_deref()).or(title) {
        Some(title) => format!("«{}»", quoted(title, 120)),
        None => locale.text("alert-no-title"),
    };
    text.push(&locale.text_with("pages-title", &[("title", &title)]))
        .line();
    let Some(face) = face else {
        text.push(&locale.text("pages-none")).line();
        return;
    };
    let url = quoted(face.evidence.url.as_str(), 200);
    text.push(&locale.text_with("pages-address", &[("url", &url)]))
        .line();
    let mut facts = Vec::new();
    facts.extend(
        face.evidence
            .content_type
            .as_deref()
            .map(|it| quoted(it, 60)),
    );
    if let Some(content) = &face.content {
        let bytes = locale.count(content.bytes as u64);
        facts.push(content.charset.to_owned());
        facts.push(locale.text_with("pages-bytes", &[("count", &bytes)]));
    }
    if !facts.is_empty() {
        text.push(&facts.join(" · ")).line();
    }
    text.push(&format!("blake3 {}", face.evidence.digest.hex()))
        .line();
    let Some(content) = &face.content else {
        text.push(&locale.text("pages-gone")).line();
        return;
    };
    if content.lines.is_empty() {
        text.push(&locale.text("pages-no-text")).line();
    }
    for line in content.lines.iter().take(most) {
        text.push("│ ").push(&quoted(line, WIDTH)).line();
    }
    let more = content.more + content.lines.len().saturating_sub(most);
    if more > 0 {
        let more = locale.count(more as u64);
        text.push(&locale.text_with("pages-more", &[("count", &more)]))
            .line();
    }
}
