use base64::{Engine as _, prelude::BASE64_STANDARD};

use super::*;
use crate::page::{self, Source};

const VIETQR: &[u8] = include_bytes!("../../../tests/qr/vietqr.png");
const TRANSPARENT: &[u8] = include_bytes!("../../../tests/qr/transparent.png");

/// An `img` element that holds the picture.
fn img(picture: &[u8], alt: &str) -> String {
    let data = BASE64_STANDARD.encode(picture);
    format!("<img src='data:image/png;base64,{data}' alt='{alt}'>")
}

fn pins(html: &str) -> Vec<Pin> {
    let html = format!("<!DOCTYPE html><meta charset=utf-8><body>{html}");
    let source = Source {
        bytes: html.as_bytes(),
        content_type: None,
        url: &"https://xa.gov.vn/".parse().unwrap(),
        ignore: &[],
    };
    of(&page::read(source).unwrap())
}

fn values(kind: Fact, html: &str) -> Vec<String> {
    let all = pins(html).into_iter().filter(|it| it.kind == kind);
    all.map(|it| it.value).collect()
}

#[test]
fn an_account_is_a_number_beside_its_words() {
    for html in [
        "<p>Số tài khoản: 0071 0012 34567 tại Vietcombank</p>",
        "<p>STK 0071.0012.34567</p>",
        "<table><tr><td>So tai khoan</td><td>00710012-34567</td></tr></table>",
        "<p>Ngân hàng Agribank: 0071001234567</p>",
        "<p>Account no.: <b>0071001234567</b> (BIDV)</p>",
        "<p>Ủng hộ 100.000 đồng trở lên vào tài khoản số 0071001234567, mã số thuế 0101234567</p>",
    ] {
        assert_eq!(values(Fact::Account, html), ["0071001234567"], "{html}");
    }
    for html in [
        "<p>Mã số thuế: 0101234567, điện thoại 024 3826 1234</p>",
        "<p>Số tiền trong tài khoản: 1.000.000 đồng</p>",
        "<p>Ngân hàng Nhà nước, ĐT: 0243 943 6789</p>",
        "<p>Lượt truy cập: 12345678</p>",
        "<p>Số tài khoản đã cấp: 12.345.678</p>",
        "<p>Số tài khoản: 250345</p>",
    ] {
        assert_eq!(values(Fact::Account, html), [""; 0], "{html}");
    }
    assert_eq!(
        values(
            Fact::Account,
            "<p>Spendenkonto DE89 3704 0044 0532 0130 00</p>"
        ),
        ["DE89370400440532013000"]
    );
    assert_eq!(
        values(Fact::Account, "<p>DE88 3704 0044 0532 0130 00</p>"),
        [""; 0]
    );
}

#[test]
fn a_telephone_is_one_in_all_spellings() {
    for html in [
        "<p>Đường dây nóng: 0243.826.1234</p>",
        "<p>Hotline (024) 3826 1234</p>",
        "<p>ĐT: +84 24 3826 1234</p>",
        "<a href='tel:+842438261234'>Gọi</a>",
    ] {
        assert_eq!(values(Fact::Phone, html), ["02438261234"], "{html}");
    }
    assert_eq!(
        values(Fact::Phone, "<p>Hotline: 1022 - Fax: 024 3826 9999</p>"),
        ["1022"]
    );
    assert_eq!(
        values(
            Fact::Email,
            "<p>Thư: VanPhong@xa.gov.vn.</p><a href='mailto:mot@xa.gov.vn?subject=x'>a</a>"
        ),
        ["vanphong@xa.gov.vn", "mot@xa.gov.vn"]
    );
}

#[test]
fn a_picture_moves_without_becoming_another() {
    for html in [
        "<img src=/up/qr-ung-ho.png>",
        "<img src=/theme/2027/qr-ung-ho-300x300.webp?v=3>",
        "<img src=/theme/qr-ung-ho.9f8a7b6c.png>",
        "<p>Quét mã để ủng hộ</p><img src=/qr-ung-ho.png>",
    ] {
        assert_eq!(values(Fact::Qr, html), ["qr-ung-ho"], "{html}");
    }
    assert_eq!(
        values(
            Fact::Qr,
            "<img src='https://img.vietqr.io/image/VCB-0071001234567-print.png?amount=0'>"
        ),
        ["VCB 0071001234567"]
    );
    assert_eq!(
        values(
            Fact::Qr,
            "<p>Quét mã</p><img src=https://x9.example/a/b.png>"
        ),
        ["x9.example b"]
    );
    assert_eq!(
        values(Fact::Qr, "<p>Tin</p><img src=/sqrt.png alt=ảnh>"),
        [""; 0]
    );
    assert_eq!(
        values(Fact::Logo, "<img src=/a.png><img src=/img/Logo-xa.svg>"),
        ["logo-xa"]
    );
}

#[test]
fn a_code_inside_the_page_counts_by_what_it_says() {
    for (html, said) in [
        (img(VIETQR, "Mã QR"), "Vietcombank 0123456789"),
        // neither its name nor its words call it a code
        (img(VIETQR, ""), "Vietcombank 0123456789"),
        (img(TRANSPARENT, "ảnh"), "https://zalo.me/0912345678"),
    ] {
        assert_eq!(values(Fact::Qr, &html), [said]);
    }
    // only some are read
    let many: String = (0..40).map(|_| img(&VIETQR[..460], "")).collect();
    assert_eq!(
        values(Fact::Qr, &format!("{many}{}", img(VIETQR, ""))),
        [""; 0]
    );
    let cut = values(Fact::Qr, &img(&VIETQR[..300], "Mã QR"));
    assert!(cut.len() == 1 && cut[0].starts_with("data "), "{cut:?}");
}

#[test]
fn pictures_elsewhere_count_by_their_codes_where_these_are_known() {
    let html = "<p>Quét mã</p><img src=/a/qr-1.png><p>Tin</p><img src=/b/anh.jpg>";
    let page = format!("<!DOCTYPE html><meta charset=utf-8><body>{html}");
    let source = Source {
        bytes: page.as_bytes(),
        content_type: None,
        url: &"https://xa.gov.vn/".parse().unwrap(),
        ignore: &[],
    };
    let page = page::read(source).unwrap();
    let says = |file: &str, said: &str| (format!("https://xa.gov.vn/{file}"), said.to_owned());
    let codes: Codes = [says("b/anh.jpg", "ACB 0011"), says("c.png", "x")].into();
    let found: Vec<String> = with_codes(&page, &codes)
        .into_iter()
        .map(|it| it.value)
        .collect();
    assert_eq!(found, ["qr-1", "ACB 0011"]);

    let mut pins = Pins::default();
    count(&mut pins, &of(&page), 1);
    let other = Pin::new(Fact::Qr, "qr-2", "", "https://xa.gov.vn/qr-2.png");
    count(&mut pins, &[other], 1);
    let codes: Codes = [says("a/qr-1.png", "ACB 0011"), says("qr-2.png", "ACB 0011")].into();
    let told = told(&pins, &codes);
    let all: Vec<(&str, u16)> = told
        .values()
        .map(|it| (it.0.value.as_str(), it.1))
        .collect();
    assert_eq!(all, [("ACB 0011", 2)], "two files of one code are one fact");
}

#[test]
fn links_to_services_and_files_go_by_their_words() {
    let html = "<a href='https://dichvucong.gov.vn/x'>Dịch vụ công</a>
        <a href='https://vneid.gov.vn/'><img src=/v.png alt='Cài VNeID'></a>
        <a href=/a.pdf>Biểu mẫu 01</a><a href='https://ky.gov.vn/ky.exe'>Bộ cài ký số</a><a href=/tin/1>Tin</a>";
    let found: Vec<(Fact, String, String)> = pins(html)
        .into_iter()
        .map(|it| (it.kind, it.label, it.value))
        .collect();
    let of = |kind, label: &str, value: &str| (kind, label.to_owned(), value.to_owned());
    assert_eq!(
        found,
        [
            of(Fact::Service, "dich vu cong", "dichvucong.gov.vn"),
            of(Fact::Service, "cai vneid", "vneid.gov.vn"),
            of(Fact::Download, "bieu mau 01", "pdf xa.gov.vn"),
            of(Fact::Download, "bo cai ky so", "exe ky.gov.vn"),
        ]
    );
    // one text for several places names none of them
    let html = "<a href=/a.pdf>Tải về</a><a href=/b.exe>Tải về</a>";
    assert_eq!(values(Fact::Download, html), [""; 0]);
}

#[test]
fn a_directory_pins_nothing() {
    let rows: String = (0..80)
        .map(|n| format!("<p>Hotline: 09{n:08}</p>"))
        .collect();
    assert_eq!(values(Fact::Phone, &rows), [""; 0]);
}
