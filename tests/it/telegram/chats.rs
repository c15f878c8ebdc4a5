//! The chats of a strict Bot API: their messages, and the updates that wait for the bot.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};
use tokio::time::Instant;

use super::rules::{Formatted, number, structured};

/// A message of the bot in its present form.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    pub id: i64,
    /// The text without tags; for a document, its caption.
    pub text: String,
    pub raw: String,
    /// Label and data (or address) of every button, row by row.
    pub buttons: Vec<(String, String)>,
    /// Name and bytes of a document or photo.
    pub document: Option<(String, Vec<u8>)>,
    pub reply_to: Option<i64>,
    pub topic: Option<i64>,
    pub edits: usize,
    /// Sent with `disable_notification`.
    pub silent: bool,
}

/// A message by the bot or by a person.
#[derive(Clone, Debug)]
pub struct Post {
    pub id: i64,
    /// The author; `None` for the bot.
    pub by: Option<Value>,
    pub date: u64,
    pub raw: String,
    pub text: Formatted,
    pub markup: Option<Value>,
    pub file: Option<File>,
    pub reply_to: Option<i64>,
    pub topic: Option<i64>,
    pub edits: usize,
    pub silent: bool,
}

#[derive(Clone, Debug)]
pub struct File {
    pub id: String,
    pub photo: bool,
    pub name: String,
    pub bytes: Vec<u8>,
}

#[derive(Default)]
pub struct Chat {
    pub kind: String,
    pub name: String,
    pub username: Option<String>,
    pub blocked: bool,
    pub moved: Option<i64>,
    /// The open topics of a group with topics; number 1 is "General".
    pub topics: Option<BTreeSet<i64>>,
    pub posts: Vec<Post>,
    last_id: i64,
    /// Times of the bot's recent posts and edits in this chat.
    pub spent: VecDeque<Instant>,
}

pub struct Chats {
    pub table: BTreeMap<i64, Chat>,
    pub answered: Vec<(String, String, bool)>,
    pub commands: BTreeMap<(String, String), Vec<(String, String)>>,
    /// Texts that clients would turn into links, each with its message.
    pub links: Vec<String>,
    /// Limit of messages and edits a minute in one chat.
    pub limit: Option<usize>,
    pub updates: VecDeque<Value>,
    /// Kinds of updates that the last poll asked for; `None` for all.
    allowed: Option<Vec<String>>,
    pub queries: BTreeSet<String>,
    pub files: HashMap<String, File>,
    next_update: i64,
    next_query: i64,
    last_id: i64,
}

pub const BOT: i64 = 7_000_000_001;
pub const BOT_NAME: &str = "gaccong_bot";

impl Chats {
    pub fn new(chats: &[(i64, &str)]) -> Self {
        let mut it = Self {
            table: BTreeMap::new(),
            answered: Vec::new(),
            commands: BTreeMap::new(),
            links: Vec::new(),
            limit: None,
            updates: VecDeque::new(),
            allowed: None,
            queries: BTreeSet::new(),
            files: HashMap::new(),
            // far from 0, like real ids: an id is not a count
            next_update: 700_000_001,
            next_query: 4_100_200_300_400_500_001,
            last_id: 100,
        };
        for (id, kind) in chats {
            it.add(*id, kind, &format!("Chat {id}"));
        }
        it
    }

    pub fn add(&mut self, id: i64, kind: &str, name: &str) {
        assert!(
            matches!(kind, "private" | "group" | "supergroup"),
            "chat {id}: no such type {kind}"
        );
        let chat = Chat {
            kind: kind.to_owned(),
            name: name.to_owned(),
            ..Chat::default()
        };
        self.table.insert(id, chat);
    }

    #[track_caller]
    pub fn known(&mut self, id: i64) -> &mut Chat {
        let there: Vec<i64> = self.table.keys().copied().collect();
        let chat = self.table.get_mut(&id);
        chat.unwrap_or_else(|| panic!("no chat {id}; there are {there:?}"))
    }

    /// A supergroup counts its own messages; all other chats share a count. So one id can occur in two chats.
    pub fn next_id(&mut self, chat: i64) -> i64 {
        match self.table.get_mut(&chat) {
            Some(it) if it.kind == "supergroup" => {
                it.last_id += 1;
                it.last_id
            }
            _ => {
                self.last_id += 1;
                self.last_id
            }
        }
    }

    pub fn chat(&self, id: i64) -> Value {
        let Some(chat) = self.table.get(&id) else {
            return Value::Null;
        };
        let name = if chat.kind == "private" {
            "first_name"
        } else {
            "title"
        };
        let mut out = json!({"id": id, "type": chat.kind, name: chat.name});
        if let Some(username) = &chat.username {
            out["username"] = json!(username);
        }
        out
    }

    pub fn post(&self, chat: i64, id: i64) -> Option<&Post> {
        self.table.get(&chat)?.posts.iter().find(|it| it.id == id)
    }

    /// A message as the API represents it; for a deleted one, only its id.
    pub fn message(&self, chat: i64, id: i64) -> Value {
        let place = self.chat(chat);
        let Some(it) = self.post(chat, id) else {
            return json!({"message_id": id, "date": 0, "chat": place});
        };
        let by = it.by.clone().unwrap_or_else(bot);
        let mut out = json!({"message_id": id, "date": it.date, "chat": place, "from": by});
        let (text, entities) = match it.file {
            Some(_) => ("caption", "caption_entities"),
            None => ("text", "entities"),
        };
        if !it.text.plain.is_empty() {
            out[text] = json!(it.text.plain);
        }
        if !it.text.entities.is_empty() {
            out[entities] = json!(it.text.entities);
        }
        if let Some(topic) = it.topic {
            out["message_thread_id"] = json!(topic);
            out["is_topic_message"] = json!(true);
        }
        if let Some(file) = &it.file {
            let mut about = json!({"file_id": file.id, "file_unique_id": format!("u{}", file.id), "file_size": file.bytes.len()});
            if file.photo {
                about["width"] = json!(640);
                about["height"] = json!(480);
                out["photo"] = json!([about]);
            } else {
                about["file_name"] = json!(file.name);
                out["document"] = about;
            }
        }
        if let Some(markup) = &it.markup {
            out["reply_markup"] = markup.clone();
        }
        if it.edits > 0 {
            out["edit_date"] = json!(now());
        }
        if let Some(to) = it.reply_to.filter(|it| self.post(chat, *it).is_some()) {
            let mut to = self.message(chat, to);
            if let Some(to) = to.as_object_mut() {
                // one level only, like the real API
                to.remove("reply_to_message");
            }
            out["reply_to_message"] = to;
        }
        out
    }

    pub fn shown(&self, chat: i64) -> Vec<Shown> {
        let posts = self.table.get(&chat).into_iter().flat_map(|it| &it.posts);
        posts
            .filter(|it| it.by.is_none())
            .map(|it| Shown {
                id: it.id,
                text: it.text.plain.clone(),
                raw: it.raw.clone(),
                buttons: it.buttons(),
                document: it
                    .file
                    .as_ref()
                    .map(|it| (it.name.clone(), it.bytes.clone())),
                reply_to: it.reply_to,
                topic: it.topic,
                edits: it.edits,
                silent: it.silent,
            })
            .collect()
    }

    // updates for the bot

    /// Queues an update; a chat that has blocked the bot sends none.
    pub fn put(&mut self, chat: i64, kind: &str, what: Value) {
        let wanted = |it: &Vec<String>| it.iter().any(|it| it == kind);
        let open = self.table.get(&chat).is_some_and(|it| !it.blocked);
        if open && self.allowed.as_ref().is_none_or(wanted) {
            let id = self.next_update;
            self.updates.push_back(json!({"update_id": id, kind: what}));
        }
        self.next_update += 1;
    }

    pub fn query(&mut self) -> String {
        let id = self.next_query.to_string();
        self.next_query += 1;
        self.queries.insert(id.clone());
        id
    }

    /// Applies the parameters of a poll: drops updates before its offset, and kinds that it did not ask for.
    pub fn poll(&mut self, ask: &Value) {
        if let Some(kinds) = structured(&ask["allowed_updates"]).as_array() {
            let kinds: Vec<String> = kinds
                .iter()
                .filter_map(|it| it.as_str().map(str::to_owned))
                .collect();
            // an empty list asks for all kinds
            self.allowed = Some(kinds).filter(|it| !it.is_empty());
        }
        let offset = number(&ask["offset"]).unwrap_or(0);
        if offset < 0 {
            let from = self
                .updates
                .len()
                .saturating_sub(offset.unsigned_abs() as usize);
            self.updates.drain(..from);
        }
        let allowed = &self.allowed;
        self.updates.retain(|it| {
            let wanted = |kinds: &Vec<String>| kinds.iter().any(|kind| it.get(kind).is_some());
            it["update_id"].as_i64() >= Some(offset) && allowed.as_ref().is_none_or(wanted)
        });
    }

    /// The waiting updates. They stay until a later offset confirms them.
    pub fn waiting(&self, ask: &Value) -> Vec<Value> {
        let limit = number(&ask["limit"]).unwrap_or(100).clamp(1, 100);
        self.updates.iter().take(limit as usize).cloned().collect()
    }
}

impl Post {
    fn keys(&self) -> impl Iterator<Item = &Value> {
        let rows = self.markup.iter();
        let rows = rows.flat_map(|it| it["inline_keyboard"].as_array());
        rows.flatten().flat_map(|it| it.as_array()).flatten()
    }

    /// Label and data (or address) of each button.
    pub fn buttons(&self) -> Vec<(String, String)> {
        let text = |it: &Value| it.as_str().unwrap_or_default().to_owned();
        let data = |it: &Value| text(it.get("callback_data").unwrap_or(&it["url"]));
        self.keys()
            .map(|it| (text(&it["text"]), data(it)))
            .collect()
    }

    /// The callback data of a button; `None` for one that opens a page.
    pub fn data(&self, label: &str) -> Option<String> {
        let mut keys = self.keys();
        let key = keys.find(|it| it["text"] == label && it.get("callback_data").is_some())?;
        key["callback_data"].as_str().map(str::to_owned)
    }
}

pub fn bot() -> Value {
    json!({"id": BOT, "is_bot": true, "first_name": "gaccong", "username": BOT_NAME})
}

pub fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |it| it.as_secs())
}
