//! A farm of made-up portals on loopback: pages of real size and habit, a switch to deface them, an ear for alerts.
//!
//! It must stay cheap: what it takes of the processor is taken from what is measured.

mod compose;
mod control;
mod deface;
mod gaps;
mod hostile;
mod page;
mod portal;
mod serve;
mod slots;
mod tls;
mod words;

use std::{
    io,
    net::{IpAddr, Ipv4Addr},
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError, atomic::AtomicU64},
};

use clap::ValueEnum;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::{net::TcpListener, sync::oneshot};

use self::portal::Portal;
pub use self::{deface::Kind, gaps::Gaps, hostile::honest, portal::Defaced};
use crate::trouble::{Because, Result};

#[derive(clap::Args)]
pub struct Args {
    /// Number of portals
    #[arg(long, default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    n: u32,
    /// HTTP port; 0 takes a free one, which the first line of output names
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// HTTPS port, for localhost and 127.0.0.1
    #[arg(long, requires = "ca")]
    tls_port: Option<u16>,
    /// File that the authority's certificate is written to
    #[arg(long)]
    ca: Option<PathBuf>,
    /// Let visitors over HTTPS resume their sessions
    #[arg(long)]
    resume: bool,
    /// Seed of the random choices; equal seeds make equal farms
    #[arg(long, default_value_t = 1)]
    seed: u64,
    #[arg(long, value_enum, default_value_t = Profile::Clean)]
    profile: Profile,
    /// Answer at all of 127.0.0.0/8, where 127.1.x.y is the portal 256 x + y
    #[arg(long)]
    any_loopback: bool,
    /// End when the standard input ends, so that a farm ends with the program that started it
    #[arg(long, hide = true)]
    until_eof: bool,
}

/// Habits of the portals of a farm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// 25 % static, 20 % static with an ETag, 40 % dynamic, 15 % dynamic with a banner that changes
    Clean,
    /// Equal bytes at each request of every portal, without validators
    Static,
    /// All with clock, token, view-state, counter and cookie
    Dynamic,
    /// Nine in ten as clean, the last tenth made to cost: endless numbers, huge attributes, deep nesting, 7 MiB of new
    /// text, pages in drops, silence
    Hostile,
}

impl Profile {
    /// As it stands on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Static => "static",
            Self::Dynamic => "dynamic",
            Self::Hostile => "hostile",
        }
    }
}

/// What a farm says first: it is ready, and where.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ready {
    pub http: String,
    pub https: Option<String>,
    pub mean_bytes: u64,
    pub median_bytes: u64,
}

#[derive(Default)]
struct Counters {
    requests: AtomicU64,
    /// Of bodies of pages.
    bytes: AtomicU64,
    not_modified: AtomicU64,
    connections: AtomicU64,
    alerts: AtomicU64,
    /// Alerts about portals without harm.
    false_alarms: AtomicU64,
}

struct Farm {
    portals: Vec<Portal>,
    counters: Counters,
    said_falsely: Mutex<Vec<String>>,
    /// Times between requests to honest portals.
    gaps: gaps::Book,
}

impl Farm {
    fn said_falsely(&self) -> MutexGuard<'_, Vec<String>> {
        self.said_falsely
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves until the input ends, or for ever.
pub async fn run(args: Args) -> Result<bool> {
    let varieties = portal::varieties(args.profile, args.n, args.seed);
    let portals = (0..args.n).zip(varieties);
    let farm = Arc::new(Farm {
        portals: portals
            .map(|(id, it)| Portal::new(id, it, args.seed))
            .collect(),
        counters: Counters::default(),
        said_falsely: Mutex::default(),
        gaps: gaps::Book::default(),
    });
    let mut sizes: Vec<u64> = farm
        .portals
        .iter()
        .filter(|it| it.habit.is_none())
        .map(|it| it.size(Timestamp::now()))
        .collect();
    sizes.sort_unstable();

    let (http, port) = bind(&args, args.port).await?;
    let mut ready = Ready {
        http: format!("http://127.0.0.1:{port}"),
        https: None,
        mean_bytes: sizes.iter().sum::<u64>() / sizes.len() as u64,
        median_bytes: sizes[sizes.len() / 2],
    };
    if let (Some(port), Some(ca)) = (args.tls_port, &args.ca) {
        let acceptor = tls::acceptor(ca, args.resume)?;
        let (https, port) = bind(&args, port).await?;
        ready.https = Some(format!("https://127.0.0.1:{port}"));
        tokio::spawn(serve::listen(farm.clone(), https, Some(acceptor)));
    }
    tokio::spawn(serve::listen(farm, http, None));
    println!(
        "{}",
        serde_json::to_string(&ready).because(|| "no JSON".to_owned())?
    );
    if args.until_eof {
        input_ended().await;
        return Ok(true);
    }
    std::future::pending().await
}

/// A thread of its own: the runtime would wait for a read that it began, also when it is told to stop.
async fn input_ended() {
    let (ended, told) = oneshot::channel();
    std::thread::spawn(move || {
        // an input that breaks has ended, too
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        let _ = ended.send(());
    });
    let _ = told.await;
}

async fn bind(args: &Args, port: u16) -> Result<(TcpListener, u16)> {
    let at = if args.any_loopback {
        Ipv4Addr::UNSPECIFIED
    } else {
        Ipv4Addr::LOCALHOST
    };
    let taken = || format!("port {port} cannot be listened on");
    let listener = TcpListener::bind((IpAddr::from(at), port))
        .await
        .because(taken)?;
    let port = listener.local_addr().because(taken)?.port();
    Ok((listener, port))
}
