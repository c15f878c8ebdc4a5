//! What the bytes are, by looking at them first and at the header second.

/// The kind of a body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Html,
    /// Text without a single tag.
    Text,
    Image,
    /// Sound, film, archives, programs: anything else that is not text.
    Binary,
    /// No bytes but white space.
    Empty,
}

impl Kind {
    pub fn is_text(self) -> bool {
        matches!(self, Self::Html | Self::Text)
    }
}

/// First bytes of files that are no text (WHATWG MIME Sniffing, section 6, and PDF/ZIP/ELF).
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

pub fn sniff(bytes: &[u8], content_type: Option<&str>) -> Kind {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Kind::Empty;
    }
    // a browser shows as a page what is announced as one, whatever it begins with: pictures and archives that hold a page
    let html = content_type.is_some_and(|it| it.to_ascii_lowercase().contains("html"));
    if html && has_element(bytes) {
        return Kind::Html;
    }
    let binary_at = |magic: &[u8]| bytes.starts_with(magic);
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        return Kind::Image;
    }
    if bytes.get(4..8) == Some(b"ftyp") {
        return Kind::Binary;
    }
    if let Some((_, kind)) = MAGIC.iter().find(|(magic, _)| binary_at(magic)) {
        // "BM" also begins words; a bitmap has zero bytes in its header.
        if *kind != Kind::Image || !binary_at(b"BM") || bytes[..bytes.len().min(16)].contains(&0) {
            return *kind;
        }
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

/// An element that only a page has, near the beginning.
fn has_element(bytes: &[u8]) -> bool {
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
    let head = &bytes[..bytes.len().min(16 << 10)];
    let zeros = head.iter().filter(|it| **it == 0).count();
    // a program may hold any text; a page that is to be seen is mostly text
    let printable = head
        .iter()
        .filter(|it| it.is_ascii_graphic() || it.is_ascii_whitespace() || **it >= 0x80)
        .count();
    // browsers leave zeros out, and so do we
    if printable * 10 < (head.len() - zeros) * 8 {
        return false;
    }
    let plain: Vec<u8> = head
        .iter()
        .filter(|it| **it != 0)
        .map(u8::to_ascii_lowercase)
        .collect();
    NAMES
        .iter()
        .any(|name| plain.windows(name.len()).any(|it| it == *name))
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
        assert_eq!(sniff(b" \r\n", html), Kind::Empty);
        assert_eq!(sniff(b"a<b>c</b>", Some("image/png")), Kind::Html);
        assert_eq!(sniff(&[0, 1, 2, 3, 0, 0, 0, 9], html), Kind::Binary);
    }
}
