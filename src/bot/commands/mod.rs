//! What people type. A new command is a file, a `mod` line and a line in [`ALL`]; its names and its line of help are its
//! own, its texts stand in `locales/`.

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

use super::{
    here::{Here, Role},
    reply::Reply,
};
use crate::locale::Words;

/// One command.
#[async_trait]
pub(super) trait Command: Sync {
    /// In Vietnamese without marks, and in English; both are understood everywhere. The English one is also the name of
    /// its line of help, `command-NAME`.
    fn names(&self) -> [&'static str; 2];

    /// Who may use it.
    fn least(&self) -> Role;

    /// `rest` is what stands behind the command.
    async fn run(&self, here: &Here<'_>, rest: &str) -> Reply;
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

/// The command in a text and what stands behind it; `None` where the text is none, or is for another bot.
pub(super) fn parse<'a>(text: &'a str, bot: Option<&str>) -> Option<(&'a str, &'a str)> {
    let rest = text.trim().strip_prefix('/')?;
    let (name, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let (name, whose) = name.split_once('@').unwrap_or((name, ""));
    let ours = whose.is_empty() || bot.is_none_or(|it| it.eq_ignore_ascii_case(whose));
    ours.then_some((name, rest.trim()))
}

/// The command of that name, where the chat may use it.
pub(super) fn find(name: &str, role: Role) -> Option<&'static dyn Command> {
    ALL.iter()
        .find(|it| it.names().contains(&name.to_lowercase().as_str()) && it.least() <= role)
        .copied()
}

/// Tells Telegram which commands to offer where: all in known chats, the beginning to everybody else.
pub(super) async fn publish(bot: &Bot, chats: &[(Recipient, Role)], words: &Words) {
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
            let name = match words.lang {
                crate::locale::Lang::Vi => vietnamese,
                crate::locale::Lang::En => english,
            };
            BotCommand::new(name, words.plain(&format!("command-{english}")))
        });
        let told = bot
            .set_my_commands(offered.collect::<Vec<_>>())
            .scope(scope);
        if told.await.is_err() {
            // only the menu is missing; every command works all the same
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
