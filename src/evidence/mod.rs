//! Page bodies as evidence, and the files that are worked out from them.

pub mod bodies;
pub mod cache_files;

pub use bodies::Evidence;
pub use cache_files::CacheFiles;
