//! The caller of an action and their permissions. Every action asks [`Access`], so that no front end (bot, command
//! line) can forget a permission check.

use std::collections::HashSet;

use crate::{
    actions::{
        refused::{Noun, Refused},
        resemblance::taken_for,
    },
    config::Operators,
    model::{
        Incident, IncidentId, Localized, Target, TargetId,
        excerpt::excerpt,
        incident::{Actor, Origin, Standpoint},
        registration::Asker,
    },
    store::Result,
    world::World,
};

/// What a chat may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// A chat without a portal: it may only ask for a registration.
    Stranger,
    /// A chat of an agency: it reaches that agency's own portals.
    Agency,
    /// A chat of the operator, or the command line: it reaches everything.
    Operator,
}

impl Role {
    /// The role of a chat, from the notifiers that send to it: none makes a stranger.
    pub fn of(operators: Operators<'_>, notifiers: &[String]) -> Self {
        if notifiers.iter().any(|it| operators.include(it)) {
            Self::Operator
        } else if notifiers.is_empty() {
            Self::Stranger
        } else {
            Self::Agency
        }
    }
}

/// The acting person, as a front end identifies them.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The display name. Every user can choose any name of any length.
    pub name: String,
    /// The Telegram account number; `None` for an account that several people share, such as an anonymous group
    /// administrator.
    pub account: Option<i64>,
    /// The Telegram user name, without `@`.
    pub username: Option<String>,
    /// The chat that the action came from; `None` at the command line, where the user counts as the operator.
    pub chat: Option<CallerChat>,
}

/// The chat that an action came from.
#[derive(Clone, Debug)]
pub struct CallerChat {
    /// The Telegram chat number.
    pub id: i64,
    /// Names of the notifiers that send to this chat; empty for a stranger's chat.
    pub notifiers: Vec<String>,
    /// The name of the recipient that reaches this chat, registered or not.
    pub recipient: String,
    /// The title of the group; `None` for a private chat.
    pub title: Option<String>,
    /// Whether every Telegram user can read the chat and press its buttons, as in a channel: only officers may act
    /// there.
    pub public: bool,
}

/// A caller together with the world that they act in.
pub struct Access<'a> {
    pub world: &'a World,
    caller: Caller,
    /// Name and value of a marker that is committed together with the action. After a crash it tells the front end
    /// that the action was carried out.
    mark: Option<(String, String)>,
}

impl<'a> Access<'a> {
    /// `mark`: name and value of a marker to commit together with the action.
    pub fn new(world: &'a World, caller: Caller, mark: Option<(String, String)>) -> Self {
        Self {
            world,
            caller,
            mark,
        }
    }

    /// Access for the user of the command line, under the name that they give.
    pub fn cli(world: &'a World, name: &str) -> Self {
        let caller = Caller {
            name: name.to_owned(),
            account: None,
            username: None,
            chat: None,
        };
        Self::new(world, caller, None)
    }

    pub(crate) fn mark(&self) -> Option<(String, String)> {
        self.mark.clone()
    }

    fn chat(&self) -> Option<&CallerChat> {
        self.caller.chat.as_ref()
    }

    /// The notifiers that send to the caller's chat; empty at the command line.
    pub fn notifiers(&self) -> &[String] {
        self.chat().map_or(&[], |it| &it.notifiers)
    }

    /// The name of the recipient that reaches the caller; `None` for the command line.
    pub fn recipient(&self) -> Option<&str> {
        self.chat().map(|it| it.recipient.as_str())
    }

    /// The role of the caller's chat; [`Role::Operator`] at the command line.
    pub fn role(&self) -> Role {
        match self.chat() {
            Some(chat) => Role::of(self.world.config.operators(), &chat.notifiers),
            None => Role::Operator,
        }
    }

    /// Whether the caller is an identifiable person: at the command line, or with an account of their own.
    pub fn is_somebody(&self) -> bool {
        self.chat().is_none() || self.caller.account.is_some()
    }

    /// Whether the caller's account is one of the configured officers.
    pub fn is_officer(&self) -> bool {
        let id = self.caller.account;
        let officers = &self.world.config.duty.officers;
        id.is_some() && officers.iter().any(|it| it.telegram == id)
    }

    /// Whether the caller's account is on the operator's roster.
    fn is_on_roster(&self) -> bool {
        let id = self.caller.account;
        let roster = &self.world.config.duty.roster;
        id.is_some() && roster.iter().any(|it| it.who.telegram == id)
    }

    /// Whether the caller may act in this chat at all: in a public chat only officers may.
    pub fn may_act(&self) -> bool {
        self.chat().is_none_or(|it| !it.public) || self.is_officer()
    }

    /// Whether the caller may change a baseline. At the command line: always. In an operator's chat: officers only,
    /// if the configuration names officers. In an agency's chat: every member with an account. A stranger: never.
    pub fn may_decide(&self) -> bool {
        let officers = &self.world.config.duty.officers;
        match self.role() {
            _ if !self.is_somebody() => false,
            Role::Stranger => false,
            Role::Agency => true,
            Role::Operator => self.chat().is_none() || officers.is_empty() || self.is_officer(),
        }
    }

    /// Checks that the caller may change a baseline ([`Access::may_decide`]).
    ///
    /// # Errors
    ///
    /// [`Refused::Forbidden`] with the locale key `key` if the caller may not.
    pub fn decides(&self, key: &str) -> std::result::Result<(), Refused> {
        if self.may_decide() {
            Ok(())
        } else {
            Err(Refused::Forbidden(Localized::new(key)))
        }
    }

    /// The caller's name; cut to 60 characters if it came from a chat.
    pub fn name(&self) -> String {
        match self.chat() {
            Some(_) => excerpt(&self.caller.name, 60),
            None => self.caller.name.clone(),
        }
    }

    /// The caller as the asker of a registration request, as officers see them when they decide.
    pub fn asker(&self) -> Asker {
        let title = self.chat().and_then(|it| it.title.as_ref());
        Asker {
            name: self.name(),
            notifier: self.recipient().map(str::to_owned),
            account: self.caller.account,
            username: self.caller.username.clone(),
            place: title.map(|it| excerpt(it, 80)),
        }
    }

    /// The caller as records keep them: with account and chat, because several people may use one name.
    pub async fn actor(&self) -> Actor {
        let Some(chat) = self.chat() else {
            return Actor::from(self.caller.name.as_str());
        };
        let role = self.role();
        let of = match role {
            _ if self.is_officer() => Standpoint::Officer,
            Role::Operator => Standpoint::Operator,
            _ if self.is_on_roster() => Standpoint::Operator,
            _ => Standpoint::Agency,
        };
        let place = match role {
            Role::Operator => None,
            _ => {
                let agency = self.agency().await.map(|it| it.1);
                agency.or_else(|| chat.title.clone())
            }
        };
        let caller = &self.caller;
        let ours = role == Role::Operator;
        let resembles = taken_for(self.world, &caller.name, caller.account, ours);
        Actor {
            name: self.name(),
            origin: Some(Origin {
                account: caller.account,
                chat: chat.id,
                place: place.map(|it| excerpt(&it, 60)),
                of,
                resembles,
            }),
        }
    }

    /// Id and name of the agency that an agency's chat belongs to. `None` if the chat gets the alerts of portals of
    /// several agencies, or is no agency's chat.
    pub async fn agency(&self) -> Option<(String, String)> {
        if self.role() != Role::Agency {
            return None;
        }
        let targets = self.targets().await.ok()?;
        let first = targets.first()?;
        let one = targets.iter().all(|it| it.agency == first.agency);
        one.then(|| (first.agency.clone(), first.agency_name.clone()))
    }

    /// The notifiers that the caller may mute: an agency's own ones. Empty for the operator: that mute holds at every
    /// notifier.
    pub fn own_notifiers(&self) -> &[String] {
        match self.role() {
            Role::Operator => &[],
            _ => self.notifiers(),
        }
    }

    fn is_told(&self, notify: &[String]) -> bool {
        self.role() == Role::Operator || notify.iter().any(|it| self.notifiers().contains(it))
    }

    /// The portals that send alerts to the caller's chat; all portals for the operator.
    pub async fn targets(&self) -> Result<Vec<Target>> {
        let mut all = self.world.targets().await?;
        all.retain(|it| self.is_told(&it.settings.notify));
        Ok(all)
    }

    /// The portal or part with this id.
    ///
    /// # Errors
    ///
    /// [`Refused::NotFound`] if there is none, or if its alerts do not reach the caller's chat.
    pub async fn target(&self, id: &TargetId) -> std::result::Result<Target, Refused> {
        let known = self.world.target(id).await?;
        let known = known.filter(|it| self.is_told(&it.settings.notify));
        known.ok_or(Refused::NotFound(Noun::Target))
    }

    /// The incident with this id. Incidents of portals that are no longer watched are visible to the operator only.
    ///
    /// # Errors
    ///
    /// [`Refused::NotFound`] if there is none, or if the alerts of its portal do not reach the caller's chat.
    pub async fn incident(&self, id: &IncidentId) -> std::result::Result<Incident, Refused> {
        let missing = Refused::NotFound(Noun::Incident);
        let Some(known) = self.world.store.incident(id).await? else {
            return Err(missing);
        };
        let is_told = match self.world.target(&known.target).await? {
            Some(target) => self.is_told(&target.settings.notify),
            None => self.role() == Role::Operator,
        };
        if is_told { Ok(known) } else { Err(missing) }
    }

    /// Filters `all` to the incidents of portals that send alerts to the caller's chat.
    pub async fn visible(&self, mut all: Vec<Incident>) -> Result<Vec<Incident>> {
        if self.role() < Role::Operator {
            let targets = self.targets().await?;
            let ours: HashSet<&str> = targets.iter().map(|it| it.id.as_str()).collect();
            all.retain(|it| ours.contains(it.target.portal()));
        }
        Ok(all)
    }
}
