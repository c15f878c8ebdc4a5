//! The Telegram bot: buttons below alerts, commands, and answers to questions. A chat can reach the portals that send
//! it alerts; a stranger's chat can only register portals.

mod answers;
mod callbacks;
mod chats;
mod commands;
mod context;
mod evidence;
mod incident;
mod moved;
mod plan;
mod prompts;
mod question;
mod queue;
mod reply;
mod request;
mod strangers;
mod time_span;

use std::{
    collections::{HashMap, VecDeque},
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{Arc, OnceLock},
    time::Duration,
};

use chats::{Chat, notifiers_of};
use context::ChatContext;
use futures_util::FutureExt;
use queue::{Job, Put, Queue, WINDOW};
use reply::{CallbackReply, Reply};
use strangers::Strangers;
use teloxide::{
    Bot, RequestError,
    payloads::GetUpdatesSetters,
    requests::Requester,
    types::{
        AllowedUpdate, CallbackQueryId, ChatId, Me, Message, MessageId, ThreadId, Update,
        UpdateKind,
    },
};
use tokio::{sync::Semaphore, task::JoinSet, time::Instant};
use tokio_util::sync::CancellationToken;

use crate::{
    actions::Role,
    notify::notifiers::{Account, account},
    world::{Live, World},
};

/// Seconds of a long poll; shorter than the timeout of teloxide's client, 17 s.
const POLL_S: u32 = 10;
/// The pause after a poll that failed.
const PAUSE: Duration = Duration::from_secs(5);
/// Time that a stopping poller waits for Telegram.
const LEAVING: Duration = Duration::from_millis(400);
/// Largest distance of update numbers that counts as a repetition: after a crash, Telegram repeats the updates of one
/// poll, at most a hundred.
const NEAR: u32 = 1000;
/// Agencies' chats that are served in parallel, each with one update at a time; the operator's chats have no limit.
const AGENCIES_AT_ONCE: usize = 16;
/// The pause before the next poll when Telegram returns only updates that are already queued.
const BREATH: Duration = Duration::from_millis(250);

/// Runs one poller for each bot token until `stop` is cancelled. A new configuration restarts them.
pub async fn run(mut worlds: Live, stop: CancellationToken) {
    loop {
        let world = worlds.borrow_and_update().clone();
        let turn = stop.child_token();
        // aborted when this task ends, however it ends
        let mut listening = tokio::task::JoinSet::new();
        listening.spawn(listen(world, turn.clone()));
        let fixed = tokio::select! {
            () = stop.cancelled() => true,
            changed = worlds.changed() => changed.is_err(),
        };
        if fixed {
            // the configuration can no longer change
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
                me: OnceLock::new(),
                queue: Queue::default(),
                strangers: Strangers::new(),
                agencies: Semaphore::new(AGENCIES_AT_ONCE),
            });
            listener.chats.push(Chat {
                notifier: name.clone(),
                chat,
            });
        }
    }
    let mut pollers = tokio::task::JoinSet::new();
    for listener in bots.into_values() {
        pollers.spawn(Arc::new(listener).poll(stop.clone()));
    }
    while pollers.join_next().await.is_some() {}
}

/// One bot, with its configured chats.
struct Listener {
    world: Arc<World>,
    bot: Bot,
    chats: Vec<Chat>,
    /// Identifies the bot without revealing its token.
    account: String,
    me: OnceLock<Me>,
    queue: Queue,
    strangers: Strangers,
    agencies: Semaphore,
}

/// The answer to a tap or message, sent after its effect is written.
enum Answer {
    /// For a tap: its id, and the message below which the button is.
    Tap(CallbackQueryId, Option<MessageId>, CallbackReply),
    /// For the message with this id.
    Message(MessageId, Reply),
}

/// The chat and account of an update.
struct Spot<'a> {
    chat: &'a teloxide::types::Chat,
    account: Option<i64>,
}

impl Listener {
    async fn poll(self: Arc<Self>, stop: CancellationToken) {
        let mut work = JoinSet::new();
        let mut greeted = false;
        // the time since which Telegram's whole window has been filled with unfinished updates
        let mut full: Option<Instant> = None;
        let confirmed = loop {
            if !greeted {
                greeted = tokio::select! {
                    () = stop.cancelled() => return,
                    greeted = self.greet() => greeted,
                };
            }
            if full.is_some_and(|it| it.elapsed() >= BREATH) {
                self.queue.forget();
                full = None;
            }
            let confirmed = self.queue.offset();
            let ask = self
                .bot
                .get_updates()
                .offset(i32::try_from(confirmed).unwrap_or(i32::MAX))
                .timeout(POLL_S)
                .allowed_updates([AllowedUpdate::Message, AllowedUpdate::CallbackQuery]);
            let updates = tokio::select! {
                () = stop.cancelled() => break confirmed,
                updates = ask => updates,
            };
            match updates {
                Ok(updates) => {
                    let (any, all) = (!updates.is_empty(), updates.len() >= WINDOW);
                    let mut new = false;
                    for update in updates {
                        if self.queue.is_new(update.id.0) {
                            new = true;
                            self.receive(update, &mut work).await;
                        }
                    }
                    while work.try_join_next().is_some() {}
                    // a slow chat finishes one update at a time, and Telegram refills the window at once: it stays
                    // full
                    full = full.or_else(|| Some(Instant::now())).filter(|_| all);
                    if any && !new {
                        tokio::select! {
                            () = stop.cancelled() => break confirmed,
                            () = self.queue.moved.notified() => (),
                            () = tokio::time::sleep(BREATH) => (),
                        }
                    }
                }
                Err(error) => {
                    // do not log a network error, which may contain the token; failing deliveries report that
                    // Telegram is unreachable
                    match error {
                        RequestError::Api(why) => {
                            tracing::warn!(%why, "Telegram refuses to tell what people do");
                        }
                        _ => tracing::debug!("Telegram does not answer polls"),
                    }
                    tokio::select! {
                        () = stop.cancelled() => break confirmed,
                        () = tokio::time::sleep(PAUSE) => (),
                    }
                }
            }
        };
        self.leave(work, confirmed).await;
    }

    /// Lets work in progress end, then confirms the handled updates to Telegram. An update without an effect leaves
    /// no mark in the store, so without confirmation the next start would answer it again.
    async fn leave(&self, mut work: JoinSet<()>, confirmed: u32) {
        self.queue.close();
        let over = async { while work.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(LEAVING, over).await;
        let next = self.queue.offset();
        if next > confirmed {
            let next = i32::try_from(next).unwrap_or(i32::MAX);
            let last = self.bot.get_updates().offset(next).limit(1).timeout(0);
            let _ = tokio::time::timeout(LEAVING, last.into_future()).await;
        }
    }

    /// The marker with the number of the chat's last update with a written effect.
    fn seen_to(&self, chat: ChatId) -> String {
        format!("bot/{}/{}", self.account, chat.0)
    }

    /// Whether an update's effect is already written: after a crash between effect and confirmation, Telegram repeats
    /// the update. After a week without updates Telegram continues at an arbitrary number, so only a near number
    /// counts.
    async fn is_done(&self, chat: ChatId, number: u32) -> bool {
        // older versions had one number for all chats, under a name without a chat
        for name in [self.seen_to(chat), format!("bot/{}", self.account)] {
            let kept = self.world.store.marker(&name).await.unwrap_or(None);
            let done = kept.and_then(|it| it.parse().ok()).unwrap_or(0);
            if number <= done && done - number < NEAR {
                return true;
            }
        }
        false
    }

    /// Fetches the bot's own name and publishes the commands. Returns whether Telegram answered.
    async fn greet(&self) -> bool {
        let Ok(me) = self.bot.get_me().await else {
            return false;
        };
        let _ = self.me.set(me);
        let operators = self.world.config.operators();
        let chats: Vec<_> = self
            .chats
            .iter()
            .map(|it| {
                let notifiers = std::slice::from_ref(&it.notifier);
                (it.chat.clone(), Role::of(operators, notifiers))
            })
            .collect();
        commands::publish(&self.bot, &chats, &self.world.locale).await;
        true
    }

    /// Queues an update behind others of its chat, or drops it if a stranger's chat has used up its limit.
    async fn receive(self: &Arc<Self>, update: Update, work: &mut JoinSet<()>) {
        let number = update.id.0;
        let Some(Spot { chat, account }) = spot(&update) else {
            return self.queue.seen_to(number);
        };
        let id = chat.id;
        let names = notifiers_of(&self.world, &self.chats, id, chat.username()).await;
        if let UpdateKind::Message(message) = &update.kind
            && let Some(to) = message.migrate_to_chat_id()
        {
            // carried out before any update of the new chat
            let recipient = self.recipient(&names, id).await;
            self.moved(&names, &recipient, *to).await;
            return self.queue.seen_to(number);
        }
        let role = Role::of(self.world.config.operators(), &names);
        if role == Role::Stranger && !self.strangers.hears(id.0, account) {
            return self.queue.seen_to(number);
        }
        if self.queue.put(id.0, Job { update, role }) == Put::Begins {
            let own = self.clone();
            work.spawn(async move { own.serve(id).await });
        }
    }

    /// Works through a chat's queue until it is empty; other chats get a turn after each update.
    async fn serve(&self, chat: ChatId) {
        // a stranger's updates are carried out at once and answered in turn, so that slow answers do not delay the
        // polls
        let mut unanswered = VecDeque::new();
        loop {
            let mut more = self.queue.more.subscribe();
            self.hear_strangers(chat, &mut unanswered).await;
            if let Some((context, answer)) = unanswered.pop_front() {
                let mut given = pin!(self.give_stranger(&context, answer));
                loop {
                    tokio::select! {
                        () = &mut given => break,
                        _ = more.changed() => self.hear_strangers(chat, &mut unanswered).await,
                    }
                }
            } else if let Some(Job { update, role }) = self.queue.take(chat.0) {
                let _turn = match role {
                    Role::Operator => None,
                    _ => self.agencies.acquire().await.ok(),
                };
                let number = update.id.0;
                if let Some((context, answer)) = self.take(update, chat).await {
                    self.give(&context, answer).await;
                }
                self.queue.seen_to(number);
            } else if self.queue.leaves(chat.0) {
                return;
            }
        }
    }

    async fn hear_strangers<'a>(
        &'a self,
        chat: ChatId,
        unanswered: &mut VecDeque<(ChatContext<'a>, Answer)>,
    ) {
        while let Some(update) = self.queue.take_strangers(chat.0) {
            let number = update.id.0;
            let taken = self.take(update, chat).await;
            self.strangers.wait(taken.is_some());
            unanswered.extend(taken);
            self.queue.seen_to(number);
        }
    }

    async fn give_stranger(&self, context: &ChatContext<'_>, answer: Answer) {
        let turn = self.strangers.served.acquire().await;
        self.give(context, answer).await;
        self.strangers.answered();
        drop(turn);
    }

    /// Carries out an update and returns its answer; `None` if it was carried out before or needs none.
    async fn take(&self, update: Update, chat: ChatId) -> Option<(ChatContext<'_>, Answer)> {
        let took = AssertUnwindSafe(self.decide(update, chat))
            .catch_unwind()
            .await;
        took.unwrap_or_else(|_| {
            tracing::error!("an update failed by a fault of this program; the next one is taken");
            None
        })
    }

    async fn decide(&self, update: Update, chat: ChatId) -> Option<(ChatContext<'_>, Answer)> {
        let number = update.id.0;
        if self.is_done(chat, number).await {
            return None;
        }
        let place = spot(&update)?.chat;
        let context = ChatContext {
            access: self.access(&update, place).await,
            bot: &self.bot,
            chat,
            topic: topic_of(&update),
        };
        let answer = match update.kind {
            UpdateKind::CallbackQuery(query) => {
                let under = query.message.as_ref().map(|it| it.id());
                let reply = callbacks::handle(&context, query.data.as_deref()).await;
                Answer::Tap(query.id, under, reply)
            }
            UpdateKind::Message(message) => {
                let reply = self.heard(&context, &message).await?;
                Answer::Message(message.id, reply)
            }
            _ => return None,
        };
        Some((context, answer))
    }

    /// Sends an answer; a panic while sending does not end the chat's queue.
    async fn give(&self, context: &ChatContext<'_>, answer: Answer) {
        let given = AssertUnwindSafe(self.answer(context, answer)).catch_unwind();
        if given.await.is_err() {
            tracing::error!("an answer failed by a fault of this program; the next one is given");
        }
    }

    async fn answer(&self, context: &ChatContext<'_>, answer: Answer) {
        let turn = async || {
            if context.access.role() == Role::Stranger {
                self.strangers.turn().await;
            }
        };
        match answer {
            Answer::Tap(query, under, reply) => {
                turn().await;
                let sent = callbacks::answer(context, query, reply).await;
                if let Some(sent) = sent {
                    turn().await;
                    reply::send(context, under, sent).await;
                }
            }
            Answer::Message(to, sent) => {
                turn().await;
                reply::send(context, Some(to), sent).await;
            }
        }
    }

    async fn heard(&self, context: &ChatContext<'_>, message: &Message) -> Option<Reply> {
        let text = message.text()?;
        // a channel's post has no author in the linked group
        if message.is_automatic_forward() || message.from.is_none() {
            return None;
        }
        let name = self.me.get().and_then(|it| it.user.username.as_deref());
        if let Some((command, rest)) = commands::parse(text, name) {
            match commands::find(command, context.access.role()) {
                Some(command) => Some(command.run(context, rest).await),
                // in a group, the command may be meant for another bot
                None if !message.chat.is_private() => None,
                None => Some(Reply::plain(&context.say("bot-unknown-command", &[]))),
            }
        } else if self.is_to_us(message) {
            answers::handle(context, message, text).await
        } else {
            None
        }
    }

    /// Whether the message is a reply to a message of this bot.
    fn is_to_us(&self, message: &Message) -> bool {
        let from = message.reply_to_message().and_then(|it| it.from.as_ref());
        let own = self.me.get().map(|it| it.user.id);
        own.is_some() && from.map(|it| it.id) == own
    }
}

/// The chat and account of an update; `None` for a kind that the bot does not answer.
fn spot(update: &Update) -> Option<Spot<'_>> {
    let (chat, from) = match &update.kind {
        UpdateKind::CallbackQuery(query) => (query.message.as_ref()?.chat(), Some(&query.from)),
        UpdateKind::Message(message) => {
            let speaks = message.text().is_some() || message.migrate_to_chat_id().is_some();
            speaks.then_some(())?;
            (&message.chat, message.from.as_ref())
        }
        _ => return None,
    };
    let account = from.and_then(|it| i64::try_from(it.id.0).ok());
    Some(Spot { chat, account })
}

/// The topic of an update in a chat with topics; the answer goes to that topic. In a chat without topics, the thread
/// of a reply is no topic.
fn topic_of(update: &Update) -> Option<ThreadId> {
    let message = match &update.kind {
        UpdateKind::Message(it) => it,
        UpdateKind::CallbackQuery(it) => it.regular_message()?,
        _ => return None,
    };
    message.thread_id.filter(|_| message.is_topic_message)
}
