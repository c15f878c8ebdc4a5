//! Scheduling: the queue of looks with its admission control, and the runner of jobs.

mod admission;
pub mod jobs;
pub mod queue;
