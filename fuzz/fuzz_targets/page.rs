//! Guard and page: any bytes are read or refused; what is read keeps its limits.
#![no_main]

use gaccong::page::{self, Source};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let url = "https://portal.example.vn/a/b".parse().expect("a URL");
    let types = [
        None,
        Some("text/html"),
        Some("text/html; charset=utf-16le"),
        Some("application/xhtml+xml; charset=gbk"),
    ];
    let (first, bytes) = data.split_first().unwrap_or((&0, &[]));
    let ignore = ["#clock".to_owned(), ".visitor > b".to_owned()];
    let source = Source {
        bytes,
        content_type: types[usize::from(*first) % types.len()],
        url: &url,
        ignore: &ignore,
    };
    if let Ok(page) = page::read(source) {
        assert!(page.elements <= page::guard::NODES);
        for block in page.visible() {
            assert!(!block.text.contains('\u{202e}') || block.text.len() < 1 << 20);
        }
    }
});
