//! Decodes the bytes of a saved table: UTF-8, UTF-16, or one of the two Windows code pages that Vietnamese is saved in.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE, WINDOWS_1252, WINDOWS_1258};

const SAVE: &str =
    "open it in the spreadsheet program and save it as «CSV UTF-8 (Comma delimited)»";
/// The first bytes of Excel's own files: a zip archive, and the older OLE format.
const WORKBOOKS: [&[u8]; 2] = [b"PK\x03\x04", b"\xd0\xcf\x11\xe0"];
/// Letters that windows-1258 follows with a separate tone mark.
const VOWELS: &str = "aăâeêioôơuưyAĂÂEÊIOÔƠUƯY";
const TONES: [char; 5] = ['\u{300}', '\u{301}', '\u{303}', '\u{309}', '\u{323}'];

/// Decodes a saved table. The error says how to save it instead.
pub(super) fn text(bytes: &[u8]) -> Result<String, String> {
    if WORKBOOKS.iter().any(|it| bytes.starts_with(it)) {
        return Err(format!("this is a workbook and no table in text: {SAVE}"));
    }
    if bytes.starts_with(b"\xff\xfe\0\0") || bytes.starts_with(b"\0\0\xfe\xff") {
        return Err(format!("this is UTF-32: {SAVE}"));
    }
    if let Some((encoding, mark)) = Encoding::for_bom(bytes) {
        return whole(encoding, &bytes[mark..]);
    }
    if let Some(encoding) = wide(bytes) {
        return whole(encoding, bytes);
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text.to_owned()),
        Err(error) => code_page(bytes, error.valid_up_to()),
    }
}

fn whole(encoding: &'static Encoding, bytes: &[u8]) -> Result<String, String> {
    let (text, broken) = encoding.decode_without_bom_handling(bytes);
    if broken {
        return Err(format!(
            "this is not whole, or not {}: {SAVE}",
            encoding.name()
        ));
    }
    Ok(text.into_owned())
}

/// Recognises UTF-16 without a byte order mark: in mostly Latin text every other byte is zero.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = &bytes[..bytes.len().min(64)];
    let zeros = |odd: usize| {
        let of = start.iter().skip(odd).step_by(2);
        of.filter(|it| **it == 0).count() * 4
    };
    if zeros(1) > start.len() {
        Some(UTF_16LE)
    } else if zeros(0) > start.len() {
        Some(UTF_16BE)
    } else {
        None
    }
}

/// Decides between the code pages: in windows-1258 tone marks only follow vowels, while windows-1252 has other letters
/// at these bytes, and no đ.
fn code_page(bytes: &[u8], first: usize) -> Result<String, String> {
    let (vietnamese, _) = WINDOWS_1258.decode_without_bom_handling(bytes);
    let (western, _) = WINDOWS_1252.decode_without_bom_handling(bytes);
    let (mut fits, mut strange, mut before) = (0, 0, ' ');
    for it in vietnamese.chars() {
        if TONES.contains(&it) {
            let behind = VOWELS.contains(before);
            fits += usize::from(behind);
            strange += usize::from(!behind);
        }
        fits += usize::from(matches!(it, 'đ' | 'Đ'));
        before = it;
    }
    let control = |text: &str| text.chars().any(|it| ('\u{80}'..='\u{9f}').contains(&it));
    match (fits, strange) {
        (1.., 0) if !control(&vietnamese) => Ok(vietnamese.into_owned()),
        (0, _) if (strange > 0 || vietnamese == western) && !control(&western) => {
            Ok(western.into_owned())
        }
        _ => {
            let line = 1 + bytes[..first].iter().filter(|it| **it == b'\n').count();
            Err(format!(
                "line {line}: neither UTF-8 nor surely another encoding, so that its letters cannot be told: {SAVE}"
            ))
        }
    }
}
