//! The duty room in Telegram: buttons under alerts, commands, answers. A chat reaches what its notifiers are told of; a
//! stranger is told how to register and nothing else.

mod answers;
mod commands;
mod evidence;
mod here;
mod incident;
mod moved;
mod plan;
mod queue;
mod reply;
mod request;
mod shift_check;
mod storm;
mod strangers;
mod taps;

use std::{
    collections::{HashMap, VecDeque},
    panic::AssertUnwindSafe,
    pin::pin,
    sync::{Arc, OnceLock},
    time::Duration,
};

use futures_util::FutureExt;
use here::{Chat, Here, Role, notifiers_of};
use queue::{Job, Put, Queue, WINDOW};
use reply::Reply;
use strangers::Strangers;
use taps::Tapped;
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
    notify::notifiers::{Account, account},
    world::{Live, World},
};

/// Long polls end before teloxide's own client time-out of 17 s.
const POLL_S: u32 = 10;
const PAUSE: Duration = Duration::from_secs(5);
/// A poller that ends waits so long for Telegram.
const LEAVING: Duration = Duration::from_millis(400);
/// Updates that come again after a crash are those of one answer: a hundred at the most.
const NEAR: u32 = 1000;
/// Agencies' chats served at once, each for one update at a time; the operator's chats have no limit.
const AGENCIES_AT_ONCE: usize = 16;
/// The pause before the next poll when Telegram hands out only updates that are queued already.
const BREATH: Duration = Duration::from_millis(250);

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

/// One bot and the chats it speaks to.
struct Listener {
    world: Arc<World>,
    bot: Bot,
    chats: Vec<Chat>,
    /// Which bot it is, without its secret.
    account: String,
    me: OnceLock<Me>,
    queue: Queue,
    strangers: Strangers,
    agencies: Semaphore,
}

/// The answer to a person's tap or message, given once its effect is written.
enum Answer {
    /// To a tap: the tap's id, and the message that was tapped.
    Tap(CallbackQueryId, Option<MessageId>, Tapped),
    /// To a message, by its id.
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
        // the moment since which a whole window of Telegram's updates is under way
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
                    // a slow chat frees one place of the window at a time, and Telegram fills it at once: the window stays full
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
                    // a network error may hold the token; that Telegram is away is told by deliveries
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

    /// Lets the work under way end, then confirms the handled updates to Telegram: an update that changed nothing
    /// leaves no mark in the store, so the next start would answer it again.
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

    /// The milestone that holds the number of a chat's last update with a written effect.
    fn seen_to(&self, chat: ChatId) -> String {
        format!("bot/{}/{}", self.account, chat.0)
    }

    /// Whether an update's effect is already written: Telegram hands it out again after a crash between effect and
    /// confirmation. After a week without updates Telegram starts anew at any number, so only a near number counts.
    async fn is_done(&self, chat: ChatId, number: u32) -> bool {
        // the name without a chat is from versions before each chat had its own
        for name in [self.seen_to(chat), format!("bot/{}", self.account)] {
            let kept = self.world.store.milestone(&name).await.unwrap_or(None);
            let done = kept.and_then(|it| it.parse().ok()).unwrap_or(0);
            if number <= done && done - number < NEAR {
                return true;
            }
        }
        false
    }

    /// Asks for its own name and publishes the commands; whether Telegram answered.
    async fn greet(&self) -> bool {
        let Ok(me) = self.bot.get_me().await else {
            return false;
        };
        let _ = self.me.set(me);
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

    /// Queues an update behind others of its chat, or drops it where a stranger's chat has used up its share.
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
            // the next update may come from the new chat
            let speaks = self.speaks(&names, id).await;
            self.moved(&names, &speaks, *to).await;
            return self.queue.seen_to(number);
        }
        let role = Role::of(&self.world, &names);
        if role == Role::Stranger && !self.strangers.hears(id.0, account) {
            return self.queue.seen_to(number);
        }
        if self.queue.put(id.0, Job { update, role }) == Put::Begins {
            let own = self.clone();
            work.spawn(async move { own.serve(id).await });
        }
    }

    /// Works on a chat's queue until it is empty, and lets other chats go first after each update.
    async fn serve(&self, chat: ChatId) {
        // strangers' updates are written at once and answered in turn, so their slow answers hold back no poll
        let mut unanswered = VecDeque::new();
        loop {
            let mut more = self.queue.more.subscribe();
            self.hear_strangers(chat, &mut unanswered).await;
            if let Some((here, answer)) = unanswered.pop_front() {
                let mut given = pin!(self.give_stranger(&here, answer));
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
                if let Some((here, answer)) = self.take(update, chat).await {
                    self.give(&here, answer).await;
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
        unanswered: &mut VecDeque<(Here<'a>, Answer)>,
    ) {
        while let Some(update) = self.queue.take_strangers(chat.0) {
            let number = update.id.0;
            let taken = self.take(update, chat).await;
            self.strangers.wait(taken.is_some());
            unanswered.extend(taken);
            self.queue.seen_to(number);
        }
    }

    async fn give_stranger(&self, here: &Here<'_>, answer: Answer) {
        let turn = self.strangers.served.acquire().await;
        self.give(here, answer).await;
        self.strangers.answered();
        drop(turn);
    }

    /// Carries out an update and returns its answer; `None` where it was done before or needs none.
    async fn take(&self, update: Update, chat: ChatId) -> Option<(Here<'_>, Answer)> {
        let took = AssertUnwindSafe(self.decide(update, chat))
            .catch_unwind()
            .await;
        took.unwrap_or_else(|_| {
            tracing::error!("an update failed by a fault of this program; the next one is taken");
            None
        })
    }

    async fn decide(&self, update: Update, chat: ChatId) -> Option<(Here<'_>, Answer)> {
        let number = update.id.0;
        if self.is_done(chat, number).await {
            return None;
        }
        let place = spot(&update)?.chat;
        let names = notifiers_of(&self.world, &self.chats, chat, place.username()).await;
        let speaks = self.speaks(&names, chat).await;
        let who = match &update.kind {
            UpdateKind::CallbackQuery(query) => Some(query.from.clone()),
            UpdateKind::Message(message) => message.from.clone(),
            _ => None,
        };
        let topic = topic_of(&update);
        let here = Here {
            world: &self.world,
            bot: &self.bot,
            chat,
            topic,
            names,
            speaks,
            place: called(place),
            who,
            update: (self.seen_to(chat), number),
        };
        let open = !place.is_channel();
        let answer = match update.kind {
            UpdateKind::CallbackQuery(query) => {
                let under = query.message.as_ref().map(|it| it.id());
                let tapped = taps::tapped(&here, query.data.as_deref(), open).await;
                Answer::Tap(query.id, under, tapped)
            }
            UpdateKind::Message(message) => {
                let reply = self.heard(&here, &message).await?;
                Answer::Message(message.id, reply)
            }
            _ => return None,
        };
        Some((here, answer))
    }

    /// Gives an answer; a fault of this program in one answer does not end the chat's queue.
    async fn give(&self, here: &Here<'_>, answer: Answer) {
        let given = AssertUnwindSafe(self.answer(here, answer)).catch_unwind();
        if given.await.is_err() {
            tracing::error!("an answer failed by a fault of this program; the next one is given");
        }
    }

    async fn answer(&self, here: &Here<'_>, answer: Answer) {
        let turn = async || {
            if here.role() == Role::Stranger {
                self.strangers.turn().await;
            }
        };
        match answer {
            Answer::Tap(query, under, tapped) => {
                turn().await;
                let sent = taps::answer(here, query, tapped).await;
                if let Some(sent) = sent {
                    turn().await;
                    reply::send(here, under, sent).await;
                }
            }
            Answer::Message(to, sent) => {
                turn().await;
                reply::send(here, Some(to), sent).await;
            }
        }
    }

    async fn heard(&self, here: &Here<'_>, message: &Message) -> Option<Reply> {
        let text = message.text()?;
        // a channel's post speaks for nobody in the group where it appears
        if message.is_automatic_forward() || message.from.is_none() {
            return None;
        }
        let name = self.me.get().and_then(|it| it.user.username.as_deref());
        if let Some((command, rest)) = commands::parse(text, name) {
            match commands::find(command, here.role()) {
                Some(command) => Some(command.run(here, rest).await),
                // in a group it may be meant for somebody else
                None if !message.chat.is_private() => None,
                None => Some(Reply::plain(&here.say("bot-unknown-command", &[]))),
            }
        } else if self.is_to_us(message) {
            answers::answered(here, message, text).await
        } else {
            None
        }
    }

    /// Whether it answers a message of this bot.
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

/// The topic of an update, where the chat has topics: answers stay in it. In a chat without topics, a reply's thread is
/// no topic.
fn topic_of(update: &Update) -> Option<ThreadId> {
    let message = match &update.kind {
        UpdateKind::Message(it) => it,
        UpdateKind::CallbackQuery(it) => it.regular_message()?,
        _ => return None,
    };
    message.thread_id.filter(|_| message.is_topic_message)
}

/// What a group calls itself, with the name by which anybody can join it.
fn called(chat: &teloxide::types::Chat) -> Option<String> {
    let title = chat.title()?;
    Some(match chat.username() {
        Some(name) => format!("{title} (@{name})"),
        None => title.to_owned(),
    })
}
