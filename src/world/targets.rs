//! Targets of a [`World`]: those of targets.yaml and those of the registry.

use std::collections::{HashMap, HashSet};

use super::World;
use crate::{
    model::{
        Agency, Target, TargetId,
        portal_hosts::{Census, PortalHosts},
        registrable,
        time::day,
    },
    world::subpages,
};

impl World {
    /// Targets of the file and of the registry. The file's come first, and take the place of registered ones with their id.
    ///
    /// # Errors
    ///
    /// The store's, where the registry cannot be read.
    pub async fn targets(&self) -> crate::store::Result<Vec<Target>> {
        let registered = self.store.registry().await?;
        Ok(self.with_file(registered.into_iter().map(|it| it.target)))
    }

    /// Registered targets behind those of the file. A target that was registered elsewhere, or by an older version, is held
    /// to the shortest interval of the file, too.
    pub fn with_file(&self, registered: impl Iterator<Item = Target>) -> Vec<Target> {
        let of_the_file: HashSet<&TargetId> = self.config.targets.iter().map(|it| &it.id).collect();
        let least = self.config.pace.least();
        let more = registered.filter(|it| !of_the_file.contains(&it.id));
        let more = more.map(|mut it| {
            it.settings.every = it.settings.every.max(least);
            it
        });
        self.config.targets.iter().cloned().chain(more).collect()
    }

    /// A registered target, or a part of one by the id that its incidents carry.
    ///
    /// # Errors
    ///
    /// The store's, where the registry or the list of parts cannot be read.
    pub async fn target(&self, id: &TargetId) -> crate::store::Result<Option<Target>> {
        let all = self.targets().await?;
        if let Some(target) = all.iter().find(|it| it.id == *id) {
            return Ok(Some(target.clone()));
        }
        let Some(portal) = all.into_iter().find(|it| it.id.as_str() == id.portal()) else {
            return Ok(None);
        };
        let parts = self
            .store
            .target_state(&portal.id)
            .await?
            .map(|it| it.beyond.parts)
            .unwrap_or_default();
        Ok(parts
            .iter()
            .map(|it| subpages::target_of(&portal, it))
            .find(|it| it.id == *id))
    }

    /// What the watched portals use together. Portals that are watched no more are left out.
    ///
    /// # Errors
    ///
    /// The store's, where the registry or what portals use cannot be read.
    pub async fn fleet_census(&self) -> crate::store::Result<Census> {
        let targets = self.targets().await?;
        let by_id: HashMap<&TargetId, &Target> = targets.iter().map(|it| (&it.id, it)).collect();
        let mut census = Census::default();
        let add = |it: PortalHosts| {
            if let Some(target) = by_id.get(&it.target) {
                let domain = registrable(target.url.host_str().unwrap_or_default());
                census.add(&domain, &target.agency, it);
            }
        };
        self.store.each(add).await?;
        Ok(census)
    }

    /// Adds up what the watched portals use, for the looks that follow.
    ///
    /// # Errors
    ///
    /// As [`Self::fleet_census`].
    pub async fn add_up_fleet(&self) -> crate::store::Result<()> {
        let census = self.fleet_census().await?;
        self.fleet.replace(census.fleet(day(self.clock.now())));
        Ok(())
    }

    /// Agencies of the file, and those that only the registry names.
    pub fn agencies(&self, targets: &[Target]) -> Vec<Agency> {
        let mut all = self.config.agencies.clone();
        let mut known: HashSet<String> = all.iter().map(|it| it.id.clone()).collect();
        for target in targets {
            if known.insert(target.agency.clone()) {
                all.push(Agency {
                    id: target.agency.clone(),
                    name: target.agency_name.clone(),
                    province: None,
                    notify: Vec::new(),
                    escalation: Vec::new(),
                    head: None,
                });
            }
        }
        all
    }
}
