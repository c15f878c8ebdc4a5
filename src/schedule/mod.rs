//! When: the queue of looks with its admission, and the runner of jobs.

mod admission;
pub mod jobs;
pub mod queue;
