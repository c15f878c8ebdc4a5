//! The whole service in virtual time, with a seeded history of everything that can go wrong: crashes, a slow or
//! failing disk, lost replies, dead chats, flapping and attacked portals, an outage of the service's own network, a
//! clock that jumps. Afterwards nothing may be lost, no message may be untrue, and no portal may be accused without
//! having been seen.
//!
//! `GACCONG_SEEDS=5000` runs more histories; `GACCONG_SEED=17` replays one and prints its events.

mod chats;
mod disk;
mod portals;

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use gaccong::{
    config::Config,
    deliver,
    jobs::watchdog::Watchdog,
    model::{Incident, Kind, Receipt, Standing},
    schedule::{jobs::repeat, queue},
    store::{RecordStore, Store, Wanted},
    world::{World, clock::Clock, unchanging},
};
use jiff::Timestamp;
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use self::{
    chats::{Chat, Mood, Way},
    disk::{Disk, OnDisk, Virtual},
    portals::{Outside, Pages, Truth},
};
use crate::scene::{parse, yaml};

/// One history.
struct History {
    seed: u64,
    random: fastrand::Rng,
    config: Config,
    outside: Arc<Outside>,
    chats: [Arc<Chat>; 2],
    disk: Arc<Disk>,
    clock: Arc<Virtual>,
    running: Option<(JoinSet<()>, Arc<World>)>,
    /// Periods without a network, in wall time.
    blind: Vec<(Timestamp, Timestamp)>,
    /// Whether the wall clock was set back.
    twice: bool,
    log: Vec<String>,
}

const NAMES: [&str; 2] = ["room", "hook"];

impl History {
    fn new(seed: u64, evidence: &std::path::Path) -> Self {
        let mut random = fastrand::Rng::with_seed(seed);
        fastrand::seed(seed ^ 0x9e37);
        let count = random.usize(2..7);
        let targets: Vec<(String, String)> = (0..count)
            .map(|it| (format!("t{it}"), format!("http://t{it}.example/")))
            .collect();
        let named: Vec<(&str, &str)> = targets
            .iter()
            .map(|(id, url)| (id.as_str(), url.as_str()))
            .collect();
        let text = yaml("", &named)
            .replace("every: 1s", "every: 60s")
            .replace("within: 30ms", "within: 30s")
            .replace("looks: 3, every: 50ms", "looks: 2, every: 5s")
            .replace(
                "agencies:",
                "notifiers:\n  room: { kind: console }\n  hook: { kind: console }\nagencies:",
            )
            .replace("  timeout: 2s", "  timeout: 10s\n  notify: [room, hook]");
        let mut config = parse(&text);
        config.service.snapshots_dir = evidence.to_owned();
        config.service.data_dir = evidence.join("data");
        let truths = targets
            .iter()
            .map(|(id, _)| (id.clone(), Truth::Honest(0)))
            .collect();
        Self {
            seed,
            config,
            outside: Arc::new(Outside {
                truths: Mutex::new(truths),
                network: Mutex::new(true),
                looks: AtomicU64::new(0),
                random: Mutex::new(random.fork()),
                pages: Pages::new(),
            }),
            chats: [Chat::new(true), Chat::new(false)],
            disk: Arc::default(),
            clock: Arc::new(Virtual {
                begun: Instant::now(),
                ahead_ms: AtomicI64::new(0),
            }),
            running: None,
            blind: Vec::new(),
            twice: false,
            log: Vec::new(),
            random,
        }
    }

    fn say(&mut self, what: String) {
        let at = self.clock.begun.elapsed().as_secs();
        self.log.push(format!("{at} s {what}"));
    }

    fn start(&mut self) {
        let store: Arc<dyn Store> = Arc::new(RecordStore::new(OnDisk(self.disk.clone())));
        let (config, clock) = (self.config.clone(), self.clock.clone());
        let eye = self.outside.clone();
        let (mut world, _) = World::with_eye(config, store, clock, eye).unwrap();
        for (name, chat) in NAMES.iter().zip(&self.chats) {
            let way = Arc::new(Way(chat.clone()));
            world.notifiers.insert((*name).to_owned(), way);
        }
        let world = Arc::new(world);
        let stop = CancellationToken::new();
        let mut tasks = JoinSet::new();
        tasks.spawn(queue::run(unchanging(world.clone()), stop.clone(), None));
        tasks.spawn(deliver::run(unchanging(world.clone()), stop.clone()));
        tasks.spawn(repeat(
            Box::new(Watchdog::default()),
            unchanging(world.clone()),
            stop,
        ));
        self.running = Some((tasks, world));
    }

    async fn crash(&mut self) {
        if let Some((mut tasks, world)) = self.running.take() {
            tasks.abort_all();
            while tasks.join_next().await.is_some() {}
            drop(world);
        }
        self.disk = Arc::new(self.disk.crash(&mut self.random));
        let down = self.random.u64(0..40);
        tokio::time::sleep(Duration::from_secs(down)).await;
        self.start();
    }

    fn store(&self) -> Arc<dyn Store> {
        self.running.as_ref().unwrap().1.store.clone()
    }

    /// Plays a random event.
    async fn event(&mut self) {
        let ids: Vec<String> = self
            .outside
            .truths
            .lock()
            .unwrap()
            .keys()
            .cloned()
            .collect();
        let id = ids[self.random.usize(..ids.len())].clone();
        match self.random.u32(..20) {
            0..=8 => {
                let truth = match self.random.u32(..7) {
                    0 => Truth::Defaced,
                    1 => Truth::Planted,
                    2 => Truth::Down,
                    3 => Truth::Flapping,
                    n => Truth::Honest(u64::from(n) % 3),
                };
                self.say(format!("{id} is {truth:?}"));
                self.outside.truths.lock().unwrap().insert(id, truth);
            }
            9 => {
                let all = [Truth::Down, Truth::Defaced, Truth::Honest(1)];
                let truth = all[self.random.usize(..all.len())];
                self.say(format!("all are {truth:?}"));
                let mut truths = self.outside.truths.lock().unwrap();
                truths.values_mut().for_each(|it| *it = truth);
            }
            10..=12 => {
                self.say("crash".to_owned());
                self.crash().await;
            }
            13..=15 => {
                let all = [
                    Mood::Well,
                    Mood::Unreachable,
                    Mood::LosesReplies,
                    Mood::Floods,
                ];
                let (chat, mood) = (self.random.usize(..2), all[self.random.usize(..all.len())]);
                self.say(format!("{} is {mood:?}", NAMES[chat]));
                *self.chats[chat].mood.lock().unwrap() = mood;
            }
            16 => {
                let long = self.random.u64(20..200);
                self.say(format!("the network is gone for {long} s"));
                *self.outside.network.lock().unwrap() = false;
                let from = self.clock.now();
                tokio::time::sleep(Duration::from_secs(long)).await;
                self.blind.push((from, self.clock.now()));
                *self.outside.network.lock().unwrap() = true;
            }
            17 => {
                let slow = self.random.u64(0..4000);
                self.say(format!("the disk needs {slow} ms"));
                self.disk.slow_ms.store(slow, Ordering::Relaxed);
            }
            18 => {
                let long = self.random.u64(5..60);
                self.say(format!("the disk fails for {long} s"));
                self.disk.fails.store(true, Ordering::Relaxed);
                tokio::time::sleep(Duration::from_secs(long)).await;
                self.disk.fails.store(false, Ordering::Relaxed);
            }
            _ => {
                let jump = self.random.i64(-1200..3600) * 1000;
                self.say(format!("the clock jumps by {} s", jump / 1000));
                // hours that occur twice cannot be told apart afterwards
                self.twice |= jump < 0;
                self.clock.ahead_ms.fetch_add(jump, Ordering::Relaxed);
            }
        }
    }

    async fn live(&mut self) -> std::result::Result<(), String> {
        self.start();
        tokio::time::sleep(Duration::from_secs(90)).await;
        for _ in 0..self.random.u32(8..24) {
            self.event().await;
            let pause = self.random.u64(1..150);
            tokio::time::sleep(Duration::from_secs(pause)).await;
            self.one_open_incident_a_target().await?;
        }
        // everything works again from here on, and the states of portals no longer change
        for chat in &self.chats {
            *chat.mood.lock().unwrap() = Mood::Well;
        }
        self.disk.slow_ms.store(0, Ordering::Relaxed);
        for truth in self.outside.truths.lock().unwrap().values_mut() {
            if *truth == Truth::Flapping {
                *truth = Truth::Honest(0);
            }
        }
        // if no portal answered, the service would suspect its own network
        if let Some(first) = self.outside.truths.lock().unwrap().values_mut().next() {
            *first = Truth::Honest(0);
        }
        self.say("calm".to_owned());
        tokio::time::sleep(Duration::from_secs(12 * 60)).await;
        self.one_open_incident_a_target().await?;
        self.judge().await
    }

    async fn incidents(&self) -> Vec<Incident> {
        self.store().incidents(&Wanted::default()).await.unwrap()
    }

    async fn one_open_incident_a_target(&self) -> std::result::Result<(), String> {
        let mut open = BTreeSet::new();
        for it in self.incidents().await {
            if it.stage.is_open() && !open.insert(it.target.clone()) {
                return Err(format!("{} has two open incidents", it.target));
            }
        }
        Ok(())
    }

    async fn judge(&self) -> std::result::Result<(), String> {
        let store = self.store();
        let world = &self.running.as_ref().unwrap().1;
        let incidents = self.incidents().await;
        let truths = self.outside.truths.lock().unwrap().clone();
        let all_summaries = store.all_summaries().await.unwrap();
        for (id, truth) in &truths {
            let open = incidents
                .iter()
                .find(|it| it.target.as_str() == id && it.stage.is_open());
            // an intermittent incident lasts until `unseen_s` after the last sighting, plus up to one look with its
            // pause
            let now = self.clock.now();
            let comes_and_goes = open
                .and_then(|it| it.intermittent.as_ref())
                .is_some_and(|it| {
                    let unseen = now.duration_since(it.last_at).as_secs();
                    unseen < i64::from(it.unseen_s) + 180
                });
            let right = match (truth, open.map(|it| it.kind)) {
                (Truth::Honest(_), None) => true,
                (Truth::Honest(_), Some(kind)) if comes_and_goes => kind.is_tampering(),
                // a link for sale in an otherwise unchanged page is at least planted content
                (Truth::Defaced | Truth::Planted, Some(kind)) => kind.is_tampering(),
                // tampering does not end because the page cannot be seen
                (Truth::Down, Some(kind)) => kind == Kind::Down || kind.is_tampering(),
                _ => false,
            };
            if !right {
                return Err(format!(
                    "{id} is {truth:?}, open is {open:#?}, known {:?}",
                    all_summaries.iter().find(|it| it.target.as_str() == id)
                ));
            }
            let summary = all_summaries.iter().find(|it| it.target.as_str() == id);
            let last = summary.and_then(|it| it.last).ok_or("never looked at")?;
            let age = self.clock.now().duration_since(last.0).as_secs();
            if age > 180 {
                return Err(format!("{id} was not looked at for {age} s"));
            }
        }
        let waiting = store.outbox().await.unwrap();
        if !waiting.is_empty() {
            return Err(format!("the outbox does not empty: {waiting:#?}"));
        }
        for it in &incidents {
            for (name, chat) in NAMES.iter().zip(&self.chats) {
                let id = it.id.to_string();
                let storm = store.receipt(name, &it.id.0).await.unwrap();
                let storm = storm.as_ref().and_then(Receipt::storm);
                let told = chat.got.lock().unwrap().iter().any(|message| {
                    message.plain.contains(&id)
                        || storm.is_some_and(|storm| message.plain.contains(storm))
                });
                if !told {
                    return Err(format!("{name} was never told of {id}"));
                }
            }
            if it.kind.is_tampering() {
                let whole = it
                    .evidence
                    .iter()
                    .any(|it| world.evidence.body(&it.digest).is_ok());
                if !whole {
                    return Err(format!("{} has no evidence", it.id));
                }
            }
            // except for the last seconds of an outage: the network may be back before the service has checked it
            let doubted = jiff::SignedDuration::from_secs(5);
            let blindly = self.blind.iter().any(|(from, to)| {
                it.seen_at > *from && it.seen_at.saturating_add(doubted).unwrap() < *to
            });
            if blindly && !self.twice && it.class.standing() == Standing::Down {
                return Err(format!("{} was opened while blind: {it:#?}", it.id));
            }
        }
        self.nothing_was_lost(&incidents)
    }

    /// Asserts that every reported incident is stored, and that no message was repeated without a mark.
    fn nothing_was_lost(&self, incidents: &[Incident]) -> std::result::Result<(), String> {
        let known: BTreeSet<String> = incidents.iter().map(|it| it.id.to_string()).collect();
        for (name, chat) in NAMES.iter().zip(&self.chats) {
            let mut said = BTreeSet::new();
            for message in chat.got.lock().unwrap().iter() {
                for id in message
                    .plain
                    .split(|it: char| !it.is_ascii_alphanumeric() && it != '-')
                    .filter(|it| it.starts_with("SC-"))
                {
                    if !known.contains(id) {
                        return Err(format!("{name} was told of {id}, which is lost"));
                    }
                }
                let new = said.insert(message.plain.clone());
                if *name == "hook" && !new && !message.repeat {
                    return Err(format!("said twice, unmarked: {}", message.plain));
                }
            }
        }
        Ok(())
    }
}

fn one(seed: u64, evidence: &std::path::Path) -> std::result::Result<usize, (String, Vec<String>)> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .max_blocking_threads(1)
        .build()
        .unwrap();
    runtime.block_on(async {
        let mut history = History::new(seed, evidence);
        let lived = history.live().await;
        match lived {
            Ok(()) => Ok(history.incidents().await.len()),
            Err(why) => {
                let mut log = std::mem::take(&mut history.log);
                for (name, chat) in NAMES.iter().zip(&history.chats) {
                    let times = chat.times.lock().unwrap();
                    for (message, at) in chat.got.lock().unwrap().iter().zip(times.iter()) {
                        let at = at.duration_since(history.clock.begun).as_secs();
                        log.push(format!(
                            "  {at} s {name}: {} {}",
                            message.headline, message.repeat
                        ));
                    }
                }
                Err((format!("seed {}: {why}", history.seed), log))
            }
        }
    })
}

#[test]
fn a_thousand_histories_lose_nothing_and_accuse_nobody_blindly() {
    let number = |name: &str| {
        std::env::var(name)
            .ok()
            .and_then(|it| it.parse::<u64>().ok())
    };
    let shm = std::path::Path::new("/dev/shm");
    let folder = if shm.is_dir() {
        tempfile::tempdir_in(shm).unwrap()
    } else {
        tempfile::tempdir().unwrap()
    };
    if let Some(seed) = number("GACCONG_SEED") {
        match one(seed, folder.path()) {
            Ok(incidents) => println!("seed {seed}: {incidents} incidents, all well"),
            Err((why, log)) => panic!("{}\n{why}", log.join("\n")),
        }
        return;
    }
    let (first, count) = (
        number("GACCONG_FIRST_SEED").unwrap_or(1),
        number("GACCONG_SEEDS").unwrap_or(1000),
    );
    let next = AtomicU64::new(first);
    let incidents = AtomicU64::new(0);
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        // a history waits for its only worker half of the time
        for _ in 0..4 {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + count || failed.lock().unwrap().len() >= 3 {
                        return;
                    }
                    match one(seed, folder.path()) {
                        Ok(found) => {
                            incidents.fetch_add(found as u64, Ordering::Relaxed);
                        }
                        Err((why, log)) => {
                            failed
                                .lock()
                                .unwrap()
                                .push(format!("{}\n{why}", log.join("\n")));
                        }
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().unwrap();
    assert!(
        failed.is_empty(),
        "replay with GACCONG_SEED=<seed>:\n{}",
        failed.join("\n\n")
    );
    let incidents = incidents.into_inner();
    assert!(
        incidents > count,
        "a history without incidents shows nothing"
    );
    println!("{count} histories, {incidents} incidents");
}
