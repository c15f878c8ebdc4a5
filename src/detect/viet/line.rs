//! A line of text as a Vietnamese reader takes it: words without marks beside the words as written, with leet, chat
//! spelling, look-alikes and spelt letters undone.

use super::syllable::is_syllable;
use crate::page::fold;

/// Most words of a line that are read.
const WORDS: usize = 48;

/// One word.
#[derive(Clone, Debug)]
pub struct Token {
    /// In small letters, with its marks, and with look-alikes undone.
    pub written: String,
    /// Without marks, with leet and chat spelling undone: what the role words are compared with.
    pub bare: String,
    /// Whether it begins with a capital, or has digits or humps as made-up names do.
    pub named: bool,
    /// Whether it has marks.
    pub marked: bool,
}

/// A line and the ways in which it is written.
#[derive(Clone, Debug, Default)]
pub struct Line {
    pub tokens: Vec<Token>,
    /// Whether letters were hidden from search: leet, look-alikes, letters apart, marks on no syllable.
    pub disguised: bool,
    /// Number of words in the spelling of chats.
    pub chatted: usize,
    /// Whether marks are left out: words without marks may be any word.
    pub unmarked: bool,
    /// Whether marks or digits stand where no writer of the language puts them: marks tell nothing.
    pub loose: bool,
    /// Letters of a line that is spelt letter by letter, without blanks and marks; else empty.
    pub spelt: String,
}

/// Chat spelling that is no syllable, and the word that is meant, without marks.
const CHAT: &[(&str, &str)] = &[
    ("k", "khong"),
    ("ko", "khong"),
    ("kg", "khong"),
    ("hk", "khong"),
    ("hok", "khong"),
    ("hong", "khong"),
    ("khum", "khong"),
    ("dc", "duoc"),
    ("dk", "duoc"),
    ("dx", "duoc"),
    ("r", "roi"),
    ("rui", "roi"),
    ("rùi", "roi"),
    ("rr", "roi"),
    ("m", "may"),
    ("t", "tao"),
    ("mik", "minh"),
    ("mk", "minh"),
    ("mìk", "minh"),
    ("bn", "ban"),
    ("ng", "nguoi"),
    ("ns", "noi"),
    ("lm", "lam"),
    ("cx", "cung"),
    ("vs", "voi"),
    ("z", "vay"),
    ("zô", "vo"),
    ("zo", "vo"),
    ("vs", "voi"),
    ("wa", "qua"),
    ("wá", "qua"),
    ("nhen", "nhe"),
    ("nhoa", "nha"),
    ("nka", "nha"),
    ("adm", "admin"),
    ("atmin", "admin"),
    ("ad", "admin"),
    ("sv", "server"),
    ("db", "database"),
    ("dlieu", "du lieu"),
    ("bmat", "bao mat"),
    ("hqua", "hom qua"),
    ("bme", "bo me"),
    ("đt", "dien thoai"),
    ("dth", "dien thoai"),
];

impl Line {
    /// Reads a text, of which the first 48 words count.
    pub fn read(raw: &str) -> Self {
        let mut line = Self::default();
        let mut words: Vec<(String, bool)> = Vec::new();
        let mut singles = 0;
        for piece in raw.split(|c: char| c.is_whitespace() || fold::is_break(c)) {
            if words.len() >= WORDS {
                break;
            }
            let letters = fold::letters(piece);
            let trimmed =
                letters.trim_matches(|c: char| !c.is_alphanumeric() && c != '@' && c != '$');
            if trimmed.is_empty() {
                continue;
            }
            line.disguised |= is_disguised(piece, &letters);
            let (word, apart) = together(trimmed);
            line.disguised |= apart && word.chars().count() > 2;
            singles += usize::from(word.chars().count() == 1 || apart);
            let named = piece
                .trim_start_matches(|c: char| !c.is_alphanumeric())
                .starts_with(char::is_uppercase);
            words.push((word, named));
        }
        if singles >= 6 && singles * 10 >= words.len() * 8 {
            line.disguised = true;
            line.spelt = words
                .iter()
                .flat_map(|it| it.0.chars())
                .map(bare_letter)
                .collect();
        }
        let leet = words.iter().filter(|it| leet_inside(&it.0)).count();
        line.disguised |= leet > 0;
        let decoded = words
            .into_iter()
            .map(|(word, named)| token(word, named, leet > 0));
        line.tokens = decoded.collect();
        line.judge_spelling();
        line
    }

    fn judge_spelling(&mut self) {
        let (mut syllables, mut marked, mut misplaced) = (0, 0, 0);
        let mut after_number = false;
        for it in &mut self.tokens {
            // "5 m" is a length and "T." a name
            let letter = it.written.len() == 1;
            let chat = chat(&it.written).filter(|_| !(letter && (it.named || after_number)));
            after_number = it.written.ends_with(|c: char| c.is_ascii_digit());
            if let Some(meant) = chat {
                meant.clone_into(&mut it.bare);
                self.chatted += 1;
            }
            if is_syllable(&it.bare) {
                syllables += 1;
                marked += usize::from(it.marked);
            } else if it.marked && !it.named && is_word(&it.bare) {
                misplaced += 1;
            }
        }
        self.unmarked = syllables >= 2 && marked * 10 < syllables * 3;
        self.loose =
            misplaced > 0 && self.tokens.len() > 2 || self.disguised && marked * 2 < syllables;
        self.disguised |= misplaced > 0 && self.tokens.len() > 2;
    }

    /// Whether most words have the shape of Vietnamese syllables.
    pub fn is_vietnamese(&self) -> bool {
        let syllables = self
            .tokens
            .iter()
            .filter(|it| is_syllable(&it.bare))
            .count();
        syllables * 2 >= self.tokens.len()
    }
}

/// Whether letters without marks could be a word of another language; abbreviations have no vowel.
fn is_word(bare: &str) -> bool {
    bare.len() <= 6
        && bare.bytes().all(|it| it.is_ascii_lowercase())
        && bare.contains(['a', 'e', 'i', 'o', 'u', 'y'])
}

fn chat(word: &str) -> Option<&'static str> {
    CHAT.iter().find(|it| it.0 == word).map(|it| it.1)
}

/// Whether letters differ from what stands there: look-alikes of other scripts, or letters of no width.
fn is_disguised(piece: &str, letters: &str) -> bool {
    !piece.is_ascii()
        && letters.chars().any(|it| it.is_ascii_alphabetic())
        && piece.to_lowercase() != *letters
        && piece.chars().any(|it| {
            it.is_alphabetic() && !matches!(it, '\0'..='\u{24f}' | '\u{1e00}'..='\u{1eff}')
        })
}

/// A word with its letters together: `h.ạ`, `h-a-c-k`. Also whether they stood apart.
fn together(word: &str) -> (String, bool) {
    let apart = |c: char| matches!(c, '.' | '-' | '–' | '·' | '•' | '\'' | '`' | '’');
    if !word.contains(apart) {
        return (word.to_owned(), false);
    }
    let single = |it: &str| it.chars().count() == 1 && it.chars().all(char::is_alphabetic);
    if word.split(apart).all(single) {
        (word.chars().filter(|it| !apart(*it)).collect(), true)
    } else {
        (word.to_owned(), false)
    }
}

/// Whether digits or signs stand for letters inside a word: `h4ck`, `t4n`, `adm1n`.
fn leet_inside(word: &str) -> bool {
    let chars: Vec<char> = word.chars().collect();
    let letters = chars.iter().filter(|it| it.is_alphabetic()).count();
    let (Some(first), Some(last)) = (chars.first(), chars.last()) else {
        return false;
    };
    letters >= 2
        && chars.len() <= 12
        && last.is_alphabetic()
        && (first.is_alphabetic() || letters >= 3)
        && chars.iter().any(|it| letter_of(*it).is_some())
        && chars
            .iter()
            .all(|it| it.is_alphabetic() || letter_of(*it).is_some())
}

/// The letter that a digit or sign stands for.
fn letter_of(c: char) -> Option<char> {
    Some(match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        _ => return None,
    })
}

fn token(word: String, named: bool, leet_line: bool) -> Token {
    let mixed =
        word.chars().any(char::is_alphabetic) && word.chars().any(|it| letter_of(it).is_some());
    let leet = leet_inside(&word) || leet_line && mixed && word.chars().count() <= 6;
    let bare: String = word
        .chars()
        .map(|it| {
            if leet {
                letter_of(it).unwrap_or(it)
            } else {
                it
            }
        })
        .map(bare_letter)
        .collect();
    let marked = !leet && word.chars().any(|it| it.is_alphabetic() && !it.is_ascii());
    let named = named || mixed;
    let mut token = Token {
        written: word,
        bare,
        named,
        marked,
    };
    if !is_syllable(&token.bare)
        && let Some(meant) = respelt(&token.bare)
    {
        token.bare = meant;
    }
    token
}

/// A syllable in the spelling of chats: `j` or `y` for a final i, `f` for ph, `z` for d, `w` for qu.
fn respelt(bare: &str) -> Option<String> {
    let mut word = match bare.strip_prefix('f') {
        Some(rest) => format!("ph{rest}"),
        None => match (bare.strip_prefix('z'), bare.strip_prefix('w')) {
            (Some(rest), _) => format!("d{rest}"),
            (_, Some(rest)) => format!("qu{rest}"),
            _ => bare.to_owned(),
        },
    };
    if word.ends_with('j') {
        word.pop();
        word.push('i');
    }
    (word.len() > 1 && word != bare && is_syllable(&word)).then_some(word)
}

fn bare_letter(c: char) -> char {
    match c {
        c if c.is_ascii() => c,
        'đ' | 'Đ' => 'd',
        c => fold::unmarked(c),
    }
}

/// A text in small letters without marks.
pub fn bare(text: &str) -> String {
    text.chars()
        .flat_map(char::to_lowercase)
        .map(bare_letter)
        .collect()
}
