//! Limits of texts: where one may be cut, and long code without losing hostile statements between padding.

/// Most bytes of a title, a heading or the text of a link; more is cut off.
pub(super) const LONGEST_LINE: usize = 4 << 10;

/// Bytes kept of inline code, half from each end; the script's key covers all of it.
pub(super) const CODE_KEPT: usize = 64 << 10;

/// Keeps the head, the tail, and between them 500 bytes around each statement that loads, decodes or writes something
/// (at most eight of each kind).
pub(super) fn shorten(code: &mut String) {
    if code.len() <= CODE_KEPT {
        return;
    }
    let (head, mut tail) = (floor(code, CODE_KEPT / 2), code.len() - CODE_KEPT / 2);
    while !code.is_char_boundary(tail) {
        tail += 1;
    }
    const TELLING: &[&str] = &[
        "location",
        "innerHTML",
        "document.write",
        "eval",
        "atob",
        "fromCharCode",
        ".src",
        "import",
        "clipboard",
        "responseText",
        "ethereum",
        "sendBeacon",
        "requestPermission",
    ];
    let mut between = String::from("\n");
    for sign in TELLING {
        for (at, _) in code[head..tail].match_indices(sign).take(8) {
            let from = floor(code, (head + at).saturating_sub(100));
            let to = floor(code, head + at + 400);
            between.push_str(&code[from..to]);
            between.push('\n');
        }
    }
    code.replace_range(head..tail, &between);
}

/// The last character boundary at or before byte `at`.
pub(super) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
