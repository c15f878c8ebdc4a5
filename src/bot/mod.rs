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
    incident,
    model::{About, Incident, IncidentId, excerpt::excerpt},
    store::{Commit, StoreError},
    watch::World,
};

/// Long polls end before teloxide's own client time-out of 17 s.
const POLL_S: u32 = 10;
const PAUSE: Duration = Duration::from_secs(5);

/// Listens for taps, one poller a bot token, until told to stop.
pub async fn run(world: Arc<World>, stop: CancellationToken) {
    let mut bots: HashMap<String, (Bot, Vec<Recipient>)> = HashMap::new();
    for spec in world.config.notifiers.values().filter(|it| it.kind == "telegram") {
        if let Ok(Account { bot, chat }) = account(&spec.with) {
            bots.entry(bot.token().to_owned()).or_insert_with(|| (bot, Vec::new())).1.push(chat);
        }
    }
    let mut pollers = tokio::task::JoinSet::new();
    for (bot, chats) in bots.into_values() {
        pollers.spawn(poll(world.clone(), bot, chats, stop.clone()));
    }
    while pollers.join_next().await.is_some() {}
}

async fn poll(world: Arc<World>, bot: Bot, chats: Vec<Recipient>, stop: CancellationToken) {
    let mut next: i32 = 0;
    loop {
        let ask = bot.get_updates().offset(next).timeout(POLL_S).allowed_updates([AllowedUpdate::CallbackQuery]);
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

async fn tapped(world: &World, bot: &Bot, chats: &[Recipient], query: CallbackQuery) {
    let chat = query.message.as_ref().map(|it| it.chat().id);
    let known = match chat {
        Some(id) => is_known(world, chats, id).await,
        None => false,
    };
    let said = match (known, query.data.as_deref().and_then(|it| it.split_once(':'))) {
        (false, _) => world.words.plain("bot-stranger"),
        (true, Some(("take", id))) => take(world, id, &name(&query)).await,
        (true, Some(("diff", id))) => diff(world, bot, chat, id).await,
        (true, Some(("change", id))) => change(world, id).await,
        (true, _) => world.words.plain("bot-unknown"),
    };
    let answer = bot.answer_callback_query(query.id).text(said).show_alert(!known);
    if answer.await.is_err() {
        tracing::debug!("a tap could not be answered");
    }
}

/// A notifier's chat, or the one it moved to.
async fn is_known(world: &World, chats: &[Recipient], id: ChatId) -> bool {
    if chats.iter().any(|it| *it == Recipient::Id(id)) {
        return true;
    }
    for name in world.config.notifiers.keys() {
        let moved = world.store.milestone(&format!("moved/{name}")).await.unwrap_or(None);
        if moved.as_deref() == Some(&id.0.to_string()) {
            return true;
        }
    }
    false
}

fn name(query: &CallbackQuery) -> String {
    excerpt(&query.from.full_name(), 60)
}

/// Who taps first has it; the message shows it to all.
async fn take(world: &World, id: &str, by: &str) -> String {
    for _ in 0..5 {
        let Some(known) = incident(world, id).await else { return world.words.plain("bot-no-incident") };
        let now = world.clock.now();
        let taken = match incident::take(&known, by, now) {
            Ok(taken) => taken,
            Err(_) => {
                let by = known.taken.as_ref().map(|it| it.by.clone()).unwrap_or_default();
                return world.words.text("bot-taken-already", &[("by", &by)]);
            }
        };
        let target = world.target(&known.target).await.ok().flatten();
        let about = About::Incident(known.id.clone());
        let alerts = match &target {
            Some(target) => world.alerts(target, &about, now),
            None => world.alerts_to_all(&about, now),
        };
        match world.store.commit(Commit { incidents: vec![taken], alerts, ..Commit::default() }).await {
            Err(StoreError::Conflict) => continue,
            Err(error) => {
                tracing::error!(incident.id = id, %error, "a tap cannot be written");
                return world.words.plain("bot-failed");
            }
            Ok(()) => return world.words.text("bot-taken", &[("id", id)]),
        }
    }
    world.words.plain("bot-failed")
}

async fn incident(world: &World, id: &str) -> Option<Incident> {
    world.store.incident(&IncidentId(id.to_owned())).await.ok().flatten()
}

/// Sends what changed as a text file.
async fn diff(world: &World, bot: &Bot, chat: Option<ChatId>, id: &str) -> String {
    let (Some(known), Some(chat)) = (incident(world, id).await, chat) else {
        return world.words.plain("bot-no-incident");
    };
    let mut text = String::new();
    for line in crate::watch::diff::lines_of(world, &known) {
        text.push_str(if line.added { "+ " } else { "- " });
        text.push_str(&line.text);
        text.push('\n');
    }
    let file = InputFile::memory(text.into_bytes()).file_name(format!("{}.txt", known.id));
    match bot.send_document(chat, file).caption(known.id.to_string()).await {
        Ok(_) => world.words.plain("bot-diff"),
        Err(_) => world.words.plain("bot-failed"),
    }
}

/// What to do until the button does it: a baseline is moved by a command that names who approved.
async fn change(world: &World, id: &str) -> String {
    match incident(world, id).await {
        Some(known) => world.words.text("bot-change", &[("target", known.target.as_str())]),
        None => world.words.plain("bot-no-incident"),
    }
}
