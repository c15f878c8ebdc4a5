//! The caller of a verb, and what is open to them. Every verb asks here, so that a front end cannot forget to.

use std::collections::HashSet;

use crate::{
    actions::{
        refused::{Noun, Refused},
        resemblance::taken_for,
    },
    config::Operators,
    model::{
        Incident, IncidentId, Say, Target, TargetId,
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
    /// Told nothing but how to register.
    Stranger,
    /// Of an agency: its own portals.
    Agency,
    /// The operator's: may reach everything.
    Operator,
}

impl Role {
    /// The role of a chat that these notifiers speak to.
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

/// The person who calls, as a front end knows them.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The display name, which anybody can choose and which may be of any length.
    pub name: String,
    /// The account number; `None` for an account that many share, such as an anonymous administrator of a group.
    pub account: Option<i64>,
    /// What else the account is called, without `@`.
    pub username: Option<String>,
    /// The chat that the call came from; `None` at the command line, whose user is the operator.
    pub chat: Option<CallerChat>,
}

#[derive(Clone, Debug)]
pub struct CallerChat {
    pub id: i64,
    /// Notifiers that speak to this chat; none in a stranger's.
    pub notifiers: Vec<String>,
    /// The name of the recipient that reaches this chat, be it registered or not.
    pub recipient: String,
    /// What the group calls itself; `None` where a person speaks alone.
    pub title: Option<String>,
    /// Anybody may read it and press its buttons, as in a channel: only officers do anything there.
    pub public: bool,
}

/// A caller in a world.
pub struct Access<'a> {
    pub world: &'a World,
    caller: Caller,
    /// Name and value of a milestone that is written in the same commit as the deed: it tells a front end after a crash that
    /// the call was carried out.
    mark: Option<(String, String)>,
}

impl<'a> Access<'a> {
    pub fn new(world: &'a World, caller: Caller, mark: Option<(String, String)>) -> Self {
        Self {
            world,
            caller,
            mark,
        }
    }

    /// The user of the command line, who calls themselves `name`.
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

    /// The notifiers that speak to the caller's chat; none for the command line.
    pub fn notifiers(&self) -> &[String] {
        self.chat().map_or(&[], |it| &it.notifiers)
    }

    /// The name of the recipient that reaches the caller; `None` for the command line.
    pub fn recipient(&self) -> Option<&str> {
        self.chat().map(|it| it.recipient.as_str())
    }

    pub fn role(&self) -> Role {
        match self.chat() {
            Some(chat) => Role::of(self.world.config.operators(), &chat.notifiers),
            None => Role::Operator,
        }
    }

    /// Whether the caller can be named later.
    pub fn is_somebody(&self) -> bool {
        self.chat().is_none() || self.caller.account.is_some()
    }

    pub fn is_officer(&self) -> bool {
        let id = self.caller.account;
        let officers = &self.world.config.duty.officers;
        id.is_some() && officers.iter().any(|it| it.telegram == id)
    }

    /// Whether the caller stands on the operator's roster, with this account.
    fn is_on_roster(&self) -> bool {
        let id = self.caller.account;
        let roster = &self.world.config.duty.roster;
        id.is_some() && roster.iter().any(|it| it.who.telegram == id)
    }

    /// Whether the caller may do anything here.
    pub fn may_act(&self) -> bool {
        self.chat().is_none_or(|it| !it.public) || self.is_officer()
    }

    /// Whether the caller may move a baseline: at the command line, always; in an operator's chat an officer, where officers
    /// are named; in an agency's chat any of its members.
    pub fn may_decide(&self) -> bool {
        let officers = &self.world.config.duty.officers;
        match self.role() {
            _ if !self.is_somebody() => false,
            Role::Stranger => false,
            Role::Agency => true,
            Role::Operator => self.chat().is_none() || officers.is_empty() || self.is_officer(),
        }
    }

    /// # Errors
    ///
    /// [`Refused::Forbidden`] with the sentence `key` where the caller may not decide.
    pub fn decides(&self, key: &str) -> std::result::Result<(), Refused> {
        if self.may_decide() {
            Ok(())
        } else {
            Err(Refused::Forbidden(Say::new(key)))
        }
    }

    /// The caller's name, at most 60 characters of it where it came from a chat.
    pub fn name(&self) -> String {
        match self.chat() {
            Some(_) => excerpt(&self.caller.name, 60),
            None => self.caller.name.clone(),
        }
    }

    /// The caller as the asker of a request, for the officers who decide about it.
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

    /// The caller as records keep them: with account and chat, since several people may use one name.
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

    /// The agency that an agency's chat speaks for, by id and name: of the portals it is told of, where that is one.
    pub async fn agency(&self) -> Option<(String, String)> {
        if self.role() != Role::Agency {
            return None;
        }
        let targets = self.targets().await.ok()?;
        let first = targets.first()?;
        let one = targets.iter().all(|it| it.agency == first.agency);
        one.then(|| (first.agency.clone(), first.agency_name.clone()))
    }

    /// The notifiers that the caller may silence: an agency's own. Empty for the operator, whose silence holds at all
    /// notifiers.
    pub fn own_notifiers(&self) -> &[String] {
        match self.role() {
            Role::Operator => &[],
            _ => self.notifiers(),
        }
    }

    fn is_told(&self, notify: &[String]) -> bool {
        self.role() == Role::Operator || notify.iter().any(|it| self.notifiers().contains(it))
    }

    /// Portals that the caller is told of.
    pub async fn targets(&self) -> Result<Vec<Target>> {
        let mut all = self.world.targets().await?;
        all.retain(|it| self.is_told(&it.settings.notify));
        Ok(all)
    }

    /// A portal that the caller is told of, or a part of one.
    pub async fn target(&self, id: &TargetId) -> std::result::Result<Target, Refused> {
        let known = self.world.target(id).await?;
        let known = known.filter(|it| self.is_told(&it.settings.notify));
        known.ok_or(Refused::NotFound(Noun::Target))
    }

    /// An incident that the caller is told of. One of a portal that is watched no more is told to the operator.
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

    /// Those of `all` that the caller is told of.
    pub async fn visible(&self, mut all: Vec<Incident>) -> Result<Vec<Incident>> {
        if self.role() < Role::Operator {
            let targets = self.targets().await?;
            let ours: HashSet<&str> = targets.iter().map(|it| it.id.as_str()).collect();
            all.retain(|it| ours.contains(it.target.portal()));
        }
        Ok(all)
    }
}
