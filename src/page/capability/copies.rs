//! Code that writes to the clipboard.

use super::{Plain, Sign, command::is_command};

pub(super) fn any(plain: &Plain) -> Option<Sign> {
    const NAMES: &[&str] = &["clipboard", "writeText", "execCommand", "clipboardData"];
    let mut places = plain.any_of(NAMES);
    places
        .find(|at| copies(plain, *at))
        .map(|at| (at, Vec::new()))
}

pub(super) fn command(plain: &Plain) -> Option<Sign> {
    let (at, _) = any(plain)?;
    let command = (0..plain.len()).find_map(|it| plain.text(it).filter(|it| is_command(it)))?;
    Some((at, vec![command.to_owned()]))
}

fn copies(plain: &Plain, at: usize) -> bool {
    let writes = plain.is(at, "clipboard")
        && plain.is(at + 1, ".")
        && (plain.is(at + 2, "writeText") || plain.is(at + 2, "write"));
    // `const { writeText } = navigator.clipboard`, `let c = navigator.clipboard; c.writeText(…)`
    let method = plain.runs_as(at, &["writeText", "("]);
    let commanded = plain.runs_as(at, &["execCommand", "("])
        && plain
            .text(at + 2)
            .is_some_and(|it| it.eq_ignore_ascii_case("copy") || it.eq_ignore_ascii_case("cut"));
    let pastes = plain.runs_as(at, &["clipboardData", ".", "setData", "("]);
    writes || method || commanded || pastes
}
