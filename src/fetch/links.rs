//! Style sheets that a `Link` header attaches to a page (RFC 8288).

use url::Url;

/// The style sheets of one header, as absolute URLs without query and fragment:
/// `</a.css>; rel=stylesheet, <b>; title="<, ;"; rel="preload"`.
pub(super) fn sheets(text: &str, from: &Url) -> Vec<String> {
    let mut out = Vec::new();
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('<') {
        let Some((target, after)) = after.split_once('>') else {
            break;
        };
        let (rel, after) = relation(after);
        rest = after;
        let mut words = rel.split_ascii_whitespace();
        let is = |word: &str, name: &str| word.eq_ignore_ascii_case(name);
        if !words.clone().any(|it| is(it, "stylesheet")) || words.any(|it| is(it, "alternate")) {
            continue;
        }
        if let Ok(mut url) = from.join(target.trim()) {
            url.set_query(None);
            url.set_fragment(None);
            out.push(url.into());
        }
    }
    out
}

/// The first `rel` of a link's parameters, and the text after the link. Quoted values may hold `;`, `,` and `<`.
fn relation(params: &str) -> (String, &str) {
    let mut rel = None;
    let mut rest = params.trim_start();
    while let Some(after) = rest.strip_prefix(';') {
        let end = after.find(['=', ';', ',']).unwrap_or(after.len());
        let name = after[..end].trim();
        rest = &after[end..];
        let value;
        (value, rest) = match rest.strip_prefix('=') {
            Some(after) => worth(after.trim_start()),
            None => (String::new(), rest),
        };
        if name.eq_ignore_ascii_case("rel") && rel.is_none() {
            rel = Some(value);
        }
        rest = rest.trim_start();
    }
    // text between the parameters and the next comma is no parameter
    let end = rest.find(',').unwrap_or(rest.len());
    (rel.unwrap_or_default(), &rest[end..])
}

/// The value at the beginning of `text` (a word or a quoted string), and the text after it.
fn worth(text: &str) -> (String, &str) {
    let quote = text.chars().next().filter(|it| matches!(it, '"' | '\''));
    let Some(quote) = quote else {
        let end = text.find([';', ',']).unwrap_or(text.len());
        return (text[..end].trim().to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut escaped = false;
    for (at, letter) in text.char_indices().skip(1) {
        match letter {
            it if escaped => {
                value.push(it);
                escaped = false;
            }
            '\\' => escaped = true,
            it if it == quote => return (value, &text[at + 1..]),
            it => value.push(it),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    #[test]
    fn style_sheets_alone() {
        let from = "https://portal.example/a/".parse().unwrap();
        for (text, expected) in [
            (
                "</a.css?v=1>; rel=stylesheet, </b.js>; rel=preload",
                vec!["https://portal.example/a.css"],
            ),
            (
                "<c>; rel=\"canonical\", <d.css>; rel=\"StyleSheet preload\"",
                vec!["https://portal.example/a/d.css"],
            ),
            (
                "</d.css>; title=\"<x>, </y>;\"; rel=stylesheet",
                vec!["https://portal.example/d.css"],
            ),
            (
                "</d.css>; title=\"a \\\" b\"; rel='stylesheet'",
                vec!["https://portal.example/d.css"],
            ),
            (
                "</d.css>;crossorigin;rel=stylesheet",
                vec!["https://portal.example/d.css"],
            ),
            (
                "</d.css> ; REL = stylesheet ,<//x.example/e.css>;rel=stylesheet",
                vec!["https://portal.example/d.css", "https://x.example/e.css"],
            ),
            ("</d.css>; rel=\"alternate stylesheet\"", vec![]),
            ("</d.css>; rel=next; rel=stylesheet", vec![]),
            ("</d.css>; title=\"; rel=stylesheet", vec![]),
            ("no link, <", vec![]),
        ] {
            assert_eq!(super::sheets(text, &from), expected, "{text}");
        }
    }
}
