//! The words beside facts: what tells an account number from a telephone.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, MatchKind};
use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use crate::page::fold::visible;

/// What the words before a number say that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sense {
    Account,
    /// A bank's name: a long number after it is an account.
    Bank,
    Phone,
    /// A tax code, a fax, a sum of money: a number that is none of these facts.
    Other,
}

/// Words in lower case and without marks, whole words only.
const LABELS: &[(Sense, &[&str])] = &[
    (
        Sense::Account,
        &[
            "so tai khoan",
            "tai khoan so",
            "tai khoan",
            "so tk",
            "stk",
            "tk",
            "so the",
            "chuyen khoan",
            "vi momo",
            "momo",
            "account number",
            "account no",
            "account",
            "acct",
            "a/c",
            "iban",
            "rekening",
            "no rek",
            "norek",
            "kontonummer",
            "numero de cuenta",
            "cuenta bancaria",
            "compte bancaire",
            "conta bancaria",
            "账号",
            "賬號",
            "口座番号",
            "เลขที่บัญชี",
        ],
    ),
    (
        Sense::Bank,
        &[
            "ngan hang",
            "kho bac",
            "vietcombank",
            "vietinbank",
            "agribank",
            "bidv",
            "techcombank",
            "mb bank",
            "mbbank",
            "vpbank",
            "tpbank",
            "acb",
            "sacombank",
            "bank",
        ],
    ),
    (
        Sense::Phone,
        &[
            "dien thoai",
            "so dien thoai",
            "sdt",
            "dt",
            "duong day nong",
            "hotline",
            "tong dai",
            "lien he",
            "di dong",
            "telephone",
            "phone",
            "tel",
            "call",
            "mobile",
            "zalo",
            "whatsapp",
            "telepon",
            "telp",
            "telefon",
            "telefono",
            "telefone",
        ],
    ),
    (
        Sense::Other,
        &[
            "ma so thue",
            "account for",
            "accounts",
            "mst",
            "fax",
            "so tien",
            "ma so",
            "giay phep",
            "quyet dinh",
            "cccd",
            "cmnd",
            "may le",
            "ext",
            "so luot",
            "truy cap",
            "swift",
            "tax code",
            "postcode",
            "ma buu chinh",
            "ma chuong",
            "ma qhns",
            "npwp",
        ],
    ),
];

/// The search for all labels, and what each says.
static FINDER: LazyLock<Option<(AhoCorasick, Vec<Sense>)>> = LazyLock::new(|| {
    let all = || {
        LABELS
            .iter()
            .flat_map(|(sense, words)| words.iter().map(move |it| (*sense, *it)))
    };
    let search = AhoCorasickBuilder::new()
        .match_kind(MatchKind::LeftmostLongest)
        .build(all().map(|it| it.1))
        .ok()?;
    Some((search, all().map(|it| it.0).collect()))
});

/// A text in lower case, without marks and invisible characters, with plain dashes and blanks: a number is written in
/// ASCII digits there.
pub fn bare(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in visible(text).chars() {
        match c {
            c if c.is_ascii() => out.push(c.to_ascii_lowercase()),
            c if c.is_whitespace() => out.push(' '),
            'đ' | 'Đ' => out.push('d'),
            '–' | '—' | '‐' | '‑' | '·' | '•' => out.push('-'),
            c => out.extend(
                c.nfkd()
                    .filter(|it| !is_combining_mark(*it))
                    .flat_map(char::to_lowercase),
            ),
        }
    }
    out
}

/// The labels in a bare text: where each ends, and what it says.
pub(super) fn labels(bare: &str) -> Vec<(usize, Sense)> {
    let Some((finder, senses)) = FINDER.as_ref() else {
        return Vec::new();
    };
    finder
        .find_iter(bare)
        .filter(|it| is_whole(bare, it.start(), it.end()))
        .filter_map(|it| Some((it.end(), *senses.get(it.pattern().as_usize())?)))
        .collect()
}

fn is_whole(text: &str, from: usize, to: usize) -> bool {
    let letter = |it: Option<char>| it.is_some_and(|it| it.is_ascii_alphabetic());
    !letter(text[..from].chars().next_back()) && !letter(text[to..].chars().next())
}

/// Whether a bare text names a treasury, a fund or another body to which people pay or give.
pub fn names_body(bare: &str) -> bool {
    const WORDS: &[&str] = &[
        "kho bac",
        "mat tran",
        "uy ban",
        "ubnd",
        "ban van dong",
        "ban quan ly",
        "ban cuu tro",
        "quy ",
        "chu thap do",
        "so tai chinh",
        "bao hiem xa hoi",
        "benh vien",
        "truong ",
        "trung tam",
        "chi cuc",
        "cuc thue",
        "treasury",
        "fund",
        "red cross",
        "yayasan",
    ];
    WORDS.iter().any(|it| bare.contains(it))
}

/// Whether a bare text tells the reader to pay or give money.
pub fn speaks_of_payment(bare: &str) -> bool {
    const WORDS: &[&str] = &[
        "chuyen khoan",
        "ung ho",
        "quyen gop",
        "thanh toan",
        "so tai khoan",
        "stk",
        "ngan hang",
        "nop phi",
        "le phi",
        "nop tien",
        "hoc phi",
        "vien phi",
        "vietqr",
        "momo",
        "donat",
        "donasi",
        "payment",
        "pay ",
        "bank",
        "transfer",
        "iban",
        "spenden",
        "tai tro",
    ];
    WORDS.iter().any(|it| bare.contains(it))
}
