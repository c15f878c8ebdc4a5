//! Replaces the store by another one that was built beside it: completely or not at all, wherever the process is
//! killed.
//!
//! The new store is built in `.restoring`. Renaming that folder to `.restored` is the decision: before it nothing has
//! changed, and after it the next start finishes the remaining renames.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use jiff::Timestamp;

use super::{Result, StoreError};

const STAGING: &str = ".restoring";
const DECIDED: &str = ".restored";
/// The folder in [`DECIDED`] that receives the old store.
const BEFORE: &str = "before";
/// The folders that make up a store.
pub const PARTS: [&str; 2] = ["store", "journal"];

/// The folder in which the new store has to be built.
pub fn staging(folder: &Path) -> PathBuf {
    folder.join(STAGING)
}

/// Replaces the store in `folder` by the one in [`staging`], and returns the folder of the old one. The caller holds
/// the store's lock.
///
/// # Errors
///
/// If a rename fails. The error says whether the old store is back in its place, or whether the next start will
/// finish.
pub fn replace(folder: &Path) -> Result<Option<PathBuf>> {
    let failed = |error: io::Error| StoreError::Failed(error.to_string());
    decide(folder).map_err(failed)?;
    finish(folder).map_err(|error| {
        StoreError::Failed(match undo(folder) {
            Ok(()) => format!("{error}; the old store is in its place again"),
            Err(undoing) => {
                format!(
                    "{error}; and {undoing}: mend that, and the next start finishes the restore"
                )
            }
        })
    })
}

/// Finishes or undoes a restore that was interrupted; returns a remark about it. Called before a store is opened, by
/// the holder of its lock.
///
/// # Errors
///
/// If the remaining renames fail again: the store must not be opened then.
pub fn settle(folder: &Path) -> Result<Option<String>> {
    let said = if is_there(&folder.join(DECIDED)) {
        let aside = finish(folder).map_err(|error| {
            StoreError::Failed(format!(
                "a restore was cut short and cannot be finished: {error}; mend that and start again"
            ))
        })?;
        let aside = aside.map(|it| format!("; the store before it is in {}", it.display()));
        format!(
            "a restore was cut short when its backup was unpacked already: it is finished now, and the store is that of the backup{}",
            aside.unwrap_or_default()
        )
    } else if is_there(&staging(folder)) {
        let _ = fs::remove_dir_all(staging(folder));
        "a restore was cut short: it changed nothing, and the store is as it was before; run gaccong restore again".to_owned()
    } else {
        return Ok(None);
    };
    tracing::warn!("{said}");
    Ok(Some(said))
}

fn decide(folder: &Path) -> io::Result<()> {
    let staging = staging(folder);
    // an engine in memory leaves no files
    for part in PARTS {
        fs::create_dir_all(staging.join(part)).map_err(at(&staging))?;
    }
    fs::create_dir_all(staging.join(BEFORE)).map_err(at(&staging))?;
    sync(&staging)?;
    fs::rename(&staging, folder.join(DECIDED)).map_err(at(&staging))?;
    sync(folder)
}

/// The remaining renames, in order.
fn moves(folder: &Path) -> Vec<(PathBuf, PathBuf)> {
    let decided = folder.join(DECIDED);
    let mut out = Vec::new();
    for part in PARTS {
        let (new, place) = (decided.join(part), folder.join(part));
        if is_there(&new) {
            if is_there(&place) {
                out.push((place.clone(), decided.join(BEFORE).join(part)));
            }
            out.push((new, place));
        }
    }
    out
}

fn finish(folder: &Path) -> io::Result<Option<PathBuf>> {
    let decided = folder.join(DECIDED);
    for (from, to) in moves(folder) {
        fs::rename(&from, &to).map_err(at(&from))?;
    }
    sync(folder)?;
    let before = decided.join(BEFORE);
    let has_old = fs::read_dir(&before).is_ok_and(|mut it| it.next().is_some());
    let aside = has_old.then(|| free(folder));
    if let Some(aside) = &aside {
        fs::rename(&before, aside).map_err(at(&before))?;
    }
    // both stores are in place: if deletion fails now, the next start repeats it
    if let Err(error) = fs::remove_dir_all(&decided).and_then(|()| sync(folder)) {
        tracing::warn!(%error, "{} cannot be deleted", decided.display());
    }
    Ok(aside)
}

fn undo(folder: &Path) -> io::Result<()> {
    let decided = folder.join(DECIDED);
    for part in PARTS {
        let (new, place) = (decided.join(part), folder.join(part));
        let old = decided.join(BEFORE).join(part);
        if !is_there(&new) && is_there(&place) {
            fs::rename(&place, &new).map_err(at(&place))?;
        }
        if is_there(&old) && !is_there(&place) {
            fs::rename(&old, &place).map_err(at(&old))?;
        }
    }
    fs::rename(&decided, staging(folder)).map_err(at(&decided))?;
    sync(folder)
}

/// A free name for the old store's folder.
fn free(folder: &Path) -> PathBuf {
    let name = format!("before-restore-{}", Timestamp::now().as_second());
    let more = (1..).map(|n| folder.join(format!("{name}-{n}")));
    let mut all = std::iter::once(folder.join(&name)).chain(more);
    all.find(|it| !is_there(it))
        .unwrap_or_else(|| folder.join(name))
}

/// Whether the name exists, even as a dangling link.
fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)
        .and_then(|it| it.sync_all())
        .map_err(at(folder))
}

fn at(path: &Path) -> impl Fn(io::Error) -> io::Error + '_ {
    move |error| io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A data directory with a new store built in staging, and with an old store if `old`.
    fn built(old: bool) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let mut all = vec![(staging(folder.path()), "new")];
        if old {
            all.push((folder.path().to_owned(), "old"));
        }
        for (place, text) in all {
            for part in PARTS {
                fs::create_dir_all(place.join(part)).unwrap();
                fs::write(place.join(part).join("x"), text).unwrap();
            }
        }
        folder
    }

    fn holds(folder: &Path, text: &str) {
        for part in PARTS {
            let found = fs::read_to_string(folder.join(part).join("x")).unwrap();
            assert_eq!(found, text, "{part}");
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let names = fs::read_dir(folder).unwrap();
        let names = names.map(|it| it.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = names.collect();
        names.sort();
        names
    }

    #[test]
    fn cut_short_between_any_two_renames_it_is_finished_at_the_next_start() {
        for old in [false, true] {
            let all = if old { 4 } else { 2 };
            for done in 0..=all {
                let folder = built(old);
                let folder = folder.path();
                decide(folder).unwrap();
                let moves = moves(folder);
                assert_eq!(moves.len(), all);
                for (from, to) in &moves[..done] {
                    fs::rename(from, to).unwrap();
                }
                let said = settle(folder).unwrap().unwrap();
                assert!(said.contains("it is finished now"), "{said}");
                holds(folder, "new");
                let names = names(folder);
                assert_eq!(names.len(), 2 + usize::from(old), "{names:?}");
                if old {
                    assert!(names[0].starts_with("before-restore-"), "{names:?}");
                    holds(&folder.join(&names[0]), "old");
                }
                assert_eq!(settle(folder).unwrap(), None);
            }
        }
    }

    #[test]
    fn cut_short_before_it_decided_it_changes_nothing() {
        let folder = built(true);
        let said = settle(folder.path()).unwrap().unwrap();
        assert!(said.contains("run gaccong restore again"), "{said}");
        holds(folder.path(), "old");
        assert_eq!(names(folder.path()), ["journal", "store"]);
    }

    #[test]
    fn after_an_error_the_old_store_is_in_its_place() {
        let folder = built(true);
        let folder = folder.path();
        // the second part of the old store cannot be moved, because its destination exists
        let taken = staging(folder).join(BEFORE).join("journal/x");
        fs::create_dir_all(taken).unwrap();
        let why = replace(folder).unwrap_err().to_string();
        assert!(why.contains("in its place again"), "{why}");
        holds(folder, "old");
        holds(&staging(folder), "new");
        fs::remove_dir_all(staging(folder).join(BEFORE)).unwrap();
        let aside = replace(folder).unwrap().unwrap();
        holds(folder, "new");
        holds(&aside, "old");
    }
}
