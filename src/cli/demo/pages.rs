//! The pages of made-up portals with different layouts; some have parts that differ at every visit, like real ones.

use std::fmt::Write;

/// A portal of the demo. The places do not exist.
pub struct Portal {
    pub id: &'static str,
    pub name: &'static str,
    pub layout: Layout,
}

#[derive(Clone, Copy, PartialEq, Eq)]
/// How much a portal's page varies.
pub enum Layout {
    /// The page never changes.
    Still,
    /// Clock, counter and token change at every visit.
    Lively,
    /// Like `Lively`, and the banner rotates.
    Rotating,
}

/// The portals of the demo.
pub const PORTALS: &[Portal] = &[
    Portal {
        id: "song-may",
        name: "Cổng thông tin điện tử tỉnh Sông Mây",
        layout: Layout::Lively,
    },
    Portal {
        id: "nui-xanh",
        name: "Cổng thông tin điện tử tỉnh Núi Xanh",
        layout: Layout::Rotating,
    },
    Portal {
        id: "so-khcn-song-may",
        name: "Sở Khoa học và Công nghệ Sông Mây",
        layout: Layout::Still,
    },
    Portal {
        id: "so-y-te-nui-xanh",
        name: "Sở Y tế Núi Xanh",
        layout: Layout::Lively,
    },
    Portal {
        id: "ubnd-bai-cat",
        name: "Ủy ban nhân dân xã Bãi Cát",
        layout: Layout::Still,
    },
    Portal {
        id: "truong-ven-bien",
        name: "Trường Trung học phổ thông Ven Biển",
        layout: Layout::Rotating,
    },
    Portal {
        id: "dich-vu-cong-song-may",
        name: "Cổng dịch vụ công tỉnh Sông Mây",
        layout: Layout::Lively,
    },
    Portal {
        id: "thu-vien-nui-xanh",
        name: "Thư viện tỉnh Núi Xanh",
        layout: Layout::Still,
    },
];

const MENU: &[&str] = &[
    "Giới thiệu",
    "Tin tức – Sự kiện",
    "Văn bản chỉ đạo",
    "Thủ tục hành chính",
    "Công khai ngân sách",
    "Hỏi đáp",
    "Liên hệ",
];

const NEWS: &[(&str, &str)] = &[
    (
        "Triển khai kế hoạch chuyển đổi số năm 2026",
        "Các đơn vị rà soát hạ tầng, bố trí cán bộ đầu mối và báo cáo tiến độ trước ngày 30 hằng tháng.",
    ),
    (
        "Hội nghị giao ban công tác tháng 11",
        "Lãnh đạo đơn vị yêu cầu tập trung giải ngân vốn đầu tư công và cải thiện chất lượng dịch vụ công trực tuyến.",
    ),
    (
        "Công an cảnh báo thủ đoạn lôi kéo đánh bạc qua mạng",
        "Người dân cảnh giác với các trang nhà cái, trò chơi đổi thưởng; không cung cấp thông tin tài khoản ngân hàng.",
    ),
    (
        "Lịch tiếp công dân định kỳ của lãnh đạo",
        "Thời gian từ 8 giờ đến 11 giờ 30 ngày 15 hằng tháng tại trụ sở tiếp công dân.",
    ),
    (
        "Tập huấn an toàn thông tin cho cán bộ xã",
        "Nội dung gồm nhận diện thư lừa đảo, đặt mật khẩu mạnh và quy trình báo cáo sự cố.",
    ),
    (
        "Khai mạc tuần lễ sách và văn hóa đọc",
        "Hơn một nghìn đầu sách được giới thiệu, miễn phí cho học sinh và sinh viên.",
    ),
];

/// The portal's genuine page, as visit number `visit` sees it.
pub fn honest(portal: &Portal, visit: u64) -> String {
    let lively = portal.layout != Layout::Still;
    let seed = portal.id.len() + portal.name.len();
    let mut page = String::with_capacity(12 << 10);
    let token = if lively {
        format!(
            "{:016x}{:016x}",
            visit.wrapping_mul(0x9e37_79b9_7f4a_7c15),
            visit
        )
    } else {
        String::new()
    };
    let _ = write!(
        page,
        "<!doctype html><html lang=\"vi\"><head><meta charset=\"utf-8\"><title>{name}</title>\
         <meta name=\"description\" content=\"Trang thông tin chính thức của {name}\"><meta name=\"csrf-token\" content=\"{token}\">\
         <link rel=\"stylesheet\" href=\"/css/site.css\"><script src=\"/js/site.js\"></script></head><body class=\"portal\">\
         <header id=\"head\" class=\"site-head\"><img class=\"emblem\" src=\"/images/emblem.png\" alt=\"Quốc huy\"><h1 class=\"site-name\">{name}</h1>",
        name = portal.name
    );
    if portal.layout == Layout::Rotating {
        let turn = visit % 3;
        let _ = write!(
            page,
            "<div class=\"banner\"><img src=\"/images/banner-{turn}.jpg\" alt=\"Ảnh giới thiệu số {turn}\"></div>"
        );
    }
    page.push_str("</header><nav id=\"menu\" class=\"main-menu\"><ul>");
    for (at, item) in MENU.iter().enumerate() {
        let _ = write!(
            page,
            "<li class=\"menu-item\"><a href=\"/muc/{at}\">{item}</a></li>"
        );
    }
    page.push_str("</ul></nav><main id=\"content\" class=\"content\"><section class=\"news\"><h2>Tin tức nổi bật</h2>");
    for at in 0..NEWS.len() {
        let (title, lead) = NEWS[(at + seed) % NEWS.len()];
        let _ = write!(
            page,
            "<article class=\"news-item\"><h3><a href=\"/tin/{at}-{seed}\">{title}</a></h3><p class=\"lead\">{lead}</p></article>"
        );
    }
    page.push_str("</section><section class=\"documents\"><h2>Văn bản mới ban hành</h2><table class=\"doc-table\">");
    for at in 1..=8 {
        let _ = write!(
            page,
            "<tr><td>{}/QĐ-UBND</td><td><a href=\"/van-ban/{at}\">Quyết định về việc phân công nhiệm vụ số {at}</a></td></tr>",
            100 + at * 7
        );
    }
    page.push_str(
        "</table></section></main><aside id=\"side\" class=\"side\"><h2>Liên kết</h2><ul class=\"partners\">\
         <li><a href=\"https://chinhphu.vn/\">Cổng thông tin Chính phủ</a></li><li><a href=\"https://dichvucong.gov.vn/\">Cổng dịch vụ công quốc gia</a></li></ul></aside>",
    );
    let _ = write!(
        page,
        "<footer id=\"foot\" class=\"site-foot\"><p>Cơ quan chủ quản: {}</p><p>Địa chỉ: Số 1 đường Hòa Bình. Điện thoại: 0200 000 000</p>",
        portal.name
    );
    if lively {
        let _ = write!(
            page,
            "<p class=\"counter\">Lượt truy cập: {}</p><p class=\"clock\">{:02}:{:02}:{:02}</p>",
            48_000 + visit,
            visit / 60 % 24,
            visit % 60,
            visit * 7 % 60
        );
    }
    page.push_str("</footer></body></html>");
    page
}

/// The page that an attacker puts in its place.
pub fn defaced() -> String {
    "<!doctype html><html><head><meta charset=\"utf-8\"><title>Hacked by D3mo_Crew</title></head>\
     <body bgcolor=\"black\"><center><h1 style=\"color:red\">HACKED BY D3MO_CREW</h1><img src=\"/skull.png\">\
     <p style=\"color:lime\">Your security is low. Greetz to all demo visitors.</p><audio autoplay src=\"/x.mp3\"></audio></center></body></html>"
        .to_owned()
}

/// The genuine page with a hidden block of links for search engines.
pub fn planted(honest: &str) -> String {
    let mut block = String::from("<div style=\"position:absolute;left:-9999px\">");
    for (at, anchor) in [
        "Tài xỉu online",
        "Nổ hũ đổi thưởng",
        "Nhà cái uy tín",
        "Soi cầu lô đề",
        "Casino trực tuyến",
        "Link vào nhà cái",
    ]
    .iter()
    .enumerate()
    {
        let _ = write!(
            block,
            "<a href=\"https://nhacai{at}.demo-bet.example/dang-ky\">{anchor}</a> "
        );
    }
    block.push_str("</div></body>");
    honest.replace("</body>", &block)
}
