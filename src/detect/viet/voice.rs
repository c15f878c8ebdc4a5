//! The manner of a line: the particles, pronouns and orders of talk, beside words for the machine or its keeper. An office
//! writes neither to its own keeper nor as people talk, and many weak marks in one short line are a strong one.

use super::{
    heard::Heard,
    line::Line,
    roles::{Hit, Part},
};

/// Most words of such a line: a letter of a reader to the office, printed with its answer, is longer.
const LINE: usize = 20;
/// Fewest marks that say anything.
const MARKS: usize = 3;

/// Particles at the end of what is said, with their marks. They are a closed class, as prepositions are.
const PARTICLES: &[&str] = &[
    "nhé", "nhá", "nha", "hả", "hở", "hử", "à", "cưng", "chưa", "nhể", "đấy", "thôi", "mà", "chứ",
    "luôn", "nè", "hen", "hihi", "haha", "kaka", "hehe",
];
/// Those of a line without marks.
const PLAIN: &[&str] = &[
    "nhe", "nha", "chua", "ak", "nhaa", "hihi", "haha", "kaka", "hehe",
];
/// Particles that stand before the one that is spoken to: "nhé ad", "hả các ông".
const CALLING: &[&str] = &["nhé", "hả", "hở", "nhe"];
/// Those that are spoken to as a child is: "nghe con".
const CHILDREN: &[&str] = &["con", "cưng", "em", "mày", "chưa", "nhóc"];

/// The strength of a line's manner, 0 to 0.75; 0 for a line that reports.
pub fn weigh(heard: &Heard) -> f64 {
    let line = heard.line;
    if line.tokens.len() > LINE || heard.has(Part::Report) {
        return 0.0;
    }
    let subjects = [Part::System, Part::Admin, Part::Security, Part::Data];
    if !heard.any(&subjects) {
        return 0.0;
    }
    let talks = ends_as_talk(line);
    let manner = [
        talks,
        orders(line),
        heard.has(Part::Rude) || heard.has(Part::Abuse),
        heard.any(&[Part::Weak]),
        heard.any(&[Part::You, Part::Here]) && !is_reader(heard),
        heard.has(Part::Me),
        line.chatted >= 2,
        talks && heard.has(Part::Admin),
    ];
    let manners = manner.iter().filter(|it| **it).count();
    // an office says "we" and "you", and of itself; talk, scorn or an order to the keeper is what it lacks
    if !(talks || manner[1] || manner[2] || manner[3]) || manners < 2 {
        return 0.0;
    }
    let subjects = subjects.iter().filter(|it| heard.has(**it)).count();
    let deeds = [
        Part::OrElse,
        Part::Mend,
        Part::Harm,
        Part::Attack,
        Part::Visit,
    ];
    let deeds = deeds.iter().filter(|it| heard.has(**it)).count();
    let marks = manners + subjects.min(2) + deeds.min(2);
    if marks < MARKS {
        return 0.0;
    }
    (0.35 + 0.1 * (marks - MARKS) as f64).min(0.75)
}

/// Whether the line ends as people talk.
fn ends_as_talk(line: &Line) -> bool {
    let mut back = line.tokens.iter().rev();
    let Some(last) = back.next() else {
        return false;
    };
    let word = last.written.as_str();
    let particles = if line.unmarked { PLAIN } else { PARTICLES };
    let before: Vec<&str> = back.take(2).map(|it| it.written.as_str()).collect();
    // "Tây Ban Nha" is a name
    particles.contains(&word) && !last.named
        || before.iter().any(|it| CALLING.contains(it))
        || before.first() == Some(&"nghe") && CHILDREN.contains(&word)
}

/// Whether the line forbids or orders as people do: "đừng …", "… đi".
fn orders(line: &Line) -> bool {
    let first = line.tokens.first().map(|it| it.written.as_str());
    let last = line.tokens.last().map(|it| it.written.as_str());
    first == Some("đừng")
        || line.unmarked && first == Some("dung")
        || last == Some("đi")
        || line.unmarked && last == Some("di")
}

/// Whether "you" is the visitor that portals greet, and nothing about the machine is said.
fn is_reader(heard: &Heard) -> bool {
    let one = |it: &Hit| it.part == Part::You && it.to == it.from + 1;
    !heard.has(Part::Here) && heard.hits.iter().any(one)
}

#[cfg(test)]
mod tests {
    use super::super::{intrusion, line::Line};

    fn strength(text: &str) -> f64 {
        intrusion::weigh(&Line::read(text)).map_or(0.0, |it| it.strength)
    }

    #[test]
    fn talk_to_the_keeper_is_no_office() {
        for text in [
            "Máy chủ gì mà yếu thế hả mấy anh",
            "Vá cái web này đi, lần sau đừng trách nhé",
            "Đừng tắt máy chủ, dữ liệu bay hết đấy",
            "may chu yeu qua, lan sau nho va loi nhe",
        ] {
            assert!(strength(text) >= 0.4, "{text}: {}", strength(text));
        }
    }

    #[test]
    fn offices_may_be_friendly() {
        for text in [
            "Mời bà con cùng theo dõi trang Zalo của xã nhé",
            "Bạn đã cài đặt ứng dụng định danh điện tử chưa?",
            "Cảm ơn bạn đã ghé thăm trang của chúng tôi",
            "Đừng chia sẻ mật khẩu với bất kỳ ai",
            "Mật khẩu của bạn quá yếu",
            "Tại sao hệ thống báo lỗi khi đăng nhập?",
            "Vì sao trang không hiển thị được?",
            "Quên mật khẩu?",
        ] {
            assert!(strength(text) < 0.4, "{text}: {}", strength(text));
        }
    }
}
