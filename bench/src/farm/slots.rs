//! What an honest portal changes with each request although nothing happened: clock, tokens, counters, banners.

use bytes::Bytes;
use jiff::{
    Timestamp,
    civil::Weekday,
    tz::{Offset, TimeZone},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// Weekday, date and time of Viet Nam, to the second.
    Clock,
    /// The value of a token against forged requests.
    Token,
    /// 1.2 KB of what a framework remembers of the form.
    ViewState,
    /// How many have visited.
    Counter,
    /// One of five.
    Banner,
}

/// One request for a page.
pub struct Visit {
    pub now: Timestamp,
    /// Requests of this page before, and a beginning of its own.
    pub count: u64,
}

const VIEW_STATE: usize = 1200;
const TOKEN: usize = 64;
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const BANNERS: [&str; 5] = [
    "<a href=\"/chuyen-de/chuyen-doi-so\"><img src=\"/anh/bia/chuyen-doi-so.jpg\" alt=\"Chuyển đổi số\"></a><p>Ngày chuyển đổi số: mỗi gia đình một tài khoản dịch vụ công</p>",
    "<a href=\"/chuyen-de/an-toan-giao-thong\"><img src=\"/anh/bia/an-toan-giao-thong.jpg\" alt=\"An toàn giao thông\"></a><p>Đã uống rượu bia thì không lái xe</p>",
    "<a href=\"/chuyen-de/bao-hiem-y-te\"><img src=\"/anh/bia/bao-hiem-y-te.jpg\" alt=\"Bảo hiểm y tế\"></a><p>Bảo hiểm y tế toàn dân, yên tâm khám chữa bệnh</p>",
    "<a href=\"/chuyen-de/rung-xanh\"><img src=\"/anh/bia/rung-xanh.jpg\" alt=\"Giữ rừng\"></a><p>Giữ rừng hôm nay là giữ nguồn nước ngày mai</p>",
    "<a href=\"/chuyen-de/hien-mau\"><img src=\"/anh/bia/hien-mau.jpg\" alt=\"Hiến máu tình nguyện\"></a><p>Một giọt máu cho đi, một cuộc đời ở lại</p>",
];

pub fn fill(slot: Slot, visit: &Visit) -> Bytes {
    match slot {
        Slot::Clock => clock(visit.now).into(),
        Slot::Token => noise(TOKEN).into(),
        Slot::ViewState => noise(VIEW_STATE).into(),
        Slot::Counter => grouped(visit.count).into(),
        // one after the other, so that a learner of five looks may have seen all
        Slot::Banner => {
            let which = visit.count % BANNERS.len() as u64;
            Bytes::from_static(BANNERS[which as usize].as_bytes())
        }
    }
}

/// A new session cookie.
pub fn session() -> String {
    let id: String = (0..24).map(|_| fastrand::digit(36)).collect();
    format!("ASP.NET_SessionId={id}; path=/; HttpOnly; SameSite=Lax")
}

fn clock(now: Timestamp) -> String {
    let now = now.to_zoned(TimeZone::fixed(Offset::constant(7)));
    let day = match now.weekday() {
        Weekday::Monday => "Thứ hai",
        Weekday::Tuesday => "Thứ ba",
        Weekday::Wednesday => "Thứ tư",
        Weekday::Thursday => "Thứ năm",
        Weekday::Friday => "Thứ sáu",
        Weekday::Saturday => "Thứ bảy",
        Weekday::Sunday => "Chủ nhật",
    };
    format!(
        "{day}, {:02}/{:02}/{}, {:02}:{:02}:{:02}",
        now.day(),
        now.month(),
        now.year(),
        now.hour(),
        now.minute(),
        now.second()
    )
}

/// As long as base64 of random bytes would be; ten letters to a random number.
fn noise(length: usize) -> Vec<u8> {
    let mut out = Vec::with_capacity(length + 10);
    while out.len() < length {
        let bits = fastrand::u64(..);
        out.extend((0..10).map(|at| BASE64[(bits >> (6 * at) & 63) as usize]));
    }
    out.truncate(length);
    out
}

/// 1234567 as 1.234.567.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push('.');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_read_as_on_a_portal() {
        assert_eq!(grouped(1234567), "1.234.567");
        assert_eq!(grouped(12), "12");
        assert_eq!(
            clock(Timestamp::UNIX_EPOCH),
            "Thứ năm, 01/01/1970, 07:00:00"
        );
        assert_eq!(noise(VIEW_STATE).len(), 1200);
    }
}
