//! `gaccong watch`: the service.

use std::sync::Arc;

use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Failure, Global, Outcome, open,
    reload::{self, Reload},
};
use crate::{
    bot,
    config::Pace,
    schedule::{calendar, duty, plans, registration, watchdog, wheel},
    store::control,
    watch::{World, clock::System, tell},
    web,
};

#[derive(clap::Args)]
pub struct Args {
    /// Allow intervals down to 1 s (tests on your own machines)
    #[arg(long)]
    fast: bool,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Outcome, Failure> {
    open::logs("warn,gaccong=info");
    let pace = if args.fast { Pace::Fast } else { Pace::Polite };
    let config = open::config(global, pace, true)?;
    let opened = open::own_store(&config)?;
    let data_dir = config.service.data_dir.clone();
    let (world, remarks) = World::open(config, opened.store.clone(), Arc::new(System))?;
    for remark in remarks {
        tracing::warn!("{remark}");
    }
    let world = Arc::new(world);
    let socket = control::bind(&data_dir).map_err(|error| {
        Failure::system(format!(
            "the control socket {} cannot be made: {error}",
            control::path(&data_dir).display()
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
    let targets = world.targets().await?;
    let listening = listener.as_ref().and_then(|it| it.local_addr().ok());
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
    let tasks = TaskTracker::new();
    let (change, worlds) = tokio::sync::watch::channel(world.clone());
    tasks.spawn(control::serve(socket, world.store.clone(), stop.clone()));
    tasks.spawn(tell::run(worlds.clone(), stop.clone()));
    tasks.spawn(bot::run(worlds.clone(), stop.clone()));
    tasks.spawn(watchdog::run(worlds.clone(), stop.clone()));
    tasks.spawn(duty::run(worlds.clone(), stop.clone()));
    tasks.spawn(registration::run(worlds.clone(), stop.clone()));
    tasks.spawn(plans::run(worlds.clone(), stop.clone()));
    if let Some(listener) = listener {
        let (worlds, stop) = (worlds.clone(), stop.clone());
        tasks.spawn(async move {
            if let Err(error) = web::serve(listener, worlds, stop).await {
                tracing::error!(%error, "the HTTP server ended");
            }
        });
    }
    {
        let (worlds, stop) = (worlds.clone(), stop.clone());
        tasks.spawn(async move {
            if let Err(error) = calendar::run(worlds, stop).await {
                tracing::error!(%error, "the calendar ended: no weekly report will be sent");
            }
        });
    }
    tasks.spawn(wheel::run(worlds, stop.clone(), None));
    told_to_stop(Reload::new(global, pace, change)).await?;
    tracing::info!("stopping");
    stop.cancel();
    tasks.close();
    // looks under way have five seconds, deliveries four; the contract allows ten in all
    let _ = tokio::time::timeout(std::time::Duration::from_secs(9), tasks.wait()).await;
    let _ = std::fs::remove_file(control::path(&data_dir));
    tracing::info!("stopped");
    Ok(Outcome::Fine)
}

async fn told_to_stop(mut reload: Reload) -> Result<(), Failure> {
    let listen = |kind| signal(kind).map_err(|error| Failure::system(format!("signals: {error}")));
    let mut term = listen(SignalKind::terminate())?;
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut hang_up = listen(SignalKind::hangup())?;
    let mut look = tokio::time::interval(reload::LOOK_EVERY);
    loop {
        tokio::select! {
            _ = term.recv() => return Ok(()),
            _ = interrupt.recv() => return Ok(()),
            _ = hang_up.recv() => reload.now().await,
            _ = look.tick() => reload.if_changed().await,
        }
    }
}
