//! The whole service in virtual time, under a seeded history of everything that can go wrong: crashes, a slow or
//! failing disk, lost replies, chats that are gone, flapping and attacked portals, blindness, a clock that jumps.
//! Afterwards it must be true that nothing was lost, nothing was told that was not so, and nobody was accused blindly.
//!
//! `GACCONG_SEEDS=5000` tries more; `GACCONG_SEED=17` replays one and prints its history.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use gaccong::{
    alert::{Message, Notifier, Place, Refusal},
    config::Config,
    fetch::{Sees, Sighting, Visit},
    model::{
        Class, Digest, Incident, Kind, Observation, Receipt, Say, Seen, Standing, Storm,
        observation::{Answer, Silence},
    },
    schedule::{watchdog, wheel},
    store::{Batch, Checkup, Engine, Ledger, Result, Store, StoreError, Wanted, backends::Memory},
    watch::{World, clock::Clock, steady, tell},
};
use jiff::Timestamp;
use tokio::{task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    portal,
    scene::{parse, yaml},
};

/// What a portal is in truth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Truth {
    Honest(u64),
    Defaced,
    Planted,
    Down,
    /// Every other look fails.
    Flapping,
}

/// What a chat does with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mood {
    Well,
    Unreachable,
    /// Takes it, and the answer is lost.
    LosesReplies,
    Floods,
}

/// The world outside.
struct Outside {
    truths: Mutex<BTreeMap<String, Truth>>,
    network: Mutex<bool>,
    looks: AtomicU64,
    random: Mutex<fastrand::Rng>,
    pages: Pages,
}

/// A few small pages, written once.
struct Pages(HashMap<&'static str, Vec<String>>);

impl Pages {
    fn new() -> Self {
        let honest = (0..3).map(small).collect();
        let planted = small(0).replace(
            "</main>",
            "<div style='display:none'><a href='https://nhacai1.spam-test.example/'>Nhà cái tài xỉu online</a><a href='https://nhacai2.spam-test.example/'>Nhà cái uy tín nổ hũ</a></div></main>",
        );
        Self(HashMap::from([
            ("honest", honest),
            ("defaced", vec![portal::defaced()]),
            ("planted", vec![planted]),
        ]))
    }
}

fn small(n: u64) -> String {
    format!(
        "<!doctype html><html lang=vi><head><meta charset=utf-8><title>Cổng thông tin điện tử xã Thử</title></head><body><header id=head><h1>Cổng thông tin điện tử xã Thử</h1></header>\
         <nav id=menu><a href='/gioi-thieu'>Giới thiệu</a><a href='/van-ban'>Văn bản</a><a href='/lien-he'>Liên hệ</a></nav>\
         <main id=main><article><h3><a href='/tin/1'>Tin hoạt động của đơn vị</a></h3><p>Công tác cải cách hành chính tiếp tục được đẩy mạnh trong năm.</p></article></main>\
         <footer id=foot>Lượt truy cập: {n}</footer></body></html>"
    )
}

#[async_trait]
impl Sees for Outside {
    async fn visit(&self, visit: &Visit<'_>, at: Timestamp) -> Sighting {
        let begun = Instant::now();
        let pause = self.random.lock().unwrap().u64(5..1500);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let look = self.looks.fetch_add(1, Ordering::Relaxed);
        let id = visit.target.portal();
        let truth = self.truths.lock().unwrap()[id];
        let network = *self.network.lock().unwrap();
        let page = match truth {
            _ if !network => None,
            Truth::Down => None,
            Truth::Flapping if look.is_multiple_of(2) => None,
            Truth::Flapping => Some(&self.pages.0["honest"][0]),
            Truth::Honest(n) => Some(&self.pages.0["honest"][n as usize]),
            Truth::Defaced => Some(&self.pages.0["defaced"][0]),
            Truth::Planted => Some(&self.pages.0["planted"][0]),
        };
        let seen = match page {
            Some(page) => Seen::Answered(Answer {
                status: 200,
                final_url: visit.url.clone(),
                content_type: Some("text/html; charset=utf-8".to_owned()),
                etag: None,
                last_modified: None,
                bytes: page.len() as u64,
                digest: Some(Digest::of(page.as_bytes())),
                // what stands on one machine bears no witness
                address: Some(format!("198.52.{}.1", &id[1..]).parse().unwrap()),
                date: None,
                refresh: None,
                presentation: Default::default(),
            }),
            None => Seen::Silent(Silence {
                class: Class::Connection,
                cause: Say::new("cause-refused"),
                status: None,
            }),
        };
        Sighting {
            partial: None,
            large: None,
            body: page.map(|it| bytes::Bytes::from(it.clone())),
            observation: Observation {
                target: visit.target.clone(),
                profile: visit.profile,
                at,
                vantage: "simulation".to_owned(),
                elapsed_ms: u32::try_from(begun.elapsed().as_millis()).unwrap(),
                hops: Vec::new(),
                certificate: None,
                face: Default::default(),
                seen,
            },
        }
    }
}

/// A chat that keeps what reached it.
struct Chat {
    /// Edits and groups, as Telegram; else each message is a new one.
    telegram: bool,
    mood: Mutex<Mood>,
    got: Mutex<Vec<Message>>,
    /// When each came, in virtual time.
    times: Mutex<Vec<Instant>>,
    next: AtomicU64,
}

impl Chat {
    fn new(telegram: bool) -> Arc<Self> {
        Arc::new(Self {
            telegram,
            mood: Mutex::new(Mood::Well),
            got: Mutex::default(),
            times: Mutex::default(),
            next: AtomicU64::new(1),
        })
    }
}

struct Way(Arc<Chat>);

#[async_trait]
impl Notifier for Way {
    fn edits(&self) -> bool {
        self.0.telegram
    }

    fn groups(&self) -> bool {
        self.0.telegram
    }

    async fn send(
        &self,
        message: &Message,
        place: Place<'_>,
    ) -> std::result::Result<Option<Receipt>, Refusal> {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mood = *self.0.mood.lock().unwrap();
        match mood {
            Mood::Unreachable => return Err(Refusal::Later(None, "cannot be reached".to_owned())),
            Mood::Floods => {
                let after = Some(Duration::from_secs(7));
                return Err(Refusal::Later(after, "flood control".to_owned()));
            }
            Mood::Well | Mood::LosesReplies => (),
        }
        self.0.got.lock().unwrap().push(message.clone());
        self.0.times.lock().unwrap().push(Instant::now());
        // here a crash may come between the message and our knowing of it
        tokio::time::sleep(Duration::from_millis(200)).await;
        if mood == Mood::LosesReplies {
            return Err(Refusal::Unsure("the connection broke".to_owned()));
        }
        let fresh = self.0.telegram && place.receipt.is_none() && message.document.is_none();
        Ok(fresh.then(|| Receipt {
            place: "chat".to_owned(),
            message: self.0.next.fetch_add(1, Ordering::Relaxed).to_string(),
        }))
    }
}

/// A disk: what was applied is lost in a crash unless it was settled, but for some of it.
#[derive(Default)]
struct Disk {
    seen: Memory,
    durable: Mutex<Memory>,
    behind: Mutex<Vec<Batch>>,
    slow_ms: AtomicU64,
    fails: std::sync::atomic::AtomicBool,
}

impl Disk {
    /// What is found after a crash: all that was settled, and the first `some` of what came after.
    fn crash(&self, random: &mut fastrand::Rng) -> Self {
        let behind = std::mem::take(&mut *self.behind.lock().unwrap());
        let some = random.usize(..=behind.len());
        let durable = self.durable.lock().unwrap();
        for batch in &behind[..some] {
            durable.apply(batch, true).unwrap();
        }
        let all: Batch = durable
            .range("", "\u{10ffff}")
            .unwrap()
            .into_iter()
            .map(|(key, value)| (key, Some(value)))
            .collect();
        let fresh = Self::default();
        fresh.seen.apply(&all, true).unwrap();
        fresh.durable.lock().unwrap().apply(&all, true).unwrap();
        fresh
    }
}

/// The disk as the store holds it.
struct OnDisk(Arc<Disk>);

#[async_trait]
impl Engine for OnDisk {
    fn get(&self, key: &str) -> Result<Option<Vec<u8>>> {
        self.0.seen.get(key)
    }

    fn range(&self, from: &str, to: &str) -> Result<Vec<(String, Vec<u8>)>> {
        self.0.seen.range(from, to)
    }

    fn last(&self, from: &str, to: &str) -> Result<Option<(String, Vec<u8>)>> {
        self.0.seen.last(from, to)
    }

    fn apply(&self, batch: &Batch, keep: bool) -> Result<()> {
        if self.0.fails.load(Ordering::Relaxed) {
            return Err(StoreError::Failed("the disk fails".to_owned()));
        }
        self.0.seen.apply(batch, keep)?;
        self.0.behind.lock().unwrap().push(batch.clone());
        Ok(())
    }

    async fn settle(&self) -> Result<()> {
        let upto = self.0.behind.lock().unwrap().len();
        let slow = self.0.slow_ms.load(Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(1 + slow)).await;
        // somebody else may have settled some of it meanwhile
        let mut behind = self.0.behind.lock().unwrap();
        let upto = upto.min(behind.len());
        let durable = self.0.durable.lock().unwrap();
        for batch in behind.drain(..upto) {
            durable.apply(&batch, true)?;
        }
        Ok(())
    }

    fn checkup(&self) -> Result<Checkup> {
        self.0.seen.checkup()
    }
}

/// Virtual time, and how far the wall clock is ahead of it.
struct Virtual {
    begun: Instant,
    ahead_ms: AtomicI64,
}

impl Clock for Virtual {
    fn now(&self) -> Timestamp {
        let passed = i64::try_from(self.begun.elapsed().as_millis()).unwrap();
        let ahead = self.ahead_ms.load(Ordering::Relaxed);
        Timestamp::from_millisecond(1_795_000_000_000 + passed + ahead).unwrap()
    }
}

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
    /// When the network was gone, in wall time.
    blind: Vec<(Timestamp, Timestamp)>,
    /// The wall clock was set back.
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
        let store: Arc<dyn Store> = Arc::new(Ledger::new(OnDisk(self.disk.clone())));
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
        tasks.spawn(wheel::run(steady(world.clone()), stop.clone(), None));
        tasks.spawn(tell::run(steady(world.clone()), stop.clone()));
        tasks.spawn(watchdog::run(steady(world.clone()), stop));
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

    /// Something happens.
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
                // hours that come twice cannot be told apart afterwards
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
        // everything works again, and what is true stays so
        for chat in &self.chats {
            *chat.mood.lock().unwrap() = Mood::Well;
        }
        self.disk.slow_ms.store(0, Ordering::Relaxed);
        for truth in self.outside.truths.lock().unwrap().values_mut() {
            if *truth == Truth::Flapping {
                *truth = Truth::Honest(0);
            }
        }
        // where nobody answers at all, it is our own network as far as anybody can tell
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
        let glances = store.glances().await.unwrap();
        for (id, truth) in &truths {
            let open = incidents
                .iter()
                .find(|it| it.target.as_str() == id && it.stage.is_open());
            let comes_and_goes = open.is_some_and(|it| it.intermittent.is_some());
            let right = match (truth, open.map(|it| it.kind)) {
                (Truth::Honest(_), None) => true,
                // what came and went is over when it was not seen for two hours, and no sooner
                (Truth::Honest(_), Some(kind)) if comes_and_goes => kind.is_tampering(),
                // a sell link in an otherwise unchanged page is at least planted
                (Truth::Defaced | Truth::Planted, Some(kind)) => kind.is_tampering(),
                // tampering is not over because the page cannot be seen
                (Truth::Down, Some(kind)) => kind == Kind::Down || kind.is_tampering(),
                _ => false,
            };
            if !right {
                return Err(format!(
                    "{id} is {truth:?}, open is {open:#?}, known {:?}",
                    glances.iter().find(|it| it.target.as_str() == id)
                ));
            }
            let glance = glances.iter().find(|it| it.target.as_str() == id);
            let last = glance.and_then(|it| it.last).ok_or("never looked at")?;
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
                let storm = storm.as_ref().and_then(Storm::of);
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
            // a look of the last moments is doubted when the network is back already
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

    /// Whatever was told of is known, and nothing was said twice without saying so.
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
        // a history waits for its one worker half of the time
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
