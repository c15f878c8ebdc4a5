//! Who speaks from where, and what is open to them.

use std::collections::HashSet;

use teloxide::{
    Bot,
    types::{ChatId, Recipient, ThreadId, User},
};

use crate::{
    actions::request_alerts::taken_for,
    deliver::moved_to,
    model::{
        Incident, IncidentId, Target,
        alert::chat_of,
        excerpt::excerpt,
        incident::{Actor, Origin, Standpoint},
        registration::Asker,
    },
    store::Result,
    world::{World, address_book},
};

/// A notifier and the chat it speaks to.
#[derive(Clone)]
pub(super) struct Chat {
    pub notifier: String,
    pub chat: Recipient,
}

/// Accounts that stand for nobody: an anonymous administrator, a channel, a linked channel's posts.
const NOBODY: [i64; 3] = [1_087_968_824, 136_817_688, 777_000];

/// What a chat may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Role {
    /// Told nothing but how to register.
    Stranger,
    /// Of an agency: its own portals.
    Agency,
    /// Of the people who run the service.
    Operator,
}

impl Role {
    /// The role of a chat that these notifiers speak to.
    pub fn of(world: &World, names: &[String]) -> Self {
        let duty = &world.config.defaults.notify;
        if names.iter().any(|it| duty.contains(it)) {
            Self::Operator
        } else if names.is_empty() {
            Self::Stranger
        } else {
            Self::Agency
        }
    }
}

/// One update: who, where, and what it may reach.
pub(super) struct Here<'a> {
    pub world: &'a World,
    pub bot: &'a Bot,
    pub chat: ChatId,
    pub topic: Option<ThreadId>,
    /// Notifiers whose chat this is; none in a stranger's.
    pub names: Vec<String>,
    /// The notifier that reaches this chat, be it registered or not.
    pub speaks: String,
    /// What the group calls itself; none where somebody speaks alone.
    pub place: Option<String>,
    pub who: Option<User>,
    /// The name under which it is remembered that the update was seen to, and its number.
    pub update: (String, u32),
}

impl Here<'_> {
    pub fn role(&self) -> Role {
        Role::of(self.world, &self.names)
    }

    /// The speaker's number; none where nobody in particular speaks.
    fn account(&self) -> Option<i64> {
        let id = i64::try_from(self.who.as_ref()?.id.0).ok()?;
        (!NOBODY.contains(&id)).then_some(id)
    }

    /// Who speaks, for whoever is to decide about what he asks.
    pub fn asker(&self) -> Asker {
        let username = self.who.as_ref().and_then(|it| it.username.clone());
        Asker {
            name: self.name(),
            notifier: Some(self.speaks.clone()),
            account: self.account(),
            username,
            place: self.place.as_ref().map(|it| excerpt(it, 80)),
        }
    }

    /// Whether somebody in particular speaks.
    pub fn is_somebody(&self) -> bool {
        self.account().is_some()
    }

    /// The agency that an agency's chat speaks for: of the portals it is told of, where that is one.
    pub async fn agency(&self) -> Option<(String, String)> {
        if self.role() != Role::Agency {
            return None;
        }
        let targets = self.targets().await.ok()?;
        let first = targets.first()?;
        let one = targets.iter().all(|it| it.agency == first.agency);
        one.then(|| (first.agency.clone(), first.agency_name.clone()))
    }

    pub fn is_officer(&self) -> bool {
        let id = self.account();
        let officers = &self.world.config.duty.officers;
        id.is_some() && officers.iter().any(|it| it.telegram == id)
    }

    /// Whether the speaker stands on the operator's roster, with this account.
    fn is_on_roster(&self) -> bool {
        let id = self.account();
        let roster = &self.world.config.duty.roster;
        id.is_some() && roster.iter().any(|it| it.who.telegram == id)
    }

    /// Whether the speaker may move a baseline: in an operator's chat an officer, where officers are named; in an
    /// agency's chat any of its members.
    pub fn may_decide(&self) -> bool {
        let officers = &self.world.config.duty.officers;
        match self.role() {
            _ if self.account().is_none() => false,
            Role::Stranger => false,
            Role::Agency => true,
            Role::Operator => officers.is_empty() || self.is_officer(),
        }
    }

    /// The account's display name, cut to 60 characters, since it may be of any length.
    pub fn name(&self) -> String {
        let name = self.who.as_ref().map(User::full_name);
        excerpt(&name.unwrap_or_default(), 60)
    }

    /// The acting person with account and chat, since several people may use one name.
    pub async fn actor(&self) -> Actor {
        let of = match self.role() {
            _ if self.is_officer() => Standpoint::Officer,
            Role::Operator => Standpoint::Operator,
            _ if self.is_on_roster() => Standpoint::Operator,
            _ => Standpoint::Agency,
        };
        let place = match self.role() {
            Role::Operator => None,
            _ => {
                let agency = self.agency().await.map(|it| it.1);
                agency.or_else(|| self.place.clone())
            }
        };
        Actor {
            name: self.name(),
            origin: Some(Origin {
                account: self.account(),
                chat: self.chat.0,
                place: place.map(|it| excerpt(&it, 60)),
                of,
                resembles: self.taken_for(),
            }),
        }
    }

    /// The officer or person of the roster that the speaker's name resembles, where the speaker is another person.
    fn taken_for(&self) -> Option<String> {
        let name = self.who.as_ref().map(User::full_name)?;
        let ours = self.role() == Role::Operator;
        taken_for(self.world, &name, self.account(), ours)
    }

    /// The notifiers that a person of this chat may silence: an agency's own. Empty for the operator: that
    /// silence holds at all notifiers.
    pub fn own_notifiers(&self) -> &[String] {
        match self.role() {
            Role::Operator => &[],
            _ => &self.names,
        }
    }

    pub fn say(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.world.words.text(key, args)
    }

    fn is_told(&self, notify: &[String]) -> bool {
        self.role() == Role::Operator || notify.iter().any(|it| self.names.contains(it))
    }

    /// Portals that this chat is told of.
    pub async fn targets(&self) -> Result<Vec<Target>> {
        let mut all = self.world.targets().await?;
        all.retain(|it| self.is_told(&it.settings.notify));
        Ok(all)
    }

    /// An incident that this chat is told of: what stands in a tap or a command can be anything.
    pub async fn incident(&self, id: &str) -> Option<Incident> {
        let id = self.incident_id(id)?;
        let known = self.world.store.incident(&id).await.ok().flatten()?;
        self.is_told_of(&known).await.then_some(known)
    }

    async fn is_told_of(&self, incident: &Incident) -> bool {
        self.is_told(&self.notify_of(incident).await)
    }

    /// Incidents of portals that this chat is told of.
    pub async fn of_ours(&self, mut all: Vec<Incident>) -> Result<Vec<Incident>> {
        if self.role() < Role::Operator {
            let targets = self.targets().await?;
            let ours: HashSet<&str> = targets.iter().map(|it| it.id.as_str()).collect();
            all.retain(|it| ours.contains(it.target.portal()));
        }
        Ok(all)
    }

    /// Whom an incident is told to; of a portal that is not watched any more, as the defaults say.
    pub async fn notify_of(&self, incident: &Incident) -> Vec<String> {
        match self.world.target(&incident.target).await.ok().flatten() {
            Some(target) => target.settings.notify,
            None => self.world.config.defaults.notify.clone(),
        }
    }

    /// `SC-2026-0412`, `sc-2026-412`, or a number of this year.
    fn incident_id(&self, text: &str) -> Option<IncidentId> {
        let text = text.trim().to_uppercase();
        let rest = text.strip_prefix("SC-").unwrap_or(&text);
        let (year, number) = match rest.split_once('-') {
            Some((year, number)) => (year.parse().ok()?, number),
            None => {
                let zone = self.world.config.service.timezone.clone();
                (self.world.clock.now().to_zoned(zone).year(), rest)
            }
        };
        Some(IncidentId::new(year, number.parse().ok()?))
    }

    /// What an update changes is written together with this: after a crash it comes again.
    pub fn seen_to(&self) -> (String, String) {
        (self.update.0.clone(), self.update.1.to_string())
    }
}

/// The notifiers whose own chat this is, or whose chat has moved here; registered chats of the same bot, too.
pub(super) async fn notifiers_of(
    world: &World,
    chats: &[Chat],
    id: ChatId,
    username: Option<&str>,
) -> Vec<String> {
    let mut names = Vec::new();
    for it in chats {
        let moved = world
            .store
            .milestone(&moved_to(&it.notifier, &it.chat.to_string()))
            .await
            .unwrap_or(None);
        let own = match &it.chat {
            Recipient::Id(chat) => *chat == id,
            // once the chat's number is known the name no longer counts: another chat may have it by now
            Recipient::ChannelUsername(name) => {
                let name = name.trim_start_matches('@');
                moved.is_none() && username.is_some_and(|it| it.eq_ignore_ascii_case(name))
            }
        };
        if own || moved.as_deref() == Some(&id.0.to_string()) {
            names.push(it.notifier.clone());
        }
    }
    let registered = address_book::registered(world).await.unwrap_or_default();
    let ours = |name: &&String| {
        let of = chat_of(name).map(|it| it.0);
        chats.iter().any(|it| Some(it.notifier.as_str()) == of)
    };
    names.extend(
        registered
            .get(&id.0)
            .into_iter()
            .flatten()
            .filter(ours)
            .cloned(),
    );
    names
}
