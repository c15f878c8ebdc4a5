//! The command line, with one file for each subcommand. Results go to stdout, logs to stderr.

mod approve;
mod calendar;
mod check;
mod configuration;
mod demo;
mod fleet;
mod health;
mod incidents;
mod judge;
mod open;
mod output;
mod reload;
mod report;
mod store;
mod targets;
mod watch;

use std::{io::Write, path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand, ValueEnum};
pub use output::{Failure, Outcome};

use crate::{locale::Lang, model::excerpt::clean};

/// Watches web portals from outside and tells people when one is defaced, carries planted content, or is down.
#[derive(Parser)]
#[command(name = "gaccong", version, about, long_about = None, propagate_version = true, max_term_width = 100)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    global: Global,
}

#[derive(clap::Args, Clone)]
pub(crate) struct Global {
    /// The configuration file
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        default_value = "targets.yaml"
    )]
    config: PathBuf,
    /// The store's directory, instead of the one that the configuration names
    #[arg(long, global = true, value_name = "DIR")]
    data_dir: Option<PathBuf>,
    /// Machine output: JSON on stdout
    #[arg(long, global = true)]
    json: bool,
    /// Language of messages, instead of the one that the configuration names
    #[arg(long, global = true, value_name = "LANG")]
    lang: Option<LangArg>,
    /// When to colour the output
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    color: Colour,
}

#[derive(Clone, Copy, ValueEnum)]
enum LangArg {
    Vi,
    En,
}

#[derive(Clone, Copy, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

impl Global {
    /// The language that the user chose, if any.
    pub fn lang(&self) -> Option<Lang> {
        self.lang.map(|it| match it {
            LangArg::Vi => Lang::Vi,
            LangArg::En => Lang::En,
        })
    }
}

#[derive(Subcommand)]
enum Command {
    /// Run the service: look, confirm, alert, report, until SIGTERM
    Watch(watch::Args),
    /// See it work in under a minute, on made-up portals of its own
    Demo(demo::Args),
    /// Look now at URLs or registered targets
    Check(check::Args),
    /// Judge pages from files, offline
    Judge(judge::Args),
    /// Make a portal's present page its approved baseline
    Approve(approve::Args),
    /// The registry of targets
    #[command(subcommand)]
    Targets(targets::Action),
    /// What the portals know of hosts together
    #[command(subcommand)]
    Fleet(fleet::Action),
    /// The register of incidents
    #[command(subcommand)]
    Incidents(incidents::Action),
    /// The availability report
    #[command(subcommand)]
    Report(report::Action),
    /// The store itself
    #[command(subcommand)]
    Store(store::Action),
    /// Write everything that is known into one file, also while the service runs
    Backup(store::Backup),
    /// Make the store from such a file
    Restore(store::Restore),
    /// Public holidays and watch windows of a year
    Calendar(calendar::Args),
    /// Ask the running service whether all is well: for a container's health check
    #[command(hide = true)]
    Health,
}

/// Parses the arguments and runs the command. Returns the exit code.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // help and version are no errors
            let code = if error.use_stderr() { 2 } else { 0 };
            // an error repeats the arguments: their control characters must not reach the terminal
            let _ = match code {
                0 => error.print(),
                _ => {
                    let said = error.render().to_string();
                    write!(anstream::stderr(), "{}", clean(&said))
                }
            };
            return ExitCode::from(code);
        }
    };
    // other users may read report files, so that command keeps the user's umask
    if !matches!(cli.command, Command::Report(_)) {
        crate::store::private::umask();
    }
    match cli.global.color {
        Colour::Auto => (),
        Colour::Always => anstream::ColorChoice::Always.write_global(),
        Colour::Never => anstream::ColorChoice::Never.write_global(),
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
    {
        Ok(runtime) => runtime,
        Err(error) => {
            return Failure::system(format!("the runtime does not start: {error}")).report();
        }
    };
    let result = runtime.block_on(run(cli));
    // do not wait for a DNS query that is still running
    runtime.shutdown_timeout(std::time::Duration::from_millis(200));
    match result {
        Ok(Outcome::Fine) => ExitCode::SUCCESS,
        Ok(Outcome::Found) => ExitCode::from(1),
        Err(failure) => failure.report(),
    }
}

async fn run(cli: Cli) -> Result<Outcome, Failure> {
    let global = &cli.global;
    match cli.command {
        Command::Watch(args) => watch::run(global, args).await,
        Command::Demo(args) => demo::run(global, args).await,
        Command::Check(args) => check::run(global, args).await,
        Command::Judge(args) => judge::run(global, &args),
        Command::Approve(args) => approve::run(global, args).await,
        Command::Targets(action) => targets::run(global, action).await,
        Command::Fleet(action) => fleet::run(global, action).await,
        Command::Incidents(action) => incidents::run(global, action).await,
        Command::Report(action) => report::run(global, action).await,
        Command::Store(action) => store::run(global, action).await,
        Command::Backup(args) => store::backup(global, args).await,
        Command::Restore(args) => store::restore(global, args).await,
        Command::Calendar(args) => calendar::run(global, &args),
        Command::Health => health::run(global).await,
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    #[test]
    fn the_arguments_make_sense() {
        super::Cli::command().debug_assert();
    }
}
