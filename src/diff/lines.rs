//! A change as lines of text for people. Only this file uses `similar`.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use similar::{Algorithm, ChangeTag, capture_diff_slices_deadline};

use crate::{
    model::{excerpt, incident::ChangeLine},
    page::Page,
};

/// Time limit of one comparison; the rest of the page is then shown as replaced. The alert waits for this text.
const DEADLINE: Duration = Duration::from_millis(200);

/// A line of text, and the hash by which lines of two looks are equal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    pub key: u64,
    pub text: String,
}

/// The text of a page as lines. A hidden line begins with the way it is hidden, in brackets.
pub fn lines(page: &Page) -> Vec<Line> {
    page.blocks
        .iter()
        .map(|it| Line {
            key: it.key,
            text: match it.hidden {
                Some(hiding) => format!("[{}] {}", hiding.as_str(), it.text),
                None => it.text.clone(),
            },
        })
        .collect()
}

/// At most `most` changed lines, each cut to `width` characters and then defanged, which may double its length. Lines
/// that differ only in noise are left out. If there is not room for all, removed lines get a third of it, since the
/// added lines are the evidence.
pub fn changed_lines(before: &[Line], now: &[Line], most: usize, width: usize) -> Vec<ChangeLine> {
    let old: Vec<u64> = before.iter().map(|it| it.key).collect();
    let new: Vec<u64> = now.iter().map(|it| it.key).collect();
    let ops = capture_diff_slices_deadline(
        Algorithm::Myers,
        &old,
        &new,
        Instant::now().checked_add(DEADLINE),
    );
    let mut changes: Vec<(bool, &Line)> = Vec::new();
    for change in ops.iter().flat_map(|it| it.iter_changes(&old, &new)) {
        let found = match change.tag() {
            ChangeTag::Equal => None,
            ChangeTag::Delete => change
                .old_index()
                .and_then(|it| before.get(it))
                .map(|it| (false, it)),
            ChangeTag::Insert => change
                .new_index()
                .and_then(|it| now.get(it))
                .map(|it| (true, it)),
        };
        changes.extend(found);
    }
    let added = changes.iter().filter(|it| it.0).count();
    let removed = changes.len() - added;
    let room_removed = removed.min(most / 3);
    let room_added = added.min(most - room_removed);
    let (mut added, mut removed) = (0, 0);
    changes.retain(|(is_added, _)| {
        let (count, room) = if *is_added {
            (&mut added, room_added)
        } else {
            (&mut removed, room_removed)
        };
        *count += 1;
        *count <= room
    });
    changes
        .into_iter()
        .map(|(added, line)| ChangeLine {
            added,
            text: {
                let disarmed = excerpt::defang_text(&excerpt::excerpt(&line.text, width));
                excerpt::excerpt(&disarmed, 2 * width)
            },
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines<T: ToString>(texts: impl IntoIterator<Item = T>) -> Vec<Line> {
        let texts = texts.into_iter().map(|it| it.to_string());
        texts
            .map(|text| Line {
                key: crate::model::digest::key(&crate::page::noise::normal(&text)),
                text,
            })
            .collect()
    }

    #[test]
    fn shows_what_came_and_what_went() {
        let change = changed_lines(
            &lines(["a", "b", "seen 7"]),
            &lines(["a", "x9.example", "seen 8"]),
            6,
            40,
        );
        let shown: Vec<(bool, &str)> = change
            .iter()
            .map(|it| (it.added, it.text.as_str()))
            .collect();
        assert_eq!(shown, [(false, "b"), (true, "x9[.]example")]);
    }

    #[test]
    fn disarmed_lines_are_no_longer_than_twice_the_width() {
        let change = changed_lines(&[], &lines(["@".repeat(500)]), 9, 110);
        assert_eq!(change[0].text.chars().count(), 220, "{}", change[0].text);
    }

    #[test]
    fn a_flood_of_lines_is_cut() {
        let word = |n: usize| "x".repeat(n % 70 + 1) + &"y".repeat(n / 70);
        let before = lines((0..5000).map(|n| format!("old {}", word(n))));
        let now = lines((0..5000).map(|n| format!("new {}", word(n))));
        let change = changed_lines(&before, &now, 9, 40);
        assert_eq!(change.len(), 9);
        assert_eq!(change.iter().filter(|it| it.added).count(), 6);
    }
}
