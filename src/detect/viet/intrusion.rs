//! The voice of an intruder: a deed done to this machine, its keeper addressed or insulted, threats, hatred.

use super::{
    heard::{DONE, Heard},
    line::Line,
    roles::{self, Hit, Part},
    voice,
};

/// What a line says in that voice.
pub struct Intrusion {
    /// 0 to 1, before place and spelling are weighed.
    pub strength: f64,
    /// Whether the line speaks to its reader or of its writer, and reports nothing: no headline does.
    pub direct: bool,
    /// The words that it rests on, as written.
    pub words: String,
}

const SELVES: &[Part] = &[Part::Me, Part::Rude];
const OBJECTS: &[Part] = &[Part::System, Part::Here, Part::Data, Part::Admin, Part::You];

/// Weighs a line; `None` for one that no intruder would sign.
pub fn weigh(line: &Line) -> Option<Intrusion> {
    if !line.spelt.is_empty() {
        return spelt(line);
    }
    if !line.is_vietnamese() {
        return None;
    }
    let heard = Heard {
        line,
        hits: spoken(line),
    };
    if heard.hits.is_empty() {
        return None;
    }
    let strength = [
        claim(&heard),
        contempt(&heard),
        threat(&heard),
        insult(&heard),
        hatred(&heard),
        voice::weigh(&heard),
    ]
    .into_iter()
    .fold(0.0, f64::max);
    let personal = heard.has(Part::Rude) || heard.calls_admin() || heard.has(Part::Abuse);
    let reports = heard.count(Part::Report) as f64;
    let mut doubt = if reports > 0.0 {
        (0.15 + 0.15 * reports).min(0.6)
    } else {
        0.0
    };
    if personal || is_here(&heard) {
        doubt *= 0.4;
    } else if reports > 0.0 && !heard.any(&[Part::Me, Part::You, Part::Here]) && !heard.signed() {
        // what happened to others is told in the third person
        doubt += 0.15;
    }
    let strength = strength - doubt;
    (strength >= 0.3).then(|| Intrusion {
        strength,
        direct: is_direct(&heard),
        words: heard.words(),
    })
}

/// The parts of the words of a line; letters that are an oath in chats are an office's abbreviation in capitals.
fn spoken(line: &Line) -> Vec<Hit> {
    let mut hits = roles::find(line);
    let capital = |it: &Hit| {
        let word = line.tokens.get(it.from);
        it.part == Part::Abuse
            && it.to == it.from + 1
            && word.is_some_and(|it| it.named && it.written.len() <= 3 && it.written.is_ascii())
    };
    hits.retain(|it| !capital(it));
    hits
}

/// Whether a line speaks to its reader or of its writer. News speaks of third persons.
fn is_direct(heard: &Heard) -> bool {
    let deeds = [
        Part::Attack,
        Part::Visit,
        Part::Owns,
        Part::Harm,
        Part::Ransom,
    ];
    !heard.has(Part::Report)
        && (heard.has(Part::Rude)
            || heard.calls_admin()
            || is_here(heard)
            || heard.signed() && heard.any(DONE)
            || heard.has(Part::Me) && heard.any(&deeds)
            || heard.has(Part::Ransom) && heard.any(DONE)
            || voice::weigh(heard) > 0.0)
}

/// A line spelt letter by letter has no words; a deed in its letters is enough.
fn spelt(line: &Line) -> Option<Intrusion> {
    let deed = roles::spelt(line, Part::Attack) || line.spelt.contains("bihack");
    let more = [
        Part::System,
        Part::By,
        Part::Admin,
        Part::Security,
        Part::Rude,
        Part::Abuse,
    ]
    .into_iter()
    .any(|it| roles::spelt(line, it));
    let strength = match (deed, more) {
        (true, _) => 0.6,
        (false, true) => 0.3,
        (false, false) => return None,
    };
    Some(Intrusion {
        strength,
        direct: true,
        words: line.spelt.clone(),
    })
}

/// Whether the line is about this machine, or about the reader's.
fn is_here(heard: &Heard) -> bool {
    heard.near(&[Part::System, Part::Data], &[Part::Here], 2)
}

/// A deed done to this machine, or signed, or done by the one that writes.
fn claim(heard: &Heard) -> f64 {
    let signed = heard.signed();
    let mut best: f64 = 0.0;
    if heard.near(&[Part::Suffers], DONE, 4) {
        let opens = heard
            .hits
            .first()
            .is_some_and(|it| it.part == Part::Suffers && it.from <= 1);
        let base = match (is_here(heard) || opens, heard.has(Part::System)) {
            (true, _) => 0.6,
            (false, true) => 0.4,
            (false, false) => 0.2,
        };
        best = base + if signed { 0.2 } else { 0.0 };
    }
    if signed && heard.near(DONE, &[Part::By], 3) {
        best = best.max(if heard.has(Part::Attack) { 0.55 } else { 0.5 });
    }
    if heard.near(SELVES, DONE, 4) || heard.near(&[Part::Attack], SELVES, 1) {
        best = best.max(if heard.any(OBJECTS) { 0.6 } else { 0.4 });
    }
    if heard.any(DONE) && is_here(heard) && (signed || heard.any(SELVES)) {
        best = best.max(0.55);
    }
    if heard.has(Part::Owns) && heard.any(&[Part::System, Part::Data]) {
        let owner = heard.any(SELVES) || signed;
        best = best.max(if owner {
            0.65
        } else if is_here(heard) {
            0.55
        } else {
            0.2
        });
    }
    if heard.has(Part::Contact) && heard.any(&[Part::Mend, Part::Ransom]) {
        let about = heard.any(DONE) && signed || heard.all(&[Part::Ransom, Part::Admin]);
        best = best.max(if about { 0.6 } else { 0.0 });
    }
    best
}

/// Contempt for how the machine is kept, and its keeper told to mend it.
fn contempt(heard: &Heard) -> f64 {
    let weak = heard.near(&[Part::Security], &[Part::Weak], 4)
        || heard.near(&[Part::Weak], &[Part::Security], 2);
    let to_reader = heard.any(&[Part::Admin, Part::You, Part::Rude]) || is_here(heard);
    let mut best: f64 = 0.0;
    if heard.near(&[Part::System], &[Part::Weak], 2) {
        best = if to_reader { 0.5 } else { 0.4 };
    }
    if weak {
        let short = heard.line.tokens.len() <= 6;
        best = 0.4
            + if to_reader {
                0.25
            } else if short {
                0.15
            } else {
                0.0
            };
    }
    if heard.has(Part::System) && to_reader && heard.near(&[Part::Weak], DONE, 3) {
        best = best.max(0.6);
    }
    if heard.has(Part::System) && heard.near(&[Part::Weak], &[Part::Admin], 3) && heard.any(DONE) {
        best = best.max(0.6);
    }
    if heard.has(Part::Visit) && heard.is_unmended() {
        best = best.max(0.55);
    }
    if heard.all(&[Part::Mend, Part::Attack, Part::You]) {
        best = best.max(0.55);
    }
    if heard.calls_admin() {
        let adds = [
            (heard.has(Part::Mend), 0.25),
            (heard.any(DONE), 0.3),
            (heard.has(Part::Weak), 0.2),
            (heard.any(&[Part::Abuse, Part::Rude]), 0.4),
            (heard.any(&[Part::Me]), 0.1),
        ];
        let sum: f64 = adds.iter().filter(|it| it.0).map(|it| it.1).sum();
        best = best.max(if sum > 0.1 { 0.35 + sum } else { 0.0 });
    }
    best
}

/// What will be done unless it is paid, mended or feared.
fn threat(heard: &Heard) -> f64 {
    let rude = heard.has(Part::Rude);
    let unless = heard.has(Part::OrElse);
    let soft = heard.has(Part::SoftHarm);
    let harm = heard.has(Part::Harm) || soft && (rude || heard.has(Part::Ransom));
    let rules = [
        (heard.all(&[Part::Harm, Part::Data, Part::Ransom]), 0.6),
        (rude && harm && unless, 0.7),
        (rude && heard.count(Part::OrElse) >= 2, 0.65),
        (heard.count(Part::Ransom) >= 2 && heard.has(Part::Data), 0.6),
        (
            heard.all(&[Part::Data, Part::Here, Part::Contact])
                && heard.any(&[Part::Suffers, Part::Lure]),
            0.6,
        ),
        (heard.all(&[Part::Me, Part::Harm, Part::Data]), 0.55),
        (heard.has(Part::Me) && heard.has(Part::Harm) && unless, 0.6),
        (
            heard.all(&[Part::Me, Part::SoftHarm, Part::Data]) && heard.count(Part::OrElse) >= 2,
            0.6,
        ),
        (
            heard.all(&[Part::Me, Part::Ransom, Part::Contact]) && heard.any(DONE),
            0.6,
        ),
        (
            heard.has(Part::Harm) && unless && heard.any(&[Part::Data, Part::Mend]),
            0.6,
        ),
        (
            heard.has(Part::Ransom) && unless && (harm || heard.has(Part::Data)),
            0.65,
        ),
        (
            heard.all(&[Part::Ransom, Part::Suffers, Part::Attack]),
            0.55,
        ),
        (
            heard.all(&[Part::Ransom, Part::Me, Part::Data]) && heard.any(DONE),
            0.6,
        ),
        (
            heard.has(Part::Nameless) && heard.count(Part::Nameless) + heard.count(Part::Me) >= 2,
            0.55,
        ),
        (
            heard.has(Part::Nameless)
                && heard.any(DONE)
                && (heard.any(SELVES) || is_here(heard) || heard.has(Part::Visit)),
            0.65,
        ),
    ];
    let best = rules
        .iter()
        .filter(|it| it.0)
        .map(|it| it.1)
        .fold(0.0, f64::max);
    best + if best > 0.0 && heard.has(Part::Contact) {
        0.1
    } else {
        0.0
    }
}

/// Swearing at the keeper or the reader.
fn insult(heard: &Heard) -> f64 {
    let target = heard.any(&[
        Part::Admin,
        Part::System,
        Part::Security,
        Part::Rude,
        Part::Herd,
        Part::You,
    ]);
    let mut best: f64 = 0.0;
    if heard.has(Part::Abuse) {
        best = if target || heard.count(Part::Abuse) >= 2 {
            0.7
        } else {
            0.35
        };
    }
    if heard.count(Part::Rude) >= 2 {
        best = best.max(0.55);
    }
    if heard.has(Part::Rude) && heard.any(&[Part::System, Part::Security, Part::Owns, Part::Admin])
    {
        best = best.max(0.6);
    }
    best
}

/// Hatred of the state or of a people.
fn hatred(heard: &Heard) -> f64 {
    let rules = [
        (
            heard.near(&[Part::Herd], &[Part::Evil, Part::Abuse], 1),
            0.7,
        ),
        (
            heard.has(Part::Revolt) && heard.any(&[Part::Herd, Part::Evil]),
            0.65,
        ),
        (
            heard.near(&[Part::Revolt], &[Part::Regime], 1)
                || heard.near(&[Part::Regime], &[Part::Revolt], 2),
            0.6,
        ),
        (heard.near(&[Part::Regime], &[Part::Evil], 2), 0.6),
        (
            heard.count(Part::Evil) >= 2 || heard.count(Part::Revolt) >= 2,
            0.5,
        ),
    ];
    rules
        .iter()
        .filter(|it| it.0)
        .map(|it| it.1)
        .fold(0.0, f64::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strength(text: &str) -> f64 {
        weigh(&Line::read(text)).map_or(0.0, |it| it.strength)
    }

    #[test]
    fn the_same_words_in_any_spelling() {
        for text in [
            "Trang này đã bị tấn công bởi nhóm Mưa Đá",
            "trang nay da bi tan cong boi nhom Mua Da",
            "tr4ng n4y da bi t4n c0ng b0i nhom Mua Da",
            "Tràng này đà bì tấn cồng bời nhõm hạck",
            "Тrang này đã bị hасk bởi Mưa Đá",
            "đ.ã b.ị h.a.c.k b.ở.i M.D",
            "T R A N G N À Y Đ Ã B Ị T Ấ N C Ô N G",
            "ad ơi web m bị t hack r nhé",
        ] {
            assert!(strength(text) >= 0.5, "{text}: {}", strength(text));
        }
    }

    #[test]
    fn news_and_notices_are_no_intruders() {
        for text in [
            "Công an bắt nhóm hacker tấn công hệ thống ngân hàng",
            "Bệnh viện bị tấn công bởi mã độc tống tiền",
            "Hệ thống tạm dừng để nâng cấp, chúng tôi sẽ quay lại sau",
            "Mật khẩu quá yếu, vui lòng nhập lại",
            "Quản trị viên cần đổi mật khẩu trước ngày 30/11",
            "Cảm ơn bạn đã ghé thăm trang thông tin của xã",
            "Khu đô thị T4N, cụm công nghiệp H4",
            "Đảng Cộng sản Việt Nam quang vinh muôn năm!",
        ] {
            assert!(strength(text) < 0.4, "{text}: {}", strength(text));
        }
    }
}
