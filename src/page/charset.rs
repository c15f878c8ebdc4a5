//! Decodes bytes as a browser does: by byte order mark, header, meta element, then content. The text is in NFC.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, REPLACEMENT, UTF_8, UTF_16BE, UTF_16LE};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::guard::TEXT;

/// Bytes in which `<meta charset>` is searched. Browsers search 1,024; enough old portals declare it later.
const META_WITHIN: usize = 4096;

/// Returns the text in NFC and the name of the charset that it was decoded with (WHATWG Encoding Standard). Bytes that
/// the charset does not know become U+FFFD.
pub fn decode(bytes: &[u8], content_type: Option<&str>) -> (String, &'static str) {
    let encoding = Encoding::for_bom(bytes)
        .map(|(encoding, _)| encoding)
        .or_else(|| content_type.and_then(announced))
        .or_else(|| declared(bytes, content_type))
        .or_else(|| meta(&bytes[..bytes.len().min(META_WITHIN)]))
        // these labels would decode the whole page to U+FFFD: visitors may see nothing, but the service reads the page
        .filter(|it| *it != REPLACEMENT)
        .unwrap_or_else(|| guess(bytes));
    let (mut text, used, _) = encoding.decode(bytes);
    // browsers leave out zeros inside a word
    if text.contains('\0') {
        text.to_mut().retain(|it| it != '\0');
    }
    // a longer text is refused later: save the copy
    let text = if text.len() > TEXT || is_composed(&text) {
        text.into_owned()
    } else {
        text.nfc().collect()
    };
    (text, used.name())
}

/// Unicode NFC. A text that is composed already is only copied.
pub fn nfc(text: &str) -> String {
    if is_composed(text) {
        text.to_owned()
    } else {
        text.nfc().collect()
    }
}

fn is_composed(text: &str) -> bool {
    text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes
}

/// The charset of a Content-Type header.
fn announced(content_type: &str) -> Option<&'static Encoding> {
    let lower = content_type.to_ascii_lowercase();
    let (_, rest) = lower.split_once("charset")?;
    label(rest.trim_start().strip_prefix('=')?)
}

/// The charset of a page that is served as XML: its first line declares it, or it is UTF-8. No meta element counts there.
fn declared(bytes: &[u8], content_type: Option<&str>) -> Option<&'static Encoding> {
    let lower = content_type?.to_ascii_lowercase();
    if !lower.contains("xml") {
        return None;
    }
    let head = String::from_utf8_lossy(&bytes[..bytes.len().min(200)]).to_ascii_lowercase();
    let line = head
        .strip_prefix("<?xml")
        .and_then(|it| it.split("?>").next());
    let named = line.and_then(|it| it.split_once("encoding"));
    let named = named.and_then(|it| label(it.1.trim_start().strip_prefix('=')?));
    // a line that was read as ASCII is not UTF-16
    let named = named.filter(|it| *it != UTF_16LE && *it != UTF_16BE);
    named.or(std::str::from_utf8(bytes).is_ok().then_some(UTF_8))
}

/// The charset that a meta element declares. UTF-16 cannot be true there, since the element was read as ASCII; the
/// standard takes it for UTF-8.
fn meta(head: &[u8]) -> Option<&'static Encoding> {
    let lower = without_comments(&String::from_utf8_lossy(head).to_ascii_lowercase());
    for tag in lower.split("<meta").skip(1) {
        let tag = tag.split('>').next().unwrap_or_default();
        let Some((_, rest)) = tag.split_once("charset") else {
            continue;
        };
        let Some(rest) = rest.trim_start().strip_prefix('=') else {
            continue;
        };
        if let Some(found) = label(rest) {
            return Some(if found == UTF_16LE || found == UTF_16BE {
                UTF_8
            } else {
                found
            });
        }
    }
    None
}

fn without_comments(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<!--") {
        out.push_str(before);
        rest = after.split_once("-->").map_or("", |it| it.1);
    }
    out.push_str(rest);
    out
}

fn label(text: &str) -> Option<&'static Encoding> {
    let text = text.trim_start().trim_start_matches(['"', '\'']);
    let end = text
        .find(|c: char| c.is_whitespace() || "\"';,/>".contains(c))
        .unwrap_or(text.len());
    Encoding::for_label(&text.as_bytes()[..end])
}

const GUESSED: usize = 256 << 10;

fn guess(bytes: &[u8]) -> &'static Encoding {
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    // ASCII bytes tell nothing; a quarter of a megabyte after the first other byte is enough
    let from = bytes.iter().position(|it| !it.is_ascii()).unwrap_or(0);
    let some = &bytes[from..bytes.len().min(from + GUESSED)];
    detector.feed(some, true);
    detector.guess(Some(b"vn"), Utf8Detection::Allow)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_charset_where_a_browser_would() {
        let utf16: Vec<u8> = [0xff, 0xfe]
            .into_iter()
            .chain("Cổng".encode_utf16().flat_map(u16::to_le_bytes))
            .collect();
        assert_eq!(
            decode(&utf16, Some("text/html; charset=windows-1252")).0,
            "Cổng"
        );
        assert_eq!(
            decode(b"\xc0", Some("text/html; charset=ISO-8859-1")).0,
            "À"
        );
        assert_eq!(decode(b"<h1>H\0ac\0ked</h1>", None).0, "<h1>Hacked</h1>");
        let decoy = b"<!--<meta charset=iso-2022-kr>--><meta charset=iso-2022-kr><p>a";
        assert!(decode(decoy, None).0.ends_with("<p>a"));
        let xml = b"<?xml version='1.0' encoding='windows-1258'?><meta charset=utf-8>\xd0";
        assert_eq!(decode(xml, Some("application/xhtml+xml")).1, "windows-1258");
        let meta = b"<html><head><meta http-equiv=content-type content='text/html; charset=windows-1258'>\xd0";
        assert_eq!(decode(meta, None).1, "windows-1258");
        assert_eq!(
            decode("Đồng Tháp".as_bytes(), None),
            ("Đồng Tháp".to_owned(), "UTF-8")
        );
        assert_eq!(
            decode("Đồng".nfd().collect::<String>().as_bytes(), None).0,
            "Đồng"
        );
    }
}
