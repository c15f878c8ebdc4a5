//! A duty room with a program that dies and restarts over its store, and the helpers of the day.

use std::{
    collections::BTreeSet,
    future::Future,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures_util::{FutureExt, future::BoxFuture};
use gaccong::{
    bot, deliver,
    model::{Incident, TargetId},
    store::{Wanted, backends},
    watch::check,
    world::{World, unchanging},
};
use tokio::{runtime::Runtime, sync::watch};
use tokio_util::sync::CancellationToken;

use crate::{
    portal::{Portal, Reply, honest},
    room::{AN, BINH, NOBODY, ROOM},
    scene::{Turned, duty_clock, parse, provider, run_jobs, yaml},
    telegram::{Shown, Telegram, User},
};

/// The agency's group, and its number after the move.
pub const GROUP: i64 = -2002;
pub const MOVED: i64 = -1_002_002;
/// A member of the agency.
pub const HOA: User = User {
    id: 21,
    name: "Phạm Thị Hoa",
    username: None,
};
pub const KHANG: User = User {
    id: 22,
    name: "Lê Văn Khang",
    username: None,
};
/// A member of the duty room, but no officer.
pub const LAN: User = User {
    id: 13,
    name: "Đỗ Ngọc Lan",
    username: None,
};
pub const OLD: &str = "Trang tỉnh Cũ";
/// The portals of targets.yaml, all on one server.
pub const FILED: [&str; 5] = ["cu", "cu-a", "cu-b", "cu-c", "cu-d"];
pub const SITE: &str = "Cổng thông tin điện tử xã Mới";
pub const AGENCY_NAME: &str = "Sở Y tế tỉnh Thử";

/// The program as one process: everything in it ends with it.
struct Life {
    runtime: Option<Runtime>,
    world: Arc<World>,
}

impl Life {
    fn begin(text: &str, folder: &Path, clock: Arc<Turned>, listens: bool) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let inside = runtime.enter();
        let mut config = parse(text);
        config.service.data_dir = folder.join("data");
        config.service.snapshots_dir = folder.join("snapshots");
        let store = backends::open("sled", &config.service.data_dir).unwrap();
        let world = Arc::new(World::open(config, store, clock).unwrap().0);
        if listens {
            runtime.spawn(bot::run(
                unchanging(world.clone()),
                CancellationToken::new(),
            ));
        }
        drop(inside);
        Self {
            runtime: Some(runtime),
            world,
        }
    }

    /// Kills the process wherever it is.
    async fn ends(mut self) {
        let runtime = self.runtime.take().unwrap();
        let over = move || runtime.shutdown_timeout(Duration::from_secs(10));
        tokio::task::spawn_blocking(over).await.unwrap();
        let others = Arc::strong_count(&self.world) - 1;
        assert_eq!(others, 0, "nothing of a dead process works on");
    }
}

impl Drop for Life {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A portal that shows a page, or keeps every visitor waiting.
pub struct Site {
    pub portal: Portal,
    page: Arc<Mutex<Option<String>>>,
    file: Arc<Mutex<String>>,
    /// Number of visitors that are waiting.
    held: watch::Sender<usize>,
}

impl Site {
    async fn start(page: String) -> Self {
        let page = Arc::new(Mutex::new(Some(page)));
        let file: Arc<Mutex<String>> = Arc::default();
        let held = watch::Sender::new(0);
        let (of, text, rings) = (page.clone(), file.clone(), held.clone());
        let portal = Portal::start(move |request| {
            let Some(page) = of.lock().unwrap().clone() else {
                rings.send_modify(|it| *it += 1);
                return Reply::Hang;
            };
            let proof = text.lock().unwrap().clone();
            match request.path.as_str() {
                "/.well-known/gaccong.txt" if proof.is_empty() => Reply::status(404, ""),
                "/.well-known/gaccong.txt" => Reply::status(200, &proof),
                _ if page.is_empty() => Reply::status(503, "quá tải"),
                _ => Reply::Page(page),
            }
        })
        .await;
        Self {
            portal,
            page,
            file,
            held,
        }
    }

    /// Shows a page from now on; an empty one is an outage.
    pub fn shows(&self, page: &str) {
        *self.page.lock().unwrap() = Some(page.to_owned());
    }

    pub fn bears(&self, token: &str) {
        *self.file.lock().unwrap() = format!("{token}\n");
    }
}

pub struct House {
    pub telegram: Telegram,
    pub clock: Arc<Turned>,
    /// The portal that the agency registers.
    pub site: Site,
    pub old: Site,
    /// People's actions and the program's decisions of the day, in order: subject, action, actor.
    pub done: Vec<(String, String, String)>,
    /// Number of messages that may or may not have arrived.
    pub unsure: usize,
    /// Callback ids of strangers' taps.
    pub forged: BTreeSet<String>,
    text: String,
    life: Option<Life>,
    pub folder: tempfile::TempDir,
}

/// Strangers' groups: in each, ten updates a minute are handled.
pub const STRANGERS: std::ops::Range<i64> = -1_009_100..-1_009_000;

impl House {
    pub async fn open(moment: &str) -> Self {
        provider();
        let site = Site::start(honest(7).replace("xã Thử Nghiệm", "xã Mới")).await;
        let old = Site::start(honest(1)).await;
        let mut chats = vec![
            (ROOM, "supergroup"),
            (GROUP, "group"),
            (NOBODY.id, "private"),
        ];
        chats.extend(STRANGERS.map(|it| (it, "supergroup")));
        let telegram = Telegram::strict(&chats).await;
        let url = telegram.portal.url();
        let duty = format!(
            "notifiers:
  room: {{ kind: telegram, with: {{ chat: {ROOM}, token_env: HOME, api_url: '{url}' }} }}
duty:
  roster:
    - {{ name: {}, telegram: 11, phone: '0912 000 001', from: '07:00', to: '19:00' }}
    - {{ name: {}, telegram: 12, from: '19:00', to: '07:00' }}
  officers: [{{ name: An, telegram: 11 }}, {{ name: Bình, telegram: 12 }}]
  escalation:
    - {{ after: 5m, to: roster }}
    - {{ after: 20m, to: duty-room }}
    - {{ after: 30m, to: national }}
  contacts:
    - {{ tier: national, name: Trung tâm quốc gia, phone: '024 0000', confirmed: 2026-11-01 }}
agencies:",
            AN.name, BINH.name
        );
        let urls = FILED.map(|it| format!("{}{it}", old.portal.url()));
        let filed: Vec<(&str, &str)> = FILED
            .into_iter()
            .zip(urls.iter().map(String::as_str))
            .collect();
        let site_url: url::Url = site.portal.url().parse().unwrap();
        let ports = format!("  allow_ports: [80, 443, {}]\n", site_url.port().unwrap());
        let text = yaml(&ports, &filed)
            .replace("agencies:", &duty)
            .replace("  timeout: 2s", "  timeout: 2s\n  notify: [room]")
            .replace("Cổng cu", OLD);
        let folder = tempfile::tempdir().unwrap();
        let clock = Turned::at(moment);
        let life = Life::begin(&text, folder.path(), clock.clone(), true);
        Self {
            telegram,
            clock,
            site,
            old,
            done: Vec::new(),
            unsure: 0,
            forged: BTreeSet::new(),
            text,
            life: Some(life),
            folder,
        }
    }

    // processes

    pub fn world(&self) -> &Arc<World> {
        &self.life.as_ref().unwrap().world
    }

    async fn begin(&mut self, listens: bool) {
        if let Some(life) = self.life.take() {
            life.ends().await;
        }
        let clock = self.clock.clone();
        self.life = Some(Life::begin(&self.text, self.folder.path(), clock, listens));
    }

    pub async fn restart(&mut self) {
        self.begin(true).await;
    }

    /// Restarts the program without polling for updates.
    pub async fn restart_deaf(&mut self) {
        self.begin(false).await;
    }

    fn begins<T: Send + 'static, F: Future<Output = T> + Send + 'static>(
        &self,
        work: impl FnOnce(Arc<World>) -> F,
    ) -> tokio::task::JoinHandle<T> {
        let life = self.life.as_ref().unwrap();
        let runtime = life.runtime.as_ref().unwrap();
        runtime.spawn(work(life.world.clone()))
    }

    /// Runs all jobs that are due, but sends nothing yet.
    pub async fn decides(&self) {
        self.begins(rounds).await.unwrap();
    }

    pub async fn tells(&self) {
        self.begins(telling).await.unwrap();
    }

    pub async fn settles(&self) {
        self.decides().await;
        self.tells().await;
    }

    pub async fn looks(&self, id: &TargetId) {
        self.begins(looking(id)).await.unwrap();
    }

    /// After `deeds`, a call of `method` hangs and the process dies. The updates are never confirmed to Telegram.
    pub async fn dies_answering(&mut self, method: &str, deeds: impl FnOnce(&Telegram)) {
        let before = self.telegram.calls(method).len();
        self.telegram.refuse_raw(method, Reply::Hang);
        deeds(&self.telegram);
        let hung = |it: &Telegram| it.calls(method).len() > before;
        self.telegram.wait_for(hung).await;
        self.restart().await;
        self.caught_up().await;
    }

    /// The first message hangs when the process dies: it never arrives.
    pub async fn dies_telling(&mut self, method: &str) {
        let before = self.telegram.calls(method).len();
        self.telegram.refuse_raw(method, Reply::Hang);
        self.begins(telling);
        let hung = |it: &Telegram| it.calls(method).len() > before;
        self.telegram.wait_for(hung).await;
        self.restart().await;
        self.unsure += usize::from(method != "editMessageText");
    }

    /// The first message arrives but its answer does not, and the process dies before the next attempt.
    pub async fn is_cut_off_telling(&mut self, method: &str) {
        let before = self.telegram.calls(method).len();
        self.telegram.cut_next(method);
        self.tells().await;
        assert!(self.telegram.calls(method).len() > before);
        self.restart().await;
        self.clock.pass(1);
        self.unsure += usize::from(method != "editMessageText");
    }

    /// The process dies while a portal keeps it waiting for a page, during its jobs or a look.
    pub async fn dies_deciding(&mut self) {
        self.dies_at_the_door(rounds).await;
    }

    pub async fn dies_looking(&mut self, id: &TargetId) {
        self.dies_at_the_door(looking(id)).await;
    }

    async fn dies_at_the_door<F: Future<Output = ()> + Send + 'static>(
        &mut self,
        work: impl FnOnce(Arc<World>) -> F,
    ) {
        let page = self.site.page.lock().unwrap().take();
        let mut held = self.site.held.subscribe();
        let before = *held.borrow_and_update();
        self.begins(work);
        let waits = held.wait_for(|it| *it > before);
        let waits = tokio::time::timeout(Duration::from_secs(10), waits).await;
        assert!(waits.is_ok(), "nobody asked for a page");
        self.restart().await;
        *self.site.page.lock().unwrap() = page;
    }

    // people

    /// Sends a message, and returns the bot's answer.
    pub async fn says(&self, chat: i64, who: &User<'_>, text: &str) -> Shown {
        let id = self.telegram.say(chat, who, text);
        let found = |it: &Telegram| {
            let all = it.messages(chat).into_iter();
            all.rev().find(|it| it.reply_to == Some(id))
        };
        self.telegram.wait_for(|it| found(it).is_some()).await;
        found(&self.telegram).unwrap()
    }

    /// Taps a button, and returns the notification.
    pub async fn taps(&self, chat: i64, who: &User<'_>, shown: &Shown, label: &str) -> String {
        let query = self.telegram.press(chat, who, shown.id, label);
        self.answered(&query).await
    }

    pub async fn answered(&self, query: &str) -> String {
        let found = |it: &Telegram| it.answered().into_iter().find(|it| it.0 == query);
        self.telegram.wait_for(|it| found(it).is_some()).await;
        found(&self.telegram).unwrap().1
    }

    /// Waits until all earlier updates are handled.
    pub async fn caught_up(&self) {
        let said = self.says(ROOM, &AN, "/truc").await.text;
        assert!(said.contains("Đang trực"), "{said}");
        self.telegram.wait_for(|it| it.pending() == 0).await;
    }

    /// The last message that begins with this text, or has it in its first line.
    pub fn shown(&self, chat: i64, wanted: &str) -> Shown {
        let all = self.telegram.messages(chat);
        let of = |it: &&Shown| it.text.lines().next().unwrap_or_default().contains(wanted);
        let found = all.iter().rev().find(of).cloned();
        found.unwrap_or_else(|| panic!("no {wanted:?} in {chat}\n{}", self.telegram.state()))
    }

    /// The message of an incident, which is edited as it changes.
    pub fn alert(&self, chat: i64, of: &Incident) -> Shown {
        let id = format!("· {}", of.id);
        let all = self.telegram.messages(chat);
        let own = |it: &&Shown| {
            let first = it.text.lines().next().unwrap_or_default();
            it.reply_to.is_none() && first.contains(&id) && !first.contains("🔔")
        };
        let found = all.iter().rev().find(own).cloned();
        found.unwrap_or_else(|| panic!("no {id:?} in {chat}\n{}", self.telegram.state()))
    }

    pub async fn incident(&self, at: usize) -> Incident {
        let all = self.world().store.incidents(&Wanted::default()).await;
        all.unwrap().swap_remove(at)
    }

    pub async fn site_id(&self) -> TargetId {
        self.world().targets().await.unwrap().pop().unwrap().id
    }

    /// Records an action that the store must hold from now on, exactly once.
    pub fn did(&mut self, subject: impl ToString, deed: impl ToString, by: &str) {
        self.done
            .push((subject.to_string(), deed.to_string(), by.to_owned()));
    }
}

async fn rounds(world: Arc<World>) {
    run_jobs(&world, &["registration"]).await;
    run_jobs(&world, &["plans"]).await;
    run_jobs(&world, &["adoption"]).await;
    duty_clock(&world).await;
    run_jobs(&world, &["windows"]).await;
}

async fn telling(world: Arc<World>) {
    deliver::flush(&world).await;
}

fn looking(id: &TargetId) -> impl FnOnce(Arc<World>) -> BoxFuture<'static, ()> {
    let id = id.clone();
    move |world| {
        async move {
            let target = world.target(&id).await.unwrap().unwrap();
            check::check(&world, &target).await;
        }
        .boxed()
    }
}
