//! Programs: files that run on the computer or telephone of a visitor, by their ending and by their first bytes.

/// Endings of files that run as programs.
const RUNS: &[&str] = &[
    ".apk",
    ".exe",
    ".msi",
    ".scr",
    ".bat",
    ".cmd",
    ".jar",
    ".ipa",
    ".dmg",
    ".vbs",
    ".ps1",
    ".hta",
    ".iso",
    ".xapk",
    ".msix",
    ".appx",
    ".lnk",
    ".wsf",
    ".img",
    ".pkg",
    ".deb",
    ".mobileconfig",
];

/// Bytes of an archive in which the manifest of an Android package is searched.
const HEAD: usize = 64 << 10;

/// Whether the path of an address, or a value of its query, is named like a program.
pub fn is_program(url: &str) -> bool {
    let url = url
        .split('#')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let (path, query) = url.split_once('?').unwrap_or((&url, ""));
    let runs = |name: &str| RUNS.iter().any(|end| name.ends_with(end));
    runs(path) || query.split('&').any(runs)
}

/// The kind of program that begins with these bytes, as its usual ending without the dot; `None` if it is none.
pub fn kind_of(bytes: &[u8]) -> Option<&'static str> {
    let begins = |with: &[u8]| bytes.starts_with(with);
    if begins(b"MZ") {
        Some("exe")
    } else if begins(b"\x7fELF") {
        Some("elf")
    } else if begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1") && holds(bytes, b"M\0s\0i\0E\0x\0e\0c\0")
    {
        Some("msi")
    } else if begins(b"PK\x03\x04")
        && (holds(bytes, b"AndroidManifest.xml") || holds(bytes, b"classes.dex"))
    {
        Some("apk")
    } else {
        None
    }
}

fn holds(bytes: &[u8], what: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD)];
    head.windows(what.len()).any(|it| it == what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_known_by_ending_and_by_bytes() {
        assert!(is_program("https://a.example/VNeID.APK?v=2#x"));
        assert!(!is_program("https://a.example/apk/huong-dan.pdf"));
        assert_eq!(kind_of(b"MZ\x90\0"), Some("exe"));
        assert_eq!(
            kind_of(b"PK\x03\x04\x14\0\0\0\x08\0AndroidManifest.xml"),
            Some("apk")
        );
        assert_eq!(
            kind_of(b"PK\x03\x04\x14\0\0\0\x08\0word/document.xml"),
            None
        );
        assert_eq!(kind_of(b"%PDF-1.7"), None);
    }
}
