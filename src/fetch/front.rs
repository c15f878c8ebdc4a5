//! Front pages that only lead on: by a refresh within seconds, one line of script, or a frameset of one frame. Browsers
//! follow them, and the page behind is what visitors see.

use url::Url;

use crate::model::registrable;

/// Most bytes of such a page, and most words in it ("please wait, or click here").
const LONGEST: usize = 4 << 10;
const WORDS: usize = 30;
/// Most seconds of a refresh that visitors wait for without a thought.
const SOON: u32 = 5;
/// Objects that hold the page's location, longest first.
const OBJECTS: [&str; 6] = [
    "window.top.",
    "window.",
    "document.",
    "parent.",
    "self.",
    "top.",
];

/// The address within the portal's registrable domain that a front page at `from` leads to; `None` for any other page.
/// `refresh`: the header of that name.
pub(super) fn leads_on(body: &[u8], refresh: Option<&str>, from: &Url) -> Option<Url> {
    if body.len() > LONGEST {
        return None;
    }
    let text = String::from_utf8_lossy(body);
    let page = Stub::of(&text)?;
    let to = refresh
        .and_then(soon)
        .or(page.refresh)
        .or_else(|| page.script.and_then(moves))
        .or(page.frame)?;
    let mut to = from.join(&to.replace("&amp;", "&")).ok()?;
    to.set_fragment(None);
    let domain = |url: &Url| registrable(url.host_str().unwrap_or_default());
    let is_web = matches!(to.scheme(), "http" | "https");
    (is_web && to != *from && domain(&to) == domain(from)).then_some(to)
}

/// The parts of a short page that can lead on.
struct Stub<'a> {
    refresh: Option<&'a str>,
    script: Option<&'a str>,
    frame: Option<&'a str>,
}

impl<'a> Stub<'a> {
    /// Reads a page tag by tag; `None` if it shows or does more than a page that leads on.
    fn of(text: &'a str) -> Option<Self> {
        let lower = text.to_ascii_lowercase();
        let mut page = Stub {
            refresh: None,
            script: None,
            frame: None,
        };
        let (mut words, mut at) = (0, 0);
        while let Some(open) = lower[at..].find('<').map(|it| at + it) {
            words += text[at..open].split_whitespace().count();
            if let Some(rest) = lower[open..].strip_prefix("<!--") {
                at = rest.find("-->").map_or(lower.len(), |it| open + 4 + it + 3);
                continue;
            }
            let end = lower[open..]
                .find('>')
                .map_or(lower.len(), |it| open + it + 1);
            let (tag, name) = (&text[open..end], name(&lower[open + 1..end]));
            at = end;
            match name {
                "meta" if lower[open..end].contains("refresh") => {
                    page.refresh = page.refresh.or(attribute(tag, "content").and_then(soon));
                }
                "script" | "style" | "title" => {
                    let close = lower[end..].find("</").map_or(lower.len(), |it| end + it);
                    if name == "script" {
                        // two scripts, or one of another file, do more than to lead on
                        if page.script.is_some() || attribute(tag, "src").is_some() {
                            return None;
                        }
                        page.script = Some(&text[end..close]);
                    }
                    at = close;
                }
                "frame" => {
                    let src = attribute(tag, "src").filter(|it| !it.is_empty());
                    if page.frame.is_some() && src.is_some() {
                        return None;
                    }
                    page.frame = page.frame.or(src);
                }
                "img" | "iframe" | "form" | "input" | "video" | "object" | "embed" | "svg" => {
                    return None;
                }
                _ => (),
            }
        }
        words += text[at..].split_whitespace().count();
        (words <= WORDS).then_some(page)
    }
}

/// The name of the element at the beginning of a tag's text in lower case.
fn name(tag: &str) -> &str {
    let end = tag
        .find(|c: char| !c.is_ascii_alphanumeric())
        .unwrap_or(tag.len());
    &tag[..end]
}

/// The value of an attribute of a tag.
fn attribute<'a>(tag: &'a str, name: &str) -> Option<&'a str> {
    let lower = tag.to_ascii_lowercase();
    let mut from = 0;
    let begin = loop {
        let at = from + lower[from..].find(name)?;
        from = at + name.len();
        let is_name = lower[..at].ends_with(|c: char| c.is_ascii_whitespace());
        if is_name && lower[from..].trim_start().starts_with('=') {
            break from;
        }
    };
    let value = tag[begin..].trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next()?;
    if matches!(quote, '"' | '\'') {
        return value[1..].split(quote).next();
    }
    value
        .split(|c: char| c.is_ascii_whitespace() || c == '>')
        .next()
}

/// The address of a refresh within seconds: `0;url=/vi`.
fn soon(content: &str) -> Option<&str> {
    let content = content.trim();
    let digits = content
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(content.len());
    let seconds: u32 = match &content[..digits] {
        "" => 0,
        digits => digits.parse().ok()?,
    };
    let rest = content[digits..]
        .trim_start_matches(|c: char| c.is_ascii_digit() || c == '.')
        .trim_start_matches([';', ',', ' ']);
    let rest = match rest.get(..3) {
        Some(word) if word.eq_ignore_ascii_case("url") => {
            rest[3..].trim_start().strip_prefix('=')?
        }
        _ => rest,
    };
    let to = rest.trim().trim_matches(['"', '\'']);
    (seconds <= SOON && !to.is_empty()).then_some(to)
}

/// The address to which a script of one statement sends the browser.
fn moves(code: &str) -> Option<&str> {
    let code = code
        .trim()
        .trim_start_matches("<!--")
        .trim_end_matches("-->");
    let code = code.trim().trim_end_matches("//").trim();
    let object = OBJECTS.iter().find_map(|it| code.strip_prefix(it));
    let rest = object.unwrap_or(code).strip_prefix("location")?;
    let rest = match rest
        .strip_prefix(".replace")
        .or(rest.strip_prefix(".assign"))
    {
        Some(call) => call.trim_start().strip_prefix('(')?,
        None => {
            let rest = rest.strip_prefix(".href").unwrap_or(rest);
            rest.trim_start().strip_prefix('=')?
        }
    };
    let rest = rest.trim_start();
    let quote = rest.chars().next().filter(|it| matches!(it, '"' | '\''))?;
    let (to, end) = rest[1..].split_once(quote)?;
    // anything after it is another statement, or another part of the address
    let is_all = end
        .chars()
        .all(|it| matches!(it, ')' | ';' | ' ' | '\r' | '\n' | '\t'));
    (is_all && !to.is_empty() && !to.contains('\\')).then_some(to)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn to(page: &str, header: Option<&str>) -> Option<String> {
        let from = "https://songxanh.gov.vn/".parse().unwrap();
        leads_on(page.as_bytes(), header, &from).map(|it| it.path().to_owned())
    }

    #[test]
    fn what_browsers_follow_within_the_portal() {
        for page in [
            "<meta http-equiv=\"refresh\" content=\"0;url=/vi\">",
            "<META HTTP-EQUIV=Refresh CONTENT='1; URL=/vi'><p>Đang chuyển trang, xin chờ hoặc <a href=/vi>bấm vào đây</a>",
            "<html><head><title>Cổng</title><meta http-equiv=refresh content=0;/vi></head><body></body></html>",
            "<script>window.location.href=\"/vi\";</script>",
            "<script type='text/javascript'>\n location = 'https://www.songxanh.gov.vn/vi'\n</script>",
            "<script>window.location.replace('/vi')</script>",
            "<script><!--\ntop.location.assign(\"vi\");\n//--></script>",
            "<frameset rows='100%,*' border=0><frame src='/vi'><frame></frameset>",
        ] {
            assert_eq!(to(page, None).as_deref(), Some("/vi"), "{page}");
        }
        assert_eq!(to("", Some("0; url=/vi")).as_deref(), Some("/vi"));
    }

    #[test]
    fn other_pages_are_what_they_show() {
        for page in [
            "<meta http-equiv=refresh content=300>",
            "<meta http-equiv=refresh content='30;url=/vi'>",
            "<meta http-equiv=refresh content='0;url=https://x9.example/'>",
            "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
            "<meta http-equiv=refresh content='0;url=/'>",
            "<script>document.cookie='a=1';location.href='/vi'</script>",
            "<script>location.href='/vi'+document.referrer</script>",
            "<script>location.reload()</script>",
            "<script>if(a)location='/vi'</script>",
            "<script src=/a.js></script><script>location='/vi'</script>",
            "<meta http-equiv=refresh content='0;url=/vi'><img src=/x.png>",
            "<frameset><frame src=/menu><frame src=/vi></frameset>",
            "<a href=/vi>vi</a>",
        ] {
            assert_eq!(to(page, None), None, "{page}");
        }
        let long = format!(
            "<meta http-equiv=refresh content='0;url=/vi'>{}",
            "tin ".repeat(40)
        );
        assert_eq!(to(&long, None), None);
    }
}
