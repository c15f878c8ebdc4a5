//! A snapshot of the registry, and the commit of a decision that was made on it.

use jiff::Timestamp;

use crate::{
    actions::refused::Refused,
    model::{
        Agency, Alert, Incident, Target,
        registration::{Registration, Request},
    },
    registry::{Known, Step},
    store::{Commit, RegistryUpdate, StoreError},
    world::{
        World,
        decide::{Decision, decide},
    },
};

/// A snapshot of the registry.
pub struct Present {
    /// The registry's revision, which the commit checks.
    pub revision: u64,
    /// Registrations; without the targets of targets.yaml.
    pub registered: Vec<Registration>,
    /// All watched targets: registered, and of targets.yaml.
    pub targets: Vec<Target>,
    pub agencies: Vec<Agency>,
    pub requests: Vec<Request>,
    /// Ids that a new portal must not get, because the store holds state of an earlier portal with that id.
    pub(crate) used: Vec<String>,
}

impl Present {
    /// Reads the present registry from the store.
    pub async fn of(world: &World) -> Result<Self, StoreError> {
        let revision = world.store.registry_revision().await?;
        let registered = world.store.registry().await?;
        let targets = world.with_file(registered.iter().map(|it| it.target.clone()));
        Ok(Self {
            revision,
            agencies: world.agencies(&targets),
            requests: world.store.requests().await?,
            registered,
            targets,
            used: Vec::new(),
        })
    }

    /// The parts that decisions on requests need.
    pub fn known(&self) -> Known<'_> {
        Known {
            targets: &self.targets,
            requests: &self.requests,
            used: &self.used,
        }
    }
}

/// A step of the registry, with its alerts and with the incidents that it ends.
#[derive(Default)]
pub(crate) struct Change {
    pub step: Step,
    pub alerts: Vec<Alert>,
    pub incidents: Vec<Incident>,
}

/// Decides on the present registry and commits the change. `mark`: name and value of a marker that is written with
/// the commit.
pub(crate) async fn change(
    world: &World,
    mark: Option<(String, String)>,
    change: impl Fn(&Present, Timestamp) -> Result<Change, Refused> + Sync,
) -> Result<Step, Refused> {
    let (mark, change) = (&mark, &change);
    decide(world, |now| async move {
        let present = Present::of(world).await?;
        let changed = change(&present, now)?;
        let step = changed.step.clone();
        let commit = Commit {
            marker: mark.clone(),
            ..commit_of(changed, &present)
        };
        Ok(Decision::write(commit, step))
    })
    .await
}

fn commit_of(change: Change, present: &Present) -> Commit {
    let Change {
        step,
        alerts,
        incidents,
    } = change;
    let enrols = !step.registered.is_empty() || !step.removed.is_empty();
    // a decision on a request also depends on the other requests and on the targets
    let depends = enrols || step.request.is_some() || !step.others.is_empty();
    Commit {
        registry: depends.then_some(RegistryUpdate {
            revision: present.revision,
            registered: step.registered,
            removed: step.removed,
        }),
        requests: step.request.into_iter().chain(step.others).collect(),
        entries: step.entries,
        alerts,
        incidents,
        ..Commit::default()
    }
}
