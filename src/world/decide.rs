//! The commit loop: reads, decides and commits, and begins again where another commit came first.
//!
//! A commit carries the revisions of the records that it was decided from. The store refuses an overtaken commit as
//! [`StoreError::Conflict`]: nothing of it is written, and the decision is made anew from the records as they are then.

use jiff::Timestamp;

use crate::{
    incident::question::counted,
    store::{Commit, StoreError},
    world::World,
};

/// Attempts at one decision. A conflict means that another commit succeeded, so that two writers rarely need a third
/// attempt; five in a row mean a writer that never stops.
pub const TRIES: u32 = 5;

/// What an attempt has decided: the records to write, if any, and the answer for the caller once they are written.
#[derive(Debug)]
pub struct Decision<T> {
    commit: Option<Commit>,
    answer: T,
}

impl<T> Decision<T> {
    /// Writes `commit`, then answers.
    pub fn write(commit: Commit, answer: T) -> Self {
        Self {
            commit: Some(commit),
            answer,
        }
    }

    /// Answers without a write.
    pub fn nothing(answer: T) -> Self {
        Self {
            commit: None,
            answer,
        }
    }
}

/// Runs `attempt` and commits what it decides; on a conflict runs it again, up to [`TRIES`] times in all. `attempt` gets
/// the present moment, and must read everything that it decides from anew.
///
/// # Errors
///
/// What `attempt` refuses with, at once; the store's error where the commit fails, [`StoreError::Conflict`] after the
/// last attempt.
pub async fn decide<T, E, F>(world: &World, attempt: impl Fn(Timestamp) -> F) -> Result<T, E>
where
    E: From<StoreError>,
    F: Future<Output = Result<Decision<T>, E>> + Send,
{
    for _ in 0..TRIES {
        let Decision { commit, answer } = attempt(world.clock.now()).await?;
        let Some(commit) = commit else {
            return Ok(answer);
        };
        let counted: Vec<&'static str> = commit.incidents.iter().filter_map(counted).collect();
        match world.store.commit(commit).await {
            Ok(()) => {
                for outcome in counted {
                    world.metrics.count_question(outcome);
                }
                return Ok(answer);
            }
            Err(StoreError::Conflict) => (),
            Err(error) => return Err(error.into()),
        }
    }
    Err(StoreError::Conflict.into())
}
