//! A deal by its form: a figure that tempts, the way to the seller, the reader spoken to, an order to act at once. The
//! goods are not asked for: an office that announces the price of its service has the form, but leads to itself.

use super::{
    line::Line,
    roles::{self, Part},
};

/// What of a deal a line has.
pub struct Deal {
    /// Number of different marks.
    pub marks: usize,
    /// Whether it names a messenger or a mobile telephone to call.
    pub contact: bool,
}

/// Most words of a deal: longer is prose.
const LINE: usize = 30;

/// Reads the marks of a deal in a line and its text as written; `None` for a line that reports, or is long.
pub fn read(line: &Line, raw: &str) -> Option<Deal> {
    if line.tokens.len() > LINE || line.tokens.len() < 3 {
        return None;
    }
    let hits = roles::find(line);
    let has = |part: Part| hits.iter().any(|it| it.part == part);
    if has(Part::Report) {
        return None;
    }
    let contact = calls(line, raw);
    let marks = [
        has(Part::Trade),
        has(Part::Pitch),
        has(Part::Lure),
        has(Part::Ask),
        has(Part::Yours) || has(Part::You),
        figure(raw),
        contact,
        line.disguised,
        line.chatted > 0,
    ];
    Some(Deal {
        marks: marks.into_iter().filter(|it| *it).count(),
        contact,
    })
}

/// Whether a figure tempts: a share, a sum in the short form of shops, a sum of money.
fn figure(raw: &str) -> bool {
    let mut words = raw.split_whitespace().peekable();
    while let Some(word) = words.next() {
        let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '%');
        let digits = word.trim_end_matches(|c: char| !c.is_ascii_digit());
        if !word.starts_with(|c: char| c.is_ascii_digit()) || digits.is_empty() {
            continue;
        }
        let unit = word[digits.len()..].to_lowercase();
        let unit = unit.split('/').next().unwrap_or_default();
        let next = words.peek().map(|it| it.to_lowercase()).unwrap_or_default();
        let next = next.trim_matches(|c: char| !c.is_alphanumeric());
        let sum = ["%", "k", "tr", "đ", "vnđ", "vnd", "usdt", "usd"];
        let named = ["triệu", "đồng", "usdt", "usd", "trieu", "dong", "btc"];
        if sum.contains(&unit) || unit.is_empty() && named.contains(&next) {
            return true;
        }
    }
    false
}

/// Whether the line names a messenger beside a way to it, or a mobile telephone.
fn calls(line: &Line, raw: &str) -> bool {
    const MESSENGERS: &[&str] = &[
        "zalo", "telegram", "tele", "viber", "whatsapp", "wechat", "ib", "inbox",
    ];
    let named = line
        .tokens
        .iter()
        .any(|it| MESSENGERS.contains(&it.written.as_str()));
    named || mobile(raw)
}

/// Whether a text has the number of a mobile telephone: ten digits from 03 to 09, or +84 before nine.
fn mobile(raw: &str) -> bool {
    let mut digits = String::new();
    for c in raw.chars().chain(std::iter::once('\n')) {
        if c.is_ascii_digit() {
            digits.push(c);
        } else if !matches!(c, ' ' | '.' | '-' | '+' | '(' | ')') {
            let number = digits.strip_prefix("84").filter(|it| it.len() == 9);
            let number = number.or_else(|| digits.strip_prefix('0').filter(|it| it.len() == 9));
            if number.is_some_and(|it| it.starts_with(['3', '5', '7', '8', '9'])) {
                return true;
            }
            digits.clear();
        }
    }
    false
}

/// Whether a line leads through the run dialog or a terminal, as false checks do: no page of an office needs it.
pub fn pastes_command(line: &Line) -> bool {
    let hits = roles::find(line);
    if hits.iter().any(|it| it.part == Part::Report) {
        return false;
    }
    let words: Vec<&str> = line.tokens.iter().map(|it| it.written.as_str()).collect();
    let keys = |first: &[&str], then: &[&str]| {
        words.iter().enumerate().any(|(at, word)| {
            let joined = word.split_once('+').or_else(|| word.split_once('-'));
            joined.is_some_and(|(a, b)| first.contains(&a) && then.contains(&b))
                || first.contains(word)
                    && words[at + 1..].iter().take(2).any(|it| then.contains(it))
        })
    };
    let run = keys(&["windows", "win"], &["r", "x"]);
    let paste =
        keys(&["ctrl", "cmd"], &["v"]) || words.iter().any(|it| ["dán", "paste"].contains(it));
    let enter = words.contains(&"enter");
    let shell = words
        .iter()
        .any(|it| ["powershell", "terminal", "cmd"].contains(it));
    paste && (run || shell && enter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deals_have_a_form() {
        let marks = |text: &str| read(&Line::read(text), text).map_or(0, |it| it.marks);
        for text in [
            "Bơm tiền 20 triệu trong ngày, chỉ cần ảnh thẻ, alo 0912 345 678",
            "Cầm xe giữ giấy lãi 1%/ngày, zalo em Hạnh",
            "Bạn được hoàn 2.500.000 đồng, nhập số thẻ để nhận",
        ] {
            assert!(marks(text) >= 2, "{text}: {}", marks(text));
        }
        for text in [
            "Công an huyện cảnh báo chiêu trò vay 20 triệu qua Zalo",
            "Lịch tiếp công dân tuần 47",
            "Thu ngân sách đạt 120% dự toán",
        ] {
            assert!(marks(text) < 2, "{text}: {}", marks(text));
        }
        assert!(mobile("gọi 0912.345.678 nhé") && mobile("+84 912 345 678"));
        assert!(!mobile("1234 5678 901") && !mobile("0238 3 123 456"));
    }

    #[test]
    fn commands_are_pasted_by_false_checks_only() {
        let pastes = |text: &str| pastes_command(&Line::read(text));
        assert!(pastes("Bấm phím Windows + R, nhấn Ctrl + V rồi Enter"));
        assert!(pastes("Nhấn Win+R, dán mã xác nhận, nhấn Enter"));
        assert!(!pastes("Nhấn Ctrl + D để lưu trang vào dấu trang"));
        assert!(!pastes(
            "Cảnh báo thủ đoạn yêu cầu nhấn Windows + R và dán lệnh"
        ));
    }
}
