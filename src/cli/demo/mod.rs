//! `gaccong demo`: shows the whole service in under a minute, on made-up portals; only a report remains afterwards.

mod farm;
mod pages;

use std::{
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anstyle::{AnsiColor, Style};
use async_trait::async_trait;
use farm::{Mode, Site};
use tokio::{sync::mpsc, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    Failure, Global, Outcome, open,
    output::{line, table},
};
use crate::{
    actions::{evidence::lines_of, reports},
    config::Config,
    deliver,
    model::{
        Agency, Class, Incident, IncidentId, Receipt, Standing, Target, TargetId,
        incident::Stage,
        target::{Confirm, Learn, Settings},
        time::Week,
    },
    notify::{Message, Notifier, Place, Refusal, notifiers::Console},
    report::formats,
    schedule::queue,
    store::backends,
    world::{World, clock::System, unchanging},
};

#[derive(clap::Args)]
pub struct Args {
    /// Where the report goes
    #[arg(long, value_name = "DIR", default_value_os_t = std::env::temp_dir())]
    out: PathBuf,
}

/// Timeout of each step: the demo promises to take less than a minute.
const PATIENCE: Duration = Duration::from_secs(15);

pub(super) async fn run(global: &Global, args: Args) -> Result<Outcome, Failure> {
    open::logs("error");
    let folder = std::env::temp_dir().join(format!(
        "gaccong-demo-{}-{:x}",
        std::process::id(),
        fastrand::u32(..)
    ));
    let out = open::folder(&args.out)?;
    let stop = CancellationToken::new();
    let told = tokio::select! {
        told = story(global, &folder, &out, &stop) => told,
        _ = tokio::signal::ctrl_c() => Err(Failure::system("interrupted")),
    };
    stop.cancel();
    // clean up, whatever the result
    let _ = std::fs::remove_dir_all(&folder);
    told
}

async fn story(
    global: &Global,
    folder: &Path,
    out: &Path,
    stop: &CancellationToken,
) -> Result<Outcome, Failure> {
    let sites = farm::start(stop)
        .await
        .map_err(|error| Failure::system(format!("127.0.0.1: {error}")))?;
    let mut stage = Stand::build(global, folder, &sites)?;
    stage.say("demo-title", &[])?;
    stage.say("demo-learning", &[("targets", &sites.len().to_string())])?;
    let on_checked: queue::OnChecked = {
        let (looks, false_alarms) = (stage.looks.clone(), stage.false_alarms.clone());
        Arc::new(move |target: &Target, class: Option<Class>| {
            let victim = pages::PORTALS
                .iter()
                .take(VICTIMS)
                .any(|it| it.id == target.id.as_str());
            if !victim {
                looks.fetch_add(1, Ordering::Relaxed);
                let wrong = class.is_none_or(|it| it.standing() != Standing::Up);
                false_alarms.fetch_add(u64::from(wrong), Ordering::Relaxed);
            }
        })
    };
    tokio::spawn(queue::run(
        unchanging(stage.world.clone()),
        stop.clone(),
        Some(on_checked),
    ));
    tokio::spawn(deliver::run(unchanging(stage.world.clone()), stop.clone()));
    stage.learnt(&sites).await?;
    stage.say("demo-learnt", &[])?;
    for (site, mode, said) in [
        (&sites[0], Mode::Defaced, "demo-deface"),
        (&sites[1], Mode::Planted, "demo-plant"),
        (&sites[2], Mode::Down, "demo-down"),
    ] {
        stage.say(said, &[("name", site.portal.name)])?;
        site.set(mode);
        stage.alarm(site).await?;
    }
    stage.say("demo-restore", &[])?;
    sites.iter().for_each(|it| it.set(Mode::Honest));
    for _ in 0..VICTIMS {
        stage.next(|it| !it.stage.is_open()).await?;
    }
    stage.finale(&sites, out).await
}

/// Number of portals, the first of the list, that are attacked.
const VICTIMS: usize = 3;

/// The running service of the demo, and its counters.
struct Stand {
    world: Arc<World>,
    said: mpsc::UnboundedReceiver<String>,
    looks: Arc<AtomicU64>,
    false_alarms: Arc<AtomicU64>,
}

/// A notifier that prints each message and passes its key to the demo.
struct Aloud(mpsc::UnboundedSender<String>);

#[async_trait]
impl Notifier for Aloud {
    async fn send(&self, message: &Message, place: Place<'_>) -> Result<Option<Receipt>, Refusal> {
        Console.send(message, place).await?;
        // the demo may have ended
        let _ = self.0.send(message.key.clone());
        Ok(None)
    }
}

impl Stand {
    fn build(global: &Global, folder: &Path, sites: &[Site]) -> Result<Self, Failure> {
        let config = config(global, folder, sites)?;
        let store = backends::open("memory", folder)?;
        let (mut world, _) = World::open(config, store, Arc::new(System))?;
        let (aloud, said) = mpsc::unbounded_channel();
        world
            .notifiers
            .insert("console".to_owned(), Arc::new(Aloud(aloud)));
        Ok(Self {
            world: Arc::new(world),
            said,
            looks: Arc::default(),
            false_alarms: Arc::default(),
        })
    }

    fn say(&self, key: &str, args: &[(&str, &str)]) -> Result<(), Failure> {
        let style = Style::new().bold();
        line(&format!(
            "\n{style}{}{style:#}",
            self.world.locale.text_with(key, args)
        ))
    }

    async fn learnt(&self, sites: &[Site]) -> Result<(), Failure> {
        let started = Instant::now();
        let mut left: Vec<TargetId> = sites.iter().map(id).collect::<Result<_, _>>()?;
        while !left.is_empty() {
            if started.elapsed() > PATIENCE {
                return Err(late("the baselines were not learnt"));
            }
            let mut still = Vec::new();
            for target in left {
                if self
                    .world
                    .store
                    .target_state(&target)
                    .await?
                    .is_none_or(|it| it.baseline.is_none())
                {
                    still.push(target);
                }
            }
            left = still;
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        Ok(())
    }

    /// Waits for the next reported incident that `wanted` accepts.
    async fn next(&mut self, wanted: impl Fn(&Incident) -> bool) -> Result<Incident, Failure> {
        let wait = async {
            while let Some(key) = self.said.recv().await {
                if let Some(found) = self.world.store.incident(&IncidentId(key)).await?
                    && wanted(&found)
                {
                    return Ok(found);
                }
            }
            Err(late("the outbox stopped"))
        };
        timeout(PATIENCE, wait)
            .await
            .unwrap_or_else(|_| Err(late("an alert did not come")))
    }

    /// Waits for the alert about an attack, and prints what changed.
    async fn alarm(&mut self, site: &Site) -> Result<(), Failure> {
        let started = Instant::now();
        let victim = id(site)?;
        let found = self
            .next(|it| it.target == victim && it.stage == Stage::Open)
            .await?;
        let seconds = self
            .world
            .locale
            .decimal(started.elapsed().as_secs_f64(), 1);
        line(
            &self
                .world
                .locale
                .text_with("demo-took", &[("seconds", &seconds)]),
        )?;
        if !found.kind.is_tampering() {
            return Ok(());
        }
        line(&self.world.locale.text("demo-diff"))?;
        let (red, green) = (AnsiColor::Red.on_default(), AnsiColor::Green.on_default());
        for change in lines_of(&self.world, &found).iter().take(14) {
            let (style, sign) = if change.added {
                (green, '+')
            } else {
                (red, '-')
            };
            let text: String = change.text.chars().take(100).collect();
            line(&format!("  {style}{sign} {text}{style:#}"))?;
        }
        for signal in found
            .signals
            .iter()
            .filter(|it| !it.excerpt.is_empty())
            .take(3)
        {
            line(&format!(
                "  {green}+ [{}] {}{green:#}",
                signal.name, signal.excerpt
            ))?;
        }
        Ok(())
    }

    async fn finale(&self, sites: &[Site], out: &Path) -> Result<Outcome, Failure> {
        let locale = &self.world.locale;
        self.say("demo-table", &[])?;
        let mut rows = Vec::new();
        let seen = self.world.store.all_summaries().await?;
        for site in sites {
            let id = id(site)?;
            let last = seen
                .iter()
                .find(|it| it.target == id)
                .and_then(|it| it.last);
            let class = last.map(|it| locale.text(&it.1.key())).unwrap_or_default();
            rows.push(vec![site.portal.name.to_owned(), class]);
        }
        table(
            &["name", "class"].map(|it| locale.text(&format!("head-{it}"))),
            rows,
        )?;
        if self.false_alarms.load(Ordering::Relaxed) > 0 {
            return Err(late("a portal that nobody touched was accused"));
        }
        let looks = self.looks.load(Ordering::Relaxed).to_string();
        line(&locale.text_with(
            "demo-quiet",
            &[
                ("count", &(sites.len() - VICTIMS).to_string()),
                ("looks", &looks),
            ],
        ))?;
        let now = self
            .world
            .clock
            .now()
            .to_zoned(self.world.config.service.timezone.clone());
        let report = reports::gather(&self.world, Week::of(now.date()), None).await?;
        let html =
            formats::find("html").ok_or_else(|| Failure::system("there is no HTML format"))?;
        let path = reports::write(&self.world, &report, html, out).map_err(Failure::system)?;
        self.say("demo-report", &[("path", &path.display().to_string())])?;
        line(&locale.text("demo-clean"))?;
        line(&locale.text("demo-next"))?;
        Ok(Outcome::Fine)
    }
}

fn late(what: &str) -> Failure {
    Failure::system(format!(
        "the demo did not go as it should: {what} within {} s",
        PATIENCE.as_secs()
    ))
}

fn id(site: &Site) -> Result<TargetId, Failure> {
    site.portal.id.parse().map_err(Failure::system)
}

fn config(global: &Global, folder: &Path, sites: &[Site]) -> Result<Config, Failure> {
    let mut config = Config::default();
    if let Some(lang) = global.lang() {
        config.service.language = lang;
    }
    config.service.name = "gác cổng · demo".to_owned();
    config.service.data_dir = folder.join("data");
    config.service.snapshots_dir = folder.join("snapshots");
    config.service.listen = None;
    config.service.allow_networks = vec![
        "127.0.0.1/32"
            .parse()
            .map_err(|_| Failure::system("127.0.0.1/32"))?,
    ];
    config.defaults = Settings {
        every: Duration::from_secs(1),
        timeout: Duration::from_secs(3),
        confirm: Confirm {
            looks: 3,
            within: Duration::from_millis(1500),
            agree: 2,
        },
        learn: Learn {
            looks: 5,
            every: Duration::from_millis(600),
        },
        ..Settings::default()
    };
    let agency = crate::locale::Locale::new(config.service.language).text("demo-agency");
    config.agencies = vec![Agency {
        id: "demo".to_owned(),
        name: agency.clone(),
        province: None,
        notify: Vec::new(),
        escalation: Vec::new(),
        head: None,
    }];
    for site in sites {
        let url = format!("http://{}/", site.address)
            .parse()
            .map_err(|error| Failure::system(format!("{error}")))?;
        let mut target = Target::unregistered(url, config.defaults.clone());
        target.id = id(site)?;
        target.name = site.portal.name.to_owned();
        target.agency = "demo".to_owned();
        target.by_operator = true;
        target.agency_name.clone_from(&agency);
        config.targets.push(target);
    }
    Ok(config)
}
