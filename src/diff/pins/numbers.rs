//! Account numbers, telephones and mail addresses in the text of a page, and in `tel:` and `mailto:` links.

use std::cell::OnceCell;

use super::{
    Fact, Pin,
    words::{Sense, bare, labels},
};
use crate::page::{Block, Page, cancel};

/// Most bytes between a label and its number.
const NEAR: usize = 60;
/// Longest block, in bytes, from which a label carries over to a number at the beginning of the next: a table's cell.
const CELL: usize = 120;
/// Longest block that is searched; a longer one is no place for a fact to be found by a reader.
const LONGEST_BLOCK: usize = 8 << 10;
/// Blocks searched for the texts around a number, in each direction.
const AROUND: usize = 12;

/// A run of digits in a bare text.
struct Number {
    from: usize,
    to: usize,
    digits: String,
}

/// A visible block as facts need it. Most blocks of a page hold no number, so it is read only where one asks.
struct Row<'a> {
    key: u64,
    text: &'a str,
    bare: OnceCell<String>,
}

impl<'a> Row<'a> {
    fn of(block: &'a Block) -> Self {
        Self {
            key: block.key,
            text: &block.text,
            bare: OnceCell::new(),
        }
    }

    fn bare(&self) -> &str {
        self.bare.get_or_init(|| bare(self.text))
    }

    /// Whether a number or a mail address may stand in it.
    fn may_tell(&self) -> bool {
        self.text.chars().any(|it| it == '@' || it.is_numeric())
    }

    /// The label at its end, for a number at the beginning of the next block.
    fn carried(&self) -> Option<Sense> {
        if self.text.len() > CELL {
            return None;
        }
        let (end, sense) = labels(self.bare()).pop()?;
        (self.bare().len() - end <= NEAR).then_some(sense)
    }

    /// Whether it is part of a fact itself, and does not tell the place of one: a bank, an owner, a number alone.
    fn is_fact(&self) -> bool {
        const OWNERS: &[&str] = &[
            "chu tai khoan",
            "chu tk",
            "don vi huong",
            "nguoi huong",
            "account name",
            "beneficiary",
            "atas nama",
        ];
        let bare = self.bare();
        let tells = |it: &(usize, Sense)| matches!(it.1, Sense::Account | Sense::Bank);
        bare.chars().filter(|it| it.is_alphabetic()).count() < 4
            || OWNERS.iter().any(|it| bare.contains(it))
            || labels(bare).iter().any(tells)
    }
}

pub(super) fn of(page: &Page) -> Vec<Pin> {
    let rows: Vec<Row> = page
        .visible()
        .take_while(|it| !cancel::step(it.text.len()))
        .filter(|it| it.text.len() <= LONGEST_BLOCK)
        .map(Row::of)
        .collect();
    let mut out = Vec::new();
    for (at, row) in rows.iter().enumerate().filter(|it| it.1.may_tell()) {
        let bare = row.bare();
        let carried = at.checked_sub(1).and_then(|it| rows[it].carried());
        for (kind, number) in facts(bare, &labels(bare), carried) {
            let value = match kind {
                Fact::Phone => local(&number.digits),
                _ => number.digits.clone(),
            };
            let place = match kind {
                Fact::Account => around(&rows, at),
                _ => Vec::new(),
            };
            let shown = bare[number.from..number.to].trim();
            out.push(Pin::new(kind, &value, &wordy(bare), shown).at(place));
        }
        if let Some(iban) = iban(bare) {
            let pin = Pin::new(Fact::Account, &iban, &wordy(bare), &iban);
            out.push(pin.at(around(&rows, at)));
        }
        out.extend(addresses(bare));
    }
    out.extend(called(page));
    out
}

/// The numbers of a bare text that are accounts or telephones by the label before them. `carried` is the label at the end
/// of the text before, for a number that begins this one.
fn facts(bare: &str, labels: &[(usize, Sense)], carried: Option<Sense>) -> Vec<(Fact, Number)> {
    let mut out = Vec::new();
    let mut spent = None;
    let mut next = 0;
    for number in numbers(bare) {
        while labels.get(next).is_some_and(|it| it.0 <= number.from) {
            next += 1;
        }
        let label = next.checked_sub(1).and_then(|it| labels.get(it));
        let sense = match label {
            Some((end, sense)) if number.from - end <= NEAR => Some(*sense),
            Some(_) => None,
            None if bare[..number.from].chars().any(char::is_alphabetic) => None,
            None => carried,
        };
        let Some(sense) = sense else { continue };
        let count = number.digits.len();
        let kind = match sense {
            Sense::Account if (8..=24).contains(&count) => Fact::Account,
            Sense::Bank if (9..=24).contains(&count) && !is_mobile(&number.digits) => Fact::Account,
            Sense::Phone if (4..=15).contains(&count) => Fact::Phone,
            _ => continue,
        };
        // of several numbers after one label of an account, the first is the account
        if kind == Fact::Account && (spent == Some(next) || is_sum(bare, &number)) {
            continue;
        }
        spent = Some(next);
        out.push((kind, number));
    }
    out
}

/// Runs of digits with single separators inside.
fn numbers(bare: &str) -> Vec<Number> {
    let bytes = bare.as_bytes();
    let mut out = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let inside =
            at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || b"/_".contains(&bytes[at - 1]));
        if !bytes[at].is_ascii_digit() || inside {
            at += 1;
            continue;
        }
        let from = at;
        let mut digits = String::new();
        let mut to = at;
        while let Some(byte) = bytes.get(at) {
            if byte.is_ascii_digit() {
                digits.push(*byte as char);
                at += 1;
                to = at;
                continue;
            }
            let gap = match bytes.get(at..at + 2) {
                Some(b") ") => 2,
                _ if b" .-)".contains(byte) => 1,
                _ => break,
            };
            if !bytes.get(at + gap).is_some_and(u8::is_ascii_digit) {
                break;
            }
            at += gap;
        }
        // a date, a path, a word
        let joined = bytes
            .get(to)
            .is_some_and(|it| b"/_".contains(it) || it.is_ascii_alphabetic());
        if !joined {
            out.push(Number { from, to, digits });
        }
        at = to.max(from + 1);
    }
    out
}

/// Whether a number counts something: it is written in groups of thousands, or a currency follows.
fn is_sum(bare: &str, number: &Number) -> bool {
    let groups: Vec<&str> = bare[number.from..number.to].split('.').collect();
    let thousands = groups.len() > 1
        && number.digits.len() <= 10
        && groups[0].len() <= 3
        && groups[1..].iter().all(|it| it.len() == 3);
    let after = bare[number.to..].trim_start();
    thousands
        || [
            "dong", "vnd", "d ", "d/", "%", "trieu", "nghin", "usd", "ty ",
        ]
        .iter()
        .any(|it| after.starts_with(it))
}

/// A telephone number as it is dialled inside the country.
pub(super) fn local(digits: &str) -> String {
    match digits.strip_prefix("84") {
        Some(rest) if digits.len() >= 10 => format!("0{}", rest.trim_start_matches('0')),
        _ => digits.to_owned(),
    }
}

/// Whether these are the digits of a Vietnamese mobile telephone.
fn is_mobile(digits: &str) -> bool {
    digits.len() == 10 && digits.starts_with('0')
}

/// The first IBAN of a bare text: its check digits prove it, without a label.
fn iban(bare: &str) -> Option<String> {
    let words: Vec<&str> = bare.split(|it: char| !it.is_ascii_alphanumeric()).collect();
    for (at, word) in words.iter().enumerate() {
        let head = word.as_bytes();
        let begins = head.len() >= 4
            && head[..2].iter().all(u8::is_ascii_lowercase)
            && head[2..4].iter().all(u8::is_ascii_digit);
        if !begins {
            continue;
        }
        let mut joined = String::new();
        for word in words[at..].iter().take(9) {
            joined.push_str(word);
            if joined.len() > 34 {
                break;
            }
            if joined.len() >= 15 && is_checked(&joined) {
                return Some(joined.to_uppercase());
            }
        }
    }
    None
}

fn is_checked(iban: &str) -> bool {
    let (head, rest) = iban.split_at(4);
    let mut left = 0u32;
    for c in rest.chars().chain(head.chars()) {
        let Some(digit) = c.to_digit(36) else {
            return false;
        };
        let shift = if digit > 9 { 100 } else { 10 };
        left = (left * shift + digit) % 97;
    }
    left == 1
}

/// Mail addresses in a bare text.
fn addresses(bare: &str) -> Vec<Pin> {
    let part = |it: char| it.is_ascii_alphanumeric() || ".-_+".contains(it);
    bare.match_indices('@')
        .take(8)
        .filter_map(|(at, _)| {
            let name = bare[..at].rsplit(|it: char| !part(it)).next()?;
            let host = bare[at + 1..].split(|it: char| !part(it)).next()?;
            let host = host.trim_end_matches('.');
            let whole = !name.is_empty() && host.contains('.');
            let value = format!("{name}@{host}");
            whole.then(|| Pin::new(Fact::Email, &value, &wordy(bare), &value))
        })
        .collect()
}

/// The targets of visible `tel:` and `mailto:` links.
fn called(page: &Page) -> Vec<Pin> {
    let links = page.links.iter().filter(|it| it.hidden.is_none());
    links
        .filter_map(|it| {
            let (scheme, rest) = it.url.split_once(':')?;
            let label = wordy(&bare(&it.text));
            match scheme {
                "tel" => {
                    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
                    let value = local(&digits);
                    (value.len() >= 4).then(|| Pin::new(Fact::Phone, &value, &label, rest))
                }
                "mailto" => {
                    let value = rest.split('?').next()?.to_ascii_lowercase();
                    let whole = value.contains('@');
                    whole.then(|| Pin::new(Fact::Email, &value, &label, &value))
                }
                _ => None,
            }
        })
        .collect()
}

/// The words of a bare text, without its numbers.
fn wordy(bare: &str) -> String {
    let words = bare
        .split(|it: char| !it.is_alphanumeric())
        .filter(|it| !it.is_empty() && !it.contains(|c: char| c.is_ascii_digit()));
    words.collect::<Vec<_>>().join(" ")
}

/// Keys of the two texts before a fact and of the one after it that are no facts themselves.
fn around(rows: &[Row<'_>], at: usize) -> Vec<u64> {
    let told = |it: &&Row| !it.is_fact();
    let before = rows[..at].iter().rev().take(AROUND).filter(told).take(2);
    let after = rows[at + 1..].iter().take(AROUND).filter(told).take(1);
    before.chain(after).map(|it| it.key).collect()
}
