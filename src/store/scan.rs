//! All records of a range, some at a time: a store of ten thousand targets does not fit twice into memory.

use super::{Engine, Result};

/// Records read at once: some hundred kilobytes.
const AT_ONCE: usize = 500;

/// Ascending. Records that are written while this goes on may or may not be among them.
pub(super) fn scan<'a, E: Engine + ?Sized>(
    engine: &'a E,
    from: &str,
    to: &'a str,
) -> impl Iterator<Item = Result<(String, Vec<u8>)>> + 'a {
    let mut from = from.to_owned();
    let mut page = Vec::new().into_iter();
    let mut over = false;
    std::iter::from_fn(move || {
        loop {
            if let Some(record) = page.next() {
                return Some(Ok(record));
            }
            if over {
                return None;
            }
            let records = match engine.page(&from, to, AT_ONCE) {
                Ok(records) => records,
                Err(error) => {
                    over = true;
                    return Some(Err(error));
                }
            };
            over = records.len() < AT_ONCE;
            if let Some((last, _)) = records.last() {
                // the first key after it
                from.clone_from(last);
                from.push('\0');
            }
            page = records.into_iter();
        }
    })
}
