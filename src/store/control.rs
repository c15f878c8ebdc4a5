//! The control socket: the methods of [`Store`] over a Unix socket, with one line of JSON for each question and
//! answer.
//!
//! The service has exclusive access to the store. Commands that run beside it use this client, and print what they
//! would print without a service.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::value::RawValue;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::watch,
};
use tokio_util::sync::CancellationToken;

use super::{
    Commit, Condition, Delivery, Done, Page, Pulse, Range, Result, Sequence, Store, StoreError,
    Task, Value, tables::Table,
};
use crate::model::{Alert, Storm, TargetId, TargetSummary, history::History};

#[derive(Serialize, Deserialize)]
enum Ask {
    Get(&'static Table, Vec<String>),
    List(Range),
    Summaries(Option<String>, usize),
    Commit(Box<Commit>),
    Delivery(Delivery),
    Gather(Vec<Alert>, Box<Storm>, Box<Alert>),
    NextNumber(Sequence),
    Histories(Vec<TargetId>, Timestamp, Timestamp),
    Condition,
    Maintenance(Task),
}

/// Limit of a question in bytes: the largest is a commit of some kilobytes.
const LONGEST: u64 = 16 << 20;

/// The path of the socket.
pub fn path(data_dir: &Path) -> PathBuf {
    data_dir.join("gaccong.sock")
}

/// Binds the socket with mode 0600. The caller holds the store's lock, so an existing socket belongs to a dead
/// process and is replaced.
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

/// Answers questions until `stop` is cancelled.
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
        Ask::Get(table, ids) => packed(store.get(table, &ids).await),
        Ask::List(range) => packed(store.list(&range).await),
        Ask::Summaries(after, limit) => packed(store.summaries(after, limit).await),
        Ask::Commit(commit) => packed(store.commit(*commit).await),
        Ask::Delivery(delivery) => packed(store.delivery(delivery).await),
        Ask::Gather(alerts, storm, told) => packed(store.gather(alerts, *storm, *told).await),
        Ask::NextNumber(of) => packed(store.next_number(of).await),
        Ask::Histories(targets, from, to) => packed(store.histories(&targets, from, to).await),
        Ask::Condition => packed(store.condition().await),
        Ask::Maintenance(task) => packed(store.maintenance(task).await),
    }
}

/// The store of a running service, reached through its control socket.
pub struct Client {
    path: PathBuf,
    pulse: watch::Sender<Pulse>,
}

impl Client {
    /// Connects to the service in that directory; `None` if none answers.
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
    async fn get(&self, table: &'static Table, ids: &[String]) -> Result<Vec<Option<Value>>> {
        let found: Vec<Option<Box<RawValue>>> = self.ask(Ask::Get(table, ids.to_vec())).await?;
        let value = |(json, id): (Option<Box<RawValue>>, &String)| {
            json.map(|it| table.parse(id, it.get().as_bytes()))
                .transpose()
        };
        found.into_iter().zip(ids).map(value).collect()
    }

    async fn list(&self, range: &Range) -> Result<Page<Value>> {
        let page: Page<Box<RawValue>> = self.ask(Ask::List(range.clone())).await?;
        let value = |(id, json): (String, Box<RawValue>)| {
            let value = range.table.parse(&id, json.get().as_bytes())?;
            Ok((id, value))
        };
        Ok(Page {
            records: page.records.into_iter().map(value).collect::<Result<_>>()?,
            next: page.next,
        })
    }

    async fn summaries(&self, after: Option<String>, limit: usize) -> Result<Page<TargetSummary>> {
        self.ask(Ask::Summaries(after, limit)).await
    }

    async fn commit(&self, commit: Commit) -> Result<()> {
        self.ask(Ask::Commit(Box::new(commit))).await
    }

    async fn delivery(&self, delivery: Delivery) -> Result<Option<Alert>> {
        self.ask(Ask::Delivery(delivery)).await
    }

    async fn gather(&self, alerts: Vec<Alert>, storm: Storm, told: Alert) -> Result<()> {
        let ask = Ask::Gather(alerts, Box::new(storm), Box::new(told));
        self.ask(ask).await
    }

    async fn next_number(&self, of: Sequence) -> Result<u64> {
        self.ask(Ask::NextNumber(of)).await
    }

    async fn histories(
        &self,
        targets: &[TargetId],
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<History>> {
        self.ask(Ask::Histories(targets.to_vec(), from, to)).await
    }

    async fn condition(&self) -> Result<Condition> {
        self.ask(Ask::Condition).await
    }

    async fn maintenance(&self, task: Task) -> Result<Done> {
        self.ask(Ask::Maintenance(task)).await
    }

    /// Never changes, because no command waits for changes.
    fn pulse(&self) -> watch::Receiver<Pulse> {
        self.pulse.subscribe()
    }
}
