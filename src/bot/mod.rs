//! Buttons under alerts. Only chats that are a notifier's own are listened to.

use std::{collections::HashMap, sync::Arc, time::Duration};

use teloxide::{
    Bot,
    payloads::{AnswerCallbackQuerySetters, GetUpdatesSetters, SendDocumentSetters},
    requests::Requester,
    types::{AllowedUpdate, CallbackQuery, ChatId, InputFile, Recipient, UpdateKind},
};
use tokio_util::sync::CancellationToken;

use crate::{
    alert::notifiers::{Account, account},
    incident::{self, Voice},
    model::{Incident, IncidentId, excerpt::excerpt},
    store::{Commit, StoreError},
    watch::{Live, World, tell::moved_to},
};

/// Long polls end before teloxide's own client time-out of 17 s.
const POLL_S: u32 = 10;
const PAUSE: Duration = Duration::from_secs(5);

/// A notifier and the chat it speaks to.
struct Chat {
    notifier: String,
    chat: Recipient,
}

/// Listens for taps, one poller a bot token, until told to stop; anew when the configuration changes.
pub async fn run(mut worlds: Live, stop: CancellationToken) {
    loop {
        let world = worlds.borrow_and_update().clone();
        let turn = stop.child_token();
        let listening = tokio::spawn(listen(world, turn.clone()));
        let fixed = tokio::select! {
            () = stop.cancelled() => true,
            changed = worlds.changed() => changed.is_err(),
        };
        if fixed {
            // nothing will change any more
            stop.cancelled().await;
        }
        turn.cancel();
        if listening.await.is_err() {
            tracing::error!("the bot failed by a fault of this program; it begins anew");
        }
        if stop.is_cancelled() {
            return;
        }
    }
}

async fn listen(world: Arc<World>, stop: CancellationToken) {
    let mut bots: HashMap<String, (Bot, Vec<Chat>)> = HashMap::new();
    for (name, spec) in world
        .config
        .notifiers
        .iter()
        .filter(|(_, it)| it.kind == "telegram")
    {
        if let Ok(Account { bot, chat, .. }) = account(&spec.with) {
            let entry = bots
                .entry(bot.token().to_owned())
                .or_insert_with(|| (bot, Vec::new()));
            entry.1.push(Chat {
                notifier: name.clone(),
                chat,
            });
        }
    }
    let mut pollers = tokio::task::JoinSet::new();
    for (bot, chats) in bots.into_values() {
        pollers.spawn(poll(world.clone(), bot, chats, stop.clone()));
    }
    while pollers.join_next().await.is_some() {}
}

async fn poll(world: Arc<World>, bot: Bot, chats: Vec<Chat>, stop: CancellationToken) {
    let mut next: i32 = 0;
    loop {
        let ask = bot
            .get_updates()
            .offset(next)
            .timeout(POLL_S)
            .allowed_updates([AllowedUpdate::CallbackQuery]);
        let updates = tokio::select! {
            () = stop.cancelled() => return,
            updates = ask => updates,
        };
        match updates {
            Ok(updates) => {
                for update in updates {
                    next = i32::try_from(update.id.0).unwrap_or(i32::MAX - 1) + 1;
                    if let UpdateKind::CallbackQuery(query) = update.kind {
                        tapped(&world, &bot, &chats, query).await;
                    }
                }
            }
            Err(_) => {
                // the error may hold the token; that Telegram is away is told by deliveries
                tracing::debug!("Telegram does not answer polls");
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(PAUSE) => (),
                }
            }
        }
    }
}

async fn tapped(world: &World, bot: &Bot, chats: &[Chat], query: CallbackQuery) {
    let place = query.message.as_ref().map(|it| it.chat());
    let names = match place {
        Some(place) => notifiers_of(world, chats, place.id, place.username()).await,
        None => Vec::new(),
    };
    let said = match query.data.as_deref().and_then(|it| it.split_once(':')) {
        _ if names.is_empty() => world.words.plain("bot-stranger"),
        Some((verb, id)) => match told_here(world, id, &names).await {
            Some(known) => {
                act(
                    world,
                    bot,
                    place.map(|it| it.id),
                    verb,
                    &known,
                    &name(&query),
                )
                .await
            }
            None => world.words.plain("bot-no-incident"),
        },
        None => world.words.plain("bot-unknown"),
    };
    let answer = bot
        .answer_callback_query(query.id)
        .text(said)
        .show_alert(names.is_empty());
    if answer.await.is_err() {
        tracing::debug!("a tap could not be answered");
    }
}

async fn act(
    world: &World,
    bot: &Bot,
    chat: Option<ChatId>,
    verb: &str,
    known: &Incident,
    by: &str,
) -> String {
    match verb {
        "take" => take(world, &known.id, by).await,
        "diff" => diff(world, bot, chat, known).await,
        // a baseline is moved by a command that names who approved
        "change" => world
            .words
            .text("bot-change", &[("target", known.target.as_str())]),
        _ => world.words.plain("bot-unknown"),
    }
}

/// The notifiers whose own chat this is, or whose chat has moved here.
async fn notifiers_of(
    world: &World,
    chats: &[Chat],
    id: ChatId,
    username: Option<&str>,
) -> Vec<String> {
    let mut names = Vec::new();
    for it in chats {
        let own = match &it.chat {
            Recipient::Id(chat) => *chat == id,
            Recipient::ChannelUsername(name) => {
                username.is_some_and(|it| it.eq_ignore_ascii_case(name.trim_start_matches('@')))
            }
        };
        let moved = world
            .store
            .milestone(&moved_to(&it.notifier, &it.chat.to_string()))
            .await
            .unwrap_or(None);
        if own || moved.as_deref() == Some(&id.0.to_string()) {
            names.push(it.notifier.clone());
        }
    }
    names
}

/// An incident that this chat is told of: what stands in a tap can be forged.
async fn told_here(world: &World, id: &str, names: &[String]) -> Option<Incident> {
    let known = world
        .store
        .incident(&IncidentId(id.to_owned()))
        .await
        .ok()
        .flatten()?;
    let told = match world.target(&known.target).await.ok().flatten() {
        Some(target) => target.settings.notify,
        None => world.config.defaults.notify.clone(),
    };
    told.iter().any(|it| names.contains(it)).then_some(known)
}

fn name(query: &CallbackQuery) -> String {
    excerpt(&query.from.full_name(), 60)
}

/// Who taps first has it; the message shows it to all.
async fn take(world: &World, id: &IncidentId, by: &str) -> String {
    for _ in 0..5 {
        let Ok(Some(known)) = world.store.incident(id).await else {
            return world.words.plain("bot-no-incident");
        };
        let now = world.clock.now();
        let taken = match (incident::take(&known, by, now), &known.taken) {
            (Ok(taken), _) => taken,
            (Err(_), Some(taken)) => {
                return world.words.text("bot-taken-already", &[("by", &taken.by)]);
            }
            (Err(_), None) => return world.words.plain("bot-over"),
        };
        let alerts = match world.target(&known.target).await.ok().flatten() {
            Some(target) => world.alerts(&target, &taken, Voice::Plain, now),
            None => world.alerts_to_all(&taken, now),
        };
        match world
            .store
            .commit(Commit {
                incidents: vec![taken],
                alerts,
                ..Commit::default()
            })
            .await
        {
            Err(StoreError::Conflict) => continue,
            Err(error) => {
                tracing::error!(incident.id = %id, %error, "a tap cannot be written");
                return world.words.plain("bot-failed");
            }
            Ok(()) => return world.words.text("bot-taken", &[("id", &id.to_string())]),
        }
    }
    world.words.plain("bot-failed")
}

/// Sends what changed as a text file.
async fn diff(world: &World, bot: &Bot, chat: Option<ChatId>, known: &Incident) -> String {
    let Some(chat) = chat else {
        return world.words.plain("bot-failed");
    };
    let mut text = String::new();
    for line in crate::watch::diff::lines_of(world, known) {
        text.push_str(if line.added { "+ " } else { "- " });
        text.push_str(&line.text);
        text.push('\n');
    }
    let file = InputFile::memory(text.into_bytes()).file_name(format!("{}.txt", known.id));
    match bot
        .send_document(chat, file)
        .caption(known.id.to_string())
        .await
    {
        Ok(_) => world.words.plain("bot-diff"),
        Err(_) => world.words.plain("bot-failed"),
    }
}
