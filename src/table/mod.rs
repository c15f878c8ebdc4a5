//! Tables as spreadsheet programs save them: any of their separators and encodings, one reader for all that is imported.
//!
//! Pure. Excel writes `;` where the system's language has a decimal comma, tabs and UTF-16 as «Unicode text», the system's
//! code page as plain CSV, and rows of separators for rows that were emptied.

mod encoding;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A column that a table may have.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    /// Other names, as [`key`] gives them.
    pub also: &'static [&'static str],
}

/// A table whose first row names its columns.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The header's line, from 1.
    pub line: u64,
    pub head: Vec<Head>,
    /// Rows in which anything stands.
    pub rows: Vec<Row>,
}

#[derive(Clone, Debug)]
pub struct Head {
    pub text: String,
    /// The known column that this is.
    pub column: Option<&'static str>,
}

#[derive(Clone, Debug)]
pub struct Row {
    /// Where it begins, from 1.
    pub line: u64,
    /// Cleaned of blanks and of what spreadsheets mark text with; there may be fewer or more than columns.
    pub cells: Vec<String>,
}

impl Table {
    /// The place of a column among the cells.
    pub fn index(&self, column: &str) -> Option<usize> {
        self.head.iter().position(|it| it.column == Some(column))
    }
}

/// What a row may be separated by, the likeliest first.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Rows among which the header is looked for.
const TITLES: usize = 20;

/// Reads a whole table. An error says what to do, with the line where there is one.
pub fn read(bytes: &[u8], columns: &[Column]) -> Result<Table, String> {
    let text = encoding::text(bytes)?;
    let text = text.trim_start_matches('\u{feff}');
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let (told, skipped) = separator_line(&text);
    let text = &text[skipped..];
    let separator = told.unwrap_or_else(|| likeliest(text, columns));
    let before = u64::from(skipped > 0);
    if let Some(line) = unclosed(text, separator) {
        let line = line + before;
        return Err(format!(
            "line {line}: a quote (\") is opened and never closed: close it, or take it out"
        ));
    }
    let mut lines = Lines::of(text);
    let all = records(text, separator).map(|(at, cells)| (lines.at(at) + before, cells));
    let mut rows: Vec<Row> = all
        .filter(|it| it.1.iter().any(|it| !it.is_empty()))
        .map(|(line, cells)| Row { line, cells })
        .collect();
    let mut table = Table {
        line: 1 + before,
        ..Table::default()
    };
    // a title may stand above: the header is the first of the rows that name the most columns
    let known = |it: &Row| known(&it.cells, columns);
    let most = rows.iter().take(TITLES).map(known).max().unwrap_or(0);
    if let Some(at) = rows.iter().take(TITLES).position(|it| known(it) == most) {
        table.rows = rows.split_off(at + 1);
        for it in rows.drain(at..) {
            table.line = it.line;
            table.head = it.cells.into_iter().map(|it| head(it, columns)).collect();
        }
    }
    Ok(table)
}

/// Whether letters were lost when a text was saved in a code page that lacks them: no name holds a question mark.
pub fn is_lossy(name: &str) -> bool {
    name.contains(['?', '\u{fffd}'])
}

/// What to do about a name of which [`is_lossy`] holds.
pub const LOSSY: &str =
    "letters were lost when the table was saved; open the original and save it as «CSV UTF-8»";

/// How many known columns a row names.
fn known(cells: &[String], columns: &[Column]) -> usize {
    let named = cells.iter().filter(|it| !it.is_empty());
    let named = named.filter(|it| head((*it).clone(), columns).column.is_some());
    named.count()
}

fn head(text: String, columns: &[Column]) -> Head {
    let key = key(&text);
    let column = columns
        .iter()
        .find(|it| it.name == key || it.also.contains(&key.as_str()))
        .map(|it| it.name);
    Head { text, column }
}

/// A column's name without case, marks, blanks and punctuation: `Mã cơ quan` is `macoquan`.
pub fn key(name: &str) -> String {
    name.nfd()
        .filter(|it| !is_combining_mark(*it))
        .flat_map(char::to_lowercase)
        .map(|it| if it == 'đ' { 'd' } else { it })
        .filter(|it| it.is_alphanumeric())
        .collect()
}

/// `sep=;` as Excel writes and reads it in a first line: the separator, and how many bytes that line is.
fn separator_line(text: &str) -> (Option<u8>, usize) {
    let end = text.find('\n').map_or(text.len(), |it| it + 1);
    let line = text[..end].trim_end_matches('\n').trim_matches('"');
    let told = line
        .get(..4)
        .filter(|it| it.eq_ignore_ascii_case("sep="))
        .map(|_| &line[4..]);
    match told.and_then(|it| it.bytes().next()) {
        Some(byte) if SEPARATORS.contains(&byte) => (Some(byte), end),
        _ => (None, 0),
    }
}

/// The separator with which one of the first rows names most of the columns; of equals the one that parts it into most cells.
fn likeliest(text: &str, columns: &[Column]) -> u8 {
    let worth = |separator: &u8| {
        let rows = records(text, *separator).take(TITLES);
        let worth = rows.map(|(_, cells)| (known(&cells, columns), cells.len()));
        worth.max().unwrap_or((0, 0))
    };
    // the last of equals is taken by max_by_key, so the likeliest stands last
    let best = SEPARATORS.iter().rev().max_by_key(|it| worth(it));
    best.copied().unwrap_or(b',')
}

/// Each row with the byte at which its reading began.
fn records(text: &str, separator: u8) -> impl Iterator<Item = (usize, Vec<String>)> + '_ {
    let mut reader = csv::ReaderBuilder::new();
    reader
        .has_headers(false)
        .flexible(true)
        .delimiter(separator);
    let rows = reader.from_reader(text.as_bytes()).into_records();
    // text is UTF-8 and rows may be of any length: nothing is left that could fail
    rows.filter_map(Result::ok).map(|row| {
        let at = row.position().map_or(0, csv::Position::byte);
        let cells = row.iter().map(cell).collect();
        (usize::try_from(at).unwrap_or(0), cells)
    })
}

/// One line of composed letters, without what Excel marks text with: a leading `'`, or `="…"`.
fn cell(text: &str) -> String {
    let visible: String = text
        .nfc()
        .map(|it| if it.is_whitespace() { ' ' } else { it })
        .filter(|it| !matches!(it, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}'))
        .collect();
    let words: Vec<&str> = visible.split(' ').filter(|it| !it.is_empty()).collect();
    let text = words.join(" ");
    let text = text.strip_prefix('\'').unwrap_or(&text);
    let inside = text.strip_prefix("=\"").and_then(|it| it.strip_suffix('"'));
    inside.unwrap_or(text).to_owned()
}

/// Lines of ascending places in a text.
struct Lines<'a> {
    text: &'a [u8],
    at: usize,
    line: u64,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        Self {
            text: text.as_bytes(),
            at: 0,
            line: 1,
        }
    }

    /// The line of the first byte from there on that is no line's end: the reader passes over empty lines.
    fn at(&mut self, place: usize) -> u64 {
        while self.at < self.text.len() && (self.at < place || self.text[self.at] == b'\n') {
            self.line += u64::from(self.text[self.at] == b'\n');
            self.at += 1;
        }
        self.line
    }
}

/// The line of a quote that is opened and never closed.
fn unclosed(text: &str, separator: u8) -> Option<u64> {
    let (mut line, mut opened, mut fresh) = (1, None, true);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        line += u64::from(byte == b'\n');
        if opened.is_some() {
            // a doubled quote stands for itself
            if byte == b'"' && bytes.next_if_eq(&b'"').is_none() {
                opened = None;
            }
        } else if byte == b'"' && fresh {
            opened = Some(line);
        }
        fresh = opened.is_none() && (byte == separator || byte == b'\n');
    }
    opened
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: &[Column] = &[
        Column {
            name: "id",
            also: &["ma"],
        },
        Column {
            name: "name",
            also: &["ten", "tencong"],
        },
    ];

    fn shown(bytes: &[u8]) -> String {
        let table = read(bytes, COLUMNS).unwrap();
        let (id, name) = (table.index("id"), table.index("name"));
        let cell = |row: &Row, at: Option<usize>| {
            at.and_then(|it| row.cells.get(it))
                .cloned()
                .unwrap_or_default()
        };
        let rows = table.rows.iter();
        let rows = rows.map(|it| format!("{}:{}={}", it.line, cell(it, id), cell(it, name)));
        rows.collect::<Vec<_>>().join(" | ")
    }

    #[test]
    fn every_way_in_which_a_table_is_saved() {
        let rows = |separator: &str| {
            ["id,name", "a,Sở Y tế", "b,Hội đồng"]
                .join("\r\n")
                .replace(',', separator)
        };
        let expect = "2:a=Sở Y tế | 3:b=Hội đồng";
        for separator in [",", ";", "\t", "|"] {
            assert_eq!(shown(rows(separator).as_bytes()), expect, "{separator:?}");
        }
        assert_eq!(shown(rows(",").replace("\r\n", "\r").as_bytes()), expect);
        let wide = |text: &str, mark: bool, big: bool| -> Vec<u8> {
            let mark = mark.then_some(0xfeff);
            let units = mark.into_iter().chain(text.encode_utf16());
            units
                .flat_map(|it| {
                    if big {
                        it.to_be_bytes()
                    } else {
                        it.to_le_bytes()
                    }
                })
                .collect()
        };
        for (mark, big) in [(true, false), (true, true), (false, false), (false, true)] {
            assert_eq!(shown(&wide(&rows("\t"), mark, big)), expect, "{mark} {big}");
        }
        let decomposed: String = rows(";").nfd().collect();
        assert_eq!(shown(decomposed.as_bytes()), expect);
        assert_eq!(
            shown(("\u{feff}".to_owned() + &rows(";")).as_bytes()),
            expect
        );
        let told = "\u{feff}\"sep=;\"\r\n".to_owned() + &rows(";");
        assert_eq!(shown(told.as_bytes()), "3:a=Sở Y tế | 4:b=Hội đồng");
        let titled = "Danh sách cổng\r\n;;\r\n".to_owned() + &rows(";");
        assert_eq!(shown(titled.as_bytes()), "4:a=Sở Y tế | 5:b=Hội đồng");
        let other = "Tên cổng;Mã\nSở Y tế;a\n;\n\nHội đồng ;  b\n";
        assert_eq!(shown(other.as_bytes()), "2:a=Sở Y tế | 5:b=Hội đồng");
    }

    #[test]
    fn code_pages_are_told_apart_or_refused() {
        // «Sở Tư pháp», «Lý» as windows-1258 writes them: letters, and marks behind them
        let viet = b"id;name\na;S\xf5\xd2 T\xfd ph\xe1p\nb;Ly\xec\n";
        assert_eq!(shown(viet), "2:a=Sở Tư pháp | 3:b=Lý");
        assert_eq!(shown(b"id,name\na,B\xecnh Thu\xe2n\n"), "2:a=Bình Thuân");
        assert_eq!(shown(b"id,name\na,H\xe0 Nam\n"), "2:a=Hà Nam");
        // Lý in one page, Lư in the other
        assert!(
            read(b"id,name\na,L\xfd\n", COLUMNS)
                .unwrap_err()
                .contains("CSV UTF-8")
        );
        let utf32 = b"\xff\xfe\0\0i\0\0\0";
        assert!(read(utf32, COLUMNS).unwrap_err().contains("UTF-32"));
        for workbook in [&b"PK\x03\x04...."[..], b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"] {
            let why = read(workbook, COLUMNS).unwrap_err();
            assert!(why.contains("workbook"), "{why}");
        }
        assert!(is_lossy("S? Y t?") && !is_lossy("Sở Y tế"));
    }

    #[test]
    fn cells_hold_line_breaks_and_marks_of_text_and_keep_their_lines() {
        let text =
            "id,name\na,\"Sở\nY tế\"\n'b,\"=\"\"x\"\"\"\n\n,,,\nc,\u{a0}Hai \u{200b}\u{a0} từ\n";
        assert_eq!(shown(text.as_bytes()), "2:a=Sở Y tế | 4:b=x | 7:c=Hai từ");
        let why = read("id,name\na,x\nb,\"y\nc,z\n".as_bytes(), COLUMNS).unwrap_err();
        assert!(why.starts_with("line 3: "), "{why}");
        assert!(read(b"", COLUMNS).unwrap().head.is_empty());
    }
}
