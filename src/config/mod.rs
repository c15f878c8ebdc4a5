//! targets.yaml: text to [`Config`], with every fault at its line and column and all of them at once.
//!
//! Pure: the caller reads the file. Secrets stay in the environment; only the names of the variables
//! are configuration. `{ kind, with }` is kept as it is for the notifier's own file to understand.

mod agencies;
mod duty;
mod duty_remarks;
pub mod export;
mod fields;
mod hosts;
mod people;
mod sections;
mod settings;
mod tree;

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    path::PathBuf,
    time::Duration,
};

pub use duty_remarks::duty_remarks;
pub use fields::{duration, duration_text};
use ipnet::IpNet;
use jiff::{Timestamp, tz::TimeZone};
pub use tree::Fault;
use url::Url;

use crate::{
    calendar::WindowRule,
    locale::Lang,
    model::{About, Agency, Alert, Recipient, Target, Urgency, duty::Duty, target::Settings},
};

/// A checked targets.yaml.
#[derive(Clone, Debug)]
pub struct Config {
    pub service: Service,
    pub defaults: Settings,
    pub notifiers: BTreeMap<String, NotifierSpec>,
    pub windows: Vec<WindowRule>,
    /// Officers on duty, deciders, escalation.
    pub duty: Duty,
    pub agencies: Vec<Agency>,
    pub targets: Vec<Target>,
    /// Things that are allowed and probably not meant.
    pub warnings: Vec<Fault>,
    /// The pace that the file was held to.
    pub pace: Pace,
}

/// The section `service`.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    pub name: String,
    pub language: Lang,
    pub timezone: TimeZone,
    pub contact: String,
    /// As written; the caller resolves it against the file's folder.
    pub data_dir: PathBuf,
    pub snapshots_dir: PathBuf,
    pub vantage: String,
    pub store: String,
    /// Where the store's kind stands, for a fault.
    pub store_at: (usize, usize),
    pub listen: Option<SocketAddr>,
    pub allow_networks: Vec<IpNet>,
    pub allow_ports: Vec<u16>,
    /// Our addresses that no interface has: those of a NAT in front of this machine.
    pub own_addresses: Vec<IpAddr>,
    pub extra_ca: Vec<PathBuf>,
    /// Line and column of each file of `extra_ca`, for fault messages.
    pub extra_ca_at: Vec<(usize, usize)>,
    pub resolver: Vec<SocketAddr>,
    pub connectivity: Vec<String>,
    /// Asked every minute while all is well: a dead man's switch outside.
    pub heartbeat: Option<Url>,
}

impl Default for Service {
    fn default() -> Self {
        Self {
            name: "gaccong".to_owned(),
            language: Lang::Vi,
            timezone: TimeZone::get("Asia/Ho_Chi_Minh").unwrap_or(TimeZone::UTC),
            contact: String::new(),
            data_dir: PathBuf::from("data"),
            snapshots_dir: PathBuf::from("snapshots"),
            vantage: "default".to_owned(),
            store: "sled".to_owned(),
            store_at: (1, 1),
            listen: Some(SocketAddr::from(([127, 0, 0, 1], 8480))),
            allow_networks: Vec::new(),
            allow_ports: vec![80, 443],
            own_addresses: Vec::new(),
            extra_ca: Vec::new(),
            extra_ca_at: Vec::new(),
            resolver: Vec::new(),
            connectivity: Vec::new(),
            heartbeat: None,
        }
    }
}

/// `{ kind, with }` as written.
#[derive(Clone, Debug, PartialEq)]
pub struct NotifierSpec {
    pub kind: String,
    pub with: serde_json::Value,
    /// The notifier that takes over where this one cannot deliver.
    pub fallback: Option<String>,
    /// Line and column, from 1.
    pub at: (usize, usize),
}

/// The notifier of that name, or that one's bot in another chat.
pub(crate) fn notifier_of(
    notifiers: &BTreeMap<String, NotifierSpec>,
    name: &str,
) -> Option<NotifierSpec> {
    if let Some(spec) = notifiers.get(name) {
        return Some(spec.clone());
    }
    let Recipient { notifier, chat } = Recipient::from(name);
    let chat = chat?;
    let mut spec = notifiers
        .get(&notifier)
        .filter(|it| it.kind == "telegram")?
        .clone();
    let with = spec.with.as_object_mut()?;
    with.insert("chat".to_owned(), chat.into());
    // the topic belongs to the notifier's own chat
    with.remove("topic");
    spec.fallback = None;
    Some(spec)
}

/// The operator's people: those who run the service, told by the notifiers of `defaults.notify`. Whoever writes in one of
/// their chats acts for the operator.
#[derive(Clone, Copy, Debug)]
pub struct Operators<'a>(&'a [String]);

impl<'a> Operators<'a> {
    /// The names of their notifiers, as configured.
    pub fn names(self) -> &'a [String] {
        self.0
    }

    /// Whether a notifier reaches them.
    pub fn include(self, notifier: &str) -> bool {
        self.0.iter().any(|it| it == notifier)
    }

    /// One alert for each of their notifiers.
    pub fn alerts(self, about: &About, urgency: Urgency, now: Timestamp) -> Vec<Alert> {
        let alert = |it: &String| Alert::new(it, about.clone(), urgency, now);
        self.0.iter().map(alert).collect()
    }
}

impl Config {
    pub fn operators(&self) -> Operators<'_> {
        Operators(&self.defaults.notify)
    }

    /// How a name in `notify` reaches people.
    pub fn notifier(&self, name: &str) -> Option<NotifierSpec> {
        notifier_of(&self.notifiers, name)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            service: Service::default(),
            defaults: Settings::default(),
            notifiers: BTreeMap::from([("console".to_owned(), NotifierSpec::console())]),
            windows: Vec::new(),
            duty: Duty::default(),
            agencies: Vec::new(),
            targets: Vec::new(),
            warnings: Vec::new(),
            pace: Pace::Polite,
        }
    }
}

impl NotifierSpec {
    fn console() -> Self {
        Self {
            kind: "console".to_owned(),
            with: serde_json::Value::Null,
            fallback: None,
            at: (0, 0),
        }
    }
}

/// The shortest interval of looks; tests and the demo may ask for less.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    Polite,
    /// `--fast`: 1 s at the least.
    Fast,
}

/// `service.data_dir` of a file that may have faults: as written, or the usual one.
pub fn data_dir(text: &str) -> PathBuf {
    let root = tree::before_fault(text);
    let written = root.at("service").and_then(|it| it.at("data_dir"));
    match written.map(|it| &it.value) {
        Some(tree::Value::Scalar(path, _)) if !path.is_empty() => PathBuf::from(path),
        _ => Service::default().data_dir,
    }
}

impl Pace {
    /// The shortest interval of looks.
    pub fn least(self) -> Duration {
        match self {
            Self::Polite => Duration::from_secs(30),
            Self::Fast => Duration::from_secs(1),
        }
    }
}

/// Reads a whole file. On any fault all of them come back, in the order of their lines.
pub fn parse(text: &str, pace: Pace) -> Result<Config, Vec<Fault>> {
    parse_with(text, pace, |_| Vec::new())
}

/// Like `parse`, with faults of `{ kind, with }` that only the notifiers' own code can find.
pub fn parse_with(
    text: &str,
    pace: Pace,
    more: impl FnOnce(&Config) -> Vec<Fault>,
) -> Result<Config, Vec<Fault>> {
    let mut faults = Vec::new();
    let root = tree::parse(text).map_err(|fault| vec![fault])?;
    let config = sections::config(&root, pace, &mut faults);
    faults.extend(more(&config));
    if faults.is_empty() {
        return Ok(config);
    }
    faults.sort_by_key(|it| (it.line, it.column));
    faults.dedup();
    Err(faults)
}
