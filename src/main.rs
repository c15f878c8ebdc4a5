//! The program: the TLS provider, then the command line.
#![forbid(unsafe_code)]

use std::process::ExitCode;

/// After ten thousand pages were read in turn, glibc's allocator kept two to ten times what was in use; this one gives it
/// back (BENCHMARKS.md).
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    // before anything can open a connection; a second provider in the process would be a fault of ours
    if rustls::crypto::ring::default_provider()
        .install_default()
        .is_err()
    {
        eprintln!("gaccong: a TLS provider was installed already");
        return ExitCode::from(3);
    }
    gaccong::cli::main()
}
