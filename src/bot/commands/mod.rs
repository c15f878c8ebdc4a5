//! The commands that people type. A new command is a file, a `mod` line and a line in [`ALL`]. The file holds its
//! names; its texts, with its line of help, are in `locales/`.

mod change;
mod duty;
mod help;
pub(super) mod incidents;
mod mute;
mod register;
mod report;
mod status;

use async_trait::async_trait;
use teloxide::{
    Bot,
    payloads::SetMyCommandsSetters,
    requests::Requester,
    types::{BotCommand, BotCommandScope, Recipient},
};

use super::{context::ChatContext, reply::Reply};
use crate::{actions::Role, locale::Locale};

/// A command.
#[async_trait]
pub(super) trait Command: Sync {
    /// The Vietnamese name without marks, and the English one; both work in every chat. The English name also selects
    /// the command's line of help, `command-NAME`.
    fn names(&self) -> [&'static str; 2];

    /// The lowest role that may use it.
    fn least(&self) -> Role;

    /// Carries out the command; `rest` is the text after its name.
    async fn run(&self, context: &ChatContext<'_>, rest: &str) -> Reply;
}

pub(super) const ALL: &[&dyn Command] = &[
    &status::Status,
    &incidents::Incidents,
    &report::Report,
    &duty::Duty,
    &mute::Mute,
    &change::Change,
    &register::Register,
    &help::Help,
    &help::Start,
];

/// The name of the command in a text, and the text after it. `None` if the text is no command, or one for another
/// bot.
pub(super) fn parse<'a>(text: &'a str, bot: Option<&str>) -> Option<(&'a str, &'a str)> {
    let rest = text.trim().strip_prefix('/')?;
    let (name, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (name, whose) = name.split_once('@').unwrap_or((name, ""));
    let ours = whose.is_empty() || bot.is_none_or(|it| it.eq_ignore_ascii_case(whose));
    ours.then_some((name, rest.trim()))
}

/// The command with this name, if a chat of this role may use it.
pub(super) fn find(name: &str, role: Role) -> Option<&'static dyn Command> {
    ALL.iter()
        .find(|it| it.names().contains(&name.to_lowercase().as_str()) && it.least() <= role)
        .copied()
}

/// Publishes the menu of commands: all of a role's commands in known chats, a stranger's in all others.
pub(super) async fn publish(bot: &Bot, chats: &[(Recipient, Role)], locale: &Locale) {
    let everywhere = (BotCommandScope::Default, Role::Stranger);
    let known = chats.iter().map(|(chat, role)| {
        let scope = BotCommandScope::Chat {
            chat_id: chat.clone(),
        };
        (scope, *role)
    });
    for (scope, role) in std::iter::once(everywhere).chain(known) {
        let offered = ALL.iter().filter(|it| it.least() <= role).map(|it| {
            let [vietnamese, english] = it.names();
            let name = match locale.lang {
                crate::locale::Lang::Vi => vietnamese,
                crate::locale::Lang::En => english,
            };
            BotCommand::new(name, locale.text(&format!("command-{english}")))
        });
        let told = bot
            .set_my_commands(offered.collect::<Vec<_>>())
            .scope(scope);
        if told.await.is_err() {
            // without the menu, every command still works
            tracing::debug!("Telegram does not take the list of commands");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_found_by_both_names_and_by_who_asks() {
        assert_eq!(parse("/suco 12 a", None), Some(("suco", "12 a")));
        assert_eq!(
            parse("/status@Gac_bot x", Some("gac_bot")),
            Some(("status", "x"))
        );
        assert_eq!(parse("/status@other", Some("gac_bot")), None);
        assert_eq!(parse("chào /status", None), None);
        for it in ALL {
            for name in it.names() {
                assert!(name.bytes().all(|b| b.is_ascii_lowercase()), "{name}");
                assert!(find(name, Role::Operator).is_some());
            }
        }
        assert!(find("status", Role::Stranger).is_none());
        assert!(find("help", Role::Stranger).is_some());
        assert!(find("dangky", Role::Stranger).is_some());
    }
}
