//! Removes `noscript` content that would reach beyond its end tag. Browsers with scripting take the content for plain
//! text; this reader parses it as elements, since crawlers and visitors without scripting get it so. A comment or a
//! quote left open in it would give the two different pages.

use std::borrow::Cow;

/// Elements with text that ends only at their own end tag.
const RAW: &[&str] = &[
    "script",
    "style",
    "textarea",
    "title",
    "xmp",
    "iframe",
    "noembed",
    "noframes",
    "plaintext",
    "template",
    "select",
];

/// Returns the text without the content of each `noscript` that does not end inside its element.
pub(super) fn sealed(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut kept = 0;
    let mut at = 0;
    while let Some(open) = find(text, at, "<noscript") {
        let Some(start) = text[open..].find('>').map(|it| open + it + 1) else {
            break;
        };
        let end = find(text, start, "</noscript").unwrap_or(text.len());
        if leaks(&text[start..end]) {
            out.push_str(&text[kept..start]);
            kept = end;
        }
        at = end;
    }
    if kept == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(&text[kept..]);
    Cow::Owned(out)
}

/// Finds `wanted`, which begins with `<`, in any case.
fn find(text: &str, from: usize, wanted: &str) -> Option<usize> {
    let (bytes, wanted) = (text.as_bytes(), wanted.as_bytes());
    let mut at = from;
    while let Some(found) = bytes.get(at..)?.iter().position(|it| *it == b'<') {
        at += found;
        if bytes
            .get(at..at + wanted.len())
            .is_some_and(|it| it.eq_ignore_ascii_case(wanted))
        {
            return Some(at);
        }
        at += 1;
    }
    None
}

fn leaks(inside: &str) -> bool {
    let lower = inside.to_ascii_lowercase();
    let open_comment = lower
        .rfind("<!--")
        .is_some_and(|at| !lower[at..].contains("-->"));
    let open_tag = lower
        .rfind('<')
        .is_some_and(|at| !lower[at..].contains('>'));
    let open_quote = lower.matches('"').count() % 2 == 1 || lower.matches('\'').count() % 2 == 1;
    let open_raw = RAW.iter().any(|name| {
        lower.matches(&format!("<{name}")).count() > lower.matches(&format!("</{name}")).count()
    });
    // an apostrophe in a sentence opens no quote: an attribute's quote follows an equals sign
    let quoted = open_quote && inside.contains('=');
    open_comment || open_tag || quoted || open_raw
}

#[cfg(test)]
mod tests {
    use super::sealed;

    #[test]
    fn what_reaches_out_is_left_out() {
        let honest = "<noscript><img src=\"/p.gif\"><p>Hãy bật JavaScript</noscript><p>x";
        assert_eq!(sealed(honest), honest);
        for (hostile, read) in [
            (
                "<NOSCRIPT><!--</noscript><h1>x</h1>",
                "<NOSCRIPT></noscript><h1>x</h1>",
            ),
            (
                "a<noscript><p title=\"</noscript><h1>x</h1>\">",
                "a<noscript></noscript><h1>x</h1>\">",
            ),
            (
                "<noscript><style></noscript><b>",
                "<noscript></noscript><b>",
            ),
        ] {
            assert_eq!(sealed(hostile), read);
        }
    }
}
