//! Codes of several forms, and bytes that attackers would send instead.

use super::*;

const PICTURES: &[(&str, &[u8])] = &[
    ("vietqr.png", include_bytes!("../../tests/qr/vietqr.png")),
    (
        "vietqr-amount.png",
        include_bytes!("../../tests/qr/vietqr-amount.png"),
    ),
    ("poster.jpg", include_bytes!("../../tests/qr/poster.jpg")),
    ("url.gif", include_bytes!("../../tests/qr/url.gif")),
    ("url.webp", include_bytes!("../../tests/qr/url.webp")),
    (
        "transparent.png",
        include_bytes!("../../tests/qr/transparent.png"),
    ),
    ("turned.png", include_bytes!("../../tests/qr/turned.png")),
    ("noise.png", include_bytes!("../../tests/qr/noise.png")),
    ("corners.png", include_bytes!("../../tests/qr/corners.png")),
    ("huge.png", include_bytes!("../../tests/qr/huge.png")),
];

fn picture(name: &str) -> Vec<u8> {
    let found = PICTURES.iter().find(|it| it.0 == name);
    found.unwrap().1.to_vec()
}

#[test]
fn codes_are_read_from_pictures_of_all_kinds() {
    for (name, said) in [
        ("vietqr.png", Some("Vietcombank 0123456789")),
        // sum and purpose are no part of it
        ("vietqr-amount.png", Some("Vietcombank 0123456789")),
        ("poster.jpg", Some("MBBank VQRQ0001abc12")),
        (
            "url.gif",
            Some("https://dichvucong.gov.vn/p/home/dvc-trang-chu.html"),
        ),
        (
            "url.webp",
            Some("https://portal.example.gov.vn/khao-sat?d=12"),
        ),
        ("transparent.png", Some("https://zalo.me/0912345678")),
        ("turned.png", Some("Chào bạn 42")),
        ("noise.png", None),
        ("corners.png", None),
        ("huge.png", None),
    ] {
        assert_eq!(read(&picture(name), Shape::Any).as_deref(), said, "{name}");
    }
}

#[test]
fn a_bare_code_is_small_and_square() {
    for (name, is_read) in [
        ("vietqr.png", true),
        ("url.gif", true),
        ("poster.jpg", false),
    ] {
        assert_eq!(
            read(&picture(name), Shape::Bare).is_some(),
            is_read,
            "{name}"
        );
    }
}

#[test]
fn orders_to_pay_are_told_from_other_texts() {
    let vietqr = "00020101021138540010A00000072701240006970436011001234567890208QRIBFTTA53037045802VN63048A5B";
    assert_eq!(said(vietqr).as_deref(), Some("Vietcombank 0123456789"));
    let unknown = "00020138540010A00000072701240006999999011001234567890208QRIBFTTA";
    assert_eq!(said(unknown).as_deref(), Some("999999 0123456789"));
    let of_a_wallet = "0002010102112629001500000000000012301060123456304ABCD";
    assert!(said(of_a_wallet).is_some_and(|it| !it.is_empty()));
    for text in [
        "https://a.vn/000201",
        "000201",
        "0002013854",
        "00020138ă4xx",
    ] {
        assert_eq!(said(text).as_deref(), Some(text));
    }
    assert!(is_order("Vietcombank 0123456789") && is_order("970436 0123456789"));
    for text in [
        "https://a.vn/1234 5678",
        "Gọi 0912 345 678 ngay",
        "123456",
        "a b",
    ] {
        assert!(!is_order(text), "{text}");
    }
    assert_eq!(said(" \n\t\u{0} "), None);
}

/// Neither cut nor altered files end in a panic, and each is answered within moments.
#[test]
fn altered_pictures_end_in_a_text_or_in_none() {
    let names = [
        "vietqr.png",
        "poster.jpg",
        "url.gif",
        "url.webp",
        "turned.png",
    ];
    let mut random = fastrand::Rng::with_seed(17);
    for name in names {
        let whole = picture(name);
        for _ in 0..60 {
            let mut bytes = whole.clone();
            for _ in 0..random.usize(1..6) {
                let at = random.usize(..bytes.len());
                bytes[at] = random.u8(..);
            }
            if random.bool() {
                bytes.truncate(random.usize(..bytes.len()));
            }
            let begun = std::time::Instant::now();
            std::hint::black_box(read(&bytes, Shape::Any));
            assert!(begun.elapsed().as_secs() < 5, "{name}");
        }
    }
}
