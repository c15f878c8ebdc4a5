//! Pages inside an attribute (`srcdoc`, `data:` and `javascript:` addresses): their text.

use super::{script, truncate::floor};

/// Most bytes of an attribute that are read.
const LONGEST: usize = 64 << 10;

/// The text of a page inside an attribute, without its tags. `value` is markup, or a `data:` or `javascript:` address;
/// `None` for anything else.
pub(super) fn embedded(value: &str) -> Option<String> {
    let value = value.trim_matches(|c: char| c <= ' ');
    let value = &value[..floor(value, LONGEST)];
    let lower = value.get(..11).map(str::to_ascii_lowercase);
    let markup = match lower.as_deref() {
        Some("javascript:") => percent_decoded(&value[11..]),
        Some(it) if it.starts_with("data:") => {
            let (kind, data) = value.split_once(',')?;
            if kind.ends_with("base64") {
                script::layers(&format!("'{data}'")).pop()?.text
            } else {
                percent_decoded(data)
            }
        }
        _ if value.contains('<') => value.to_owned(),
        _ => return None,
    };
    let mut text = String::new();
    for part in markup.split('<') {
        let shown = part.split_once('>').map_or(part, |it| it.1);
        text.push_str(shown);
        text.push(' ');
    }
    Some(text)
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|it| u8::from_str_radix(it, 16).ok());
        match code {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
