//! Worlds, configurations and the built program for tests.

use std::{
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::{Arc, Mutex, Once, mpsc},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use gaccong::{
    config,
    config::{Config, Pace},
    deliver, jobs,
    model::{Incident, Receipt, Target, TargetId, TargetState},
    notify::{Message, Notifier, Place, Refusal},
    store::{Commit, Store, Wanted, backends},
    watch::check,
    world::{
        World,
        clock::{Clock, System},
    },
};
use jiff::{SignedDuration, Timestamp};

pub fn provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        rustls::crypto::ring::default_provider()
            .install_default()
            .unwrap();
    });
}

/// A notifier that stores its messages.
#[derive(Default)]
pub struct Keeper(pub Mutex<Vec<Message>>);

#[async_trait]
impl Notifier for Keeper {
    async fn send(&self, message: &Message, _place: Place<'_>) -> Result<Option<Receipt>, Refusal> {
        self.0.lock().unwrap().push(message.clone());
        Ok(None)
    }
}

/// A clock that the test sets.
pub struct Turned(Mutex<Timestamp>);

impl Clock for Turned {
    fn now(&self) -> Timestamp {
        *self.0.lock().unwrap()
    }
}

impl Turned {
    pub fn at(moment: &str) -> Arc<Self> {
        Arc::new(Self(Mutex::new(moment.parse().unwrap())))
    }

    pub fn set(&self, moment: &str) {
        *self.0.lock().unwrap() = moment.parse().unwrap();
    }

    pub fn pass_seconds(&self, seconds: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_secs(seconds);
    }

    pub fn pass(&self, minutes: i64) {
        *self.0.lock().unwrap() += SignedDuration::from_mins(minutes);
    }
}

/// A world on the memory store with a [`Keeper`] as its console.
pub struct Scene {
    pub world: Arc<World>,
    pub heard: Arc<Keeper>,
    pub folder: tempfile::TempDir,
}

/// A configuration with short intervals and loopback allowed. `extra` goes under `service:`; `targets` are pairs of
/// id and URL.
pub fn yaml(extra: &str, targets: &[(&str, &str)]) -> String {
    let targets: String = targets
        .iter()
        .map(|(id, url)| format!("      - {{ id: {id}, name: Cổng {id}, url: '{url}' }}\n"))
        .collect();
    format!(
        "service:\n  allow_networks: [127.0.0.0/8]\n  listen: 'off'\n{extra}defaults:\n  every: 1s\n  timeout: 2s\n  \
         confirm: {{ looks: 3, within: 30ms, agree: 2 }}\n  learn: {{ looks: 3, every: 50ms }}\nagencies:\n  - id: thu\n    name: Cơ quan Thử\n    targets:\n{targets}"
    )
}

pub fn parse(text: &str) -> Config {
    config::parse(text, Pace::Fast).unwrap_or_else(|faults| panic!("{faults:?}\n{text}"))
}

impl Scene {
    pub fn new(text: &str) -> Self {
        Self::with(parse(text), "memory")
    }

    pub fn with(config: Config, store: &str) -> Self {
        Self::at(config, store, Arc::new(System))
    }

    /// With the test's own clock.
    pub fn at(config: Config, store: &str, clock: Arc<dyn Clock>) -> Self {
        Self::over(config, store, clock, tempfile::tempdir().unwrap())
    }

    /// Over the existing content of a folder.
    pub fn over(
        mut config: Config,
        store: &str,
        clock: Arc<dyn Clock>,
        folder: tempfile::TempDir,
    ) -> Self {
        provider();
        config.service.data_dir = folder.path().join("data");
        config.service.snapshots_dir = folder.path().join("snapshots");
        let store = backends::open(store, &config.service.data_dir).unwrap();
        let (mut world, _) = World::open(config, store, clock).unwrap();
        let heard = Arc::new(Keeper::default());
        world.notifiers.insert("console".to_owned(), heard.clone());
        Self {
            world: Arc::new(world),
            heard,
            folder,
        }
    }

    /// Restarts the service: a new world, without memory of earlier looks, over the existing store.
    pub fn restarted(self) -> Self {
        let (config, store) = (self.world.config.clone(), self.world.store.clone());
        let (mut world, _) = World::open(config, store, self.world.clock.clone()).unwrap();
        world
            .notifiers
            .insert("console".to_owned(), self.heard.clone());
        Self {
            world: Arc::new(world),
            ..self
        }
    }

    pub fn target(&self, at: usize) -> Target {
        self.world.config.targets[at].clone()
    }

    /// Checks a target and delivers the resulting alerts.
    pub async fn check(&self, at: usize) -> check::Checked {
        let checked = check::check(&self.world, &self.target(at)).await;
        deliver::flush(&self.world).await;
        checked
    }

    pub async fn learn(&self, at: usize) {
        for _ in 0..3 {
            self.check(at).await;
        }
        assert!(
            self.target_state(at).await.baseline.is_some(),
            "three looks are a baseline"
        );
    }

    pub async fn target_state(&self, at: usize) -> TargetState {
        self.world
            .store
            .target_state(&self.target(at).id)
            .await
            .unwrap()
            .unwrap()
    }

    /// Writes an incident that a person's action has changed.
    pub async fn commit(&self, incident: Incident) {
        let commit = Commit {
            incidents: vec![incident],
            ..Commit::default()
        };
        self.world.store.commit(commit).await.unwrap();
    }

    pub async fn incidents(&self) -> Vec<Incident> {
        self.world
            .store
            .incidents(&Wanted::default())
            .await
            .unwrap()
    }

    pub fn heard(&self) -> Vec<String> {
        self.heard
            .0
            .lock()
            .unwrap()
            .iter()
            .map(|it| it.plain.clone())
            .collect()
    }
}

/// Runs these periodic jobs once each, in the given order.
pub async fn run_jobs(world: &Arc<World>, names: &[&str]) {
    for name in names {
        let mut all = jobs::ALL.iter().map(|begin| begin());
        let job = all.find(|it| it.name() == *name);
        job.unwrap_or_else(|| panic!("there is no job {name}"))
            .run(world)
            .await;
    }
}

/// Runs the jobs that call people: escalation, test calls and handovers.
pub async fn duty_clock(world: &Arc<World>) {
    run_jobs(world, &["escalation", "shift-check", "handover"]).await;
}

pub fn store_at(kind: &str, folder: &Path) -> Arc<dyn Store> {
    backends::open(kind, folder).unwrap()
}

pub fn id(text: &str) -> TargetId {
    text.parse().unwrap()
}

/// Runs the built program.
pub fn gaccong(folder: &Path, args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_gaccong"))
        .args(args)
        .current_dir(folder)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

pub fn said(output: &Output) -> (String, String, i32) {
    (
        String::from_utf8_lossy(&output.stdout).into_owned(),
        String::from_utf8_lossy(&output.stderr).into_owned(),
        output.status.code().unwrap_or(-1),
    )
}

/// A folder with this targets.yaml.
pub fn folder(text: &str) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().to_owned();
    std::fs::write(path.join("targets.yaml"), text).unwrap();
    (folder, path)
}

/// A running `gaccong watch --fast`; its output is read line by line.
pub struct Service {
    pub child: Child,
    lines: mpsc::Receiver<String>,
    pub heard: Vec<String>,
}

impl Service {
    pub fn start(folder: &Path, envs: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_gaccong"))
            .args(["watch", "--fast"])
            .current_dir(folder)
            .env("RUST_LOG", "gaccong=info")
            .envs(envs.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = mpsc::channel();
        for stream in [
            Box::new(child.stdout.take().unwrap()) as Box<dyn std::io::Read + Send>,
            Box::new(child.stderr.take().unwrap()),
        ] {
            let sender = sender.clone();
            std::thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    if sender.send(line).is_err() {
                        return;
                    }
                }
            });
        }
        Self {
            child,
            lines,
            heard: Vec::new(),
        }
    }

    /// Reads lines until one contains `wanted`.
    pub fn until(&mut self, wanted: &str) -> String {
        let end = Instant::now() + Duration::from_secs(60);
        while Instant::now() < end {
            if let Ok(line) = self.lines.recv_timeout(Duration::from_millis(200)) {
                self.heard.push(line.clone());
                if line.contains(wanted) {
                    return line;
                }
            }
        }
        panic!(
            "{wanted:?} was not heard; heard:\n{}",
            self.heard.join("\n")
        );
    }

    /// The lines until the output ends or pauses for `quiet`.
    pub fn rest(&mut self, quiet: Duration) -> Vec<String> {
        let mut out = Vec::new();
        while let Ok(line) = self.lines.recv_timeout(quiet) {
            out.push(line);
        }
        out
    }

    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub fn terminate(&mut self) -> i32 {
        let status = Command::new("kill")
            .arg(self.child.id().to_string())
            .status()
            .unwrap();
        assert!(status.success());
        self.child.wait().unwrap().code().unwrap_or(-1)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
