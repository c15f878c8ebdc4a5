//! Writes the page of one portal: as long, as nested and as full of scripts as the pages of real portals are.

use fastrand::Rng;

use super::{
    page::{Composer, Page, Place},
    slots::Slot,
    words,
};

/// How a portal behaves although nothing happens to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Variety {
    /// Equal bytes at each request, without validators.
    Static,
    /// Equal bytes at each request, with an ETag.
    Validated,
    /// Clock, token, view-state, counter and cookie.
    Dynamic,
    /// Dynamic, with a banner that changes.
    Rotating,
    /// A costly page, made anew for each request, see `hostile`.
    Hostile,
}

/// A page of about `size` bytes.
pub fn page(id: u32, size: usize, variety: Variety, rng: &mut Rng) -> Page {
    let dynamic = matches!(variety, Variety::Dynamic | Variety::Rotating);
    let office = words::office(rng);
    let mut out = Composer::default();
    head(&mut out, id, &office, dynamic, rng);
    top(&mut out, &office, size, dynamic, rng);
    out.text("<div id=\"banner\" class=\"bia\">");
    if variety == Variety::Rotating {
        out.slot(Slot::Banner);
    }
    out.text("</div>\n<div id=\"content\" class=\"row\"><div class=\"col-main\">\n");
    out.place(Place::Lead, lead(rng));
    while out.length() + FOOT < size {
        match rng.u8(..10) {
            0..=4 => news(&mut out, size, rng),
            5 | 6 => papers(&mut out, size, rng),
            7 => links(&mut out, size, rng),
            _ => script(&mut out, size, rng),
        }
    }
    foot(&mut out, &office, dynamic, rng);
    out.finish(variety == Variety::Validated)
}

/// About how much the end of a page takes, in bytes.
const FOOT: usize = 900;

fn head(out: &mut Composer, id: u32, office: &str, dynamic: bool, rng: &mut Rng) {
    out.text("<!DOCTYPE html>\n<html lang=\"vi\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    out.place(
        Place::Title,
        format!("<title>Cổng thông tin điện tử {office} ({id:05})</title>\n"),
    );
    out.text(&format!(
        "<meta name=\"description\" content=\"Trang thông tin của {office}. {}\">\n",
        words::headline(rng)
    ));
    if dynamic {
        out.text("<meta name=\"csrf-token\" content=\"");
        out.slot(Slot::Token);
        out.text("\">\n");
    }
    out.text("<link rel=\"stylesheet\" href=\"/css/khung.css?v=14\">\n<link rel=\"stylesheet\" href=\"/css/trang-chu.css?v=14\">\n<script src=\"/js/jquery.min.js\"></script>\n<script src=\"/js/trang-chu.js?v=14\"></script>\n<style>\n");
    for at in 0..rng.usize(8..30) {
        out.text(&format!(
            ".khoi-{at} {{ margin: {}px auto; padding: 0 {}px; background: #f{at:02}; font-size: {}px; line-height: 1.5 }}\n",
            rng.u8(2..20),
            rng.u8(4..16),
            rng.u8(12..18)
        ));
    }
    out.text("</style>\n");
    out.place(Place::Head, String::new());
    out.text("</head>\n");
}

fn top(out: &mut Composer, office: &str, size: usize, dynamic: bool, rng: &mut Rng) {
    out.text("<body class=\"trang-chu\">\n<form method=\"post\" action=\"./\" id=\"bieu-mau\">\n");
    if dynamic {
        out.text("<input type=\"hidden\" name=\"__VIEWSTATE\" id=\"__VIEWSTATE\" value=\"");
        out.slot(Slot::ViewState);
        out.text("\">\n");
    }
    out.text(&format!(
        "<header><div class=\"logo\"><a href=\"/\"><img src=\"/anh/quoc-huy.png\" alt=\"Quốc huy\"></a><div><p>CỔNG THÔNG TIN ĐIỆN TỬ</p><h1>{office}</h1></div></div><div class=\"ngay\" id=\"dong-ho\">"
    ));
    match dynamic {
        true => out.slot(Slot::Clock),
        false => out.text("Giờ làm việc: 7 giờ 30 đến 17 giờ, thứ hai đến thứ sáu"),
    }
    out.text("</div><div class=\"tim\"><input name=\"tu-khoa\" placeholder=\"Tìm kiếm\"><button>Tìm</button></div></header>\n<nav><ul class=\"menu\">\n");
    // large portals have large menus; a small page must not be a menu only
    let each = (size / 9_000).clamp(2, 9);
    for (at, section) in words::SECTIONS.iter().enumerate() {
        out.text(&format!(
            "<li><a href=\"/chuyen-muc/{at}\">{section}</a><ul>"
        ));
        for below in 0..rng.usize(1..=each) {
            let name = words::item(rng);
            out.text(&format!(
                "<li><a href=\"/chuyen-muc/{at}/{below}\">{name}</a></li>"
            ));
        }
        out.text("</ul></li>\n");
    }
    out.text("</ul></nav>\n");
}

fn lead(rng: &mut Rng) -> String {
    format!(
        "<div class=\"noi-bat\"><h2><a href=\"/tin-tuc/{}.html\">{}</a></h2><p>{}</p></div>\n",
        rng.u32(100_000..999_999),
        words::headline(rng),
        words::paragraph(rng, 2)
    )
}

fn news(out: &mut Composer, size: usize, rng: &mut Rng) {
    out.text(&format!(
        "<section class=\"tin\"><h2 class=\"tieu-de\"><span>{}</span></h2>\n",
        words::item(rng)
    ));
    for _ in 0..rng.usize(5..11) {
        if out.length() + FOOT > size {
            break;
        }
        let (number, title) = (rng.u32(100_000..999_999), words::headline(rng));
        out.text(&format!(
            "<div class=\"muc\"><a class=\"anh\" href=\"/tin-tuc/{number}.html\"><img src=\"/anh/2025/{number}.jpg\" alt=\"\"></a><h3><a href=\"/tin-tuc/{number}.html\">{title}</a></h3><span class=\"ngay\">{}</span>",
            words::day(rng)
        ));
        if rng.bool() {
            let length = rng.usize(1..3);
            out.text(&format!("<p>{}</p>", words::paragraph(rng, length)));
        }
        out.text("</div>\n");
    }
    out.text("</section>\n");
}

fn papers(out: &mut Composer, size: usize, rng: &mut Rng) {
    out.text("<table class=\"van-ban\"><thead><tr><th>Số</th><th>Ngày</th><th>Trích yếu</th></tr></thead><tbody>\n");
    for _ in 0..rng.usize(8..20) {
        if out.length() + FOOT > size {
            break;
        }
        let (number, (kind, about)) = (rng.u16(10..999), words::paper(rng));
        let short: String = kind.split(' ').filter_map(|it| it.chars().next()).collect();
        out.text(&format!(
            "<tr><td><a href=\"/van-ban/{number}\">{number}/{}-UBND</a></td><td>{}</td><td>{about}</td></tr>\n",
            short.to_uppercase(),
            words::day(rng)
        ));
    }
    out.text("</tbody></table>\n");
}

fn links(out: &mut Composer, size: usize, rng: &mut Rng) {
    out.text("<aside class=\"lien-ket\"><ul>\n<li><a href=\"https://dichvucong.gov.vn/\">Cổng Dịch vụ công quốc gia</a></li>\n<li><a href=\"https://chinhphu.vn/\">Cổng thông tin Chính phủ</a></li>\n");
    for _ in 0..rng.usize(10..30) {
        if out.length() + FOOT > size {
            break;
        }
        let (number, title) = (rng.u32(1000..9999), words::headline(rng));
        out.text(&format!(
            "<li><a href=\"/hoi-dap/{number}\" title=\"{title}\">{title}</a></li>\n"
        ));
    }
    out.text("</ul></aside>\n");
}

/// Settings and lists that pages carry for their own scripts.
fn script(out: &mut Composer, size: usize, rng: &mut Rng) {
    let name = rng.u16(100..999);
    out.text(&format!(
        "<div id=\"khung-{name}\" class=\"cuon\"></div>\n<script>\nvar muc{name} = [\n"
    ));
    for at in 0..rng.usize(12..40) {
        if out.length() + FOOT > size {
            break;
        }
        out.text(&format!(
            "  {{ id: {at}, ten: \"{}\", anh: \"/anh/cuon/{}.jpg\", x: {}.{:03}, y: {}.{:03} }},\n",
            words::headline(rng),
            rng.u32(10_000..99_999),
            rng.u8(8..23),
            rng.u16(..1000),
            rng.u8(102..109),
            rng.u16(..1000)
        ));
    }
    out.text(&format!(
        "];\n$(function () {{ $('#khung-{name}').cuon({{ muc: muc{name}, cho: {}, tuDong: true }}); }});\n</script>\n",
        rng.u16(2000..9000)
    ));
}

fn foot(out: &mut Composer, office: &str, dynamic: bool, rng: &mut Rng) {
    out.text(&format!(
        "</div></div>\n<footer><p>Cơ quan chủ quản: {office}</p><p>Trụ sở: số {} đường Trung tâm</p><p>Ghi rõ nguồn khi phát hành lại thông tin từ trang này.</p>",
        rng.u8(1..200)
    ));
    if dynamic {
        out.text("<p class=\"dem\">Lượt truy cập: <b>");
        out.slot(Slot::Counter);
        out.text("</b></p>");
    }
    out.text("</footer>\n</form>\n");
    out.place(Place::Foot, String::new());
    out.text("</body>\n</html>\n");
}
