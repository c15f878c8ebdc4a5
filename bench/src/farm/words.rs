//! Locale that made-up portals are written with. No place, office or person is meant.

use fastrand::Rng;

const KINDS: &[&str] = &[
    "xã",
    "phường",
    "đặc khu",
    "Sở Xây dựng tỉnh",
    "Sở Nội vụ tỉnh",
    "Sở Y tế tỉnh",
    "Ban Quản lý khu kinh tế",
];
const FIRST: &[&str] = &[
    "Tân", "Phú", "An", "Vĩnh", "Long", "Thạnh", "Đông", "Kim", "Sơn", "Trà", "Nam", "Mỹ",
];
const SECOND: &[&str] = &[
    "Lộc",
    "Hạnh",
    "Khê",
    "Thuỷ",
    "Trạch",
    "Điền",
    "Lâm",
    "Phong",
    "Hoà",
    "Xuyên",
    "Giang",
    "Thượng",
    "Nghĩa",
];

const WHO: &[&str] = &[
    "Lãnh đạo Ủy ban nhân dân",
    "Thường trực Hội đồng nhân dân",
    "Trung tâm Phục vụ hành chính công",
    "Tổ công nghệ số cộng đồng",
    "Hội Nông dân",
    "Hội Liên hiệp Phụ nữ",
    "Đoàn Thanh niên",
    "Hội Cựu chiến binh",
    "Trạm Y tế",
    "Phòng Kinh tế và Hạ tầng",
    "Ban chỉ đạo chuyển đổi số",
    "Trường Trung học cơ sở",
    "Mặt trận Tổ quốc",
    "Ban Giám sát đầu tư của cộng đồng",
];
const DOES: &[&str] = &[
    "họp bàn về",
    "kiểm tra thực tế việc",
    "triển khai kế hoạch",
    "sơ kết sáu tháng thực hiện",
    "lấy ý kiến nhân dân về",
    "tập huấn nghiệp vụ",
    "hướng dẫn bà con",
    "phát động đợt thi đua",
    "giám sát chuyên đề về",
    "đôn đốc tiến độ",
    "báo cáo kết quả",
    "tiếp tục đẩy mạnh",
];
const MATTER: &[&str] = &[
    "cải cách thủ tục hành chính",
    "xây dựng nông thôn mới nâng cao",
    "tiêm vắc xin cho trẻ em",
    "phòng chống lụt bão và tìm kiếm cứu nạn",
    "thu gom rác thải sinh hoạt",
    "giải phóng mặt bằng tuyến đường liên xã",
    "cấp giấy chứng nhận quyền sử dụng đất",
    "khôi phục đàn gia súc sau mưa lũ",
    "nộp hồ sơ dịch vụ công trực tuyến",
    "khám sức khoẻ định kỳ cho người cao tuổi",
    "nạo vét kênh mương nội đồng",
    "trồng cây phân tán dịp đầu xuân",
    "bảo đảm nước sạch cho các trường học",
    "rà soát hộ nghèo, hộ cận nghèo",
    "tuyển chọn và gọi công dân nhập ngũ",
    "chi trả trợ cấp cho người có công",
];
const HOW: &[&str] = &[
    "trên địa bàn",
    "trong quý tới",
    "với sự tham gia của các thôn, tổ dân phố",
    "theo chỉ đạo của cấp trên",
    "trước mùa mưa năm nay",
    "tại nhà văn hoá trung tâm",
    "đến từng hộ gia đình",
    "bằng hình thức trực tuyến",
    "và giao nhiệm vụ cho từng bộ phận",
    "để kịp thời tháo gỡ khó khăn",
];
const THEN: &[&str] = &[
    "Các đại biểu đã thảo luận và thống nhất nhiều giải pháp cụ thể.",
    "Kết quả sẽ được niêm yết công khai tại trụ sở.",
    "Bà con có thắc mắc xin liên hệ bộ phận tiếp nhận trong giờ làm việc.",
    "Đây là nhiệm vụ trọng tâm được giao từ đầu năm.",
    "Nhiều cách làm hay đã được chia sẻ để các nơi cùng học hỏi.",
    "Tiến độ đến nay đạt trên tám mươi phần trăm kế hoạch.",
    "Những trường hợp khó khăn được xem xét hỗ trợ kịp thời.",
    "Việc thực hiện phải đúng quy định, tránh hình thức.",
    "Đoàn công tác cũng đã thăm hỏi một số gia đình chính sách.",
    "Thời gian dự kiến kéo dài đến hết tháng sau.",
];
const KIND_OF_PAPER: &[&str] = &[
    "Quyết định",
    "Kế hoạch",
    "Thông báo",
    "Công văn",
    "Tờ trình",
    "Báo cáo",
    "Nghị quyết",
];
pub const SECTIONS: &[&str] = &[
    "Giới thiệu",
    "Tin hoạt động",
    "Văn bản",
    "Dịch vụ công",
    "Công khai ngân sách",
    "Quy hoạch",
    "Đấu thầu",
    "Tuyển dụng",
    "Tiếp công dân",
    "Hỏi đáp",
    "Thư viện ảnh",
    "Liên hệ",
];
const UNDER: &[&str] = &[
    "Cơ cấu tổ chức",
    "Lịch công tác tuần",
    "Thông tin lãnh đạo",
    "Kinh tế",
    "Văn hoá",
    "Giáo dục",
    "Y tế",
    "An sinh xã hội",
    "Khuyến nông",
    "Môi trường",
    "Đất đai",
    "Hộ tịch",
    "Chứng thực",
    "Góp ý dự thảo",
    "Số liệu thống kê",
    "Lịch sử hình thành",
];

fn one(rng: &mut Rng, of: &[&'static str]) -> &'static str {
    of[rng.usize(..of.len())]
}

/// The name of an office, such as "xã Phú Điền".
pub fn office(rng: &mut Rng) -> String {
    format!(
        "{} {} {}",
        one(rng, KINDS),
        one(rng, FIRST),
        one(rng, SECOND)
    )
}

pub fn headline(rng: &mut Rng) -> String {
    format!("{} {} {}", one(rng, WHO), one(rng, DOES), one(rng, MATTER))
}

/// A text of this many sentences about finished work.
pub fn paragraph(rng: &mut Rng, sentences: usize) -> String {
    let mut out = String::with_capacity(sentences * 160);
    for at in 0..sentences {
        if at > 0 {
            out.push(' ');
        }
        out.push_str(&headline(rng));
        out.push(' ');
        out.push_str(one(rng, HOW));
        out.push_str(". ");
        out.push_str(one(rng, THEN));
    }
    out
}

/// What a paper of the office is about, and the paper's kind.
pub fn paper(rng: &mut Rng) -> (&'static str, String) {
    let kind = one(rng, KIND_OF_PAPER);
    (
        kind,
        format!("{kind} về việc {} {}", one(rng, MATTER), one(rng, HOW)),
    )
}

pub fn item(rng: &mut Rng) -> &'static str {
    one(rng, UNDER)
}

pub fn day(rng: &mut Rng) -> String {
    format!("{:02}/{:02}/2025", rng.u8(1..=28), rng.u8(1..=12))
}
