//! Notifiers of a [`World`], and the alerts that go to them.

use std::{collections::BTreeSet, sync::Arc};

use jiff::Timestamp;

use super::World;
use crate::{
    incident::Loudness,
    model::{About, Alert, Incident, Kind, Notice, Recipient, Target, Urgency},
    notify::{Notifier, notifiers, notifiers::Console},
    world::{
        address_book::{Chats, moved_to},
        lock::lock,
    },
};

impl World {
    /// The notifier with this name: one of the file, or its bot in a registered chat.
    pub fn notifier(&self, name: &str) -> Option<Arc<dyn Notifier>> {
        if let Some(known) = self.notifiers.get(name) {
            return Some(known.clone());
        }
        Recipient::from(name).chat?;
        let mut chats = lock(&self.chat_notifiers);
        if let Some(known) = chats.get(name) {
            return Some(known.clone());
        }
        let spec = self.config.notifier(name)?;
        let built = match notifiers::build(&spec.kind, &spec.with) {
            Ok(built) => built,
            // as for notifiers of the file: the console shows what cannot be sent
            Err(_) => Arc::new(Console),
        };
        chats.insert(name.to_owned(), built.clone());
        Some(built)
    }

    /// Registered chats: those that targets name and that no notifier of targets.yaml has.
    ///
    /// # Errors
    ///
    /// The store's, where the registry or a moved chat cannot be read.
    pub async fn registered_chats(&self) -> crate::store::Result<Arc<Chats>> {
        let registry = self.store.pulse().borrow().registry;
        if let Some(chats) = self.chat_index.get(registry) {
            return Ok(chats);
        }
        let mut names = BTreeSet::new();
        for target in self.targets().await? {
            names.extend(target.settings.notify);
        }
        let mut chats = Chats::new();
        for name in names {
            let Some(chat) = Recipient::from(name.as_str()).chat else {
                continue;
            };
            let moved = moved_to(&name, &chat.to_string());
            let moved = self.store.marker(&moved).await?;
            let now = moved.and_then(|it| it.parse().ok()).unwrap_or(chat);
            chats.entry(now).or_default().push(name);
        }
        let chats = Arc::new(chats);
        self.chat_index.insert(registry, chats.clone());
        Ok(chats)
    }

    /// The alerts on an incident for the notifiers of its target.
    pub fn alerts(
        &self,
        target: &Target,
        incident: &Incident,
        loudness: Loudness,
        now: Timestamp,
    ) -> Vec<Alert> {
        let names = &target.settings.notify;
        match incident.kind {
            Kind::Asked => self.alerts_for(&self.asked(names), incident, loudness, now),
            _ => self.alerts_for(names, incident, loudness, now),
        }
    }

    /// Of a target's notifiers, those that are asked whether a large change is the agency's own: its own chats. Where it
    /// has none that can answer, the operator's chats; without any chat, all.
    fn asked(&self, names: &[String]) -> Vec<String> {
        let answers = |it: &&String| self.notifier(it).is_some_and(|it| it.edits());
        let (duty, own): (Vec<&String>, Vec<&String>) = names
            .iter()
            .filter(answers)
            .partition(|it| self.config.operators().include(it));
        let asked = if own.is_empty() { duty } else { own };
        if asked.is_empty() {
            return names.to_vec();
        }
        asked.into_iter().cloned().collect()
    }

    /// The alerts on an incident for the named notifiers.
    pub(crate) fn alerts_for(
        &self,
        names: &[String],
        incident: &Incident,
        loudness: Loudness,
        now: Timestamp,
    ) -> Vec<Alert> {
        let urgency = Urgency::of(incident);
        let mut out = Vec::new();
        for name in names {
            let edits = self.notifier(name).is_some_and(|it| it.edits());
            // a notifier that cannot edit gets a new message each time, so a quiet change sends it none; nor does the end
            // of an incident of which it got no message
            let unheard = incident.planned.is_some() && !incident.stage.is_open();
            if edits || loudness != Loudness::Silent && !unheard {
                let about = About::Incident(incident.id.clone());
                out.push(Alert::new(name, about, urgency, now));
            }
            // an agency's chat may have muted the incident for itself
            if loudness == Loudness::Ring && edits && !incident.is_muted_for(name, now) {
                let about = About::Reminder(incident.id.clone());
                out.push(Alert::new(name, about, urgency, now));
            }
        }
        out
    }

    /// The alerts on an incident for the operator, where its portal is registered no more.
    pub fn alerts_to_duty(&self, incident: &Incident, now: Timestamp) -> Vec<Alert> {
        // a question was the agency's, and is over with its portal
        if incident.kind == Kind::Asked {
            return Vec::new();
        }
        self.alerts_for(
            self.config.operators().names(),
            incident,
            Loudness::Normal,
            now,
        )
    }

    /// One alert for each of [`Self::all_notifiers`].
    pub fn notices_to_all(&self, about: &About, urgency: Urgency, now: Timestamp) -> Vec<Alert> {
        self.all_notifiers()
            .iter()
            .map(|it| Alert::new(it, about.clone(), urgency, now))
            .collect()
    }

    /// One alert for each notifier of the operator's people.
    pub fn notices_to_duty(&self, notice: &Notice, now: Timestamp) -> Vec<Alert> {
        let urgency = match notice {
            Notice::Trouble { .. } | Notice::Blind { .. } => Urgency::Urgent,
            _ => Urgency::Ordinary,
        };
        let about = About::Notice(notice.clone());
        self.config.operators().alerts(&about, urgency, now)
    }

    /// All notifiers that any target of the file uses, and those of the operator's people.
    pub fn all_notifiers(&self) -> Vec<String> {
        let mut names: Vec<String> = self
            .config
            .targets
            .iter()
            .flat_map(|it| &it.settings.notify)
            .chain(self.config.operators().names())
            .cloned()
            .collect();
        names.sort();
        names.dedup();
        names
    }
}
