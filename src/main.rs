//! The program: the TLS provider, then the command line.
#![forbid(unsafe_code)]

use std::process::ExitCode;

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
