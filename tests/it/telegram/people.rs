//! People's actions in the chats of a strict Telegram, and what a test can read from it.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{
    Telegram,
    chats::{self, Chats, Post, Shown, now},
    rules,
};

/// A person in a chat; a private chat has the number of its person.
#[derive(Clone, Copy, Debug)]
pub struct User<'a> {
    pub id: i64,
    pub name: &'a str,
    pub username: Option<&'a str>,
}

/// Methods of the strict mode.
impl Telegram {
    #[track_caller]
    fn with<T>(&self, act: impl FnOnce(&mut Chats) -> T) -> T {
        let mut state = self.shared.state.lock().unwrap();
        act(state.chats.as_mut().expect("a strict Telegram"))
    }

    /// The bot's messages in a chat, oldest first.
    #[track_caller]
    pub fn messages(&self, chat: i64) -> Vec<Shown> {
        self.with(|it| it.shown(chat))
    }

    #[track_caller]
    pub fn last(&self, chat: i64) -> Option<Shown> {
        self.messages(chat).pop()
    }

    /// The answers to taps: query id, text, and whether it must be confirmed.
    #[track_caller]
    pub fn answered(&self) -> Vec<(String, String, bool)> {
        self.with(|it| it.answered.clone())
    }

    /// The number of updates that the bot has not confirmed yet.
    #[track_caller]
    pub fn pending(&self) -> usize {
        self.with(|it| it.updates.len())
    }

    /// The commands set for a scope in the API's notation, without a language.
    #[track_caller]
    pub fn commands(&self, scope: &Value) -> Vec<(String, String)> {
        self.with(|it| {
            let place = it.scope(scope).expect("a scope");
            let place = (place, String::new());
            it.commands.get(&place).cloned().unwrap_or_default()
        })
    }

    /// The bot can no longer write here, and gets no updates from here.
    #[track_caller]
    pub fn block(&self, chat: i64) {
        self.act(|it| {
            let place = it.chat(chat);
            let member = |status: &str| json!({"status": status, "user": chats::bot(), "until_date": 0});
            let by = json!({"id": chat.abs(), "is_bot": false, "first_name": "x"});
            let told = json!({"chat": place, "from": by, "date": now(), "old_chat_member": member("member"), "new_chat_member": member("kicked")});
            it.put(chat, "my_chat_member", told);
            it.known(chat).blocked = true;
        });
    }

    #[track_caller]
    pub fn unblock(&self, chat: i64) {
        self.act(|it| it.known(chat).blocked = false);
    }

    /// Turns a group into a supergroup with another number.
    #[track_caller]
    pub fn migrate(&self, old: i64, new: i64) {
        self.act(|it| {
            let name = it.known(old).name.clone();
            it.add(new, "supergroup", &name);
            it.known(old).moved = Some(new);
            for (chat, what, other) in [
                (old, "migrate_to_chat_id", new),
                (new, "migrate_from_chat_id", old),
            ] {
                // such messages come from an account of Telegram
                let by = json!({"id": 1_087_968_824, "is_bot": true, "first_name": "Group", "username": "GroupAnonymousBot"});
                let told = json!({"message_id": it.next_id(chat), "date": now(), "chat": it.chat(chat), "from": by, what: other});
                it.put(chat, "message", told);
            }
        });
    }

    /// Sets the limit of flood control; 0 for none.
    #[track_caller]
    pub fn limit(&self, per_chat_per_minute: usize) {
        self.with(|it| it.limit = Some(per_chat_per_minute).filter(|it| *it > 0));
    }

    /// The next call of `method` is carried out, but its answer never arrives.
    pub fn cut_next(&self, method: &str) {
        let mut state = self.shared.state.lock().unwrap();
        state.cuts.push(method.to_lowercase());
    }

    /// Sends a person's message to a chat; returns its number.
    #[track_caller]
    pub fn say(&self, chat: i64, user: &User, text: &str) -> i64 {
        self.act(|it| write(it, (chat, None), user, text, None))
    }

    /// Sends a message in a topic of the group; returns its number.
    #[track_caller]
    pub fn say_in(&self, chat: i64, topic: i64, user: &User, text: &str) -> i64 {
        self.act(|it| write(it, (chat, Some(topic)), user, text, None))
    }

    /// Turns the chat into a group with topics, of which `open` are open.
    #[track_caller]
    pub fn topics(&self, chat: i64, open: &[i64]) {
        self.with(|it| it.known(chat).topics = Some(open.iter().copied().collect()));
    }

    /// Sets or removes the chat's public name.
    #[track_caller]
    pub fn call(&self, chat: i64, username: Option<&str>) {
        self.with(|it| it.known(chat).username = username.map(str::to_owned));
    }

    #[track_caller]
    pub fn reply(&self, chat: i64, user: &User, to_message: i64, text: &str) -> i64 {
        self.act(|it| write(it, (chat, None), user, text, Some(to_message)))
    }

    /// Presses a button that is below a message now; returns the query's id.
    #[track_caller]
    pub fn press(&self, chat: i64, user: &User, message: i64, label: &str) -> String {
        let post = self.with(|it| it.post(chat, message).cloned());
        let post = post.unwrap_or_else(|| panic!("no message {message} in {chat}"));
        let Some(data) = post.data(label) else {
            let there = post.buttons();
            panic!("no button {label:?} under message {message} in {chat}; there are {there:?}");
        };
        self.press_data(chat, user, message, &data)
    }

    /// Presses a button that may be forged or no longer exist.
    #[track_caller]
    pub fn press_data(&self, chat: i64, user: &User, message: i64, data: &str) -> String {
        self.act(|it| {
            meet(it, chat, user);
            let id = it.query();
            let about = it.message(chat, message);
            let query = json!({"id": id, "from": person(user), "message": about, "chat_instance": chat.to_string(), "data": data});
            it.put(chat, "callback_query", query);
            id
        })
    }

    #[track_caller]
    fn act<T>(&self, deed: impl FnOnce(&mut Chats) -> T) -> T {
        let done = self.with(deed);
        self.shared.events.send_replace(());
        done
    }

    /// The state as text, for readers of a failed test.
    pub fn state(&self) -> String {
        let mut out = String::new();
        let state = self.shared.state.lock().unwrap();
        for (id, chat) in state.chats.iter().flat_map(|it| &it.table) {
            let _ = writeln!(out, "chat {id} ({})", chat.kind);
            for post in &chat.posts {
                let by = post
                    .by
                    .as_ref()
                    .map_or("bot", |it| it["first_name"].as_str().unwrap_or("?"));
                let labels: Vec<String> = post.buttons().into_iter().map(|it| it.0).collect();
                let file = post.file.as_ref().map(|it| (&it.name, it.bytes.len()));
                let _ = writeln!(
                    out,
                    "  {} {by}: {:?} {labels:?} {file:?} edits {}",
                    post.id, post.text.plain, post.edits
                );
            }
        }
        if let Some(chats) = &state.chats {
            let _ = writeln!(
                out,
                "answered {:?}\nunconfirmed {:?}",
                chats.answered, chats.updates
            );
        }
        let recent = state
            .calls
            .iter()
            .rev()
            .filter(|it| it.method != "getupdates");
        for call in recent.take(10) {
            let _ = writeln!(out, "call {} {}", call.method, call.body);
        }
        out
    }
}

fn person(user: &User) -> Value {
    let mut out =
        json!({"id": user.id, "is_bot": false, "first_name": user.name, "language_code": "vi"});
    if let Some(username) = user.username {
        out["username"] = json!(username);
    }
    out
}

/// Gives a private chat the name of its person.
#[track_caller]
fn meet(chats: &mut Chats, chat: i64, user: &User) {
    let there = chats.known(chat);
    assert!(
        there.moved.is_none(),
        "chat {chat} has become {:?}",
        there.moved
    );
    if there.kind == "private" {
        assert_eq!(chat, user.id, "a private chat has its person's number");
        there.name = user.name.to_owned();
        there.username = user.username.map(str::to_owned);
    }
}

#[track_caller]
fn write(
    chats: &mut Chats,
    (chat, topic): (i64, Option<i64>),
    user: &User,
    text: &str,
    to: Option<i64>,
) -> i64 {
    meet(chats, chat, user);
    assert!(
        to.is_none_or(|it| chats.post(chat, it).is_some()),
        "no message {to:?} in {chat} to reply to"
    );
    let id = chats.next_id(chat);
    chats.known(chat).posts.push(Post {
        id,
        by: Some(person(user)),
        date: now(),
        raw: text.to_owned(),
        text: rules::Formatted {
            plain: text.to_owned(),
            entities: rules::command_entity(text).into_iter().collect(),
        },
        markup: None,
        file: None,
        reply_to: to,
        topic,
        edits: 0,
        silent: false,
    });
    let message = chats.message(chat, id);
    chats.put(chat, "message", message);
    id
}
