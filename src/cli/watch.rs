//! `gaccong watch`: runs the service.

use std::{collections::BTreeSet, path::Path, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, UnixListener},
    signal::unix::{Signal, SignalKind, signal},
    task::JoinSet,
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::{
    Failure, Global, Outcome,
    configuration::{self, Texts},
    open,
    reload::{self, Reload},
};
use crate::{
    bot,
    config::Pace,
    deliver,
    schedule::{jobs, queue},
    store::{address, control},
    web,
    world::{Live, World, clock::System},
};

#[derive(clap::Args)]
pub struct Args {
    /// Allow intervals down to 1 s (tests on your own machines)
    #[arg(long)]
    fast: bool,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Outcome, Failure> {
    open::logs("warn,gaccong=info");
    let mut told = Told::listen()?;
    let pace = if args.fast { Pace::Fast } else { Pace::Polite };
    let mut texts = Texts::default();
    let config = configuration::read(global, pace, true, &mut texts)?;
    let opened = open::own_store(&config)?;
    let data_dir = config.service.data_dir.clone();
    let (world, remarks) = World::open(config, opened.store.clone(), Arc::new(System))?;
    for remark in remarks {
        tracing::warn!("{remark}");
    }
    let world = Arc::new(world);
    let (socket, listener) = sockets(&world, &data_dir).await?;
    let targets = world.targets().await?;
    let listening = listener.as_ref().and_then(|it| it.local_addr().ok());
    if let Err(error) = address::leave(&data_dir, listening) {
        tracing::error!(%error, "gaccong health will not find this service: its address cannot be written to {}", data_dir.display());
    }
    tracing::info!(
        targets = targets.len(),
        listen = %listening.map_or("off".to_owned(), |it| it.to_string()),
        data_dir = %data_dir.display(),
        "gaccong {} watches", env!("CARGO_PKG_VERSION")
    );
    if targets.is_empty() {
        tracing::warn!(
            "no target is registered: add agencies to {} or use gaccong targets add",
            global.config.display()
        );
    }
    let stop = CancellationToken::new();
    let mut parts = Parts::default();
    let (change, worlds) = tokio::sync::watch::channel(world.clone());
    parts.begin(
        "socket",
        control::serve(socket, world.store.clone(), stop.clone()),
    );
    parts.begin_service(worlds, listener, &stop);
    told.stop(Reload::new(global, pace, change, texts)).await;
    tracing::info!("stopping");
    stop.cancel();
    parts.end().await;
    address::remove(&data_dir);
    let _ = std::fs::remove_file(control::path(&data_dir));
    tracing::info!("stopped");
    Ok(Outcome::Fine)
}

/// Binds the control socket, and `service.listen` if it is configured.
async fn sockets(
    world: &World,
    data_dir: &Path,
) -> Result<(UnixListener, Option<TcpListener>), Failure> {
    let socket = control::bind(data_dir).map_err(|error| {
        Failure::system(format!(
            "the control socket {} cannot be made: {error}",
            control::path(data_dir).display()
        ))
    })?;
    let listener = match world.config.service.listen {
        Some(address) => Some(TcpListener::bind(address).await.map_err(|error| {
            Failure::system(format!(
                "service.listen: {address}: {error}; choose another address, or off"
            ))
        })?),
        None => None,
    };
    Ok((socket, listener))
}

/// Name of the part that delivers messages. A stop waits for deliveries in progress; others are left to the next
/// start.
const DELIVERIES: &str = "deliveries";
/// Time that a stop gives to deliveries: the contract allows ten seconds for the whole stop.
const DELIVERED_WITHIN: Duration = Duration::from_secs(9);
/// Time that a stop gives to all other parts: the next start repeats polls, looks and CPU work.
const ENDED_WITHIN: Duration = Duration::from_millis(600);

/// The running parts of the service, by name. `jobs::ALL` lists the periodic jobs.
#[derive(Default)]
struct Parts {
    running: JoinSet<&'static str>,
    names: BTreeSet<&'static str>,
}

impl Parts {
    /// Starts all parts that work on the world in force.
    fn begin_service(
        &mut self,
        worlds: Live,
        listener: Option<TcpListener>,
        stop: &CancellationToken,
    ) {
        self.begin(DELIVERIES, deliver::run(worlds.clone(), stop.clone()));
        self.begin("bot", bot::run(worlds.clone(), stop.clone()));
        self.begin("jobs", jobs::run(worlds.clone(), stop.clone()));
        if let Some(listener) = listener {
            let (worlds, stop) = (worlds.clone(), stop.clone());
            self.begin("http", async move {
                if let Err(error) = web::serve(listener, worlds, stop).await {
                    tracing::error!(%error, "the HTTP server ended");
                }
            });
        }
        self.begin("looks", queue::run(worlds, stop.clone(), None));
    }

    fn begin(&mut self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        self.names.insert(name);
        self.running.spawn(async move {
            work.await;
            name
        });
    }

    /// Waits for the deliveries, and briefly for all other parts; then aborts the rest.
    async fn end(&mut self) {
        let begun = Instant::now();
        let (soon, late) = (begun + ENDED_WITHIN, begun + DELIVERED_WITHIN);
        while !self.names.is_empty() {
            let until = if self.names.contains(DELIVERIES) {
                late
            } else {
                soon
            };
            match timeout_at(until, self.running.join_next()).await {
                Ok(Some(Ok(name))) => {
                    self.names.remove(name);
                }
                // a part that panicked has ended, too
                Ok(Some(Err(_))) => (),
                Ok(None) => break,
                Err(_) => {
                    let left: Vec<&str> = self.names.iter().copied().collect();
                    tracing::warn!("not waited for: {}", left.join(", "));
                    break;
                }
            }
        }
        self.running.abort_all();
    }
}

/// Handlers of system signals. They are set before any part starts, so that a stop right after the start is clean.
struct Told {
    term: Signal,
    interrupt: Signal,
    hang_up: Signal,
}

impl Told {
    fn listen() -> Result<Self, Failure> {
        let listen =
            |kind| signal(kind).map_err(|error| Failure::system(format!("signals: {error}")));
        Ok(Self {
            term: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
            hang_up: listen(SignalKind::hangup())?,
        })
    }

    async fn stop(&mut self, mut reload: Reload) {
        let mut look = tokio::time::interval(reload::LOOK_EVERY);
        loop {
            let asked = tokio::select! {
                _ = self.term.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hang_up.recv() => true,
                _ = look.tick() => false,
            };
            let work = async {
                if asked {
                    reload.now().await;
                } else {
                    reload.if_changed().await;
                }
            };
            // a stop must not wait for files that cannot be read
            tokio::select! {
                _ = self.term.recv() => return,
                _ = self.interrupt.recv() => return,
                () = work => (),
            }
        }
    }
}
