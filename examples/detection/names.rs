//! Names that stand on no list: hosts, brands, people's handles, numbers.

use fastrand::Rng;

const SYLLABLES: &[&str] = &[
    "za", "vi", "ro", "ken", "lu", "mo", "tri", "xan", "po", "bel", "quo", "ne", "sa", "dor", "mi",
    "fa", "gri", "hu", "jo", "ty", "wen", "co", "lar", "phu", "tek", "ba", "ny", "vor",
];
const ENDINGS: &[&str] = &[
    "com", "net", "org", "top", "xyz", "club", "vip", "site", "online", "info", "co", "cc", "live",
    "shop", "io", "me", "pro", "app", "dev", "asia", "today", "wiki", "uk", "in",
];
const PLACES: &[(&str, &str)] = &[
    ("anhoa", "An Hòa"),
    ("binhson", "Bình Sơn"),
    ("dongha", "Đông Hà"),
    ("giaphu", "Gia Phú"),
    ("hoaloc", "Hòa Lộc"),
    ("kimlien", "Kim Liên"),
    ("longthanh", "Long Thành"),
    ("minhtan", "Minh Tân"),
    ("namdong", "Nam Đông"),
    ("phuocly", "Phước Lý"),
    ("quangthinh", "Quảng Thịnh"),
    ("tanphong", "Tân Phong"),
    ("thuongcat", "Thượng Cát"),
    ("vinhquang", "Vĩnh Quang"),
    ("xuantruong", "Xuân Trường"),
    ("yenbinh", "Yên Bình"),
];
const PROVINCES: &[&str] = &[
    "nghean", "hatinh", "thanhhoa", "laocai", "camau", "dongthap", "gialai", "khanhhoa",
];

fn one<'a, T>(from: &'a [T], rng: &mut Rng) -> &'a T {
    &from[rng.usize(0..from.len())]
}

fn syllables(count: usize, rng: &mut Rng) -> String {
    (0..count).map(|_| *one(SYLLABLES, rng)).collect()
}

fn digits(count: usize, rng: &mut Rng) -> String {
    (0..count)
        .map(|at| char::from(b'0' + rng.u8(u8::from(at == 0)..10)))
        .collect()
}

/// A handle or an identifier.
pub fn id(rng: &mut Rng) -> String {
    let name = syllables(rng.usize(2..=3), rng);
    match rng.u8(0..4) {
        0 => format!("{name}{}", digits(2, rng)),
        1 => format!("x{:05x}", rng.u32(0..1 << 20)),
        _ => name,
    }
}

/// A domain that no portal ever linked.
fn host(rng: &mut Rng) -> String {
    let name = syllables(rng.usize(2..=4), rng);
    let ending = one(ENDINGS, rng);
    match rng.u8(0..5) {
        0 => format!("{}-{name}.{ending}", syllables(1, rng)),
        1 => format!("{}.{name}.{ending}", syllables(1, rng)),
        2 => format!("{name}{}.{ending}", digits(2, rng)),
        _ => format!("{name}.{ending}"),
    }
}

/// A Vietnamese site that was taken over to carry what it is paid for.
fn taken_over(rng: &mut Rng) -> String {
    let place = one(PLACES, rng).0;
    let name = syllables(2, rng);
    match rng.u8(0..9) {
        0 => format!("thcs{place}.edu.vn"),
        1 => format!("xaydung{name}.com.vn"),
        2 => format!("{name}{}.id.vn", digits(2, rng)),
        3 => format!("noithat{name}.vn"),
        4 => format!("{name}.io.vn"),
        5 => format!("hoi{place}.org.vn"),
        6 => format!("xa{place}.{}.gov.vn", one(PROVINCES, rng)),
        7 => format!("{name}.name.vn"),
        _ => format!("{name}-{place}.net.vn"),
    }
}

fn brand(rng: &mut Rng) -> String {
    let mut name = syllables(2, rng);
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    match rng.u8(0..6) {
        0 => format!("{name}{}", digits(2, rng)),
        1 => format!("{name} Club"),
        2 => format!("{}{name}", digits(2, rng)),
        3 => format!("{}Win", name.to_uppercase()),
        4 => format!("{name}.Vip"),
        _ => name,
    }
}

/// The value of a field that no list holds.
pub fn named(name: &str, rng: &mut Rng) -> Option<String> {
    let counted = |from: &str| name.strip_prefix(from)?.parse::<usize>().ok();
    if let Some(count) = counted("d") {
        return Some(digits(count, rng));
    }
    if let Some(count) = counted("hex") {
        return Some((0..count).map(|_| format!("{:x}", rng.u8(0..16))).collect());
    }
    Some(match name {
        "id" => id(rng),
        "host" => host(rng),
        "adhost" => match rng.u8(0..3) {
            0 => host(rng),
            _ => format!(
                "{}{}.{}",
                syllables(2, rng),
                rng.u8(10..99),
                one(ENDINGS, rng)
            ),
        },
        "vnhost" => taken_over(rng),
        "brand" => brand(rng),
        "place" => one(PLACES, rng).0.to_owned(),
        "placename" => one(PLACES, rng).1.to_owned(),
        "province" => (*one(PROVINCES, rng)).to_owned(),
        "day" => format!("{:02}/{:02}/2026", rng.u8(1..29), rng.u8(1..13)),
        "phonebare" => format!("09{}", digits(8, rng)),
        "phone" => match rng.u8(0..3) {
            0 => format!("09{}", digits(8, rng)),
            1 => format!("09{}.{}.{}", digits(2, rng), digits(3, rng), digits(3, rng)),
            _ => format!(
                "+84 9{} {} {}",
                digits(2, rng),
                digits(3, rng),
                digits(3, rng)
            ),
        },
        "account" => match rng.u8(0..3) {
            0 => digits(13, rng),
            1 => format!("{} {} {}", digits(4, rng), digits(4, rng), digits(4, rng)),
            _ => digits(10, rng),
        },
        _ => return None,
    })
}
