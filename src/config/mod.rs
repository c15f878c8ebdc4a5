//! targets.yaml: parses the text into a [`Config`], and reports all faults at once, each with line and column.
//!
//! Pure: the caller reads the file. Secrets stay in the environment; the configuration holds only the names of the
//! variables. The content of `{ kind, with }` is not interpreted here: the notifier's own code does that.

mod agencies;
mod duty;
mod duty_remarks;
pub mod export;
mod fields;
mod hosts;
mod people;
mod questions;
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
    model::{
        About, Agency, Alert, Recipient, Target, Urgency, duty::Duty, question::AnswerTimes,
        target::Settings,
    },
};

/// A checked targets.yaml.
#[derive(Clone, Debug)]
pub struct Config {
    pub service: Service,
    pub defaults: Settings,
    pub notifiers: BTreeMap<String, NotifierSpec>,
    pub windows: Vec<WindowRule>,
    /// Officers on duty, officers with the right to decide, escalation.
    pub duty: Duty,
    /// How long agencies may take to answer whether a large change is their own.
    pub questions: AnswerTimes,
    pub agencies: Vec<Agency>,
    pub targets: Vec<Target>,
    /// Content that is allowed, but probably a mistake.
    pub warnings: Vec<Fault>,
    /// The limit of intervals that applied when the file was read.
    pub pace: Pace,
}

/// The section `service`.
#[derive(Clone, Debug, PartialEq)]
pub struct Service {
    pub name: String,
    pub language: Lang,
    pub timezone: TimeZone,
    pub contact: String,
    /// The path as written; the caller resolves it against the file's folder.
    pub data_dir: PathBuf,
    pub snapshots_dir: PathBuf,
    pub vantage: String,
    pub store: String,
    /// Line and column of the store's kind, for error messages.
    pub store_at: (usize, usize),
    pub listen: Option<SocketAddr>,
    pub allow_networks: Vec<IpNet>,
    pub allow_ports: Vec<u16>,
    /// The service's public addresses that no interface of this machine has, because of a NAT.
    pub own_addresses: Vec<IpAddr>,
    pub extra_ca: Vec<PathBuf>,
    /// Line and column of each file of `extra_ca`, for error messages.
    pub extra_ca_at: Vec<(usize, usize)>,
    pub resolver: Vec<SocketAddr>,
    pub connectivity: Vec<String>,
    /// URL to ping every minute while the service is healthy: an outside dead man's switch.
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

/// The kind of a notifier and its settings, as written.
#[derive(Clone, Debug, PartialEq)]
pub struct NotifierSpec {
    pub kind: String,
    pub with: serde_json::Value,
    /// The notifier that gets alerts which this one cannot deliver.
    pub fallback: Option<String>,
    /// Line and column, from 1.
    pub at: (usize, usize),
}

/// The notifier with this name, or its bot in another chat.
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
    // the topic is one of the notifier's own chat
    with.remove("topic");
    spec.fallback = None;
    Some(spec)
}

/// The operator's staff, which runs the service: all readers of the chats of `defaults.notify`. Every member of these
/// chats acts for the operator.
#[derive(Clone, Copy, Debug)]
pub struct Operators<'a>(&'a [String]);

impl<'a> Operators<'a> {
    /// The names of the operator's notifiers, as configured.
    pub fn names(self) -> &'a [String] {
        self.0
    }

    /// Whether a notifier is the operator's.
    pub fn include(self, notifier: &str) -> bool {
        self.0.iter().any(|it| it == notifier)
    }

    /// One alert for each of the operator's notifiers.
    pub fn alerts(self, about: &About, urgency: Urgency, now: Timestamp) -> Vec<Alert> {
        let alert = |it: &String| Alert::new(it, about.clone(), urgency, now);
        self.0.iter().map(alert).collect()
    }
}

impl Config {
    /// The operator's staff.
    pub fn operators(&self) -> Operators<'_> {
        Operators(&self.defaults.notify)
    }

    /// The settings of the notifier with this name.
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
            questions: AnswerTimes::default(),
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

/// The lower limit of the interval between looks; tests and the demo may use a shorter one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// 30 seconds.
    Polite,
    /// `--fast`: 1 second.
    Fast,
}

/// `service.data_dir` of a file that may have faults: the path as written, or the default.
pub fn data_dir(text: &str) -> PathBuf {
    let root = tree::before_fault(text);
    let written = root.at("service").and_then(|it| it.at("data_dir"));
    match written.map(|it| &it.value) {
        Some(tree::Value::Scalar(path, _)) if !path.is_empty() => PathBuf::from(path),
        _ => Service::default().data_dir,
    }
}

impl Pace {
    /// The shortest interval between looks.
    pub fn least(self) -> Duration {
        match self {
            Self::Polite => Duration::from_secs(30),
            Self::Fast => Duration::from_secs(1),
        }
    }
}

/// Parses a whole file.
///
/// # Errors
///
/// All faults, in the order of their lines.
pub fn parse(text: &str, pace: Pace) -> Result<Config, Vec<Fault>> {
    parse_with(text, pace, |_| Vec::new())
}

/// Like `parse`, with a function for faults of `{ kind, with }` that only the notifiers' own code can find.
///
/// # Errors
///
/// As [`parse()`], with the faults of `more`.
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
