//! Trade and fraud by subject: goods that no public body sells, beside the words of a seller; gifts or threats to an
//! account, beside what the reader is to do.

use super::{
    line::Line,
    roles::{self, Part},
};

/// What a line offers.
pub struct Offer {
    /// 0 to 1, before place and links are weighed.
    pub strength: f64,
    /// The words that it rests on, as written.
    pub words: String,
}

/// Weighs a line; `None` for one that sells nothing.
pub fn weigh(line: &Line) -> Option<Offer> {
    if !line.is_vietnamese() && !line.loose {
        return None;
    }
    let hits = roles::find(line);
    let count = |part: Part| hits.iter().filter(|it| it.part == part).count();
    let trade = count(Part::Trade);
    let pitch = count(Part::Pitch);
    let lure = count(Part::Lure);
    let sells: f64 = match (trade, pitch) {
        (0, _) => 0.0,
        (1, 0) => 0.25,
        (1, 1) => 0.6,
        (1, _) => 0.8,
        (_, 0) => 0.55,
        (_, 1) => 0.8,
        (_, _) => 0.95,
    };
    let lures: f64 = match (lure, count(Part::Ask), count(Part::Yours)) {
        (0, ..) | (_, 0, _) => 0.0,
        (1, 1, 0) => 0.3,
        (1, 1, _) => 0.65,
        (1, _, 0) => 0.5,
        (_, 1, 0) => 0.5,
        (..) => 0.8,
    };
    // a seller does not report, warn or rule
    let doubt = (0.35 * count(Part::Report) as f64).min(1.0);
    let strength = sells.max(lures) - doubt;
    let wanted = [Part::Trade, Part::Pitch, Part::Lure, Part::Ask, Part::Yours];
    let mut words: Vec<&str> = Vec::new();
    let mut end = 0;
    for hit in hits.iter().filter(|it| wanted.contains(&it.part)) {
        let range = hit.from.max(end)..hit.to;
        words.extend(
            line.tokens
                .get(range)
                .unwrap_or_default()
                .iter()
                .map(|it| it.written.as_str()),
        );
        end = end.max(hit.to);
    }
    words.truncate(12);
    (strength >= 0.25).then(|| Offer {
        strength,
        words: words.join(" "),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sellers_are_told_from_those_that_warn_of_them() {
        let strength = |text: &str| weigh(&Line::read(text)).map_or(0.0, |it| it.strength);
        for text in [
            "Vay nóng không thế chấp, duyệt nhanh trong 5 phút",
            "vay nong khong the chap, duyet nhanh",
            "Nhà cái uy tín số 1, nạp rút siêu tốc",
            "Tài khoản VNeID của bạn sắp bị khóa, xác minh ngay tại đây",
        ] {
            assert!(strength(text) >= 0.6, "{text}: {}", strength(text));
        }
        for text in [
            "Công an triệt phá đường dây game bài đổi thưởng uy tín",
            "Ngân hàng Chính sách xã hội giải ngân vốn vay không thế chấp cho hộ nghèo",
            "Phiên làm việc của bạn đã hết hạn, vui lòng đăng nhập lại",
        ] {
            assert!(strength(text) < 0.4, "{text}: {}", strength(text));
        }
    }
}
