//! Evidence: stored page bodies, and cache files derived from them.

pub mod bodies;
pub mod cache_files;

pub use bodies::Evidence;
pub use cache_files::CacheFiles;
