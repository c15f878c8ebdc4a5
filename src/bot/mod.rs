//! The duty room in Telegram: buttons under alerts, commands, answers. A chat reaches what its notifiers are told of; a
//! stranger is told how to register and nothing else.

mod commands;
mod evidence;
mod here;
mod incident;
mod muster;
mod plan;
mod reply;
mod request;
mod storm;
mod taps;

use std::{collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use futures_util::FutureExt;
use teloxide::{
    Bot, RequestError,
    payloads::GetUpdatesSetters,
    requests::Requester,
    types::{AllowedUpdate, ChatId, Message, ThreadId, Update, UpdateKind, UserId},
};
use tokio_util::sync::CancellationToken;

use crate::{
    alert::notifiers::{Account, account},
    model::alert::{chat_of, in_chat},
    store::Commit,
    watch::{Live, World, tell::moved_to},
};
use here::{Chat, Here, Role, notifiers_of};
use reply::Reply;

/// Long polls end before teloxide's own client time-out of 17 s.
const POLL_S: u32 = 10;
const PAUSE: Duration = Duration::from_secs(5);
/// A poller that ends waits so long for Telegram.
const LEAVING: Duration = Duration::from_secs(2);
/// Updates that come again after a crash are those of one answer: a hundred at the most.
const NEAR: u32 = 1000;
/// A stranger is answered so often in so long: whoever registers a portal is a stranger until he is approved.
const STRANGER_EVERY: Duration = Duration::from_secs(60);
const STRANGER_MOST: u32 = 6;
/// A question for a reason is answered so soon, in seconds, or asked again.
const REASON_WITHIN_S: i64 = 1800;
/// Strangers that are remembered: past these, nobody new is answered for a while.
const STRANGERS: usize = 1000;

/// Listens, one poller a bot token, until told to stop; anew when the configuration changes.
pub async fn run(mut worlds: Live, stop: CancellationToken) {
    loop {
        let world = worlds.borrow_and_update().clone();
        let turn = stop.child_token();
        // it ends with this task, however that ends
        let mut listening = tokio::task::JoinSet::new();
        listening.spawn(listen(world, turn.clone()));
        let fixed = tokio::select! {
            () = stop.cancelled() => true,
            changed = worlds.changed() => changed.is_err(),
        };
        if fixed {
            // nothing will change any more
            stop.cancelled().await;
        }
        turn.cancel();
        if let Some(Err(_)) = listening.join_next().await {
            tracing::error!("the bot failed by a fault of this program; it begins anew");
        }
        if stop.is_cancelled() {
            return;
        }
    }
}

async fn listen(world: Arc<World>, stop: CancellationToken) {
    let mut bots: HashMap<String, Listener> = HashMap::new();
    for (name, spec) in world
        .config
        .notifiers
        .iter()
        .filter(|(_, it)| it.kind == "telegram")
    {
        if let Ok(Account {
            bot, chat, account, ..
        }) = account(&spec.with)
        {
            let listener = bots.entry(account.clone()).or_insert_with(|| Listener {
                world: world.clone(),
                bot,
                chats: Vec::new(),
                account,
                username: None,
                own: None,
                strangers: HashMap::new(),
            });
            listener.chats.push(Chat {
                notifier: name.clone(),
                chat,
            });
        }
    }
    let mut pollers = tokio::task::JoinSet::new();
    for listener in bots.into_values() {
        pollers.spawn(listener.poll(stop.clone()));
    }
    while pollers.join_next().await.is_some() {}
}

/// One bot and the chats it speaks to.
struct Listener {
    world: Arc<World>,
    bot: Bot,
    chats: Vec<Chat>,
    /// Which bot it is, without its secret.
    account: String,
    username: Option<String>,
    own: Option<UserId>,
    /// Since when strangers are answered, and how often they were.
    strangers: HashMap<ChatId, (tokio::time::Instant, u32)>,
}

impl Listener {
    async fn poll(mut self, stop: CancellationToken) {
        let seen_to = format!("bot/{}", self.account);
        let mut done = self.seen_to(&seen_to).await;
        let mut next: i32 = 0;
        let mut greeted = false;
        loop {
            if !greeted {
                greeted = tokio::select! {
                    () = stop.cancelled() => return,
                    greeted = self.greet() => greeted,
                };
            }
            let ask = self
                .bot
                .get_updates()
                .offset(next)
                .timeout(POLL_S)
                .allowed_updates([AllowedUpdate::Message, AllowedUpdate::CallbackQuery]);
            let updates = tokio::select! {
                () = stop.cancelled() => return self.leave(next).await,
                updates = ask => updates,
            };
            match updates {
                Ok(updates) => {
                    for update in updates {
                        let number = update.id.0;
                        next = i32::try_from(number).unwrap_or(i32::MAX - 1) + 1;
                        // a crash between doing and confirming brings it again; after a week without updates
                        // Telegram begins anew at any number
                        let again = number <= done && done - number < NEAR;
                        if !again {
                            let took = AssertUnwindSafe(self.take(update, &seen_to));
                            if took.catch_unwind().await.is_err() {
                                tracing::error!(
                                    "an update failed by a fault of this program; the next one is taken"
                                );
                            }
                            done = number;
                        }
                    }
                }
                Err(error) => {
                    // a network error may hold the token; that Telegram is away is told by deliveries
                    match error {
                        RequestError::Api(why) => {
                            tracing::warn!(%why, "Telegram refuses to tell what people do");
                        }
                        _ => tracing::debug!("Telegram does not answer polls"),
                    }
                    tokio::select! {
                        () = stop.cancelled() => return,
                        () = tokio::time::sleep(PAUSE) => (),
                    }
                }
            }
        }
    }

    /// Tells Telegram what was seen to: what changed nothing leaves no mark in the store and would be answered again.
    async fn leave(&self, next: i32) {
        if next > 0 {
            let last = self.bot.get_updates().offset(next).limit(1).timeout(0);
            let _ = tokio::time::timeout(LEAVING, last.into_future()).await;
        }
    }

    /// The last update of which something was written.
    async fn seen_to(&self, name: &str) -> u32 {
        let kept = self.world.store.milestone(name).await.unwrap_or(None);
        kept.and_then(|it| it.parse().ok()).unwrap_or(0)
    }

    /// Asks for its own name and publishes the commands; whether Telegram answered.
    async fn greet(&mut self) -> bool {
        let Ok(me) = self.bot.get_me().await else {
            return false;
        };
        self.username.clone_from(&me.user.username);
        self.own = Some(me.user.id);
        let duty = &self.world.config.defaults.notify;
        let chats: Vec<_> = self
            .chats
            .iter()
            .map(|it| {
                let role = if duty.contains(&it.notifier) {
                    Role::Operator
                } else {
                    Role::Agency
                };
                (it.chat.clone(), role)
            })
            .collect();
        commands::publish(&self.bot, &chats, &self.world.words).await;
        true
    }

    async fn take(&mut self, update: Update, seen_to: &str) {
        let world = self.world.clone();
        let bot = self.bot.clone();
        let number = update.id.0;
        // where the chat has topics, answers stay in the one that was asked in
        let topic = match &update.kind {
            UpdateKind::Message(it) => topic_of(it),
            UpdateKind::CallbackQuery(it) => it.regular_message().and_then(topic_of),
            _ => None,
        };
        let here = |chat: ChatId, names: Vec<String>, speaks, place, who| Here {
            world: &world,
            bot: &bot,
            chat,
            topic,
            names,
            speaks,
            place,
            who,
            update: (seen_to.to_owned(), number),
        };
        match update.kind {
            UpdateKind::CallbackQuery(query) => {
                let Some(place) = query.message.as_ref().map(|it| it.chat()) else {
                    return;
                };
                let names = notifiers_of(&world, &self.chats, place.id, place.username()).await;
                let open = !place.is_channel();
                let speaks = self.speaks(&names, place.id).await;
                let called = called(place);
                let here = here(place.id, names, speaks, called, Some(query.from.clone()));
                taps::tapped(&here, query, open).await;
            }
            UpdateKind::Message(message) => {
                let place = &message.chat;
                let names = notifiers_of(&world, &self.chats, place.id, place.username()).await;
                let speaks = self.speaks(&names, place.id).await;
                if let Some(to) = message.migrate_to_chat_id() {
                    self.moved(&names, &speaks, *to).await;
                    return;
                }
                let called = called(place);
                let here = here(place.id, names, speaks, called, message.from.clone());
                self.heard(&here, &message).await;
            }
            _ => (),
        }
    }

    /// The notifier that reaches a chat: its own, or the one by which it is known though nothing is registered there yet.
    async fn speaks(&self, names: &[String], chat: ChatId) -> String {
        if let Some(name) = names.first() {
            return name.clone();
        }
        let ours: Option<&str> = self.chats.iter().map(|it| it.notifier.as_str()).min();
        let plain = in_chat(ours.unwrap_or_default(), chat.0);
        let came = self.world.store.milestone(&came_from(chat)).await;
        came.unwrap_or(None).unwrap_or(plain)
    }

    /// A group became a supergroup: its messages go there from now on.
    async fn moved(&self, names: &[String], speaks: &str, to: ChatId) {
        if names.is_empty() && !self.moved_unknown(speaks, to).await {
            return;
        }
        let own = self.chats.iter().filter(|it| names.contains(&it.notifier));
        let own = own.map(|it| moved_to(&it.notifier, &it.chat.to_string()));
        let registered = names.iter().filter_map(|name| {
            let (_, chat) = chat_of(name)?;
            Some(moved_to(name, &chat.to_string()))
        });
        for name in own.chain(registered) {
            let commit = Commit {
                milestone: Some((name, to.0.to_string())),
                ..Commit::default()
            };
            if let Err(error) = self.world.store.commit(commit).await {
                tracing::error!(%error, "that a chat has moved cannot be written");
            }
        }
        self.world.chats_known.forget();
    }

    /// Nothing is registered there yet, but something may have been asked for; anybody can make groups and move them.
    async fn moved_unknown(&self, speaks: &str, to: ChatId) -> bool {
        let requests = self.world.store.requests().await.unwrap_or_default();
        let mut open = requests.iter().filter(|it| it.stage.is_open());
        if !open.any(|it| it.asker.notifier.as_deref() == Some(speaks)) {
            return false;
        }
        let mut marks = vec![(came_from(to), speaks.to_owned())];
        if let Some((_, chat)) = chat_of(speaks) {
            marks.push((moved_to(speaks, &chat.to_string()), to.0.to_string()));
        }
        for mark in marks {
            let commit = Commit {
                milestone: Some(mark),
                ..Commit::default()
            };
            if let Err(error) = self.world.store.commit(commit).await {
                tracing::error!(%error, "that a chat has moved cannot be written");
            }
        }
        true
    }

    async fn heard(&mut self, here: &Here<'_>, message: &Message) {
        let Some(text) = message.text() else {
            return;
        };
        // a channel's post speaks for nobody in the group where it appears
        if message.is_automatic_forward() || message.from.is_none() {
            return;
        }
        if here.role() == Role::Stranger && !self.answers_stranger(here.chat) {
            return;
        }
        let name = self.username.clone();
        if let Some((command, rest)) = commands::parse(text, name.as_deref()) {
            let reply = match commands::find(command, here.role()) {
                Some(command) => command.run(here, rest).await,
                // in a group it may be meant for somebody else
                None if !message.chat.is_private() => return,
                None => Reply::plain(&here.say("bot-unknown-command", &[])),
            };
            reply::send(here, Some(message.id), reply).await;
        } else if self.is_to_us(message) {
            self.answered(here, message, text).await;
        }
    }

    fn answers_stranger(&mut self, chat: ChatId) -> bool {
        let now = tokio::time::Instant::now();
        self.strangers
            .retain(|_, it| now.duration_since(it.0) < STRANGER_EVERY);
        if self.strangers.len() >= STRANGERS && !self.strangers.contains_key(&chat) {
            return false;
        }
        let (_, times) = self.strangers.entry(chat).or_insert((now, 0));
        *times += 1;
        *times <= STRANGER_MOST
    }

    /// Whether it answers a message of this bot.
    fn is_to_us(&self, message: &Message) -> bool {
        let from = message.reply_to_message().and_then(|it| it.from.as_ref());
        self.own.is_some() && from.map(|it| it.id) == self.own
    }

    /// An answer to an incident's message is a note in its time line; to a question for a reason, the reason.
    async fn answered(&self, here: &Here<'_>, message: &Message, text: &str) {
        let Some((asked_at, to)) = taps::answered(message) else {
            return;
        };
        let first = to.lines().next().unwrap_or_default();
        let of_request = if first.starts_with(request::ASKS_AGENCY) {
            Some(request::named(here, first, text).await)
        } else if first.starts_with(request::ASKS_REFUSAL) {
            request::refused(here, first, text).await
        } else {
            None
        };
        if let Some(reply) = of_request {
            return reply::send(here, Some(message.id), reply).await;
        }
        if here.role() == Role::Stranger {
            return;
        }
        let id = first
            .split(|c: char| c.is_whitespace() || c == ':')
            .find(|it| it.starts_with("SC-"));
        let Some(known) = (match id {
            Some(id) => here.incident(id).await,
            None => None,
        }) else {
            return;
        };
        let said = if first.starts_with(taps::ASKS_WHY) {
            let late = message.date.timestamp() - asked_at > REASON_WITHIN_S;
            if !here.may_decide() {
                here.say("bot-officers-only", &[])
            } else if late || !first.contains(&taps::shown(here, &known)) {
                // it has become something else since, or nobody knows any more what was meant
                here.say("bot-reason-late", &[])
            } else {
                incident::legitimate(here, &known, text).await
            }
        } else {
            match incident::note(here, &known.id, text).await {
                Ok(_) => here.say("bot-noted", &[("id", &known.id.to_string())]),
                Err(why) => why,
            }
        };
        reply::send(here, Some(message.id), Reply::plain(&said)).await;
    }
}

/// The topic that a message stands in; the thread of an answer in a chat without topics is none.
fn topic_of(message: &Message) -> Option<ThreadId> {
    message.thread_id.filter(|_| message.is_topic_message)
}

/// Under this it is remembered as whom a chat is known that was another before.
fn came_from(chat: ChatId) -> String {
    format!("came/{}", chat.0)
}

/// What a group calls itself, with the name by which anybody can join it.
fn called(chat: &teloxide::types::Chat) -> Option<String> {
    let title = chat.title()?;
    Some(match chat.username() {
        Some(name) => format!("{title} (@{name})"),
        None => title.to_owned(),
    })
}
