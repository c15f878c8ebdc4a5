//! The change as lines for people. The one home of `similar`.

use std::time::Duration;

use similar::{Algorithm, ChangeTag, TextDiff};

use crate::model::{excerpt, incident::ChangeLine};

/// Past this the rest is shown as replaced: a diff nobody waits for helps nobody.
const DEADLINE: Duration = Duration::from_millis(200);

/// One line of a diff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiffLine<'a> {
    /// `None` where it stands in both.
    pub added: Option<bool>,
    pub text: &'a str,
}

/// All lines of both, in order.
pub fn line_diff<'a>(before: &'a [String], now: &'a [String]) -> Vec<DiffLine<'a>> {
    let before: Vec<&str> = before.iter().map(String::as_str).collect();
    let now: Vec<&str> = now.iter().map(String::as_str).collect();
    let diff = TextDiff::configure()
        .algorithm(Algorithm::Myers)
        .timeout(DEADLINE)
        .diff_slices(&before, &now);
    let mut out = Vec::new();
    for change in diff.iter_all_changes() {
        let (added, text) = match change.tag() {
            ChangeTag::Equal => (None, change.old_index().and_then(|it| before.get(it))),
            ChangeTag::Delete => (Some(false), change.old_index().and_then(|it| before.get(it))),
            ChangeTag::Insert => (Some(true), change.new_index().and_then(|it| now.get(it))),
        };
        if let Some(text) = text {
            out.push(DiffLine { added, text });
        }
    }
    out
}

/// At most `most` changed lines, cut to `width` characters and disarmed; added lines before removed
/// ones where not all find room, since what was put there is what accuses.
pub fn changed_lines(before: &[String], now: &[String], most: usize, width: usize) -> Vec<ChangeLine> {
    let lines = line_diff(before, now);
    let of = |wanted: bool, room: usize| -> Vec<(usize, ChangeLine)> {
        lines
            .iter()
            .enumerate()
            .filter(|(_, it)| it.added == Some(wanted))
            .take(room)
            .map(|(at, it)| {
                let text = excerpt::defang_text(&excerpt::excerpt(it.text, width));
                (at, ChangeLine { added: wanted, text })
            })
            .collect()
    };
    let removed_room = most / 3;
    let mut chosen = of(true, most - removed_room);
    chosen.extend(of(false, most - chosen.len()));
    chosen.sort_by_key(|it| it.0);
    chosen.into_iter().map(|it| it.1).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &[&str]) -> Vec<String> {
        text.iter().map(|it| (*it).to_owned()).collect()
    }

    #[test]
    fn shows_what_came_and_what_went() {
        let change = changed_lines(&lines(&["a", "b", "c"]), &lines(&["a", "x9.example", "c"]), 6, 40);
        let shown: Vec<(bool, &str)> = change.iter().map(|it| (it.added, it.text.as_str())).collect();
        assert_eq!(shown, [(false, "b"), (true, "x9[.]example")]);
    }

    #[test]
    fn a_flood_of_lines_is_cut() {
        let before: Vec<String> = (0..5000).map(|n| format!("old {n}")).collect();
        let now: Vec<String> = (0..5000).map(|n| format!("new {n}")).collect();
        let change = changed_lines(&before, &now, 9, 40);
        assert_eq!(change.len(), 9);
        assert_eq!(change.iter().filter(|it| it.added).count(), 6);
    }
}
