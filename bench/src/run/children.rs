//! The farm, the service and the bare loop as processes of their own, so that each has a processor time of its own.
//! All end with the value that stands for them, on every way out.

use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdin, Command},
    time::{Instant, sleep, timeout},
};

use super::{Args, registry, scrape::Scrape};
use crate::{
    bare::Pass,
    farm::{Kind, Ready},
    process::Of,
    trouble::{Because, Result, Trouble},
};

/// A farm of 10,000 portals is written in this time.
const FARM_READY: Duration = Duration::from_secs(120);
/// 10,000 targets are read and the store is made.
const SERVICE_READY: Duration = Duration::from_secs(60);
/// The service promises to stop within ten seconds.
const STOPPED: Duration = Duration::from_secs(15);
/// A pass over slow pages, several times over.
const BARE: Duration = Duration::from_secs(300);

/// A child that does not outlive this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // one that has ended already cannot be ended
        let _ = self.0.start_kill();
        for _ in 0..100 {
            match self.0.try_wait() {
                Ok(None) => std::thread::sleep(Duration::from_millis(20)),
                Ok(Some(_)) | Err(_) => return,
            }
        }
    }
}

pub struct Farm {
    /// Where switches, counters and the ear for alerts are.
    pub control: String,
    /// Where the portals are, see `bare::url`.
    pub template: String,
    pub ca: Option<PathBuf>,
    pub mean_bytes: Option<u64>,
    pub kinds: Vec<Kind>,
    client: reqwest::Client,
    running: Option<(Running, ChildStdin)>,
}

impl Farm {
    pub async fn start(args: &Args, folder: &Path) -> Result<Self> {
        let client = reqwest::Client::builder()
            .tls_certs_only([])
            .no_proxy()
            .timeout(Duration::from_secs(20))
            .build()
            .because(|| "the client cannot be built".to_owned())?;
        let common = vec![Kind::Full, Kind::Partial, Kind::Script, Kind::Title];
        if let Some(control) = &args.farm_url {
            let control = control.trim_end_matches('/').to_owned();
            let at = args.portals_at.as_ref().unwrap_or(&control);
            return Ok(Self {
                template: template(args, at),
                ca: args.ca.clone(),
                mean_bytes: None,
                kinds: common,
                client,
                running: None,
                control,
            });
        }
        let mut command = myself("farm")?;
        command.args(["--until-eof", "--profile", args.profile.name()]);
        command.args(["--n", &args.n.to_string(), "--seed", &args.seed.to_string()]);
        let ca = args.tls.then(|| folder.join("ca.pem"));
        if let Some(ca) = &ca {
            command.args(["--tls-port", "0", "--ca"]).arg(ca);
        }
        if args.resume {
            command.arg("--resume");
        }
        if args.by_address {
            command.arg("--any-loopback");
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut running = Running(
            command
                .spawn()
                .because(|| "the farm cannot be started".to_owned())?,
        );
        let pipes = running.0.stdin.take().zip(running.0.stdout.take());
        let (stdin, stdout) = pipes.because(|| "the farm has no pipes".to_owned())?;
        let mut line = String::new();
        let mut stdout = BufReader::new(stdout);
        timeout(FARM_READY, stdout.read_line(&mut line))
            .await
            .because(|| "the farm is not ready in time".to_owned())?
            .because(|| "the farm says nothing".to_owned())?;
        let ready: Ready =
            serde_json::from_str(&line).because(|| format!("the farm did not start: {line:?}"))?;
        let at = ready.https.as_ref().unwrap_or(&ready.http);
        Ok(Self {
            template: template(args, at),
            control: ready.http,
            ca,
            mean_bytes: Some(ready.mean_bytes),
            kinds: [common, vec![Kind::Links]].concat(),
            client,
            running: Some((running, stdin)),
        })
    }

    /// What the control path answers.
    pub async fn ask(&self, path: &str) -> Result<String> {
        get(&self.client, &format!("{}{path}", self.control)).await
    }

    /// Number of alerts about portals without harm. A farm of another kind may not count them.
    pub async fn false_alarms(&self) -> Result<u64> {
        let text = self.ask("/ctl/stats").await?;
        let stats: Value =
            serde_json::from_str(&text).because(|| "/ctl/stats is no JSON".to_owned())?;
        for said in stats["said_falsely"].as_array().into_iter().flatten() {
            eprintln!(
                "gaccong-bench: said falsely: {}",
                said.as_str().unwrap_or_default()
            );
        }
        Ok(stats["false_alarms"].as_u64().unwrap_or(0))
    }

    pub fn of(&self) -> Option<Of> {
        self.running
            .as_ref()
            .and_then(|(it, _)| it.0.id())
            .map(Of::Pid)
    }
}

fn template(args: &Args, at: &str) -> String {
    let at = at.trim_end_matches('/');
    match args.by_address && at.starts_with("http://") {
        false => format!("{at}/p/{{}}/"),
        true => format!("{}/", at.replace("127.0.0.1", "{address}")),
    }
}

/// `gaccong watch`.
pub struct Service {
    metrics: String,
    client: reqwest::Client,
    log: PathBuf,
    running: Running,
}

impl Service {
    pub async fn start(args: &Args, farm: &Farm, folder: &Path) -> Result<Self> {
        let port = free_port()?;
        registry::write(args, farm, port, folder)?;
        let log = folder.join("gaccong.log");
        let file = |path: &Path| {
            fs::File::create(path).because(|| format!("{} cannot be made", path.display()))
        };
        let mut command = Command::new(&args.gaccong);
        command
            .args(["watch", "--fast", "--config"])
            .arg(folder.join("targets.yaml"))
            .env(registry::SECRET.0, registry::SECRET.1)
            .env("RUST_LOG", "warn")
            .stdin(Stdio::null())
            .stdout(file(&folder.join("gaccong.out"))?)
            .stderr(file(&log)?)
            .kill_on_drop(true);
        let child = command.spawn();
        let child = child.because(|| format!("{} cannot be started", args.gaccong.display()))?;
        let mut it = Self {
            metrics: format!("http://127.0.0.1:{port}/metrics"),
            client: farm.client.clone(),
            log,
            running: Running(child),
        };
        let begun = Instant::now();
        while let Err(trouble) = it.scrape().await {
            if let Ok(Some(status)) = it.running.0.try_wait() {
                return Err(Trouble::new(format!(
                    "gaccong ended with {status}:\n{}",
                    it.last_words()
                )));
            }
            if begun.elapsed() > SERVICE_READY {
                return Err(Trouble::new(format!(
                    "gaccong does not answer: {trouble}\n{}",
                    it.last_words()
                )));
            }
            sleep(Duration::from_millis(200)).await;
        }
        Ok(it)
    }

    pub async fn scrape(&self) -> Result<Scrape> {
        let text = get(&self.client, &self.metrics).await;
        let text = text.map_err(|it| Trouble::new(format!("{it}\n{}", self.last_words())))?;
        Ok(Scrape::read(&text))
    }

    pub fn of(&self) -> Result<Of> {
        let pid = self.running.0.id().map(Of::Pid);
        pid.because(|| format!("gaccong has ended:\n{}", self.last_words()))
    }

    /// As an operator does, with time to finish; what is left then is killed.
    pub async fn stop(mut self) {
        let pid = self.running.0.id().and_then(|it| i32::try_from(it).ok());
        if let Some(pid) = pid.and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::TERM);
            let _ = timeout(STOPPED, self.running.0.wait()).await;
        }
    }

    /// The end of its log.
    fn last_words(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }
}

/// The bare loop over the farm's portals, in a process of its own.
pub async fn bare(args: &Args, farm: &Farm) -> Result<Vec<Pass>> {
    let mut command = myself("bare")?;
    let pages = args.honest();
    command.args(["--n", &pages.to_string(), "--url", &farm.template]);
    command.args([
        "--passes",
        &args.bare_pages.div_ceil(pages.max(1)).max(2).to_string(),
    ]);
    if let Some(ca) = &farm.ca {
        command.arg("--ca").arg(ca);
    }
    let output = timeout(
        BARE,
        command
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output(),
    );
    let output = output
        .await
        .because(|| "the bare loop takes too long".to_owned())?
        .because(|| "the bare loop cannot be started".to_owned())?;
    let text = String::from_utf8_lossy(&output.stdout);
    let passes = text.lines().map(serde_json::from_str);
    let passes: Vec<Pass> = passes
        .collect::<serde_json::Result<_>>()
        .because(|| "the bare loop says no JSON".to_owned())?;
    if passes.is_empty() || passes.iter().any(|it| it.failed > 0) {
        return Err(Trouble::new("the bare loop did not get all pages"));
    }
    Ok(passes)
}

/// A subcommand of this very program.
fn myself(subcommand: &str) -> Result<Command> {
    let program = env::current_exe().because(|| "this program cannot be found".to_owned())?;
    let mut command = Command::new(program);
    command.arg(subcommand).kill_on_drop(true);
    Ok(command)
}

async fn get(client: &reqwest::Client, url: &str) -> Result<String> {
    let text = async {
        client
            .get(url)
            .send()
            .await?
            .error_for_status()?
            .text()
            .await
    };
    text.await.because(|| format!("{url} does not answer"))
}

/// A port that was free a moment ago.
fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).and_then(|it| it.local_addr());
    Ok(listener.because(|| "no free port".to_owned())?.port())
}
