//! The control socket: the verbs of [`Store`] over a Unix socket, one JSON line a question and an answer.
//!
//! A service holds the store alone; commands beside it use this client and print the same.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::watch,
};
use tokio_util::sync::CancellationToken;

use super::{Checkup, Commit, Condition, Delivery, Pulse, Result, Store, StoreError, Wanted};
use crate::model::{
    Alert, Dossier, Glance, Incident, IncidentId, Mask, Receipt, Storm, TargetId,
    history::History,
    plan::{Plan, PlanId},
    registration::{Entry, Registration, Request, RequestId},
};

#[derive(Serialize, Deserialize)]
enum Ask {
    Dossier(TargetId),
    Dossiers,
    Glances,
    Mask(TargetId),
    Commit(Box<Commit>),
    Incident(IncidentId),
    Incidents(Wanted),
    IncidentNumber(i16),
    Outbox,
    Undelivered(IncidentId),
    Delivery(Delivery),
    Receipt(String, String),
    History(TargetId, Timestamp, Timestamp),
    Histories(Vec<TargetId>, Timestamp, Timestamp),
    Registry,
    RegistryRevision,
    Request(RequestId),
    Requests,
    RequestNumber(i16),
    Plan(PlanId),
    Plans,
    PlanNumber(i16),
    Entries(Option<TargetId>),
    Milestone(String),
    DeadLetters,
    Gather(Vec<Alert>, Box<Storm>, Box<Alert>),
    Storms(String),
    PutStorm(Box<Storm>),
    Members(Box<Storm>),
    Condition,
    Checkup,
    Backup(PathBuf),
    Remarks,
    Upkeep,
    Nightly(Timestamp),
}

/// A question is a commit at the most: some kilobytes.
const LONGEST: u64 = 16 << 20;

pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("gaccong.sock")
}

/// Binds the socket, mode 0600. The caller holds the store's lock, so a socket that is there is a dead one's.
pub fn bind(data_dir: &Path) -> io::Result<UnixListener> {
    use std::os::unix::fs::PermissionsExt;
    let path = path(data_dir);
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => (),
    }
    let listener = UnixListener::bind(&path)?;
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Answers until told to stop.
pub async fn serve(listener: UnixListener, store: Arc<dyn Store>, stop: CancellationToken) {
    loop {
        let stream = tokio::select! {
            () = stop.cancelled() => return,
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => stream,
                Err(error) => {
                    tracing::warn!(%error, "control socket");
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    continue;
                }
            },
        };
        let store = store.clone();
        tokio::spawn(async move {
            if let Err(error) = converse(stream, store.as_ref()).await {
                tracing::debug!(%error, "control socket");
            }
        });
    }
}

async fn converse(stream: UnixStream, store: &dyn Store) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read.take(LONGEST)).lines();
    while let Some(line) = lines.next_line().await? {
        let mut answer = match serde_json::from_str(&line) {
            Ok(ask) => answer(store, ask).await,
            Err(error) => packed::<()>(Err(StoreError::Failed(format!("not understood: {error}")))),
        };
        answer.push(b'\n');
        write.write_all(&answer).await?;
    }
    Ok(())
}

fn packed<T: Serialize>(result: Result<T>) -> Vec<u8> {
    serde_json::to_vec(&result)
        .unwrap_or_else(|error| format!("{{\"Err\":{{\"Failed\":\"{error}\"}}}}").into_bytes())
}

async fn answer(store: &dyn Store, ask: Ask) -> Vec<u8> {
    match ask {
        Ask::Dossier(target) => packed(store.dossier(&target).await),
        Ask::Dossiers => packed(store.dossiers().await),
        Ask::Glances => packed(store.glances().await),
        Ask::Mask(target) => packed(store.mask(&target).await),
        Ask::Commit(commit) => packed(store.commit(*commit).await),
        Ask::Incident(id) => packed(store.incident(&id).await),
        Ask::Incidents(wanted) => packed(store.incidents(&wanted).await),
        Ask::IncidentNumber(year) => packed(store.incident_id(year).await),
        Ask::Outbox => packed(store.outbox().await),
        Ask::Undelivered(id) => packed(store.undelivered(&id).await),
        Ask::Delivery(delivery) => packed(store.delivery(delivery).await),
        Ask::Receipt(notifier, id) => packed(store.receipt(&notifier, &id).await),
        Ask::History(target, from, to) => packed(store.history(&target, from, to).await),
        Ask::Histories(targets, from, to) => packed(store.histories(&targets, from, to).await),
        Ask::Registry => packed(store.registry().await),
        Ask::RegistryRevision => packed(store.registry_revision().await),
        Ask::Request(id) => packed(store.request(&id).await),
        Ask::Requests => packed(store.requests().await),
        Ask::RequestNumber(year) => packed(store.request_id(year).await),
        Ask::Plan(id) => packed(store.plan(&id).await),
        Ask::Plans => packed(store.plans().await),
        Ask::PlanNumber(year) => packed(store.plan_id(year).await),
        Ask::Entries(of) => packed(store.entries(of.as_ref()).await),
        Ask::Milestone(name) => packed(store.milestone(&name).await),
        Ask::DeadLetters => packed(store.dead_letters().await),
        Ask::Gather(alerts, storm, told) => packed(store.gather(alerts, *storm, *told).await),
        Ask::Storms(notifier) => packed(store.storms(&notifier).await),
        Ask::PutStorm(storm) => packed(store.put_storm(*storm).await),
        Ask::Members(storm) => packed(store.members(&storm).await),
        Ask::Condition => packed(store.condition().await),
        Ask::Checkup => packed(store.checkup().await),
        Ask::Backup(to) => packed(store.backup(to).await),
        Ask::Remarks => packed(store.remarks().await),
        Ask::Upkeep => packed(store.upkeep().await),
        Ask::Nightly(now) => packed(store.nightly(now).await),
    }
}

/// A store that a running service answers for.
pub struct Client {
    path: PathBuf,
    pulse: watch::Sender<Pulse>,
}

impl Client {
    /// `None` where no service answers in that directory.
    pub async fn connect(data_dir: &Path) -> Option<Self> {
        let path = path(data_dir);
        UnixStream::connect(&path).await.ok()?;
        Some(Self {
            path,
            pulse: watch::Sender::new(Pulse::default()),
        })
    }

    async fn ask<T: DeserializeOwned>(&self, ask: Ask) -> Result<T> {
        let failed = |error: io::Error| {
            StoreError::Failed(format!(
                "the service does not answer on {}: {error}",
                self.path.display()
            ))
        };
        let mut stream = UnixStream::connect(&self.path).await.map_err(failed)?;
        let mut question =
            serde_json::to_vec(&ask).map_err(|error| StoreError::Failed(error.to_string()))?;
        question.push(b'\n');
        stream.write_all(&question).await.map_err(failed)?;
        let mut line = String::new();
        BufReader::new(stream)
            .read_line(&mut line)
            .await
            .map_err(failed)?;
        let answer: Result<T> = serde_json::from_str(&line).map_err(|error| {
            StoreError::Failed(format!(
                "the service's answer is not understood: {error}; is it another version?"
            ))
        })?;
        answer
    }
}

#[async_trait]
impl Store for Client {
    async fn dossier(&self, target: &TargetId) -> Result<Option<Dossier>> {
        self.ask(Ask::Dossier(target.clone())).await
    }

    async fn dossiers(&self) -> Result<Vec<Dossier>> {
        self.ask(Ask::Dossiers).await
    }

    async fn glances(&self) -> Result<Vec<Glance>> {
        self.ask(Ask::Glances).await
    }

    async fn mask(&self, target: &TargetId) -> Result<Option<Arc<Mask>>> {
        self.ask(Ask::Mask(target.clone())).await
    }

    async fn commit(&self, commit: Commit) -> Result<()> {
        self.ask(Ask::Commit(Box::new(commit))).await
    }

    async fn incident(&self, id: &IncidentId) -> Result<Option<Incident>> {
        self.ask(Ask::Incident(id.clone())).await
    }

    async fn incidents(&self, wanted: &Wanted) -> Result<Vec<Incident>> {
        self.ask(Ask::Incidents(wanted.clone())).await
    }

    async fn incident_id(&self, year: i16) -> Result<IncidentId> {
        self.ask(Ask::IncidentNumber(year)).await
    }

    async fn outbox(&self) -> Result<Vec<Alert>> {
        self.ask(Ask::Outbox).await
    }

    async fn undelivered(&self, incident: &IncidentId) -> Result<Vec<Alert>> {
        self.ask(Ask::Undelivered(incident.clone())).await
    }

    async fn delivery(&self, delivery: Delivery) -> Result<Option<Alert>> {
        self.ask(Ask::Delivery(delivery)).await
    }

    async fn receipt(&self, notifier: &str, subject: &str) -> Result<Option<Receipt>> {
        self.ask(Ask::Receipt(notifier.to_owned(), subject.to_owned()))
            .await
    }

    async fn history(&self, target: &TargetId, from: Timestamp, to: Timestamp) -> Result<History> {
        self.ask(Ask::History(target.clone(), from, to)).await
    }

    async fn histories(
        &self,
        targets: &[TargetId],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<History>> {
        self.ask(Ask::Histories(targets.to_vec(), from, to)).await
    }

    async fn registry(&self) -> Result<Vec<Registration>> {
        self.ask(Ask::Registry).await
    }

    async fn registry_revision(&self) -> Result<u64> {
        self.ask(Ask::RegistryRevision).await
    }

    async fn request(&self, id: &RequestId) -> Result<Option<Request>> {
        self.ask(Ask::Request(id.clone())).await
    }

    async fn requests(&self) -> Result<Vec<Request>> {
        self.ask(Ask::Requests).await
    }

    async fn request_id(&self, year: i16) -> Result<RequestId> {
        self.ask(Ask::RequestNumber(year)).await
    }

    async fn plan(&self, id: &PlanId) -> Result<Option<Plan>> {
        self.ask(Ask::Plan(id.clone())).await
    }

    async fn plans(&self) -> Result<Vec<Plan>> {
        self.ask(Ask::Plans).await
    }

    async fn plan_id(&self, year: i16) -> Result<PlanId> {
        self.ask(Ask::PlanNumber(year)).await
    }

    async fn entries(&self, of: Option<&TargetId>) -> Result<Vec<Entry>> {
        self.ask(Ask::Entries(of.cloned())).await
    }

    async fn milestone(&self, name: &str) -> Result<Option<String>> {
        self.ask(Ask::Milestone(name.to_owned())).await
    }

    async fn dead_letters(&self) -> Result<Vec<Alert>> {
        self.ask(Ask::DeadLetters).await
    }

    async fn gather(&self, alerts: Vec<Alert>, storm: Storm, told: Alert) -> Result<()> {
        self.ask(Ask::Gather(alerts, Box::new(storm), Box::new(told)))
            .await
    }

    async fn storms(&self, notifier: &str) -> Result<Vec<Storm>> {
        self.ask(Ask::Storms(notifier.to_owned())).await
    }

    async fn put_storm(&self, storm: Storm) -> Result<()> {
        self.ask(Ask::PutStorm(Box::new(storm))).await
    }

    async fn members(&self, storm: &Storm) -> Result<Vec<Incident>> {
        self.ask(Ask::Members(Box::new(storm.clone()))).await
    }

    async fn condition(&self) -> Result<Condition> {
        self.ask(Ask::Condition).await
    }

    async fn checkup(&self) -> Result<Checkup> {
        self.ask(Ask::Checkup).await
    }

    async fn backup(&self, to: PathBuf) -> Result<u64> {
        self.ask(Ask::Backup(to)).await
    }

    async fn remarks(&self) -> Result<Vec<String>> {
        self.ask(Ask::Remarks).await
    }

    async fn upkeep(&self) -> Result<()> {
        self.ask(Ask::Upkeep).await
    }

    async fn nightly(&self, now: Timestamp) -> Result<()> {
        self.ask(Ask::Nightly(now)).await
    }

    /// Never changes: a command does not wait.
    fn pulse(&self) -> watch::Receiver<Pulse> {
        self.pulse.subscribe()
    }
}
