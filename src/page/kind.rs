//! The kind of a body: by its first bytes, then by the Content-Type header.

/// The kind of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Html,
    /// Text without a tag.
    Text,
    Image,
    /// Sound, film, archives, programs: every other body that is not text.
    Binary,
    /// Nothing but white space and zeros.
    Empty,
}

impl Kind {
    /// Whether the body is decoded and read as a page.
    pub fn is_text(self) -> bool {
        matches!(self, Self::Html | Self::Text)
    }
}

/// First bytes of files that are not text (WHATWG MIME Sniffing, section 6; PDF, ZIP, ELF).
const MAGIC: &[(&[u8], Kind)] = &[
    (b"\x89PNG\r\n\x1a\n", Kind::Image),
    (b"\xff\xd8\xff", Kind::Image),
    (b"GIF87a", Kind::Image),
    (b"GIF89a", Kind::Image),
    (b"BM", Kind::Image),
    (b"%PDF-", Kind::Binary),
    (b"PK\x03\x04", Kind::Binary),
    (b"\x1f\x8b", Kind::Binary),
    (b"\x7fELF", Kind::Binary),
    (b"MZ\x90", Kind::Binary),
    (b"OggS", Kind::Binary),
    (b"ID3", Kind::Binary),
    (b"\x1aE\xdf\xa3", Kind::Binary),
];

/// Finds the kind of a body as a browser would display it. `content_type` is the header's value.
pub fn sniff(bytes: &[u8], content_type: Option<&str>) -> Kind {
    if bytes.iter().all(|it| it.is_ascii_whitespace() || *it == 0) {
        return Kind::Empty;
    }
    // a browser displays a body declared as HTML as a page, even if it begins like a picture or an archive
    let html = content_type.is_some_and(|it| it.to_ascii_lowercase().contains("html"));
    if html && has_element(bytes) {
        return Kind::Html;
    }
    let binary_at = |magic: &[u8]| bytes.starts_with(magic);
    // an editor's swap file, saved in the place of a page or before it: a fault, and its text can be read
    if bytes.starts_with(b"b0VIM ") && has_tag(bytes) {
        return Kind::Html;
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Kind::Image;
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return Kind::Binary;
    }
    if let Some((_, kind)) = MAGIC.iter().find(|(magic, _)| binary_at(magic)) {
        // text may begin with "BM" as well; a bitmap has zero bytes in its header
        if *kind != Kind::Image || !binary_at(b"BM") || bytes[..bytes.len().min(16)].contains(&0) {
            return *kind;
        }
    }
    // for a body without a type, a browser looks at the beginning: an element of a page there makes it a page
    if is_untyped(content_type) && begins_with_element(bytes) {
        return Kind::Html;
    }
    let utf16 = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    let head = &bytes[..bytes.len().min(4096)];
    let zeros = head.iter().filter(|it| **it == 0).count();
    let announced = content_type.is_some_and(|it| it.to_ascii_lowercase().contains("utf-16"));
    if zeros * 20 > head.len() && !utf16 && !announced {
        return Kind::Binary;
    }
    if utf16 || announced || has_tag(bytes) {
        Kind::Html
    } else {
        Kind::Text
    }
}

fn has_tag(bytes: &[u8]) -> bool {
    bytes
        .windows(2)
        .any(|it| it[0] == b'<' && (it[1].is_ascii_alphabetic() || it[1] == b'!' || it[1] == b'/'))
}

/// Elements that occur only in a page.
const NAMES: &[&[u8]] = &[
    b"<html",
    b"<body",
    b"<head",
    b"<title",
    b"<h1",
    b"<script",
    b"<!doctype html",
    b"<div",
    b"<center",
    b"<table",
    b"<font",
    b"<p>",
    b"<meta",
];

/// The first 16 KiB of a body in lower case, without zeros: browsers skip any number of them.
fn plain_head(bytes: &[u8]) -> Vec<u8> {
    let plain = bytes.iter().filter(|it| **it != 0).take(16 << 10);
    plain.map(u8::to_ascii_lowercase).collect()
}

/// Whether an element of a page stands near the beginning of printable text.
fn has_element(bytes: &[u8]) -> bool {
    let head = plain_head(bytes);
    // a program may contain any text; a page meant for visitors is mostly printable
    let printable = head
        .iter()
        .filter(|it| it.is_ascii_graphic() || it.is_ascii_whitespace() || **it >= 0x80)
        .count();
    if printable * 10 < head.len() * 8 {
        return false;
    }
    NAMES
        .iter()
        .any(|name| head.windows(name.len()).any(|it| it == *name))
}

/// Whether there is no media type, or one that browsers treat as none (WHATWG MIME Sniffing, section 7).
fn is_untyped(content_type: Option<&str>) -> bool {
    let media = content_type.unwrap_or_default().split(';').next();
    let media = media.unwrap_or_default().trim().to_ascii_lowercase();
    const NONE: [&str; 4] = ["", "*/*", "unknown/unknown", "application/unknown"];
    NONE.contains(&media.as_str())
}

fn begins_with_element(bytes: &[u8]) -> bool {
    let start = bytes.iter().position(|it| !it.is_ascii_whitespace());
    let head = plain_head(&bytes[start.unwrap_or(0)..]);
    bytes.get(start.unwrap_or(0)) == Some(&b'<') && NAMES.iter().any(|it| head.starts_with(it))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_speak_louder_than_headers() {
        let html = Some("text/html");
        assert_eq!(sniff(b"\x89PNG\r\n\x1a\n....", html), Kind::Image);
        let masked = b"%PDF-1.4 <html><body><h1>Hacked by X</h1></body></html>";
        assert_eq!(sniff(masked, html), Kind::Html);
        assert_eq!(sniff(masked, None), Kind::Binary);
        assert_eq!(sniff(b"BM means bitmap", html), Kind::Text);
        let swap = [b"b0VIM 8.2\0\0".as_slice(), &[0; 4000], b"<html><body>"].concat();
        assert_eq!(sniff(&swap, None), Kind::Html);
        assert_eq!(sniff(b" \r\n", html), Kind::Empty);
        assert_eq!(sniff(&[0; 3000], html), Kind::Empty);
        assert_eq!(sniff(b"a<b>c</b>", Some("image/png")), Kind::Html);
        assert_eq!(sniff(&[0, 1, 2, 3, 0, 0, 0, 9], html), Kind::Binary);
    }

    #[test]
    fn zeros_hide_no_page() {
        let page = b"<html><body><h1>Hacked by X</h1>".as_slice();
        let zeros = [0; 20_000].as_slice();
        let around = [zeros, page].concat();
        assert_eq!(sniff(&around, Some("text/html")), Kind::Html);
        let behind = [page, zeros].concat();
        for none in [None, Some("unknown/unknown"), Some("*/*")] {
            assert_eq!(sniff(&behind, none), Kind::Html, "{none:?}");
        }
        assert_eq!(sniff(&behind, Some("image/x-icon")), Kind::Binary);
        let program = [b"\x7fELF".as_slice(), page].concat();
        assert_eq!(sniff(&program, None), Kind::Binary);
    }
}
