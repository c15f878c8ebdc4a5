//! Iterates over a range of records in chunks: a store of ten thousand targets does not fit twice into memory.

use super::{Engine, Result};

/// Records of a chunk: some hundred kilobytes.
const AT_ONCE: usize = 500;

/// The records from `from` to `to`, ascending. Records written during the iteration may or may not be included.
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
                // the first key after the last one
                from.clone_from(last);
                from.push('\0');
            }
            page = records.into_iter();
        }
    })
}
