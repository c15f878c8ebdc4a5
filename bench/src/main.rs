//! Measures gaccong from outside: made-up portals, a bare loop over their pages, and the service between them.
//!
//! Exit codes: 0 fine, 1 a limit was missed, 2 usage, 3 it could not be measured.
#![forbid(unsafe_code)]

mod bare;
mod farm;
mod paths;
mod process;
mod run;
mod trouble;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{SignalKind, signal},
};
use trouble::{Because, Result, Trouble};

#[derive(Parser)]
#[command(name = "gaccong-bench", about, args_override_self = true)]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Made-up portals on loopback, until told to stop
    Farm(farm::Args),
    /// The least that a look can cost: fetch a page over a new connection and hash it
    Bare(bare::Args),
    /// What a look of gaccong costs, whether it is right, and how soon it tells
    Run(run::Args),
    /// What a look costs by the path it takes: run with three mixes of portals
    Paths(run::Args),
}

fn main() -> ExitCode {
    let outcome = provider().and_then(|()| dispatch(Cli::parse().what));
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(trouble) => {
            eprintln!("gaccong-bench: {trouble}");
            ExitCode::from(3)
        }
    }
}

/// Whether all limits were kept.
fn dispatch(what: What) -> Result<bool> {
    match what {
        What::Farm(args) => runtime(Builder::new_multi_thread().worker_threads(2))?
            .block_on(unless_stopped(farm::run(args))),
        // one thread: what it costs is what the loop itself costs, no hand-over between threads
        What::Bare(args) => {
            runtime(&mut Builder::new_current_thread())?.block_on(unless_stopped(bare::run(args)))
        }
        What::Run(args) => {
            runtime(&mut Builder::new_current_thread())?.block_on(unless_stopped(run::run(args)))
        }
        What::Paths(args) => {
            runtime(&mut Builder::new_current_thread())?.block_on(unless_stopped(paths::run(args)))
        }
    }
}

fn runtime(builder: &mut Builder) -> Result<Runtime> {
    builder
        .enable_all()
        .build()
        .because(|| "the runtime cannot be made".to_owned())
}

fn provider() -> Result<()> {
    rustls::crypto::ring::default_provider()
        .install_default()
        .map_err(|_| Trouble::new("a TLS provider was installed already"))
}

/// Gives up `work` at SIGINT and SIGTERM. What it owned is dropped, and with it its children end.
async fn unless_stopped(work: impl Future<Output = Result<bool>>) -> Result<bool> {
    let listen = |kind| signal(kind).because(|| "signals cannot be listened to".to_owned());
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let mut hang_up = listen(SignalKind::hangup())?;
    tokio::select! {
        done = work => done,
        _ = interrupt.recv() => Err(Trouble::new("interrupted")),
        _ = terminate.recv() => Err(Trouble::new("told to stop")),
        _ = hang_up.recv() => Err(Trouble::new("the terminal is gone")),
    }
}
