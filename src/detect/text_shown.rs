//! Text as a browser shows it: written backwards, turned by controls of direction, or cut by pieces that are not shown.

use super::phrases::SIGNED;
use crate::page::{Page, fold::fold};

/// Most letters of a piece that is hidden inside a word, and most pieces that are joined.
const PIECE: usize = 12;
const PIECES: usize = 200;
/// Most texts that are read backwards, and bytes of one.
const TURNED: usize = 300;
const SHORT: usize = 160;

const OVERRIDE: char = '\u{202e}';
const END: char = '\u{202c}';

/// A text with what controls of direction turn put as it is read; `None` for a text without such controls.
pub fn turned(raw: &str) -> Option<String> {
    if !raw.contains(OVERRIDE) {
        return None;
    }
    let mut out = String::with_capacity(raw.len());
    for (at, part) in raw.split(OVERRIDE).enumerate() {
        let (inside, after) = match (at, part.split_once(END)) {
            (0, _) => ("", part),
            (_, Some(ends)) => ends,
            (_, None) => (part, ""),
        };
        out.extend(inside.chars().rev());
        out.push_str(after);
    }
    Some(out)
}

/// Words that hidden pieces cut: the visible pieces of a run, together.
pub fn rejoined(page: &Page) -> Vec<String> {
    let mut out = Vec::new();
    let mut run = String::new();
    let mut cuts = 0;
    let mut is_cut = false;
    for block in &page.blocks {
        if block.hidden.is_some() {
            is_cut = !run.is_empty() && block.text.chars().count() <= PIECE;
            cuts += usize::from(is_cut);
            continue;
        }
        if !std::mem::take(&mut is_cut) || run.len() > SHORT {
            take(&mut run, cuts, &mut out);
            cuts = 0;
        }
        run.push_str(&block.text);
    }
    take(&mut run, cuts, &mut out);
    out
}

/// Ends a run. One hidden piece beside a word is an icon's label or a text for screen readers: two make a word.
fn take(run: &mut String, cuts: usize, out: &mut Vec<String>) {
    if cuts >= 2 && out.len() < PIECES {
        out.push(std::mem::take(run));
    }
    run.clear();
}

/// Texts that make a signature when they are read backwards, as styles can show them.
pub fn mirrored(texts: &[&str]) -> Vec<String> {
    texts
        .iter()
        .filter(|it| it.len() <= SHORT)
        .take(TURNED)
        .map(|it| it.chars().rev().collect::<String>())
        .filter(|it| SIGNED.any(&fold(it)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_of_direction_are_undone() {
        assert_eq!(
            turned("Sở \u{202e}yb dekcaH\u{202c} X").as_deref(),
            Some("Sở Hacked by X")
        );
        assert_eq!(turned("Sở Tư pháp"), None);
        assert_eq!(mirrored(&["bởi hacked", "X yb dekcaH"]), ["Hacked by X"]);
    }
}
