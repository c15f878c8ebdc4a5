//! One update of Telegram: its chat, its author, and their permissions.

use teloxide::{
    Bot,
    types::{ChatId, ThreadId},
};

use crate::{
    actions::{Access, Noun, Refused},
    locale::Locale,
    model::{Incident, IncidentId},
    notify::{people::called, text::said},
    world::World,
};

/// Accounts of Telegram that many people share: an anonymous administrator, a channel, the posts of a linked channel.
const SHARED: [i64; 3] = [1_087_968_824, 136_817_688, 777_000];

/// The account number of a person; `None` for an account that many people share.
pub(super) fn account_of(user: &teloxide::types::User) -> Option<i64> {
    let id = i64::try_from(user.id.0).ok()?;
    (!SHARED.contains(&id)).then_some(id)
}

/// One update: its author and chat, with their permissions.
pub(super) struct ChatContext<'a> {
    pub access: Access<'a>,
    pub bot: &'a Bot,
    pub chat: ChatId,
    pub topic: Option<ThreadId>,
}

impl<'a> ChatContext<'a> {
    /// The service's world.
    pub fn world(&self) -> &'a World {
        self.access.world
    }

    /// The texts of the configured language.
    pub fn locale(&self) -> &'a Locale {
        &self.access.world.locale
    }

    /// The service's time zone.
    pub fn zone(&self) -> &'a jiff::tz::TimeZone {
        &self.access.world.config.service.timezone
    }

    /// The text of a locale key, with arguments.
    pub fn say(&self, key: &str, args: &[(&str, &str)]) -> String {
        self.locale().text_with(key, args)
    }

    /// An incident that this chat may see, by the id that a person types.
    pub async fn incident(&self, text: &str) -> Result<Incident, Refused> {
        let now = self.world().clock.now().to_zoned(self.zone().clone());
        match IncidentId::read(text, now.year()) {
            Some(id) => self.access.incident(&id).await,
            None => Err(Refused::NotFound(Noun::Incident)),
        }
    }

    /// The sentence for a refusal. For an error of the store, the cause is logged and not shown.
    pub fn refusal(&self, why: &Refused) -> String {
        let class = |key: &str, class: &crate::model::Class| {
            let class = self.locale().text(&class.key());
            self.say(key, &[("class", &class)])
        };
        match why {
            Refused::NotFound(noun) => self.say(noun.key(), &[]),
            Refused::Forbidden(why) | Refused::Because(why) => said(why, self.locale()),
            Refused::Taken(it) => {
                let by = called(&it.by, it.origin.as_ref(), self.locale());
                self.say("bot-taken-already", &[("by", &by)])
            }
            Refused::NoPage(of) => class("bot-no-page", of),
            Refused::Doubtful(of) => class("bot-worse", of),
            Refused::Store(_) | Refused::Evidence(_) => {
                tracing::error!(error = %why, "what a person asked for cannot be done");
                self.say("bot-failed", &[])
            }
        }
    }
}
