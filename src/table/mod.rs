//! Tables as spreadsheet programs save them: one reader for all imports, with every separator and encoding of theirs.
//!
//! Pure. Excel writes `;` if the system's language has a decimal comma, tabs and UTF-16 as «Unicode text», the system's
//! code page as plain CSV, and bare separators for rows that were emptied.

mod encoding;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// A column that an import knows.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    pub name: &'static str,
    /// Other names of the column, as [`key`] gives them.
    pub also: &'static [&'static str],
}

/// A table with a header row.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// Line of the header, from 1.
    pub line: u64,
    pub head: Vec<Head>,
    /// The rows that are not empty.
    pub rows: Vec<Row>,
}

/// A cell of the header row.
#[derive(Clone, Debug)]
pub struct Head {
    pub text: String,
    /// The name of the known column; `None` for a column that the import ignores.
    pub column: Option<&'static str>,
}

/// A row below the header.
#[derive(Clone, Debug)]
pub struct Row {
    /// Line on which the row begins, from 1.
    pub line: u64,
    /// Without surrounding blanks and Excel's marks of text; may be fewer or more than the columns.
    pub cells: Vec<String>,
}

impl Table {
    /// The index of a column's cells in each row.
    pub fn index(&self, column: &str) -> Option<usize> {
        self.head.iter().position(|it| it.column == Some(column))
    }
}

/// Possible separators, the likeliest first.
const SEPARATORS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// Rows searched for the header, since titles may stand above it.
const TITLES: usize = 20;

/// Reads a whole table. The error says what to do, with the line if there is one.
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
    // titles may stand above: the header is the first of the rows with the most known column names
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

/// Whether the name lost letters when it was saved in a code page without them. No portal's name holds a question mark.
pub fn is_lossy(name: &str) -> bool {
    name.contains(['?', '\u{fffd}'])
}

/// Advice for a name that [`is_lossy`].
pub const LOSSY: &str =
    "letters were lost when the table was saved; open the original and save it as «CSV UTF-8»";

/// Known column names in a row.
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

/// A column's name without case, marks, blanks and punctuation: `Mã cơ quan` becomes `macoquan`.
pub fn key(name: &str) -> String {
    name.nfd()
        .filter(|it| !is_combining_mark(*it))
        .flat_map(char::to_lowercase)
        .map(|it| if it == 'đ' { 'd' } else { it })
        .filter(|it| it.is_alphanumeric())
        .collect()
}

/// Excel's first line `sep=;`, if there is one: the separator, and the line's length in bytes.
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

/// The separator that makes a row name the most known columns; of equals, the one that makes the most cells.
fn likeliest(text: &str, columns: &[Column]) -> u8 {
    let worth = |separator: &u8| {
        let rows = records(text, *separator).take(TITLES);
        let worth = rows.map(|(_, cells)| (known(&cells, columns), cells.len()));
        worth.max().unwrap_or((0, 0))
    };
    // max_by_key takes the last of equals: reversed, so that the likeliest comes last
    let best = SEPARATORS.iter().rev().max_by_key(|it| worth(it));
    best.copied().unwrap_or(b',')
}

/// The rows, each with the byte offset at which the reader began it.
fn records(text: &str, separator: u8) -> impl Iterator<Item = (usize, Vec<String>)> + '_ {
    let mut reader = csv::ReaderBuilder::new();
    reader
        .has_headers(false)
        .flexible(true)
        .delimiter(separator);
    let rows = reader.from_reader(text.as_bytes()).into_records();
    // UTF-8 input in flexible rows leaves no error to handle
    rows.filter_map(Result::ok).map(|row| {
        let at = row.position().map_or(0, csv::Position::byte);
        let cells = row.iter().map(cell).collect();
        (usize::try_from(at).unwrap_or(0), cells)
    })
}

/// A cell on one line, in composed letters, without Excel's marks of text: a leading `'`, or `="…"`.
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

/// Computes line numbers for ascending byte offsets.
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

    /// The line of the first byte from `place` on that is no line end, since the reader skips empty lines.
    fn at(&mut self, place: usize) -> u64 {
        while self.at < self.text.len() && (self.at < place || self.text[self.at] == b'\n') {
            self.line += u64::from(self.text[self.at] == b'\n');
            self.at += 1;
        }
        self.line
    }
}

/// The line of a quote that opens and never closes.
fn unclosed(text: &str, separator: u8) -> Option<u64> {
    let (mut line, mut opened, mut fresh) = (1, None, true);
    let mut bytes = text.bytes().peekable();
    while let Some(byte) = bytes.next() {
        line += u64::from(byte == b'\n');
        if opened.is_some() {
            // a doubled quote stands for one quote
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
        // «Sở Tư pháp» and «Lý» in windows-1258: vowels followed by tone marks
        let viet = b"id;name\na;S\xf5\xd2 T\xfd ph\xe1p\nb;Ly\xec\n";
        assert_eq!(shown(viet), "2:a=Sở Tư pháp | 3:b=Lý");
        assert_eq!(shown(b"id,name\na,B\xecnh Thu\xe2n\n"), "2:a=Bình Thuân");
        assert_eq!(shown(b"id,name\na,H\xe0 Nam\n"), "2:a=Hà Nam");
        // Lý in windows-1252, Lư in windows-1258
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
