//! The effect of each method of the Bot API on the chats, or its error.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::Instant;

use super::{
    chats::{Chats, File, Post, bot, now},
    links::links,
    rules::{self, Fault, Formatted, Upload, flag, number, structured, units},
};

const MINUTE: Duration = Duration::from_secs(60);
/// The real API refuses larger uploads, in bytes.
const UPLOAD: usize = 50 << 20;

type Answer = Result<Value, Fault>;

impl Chats {
    pub fn perform(&mut self, method: &str, ask: &Value, files: &[Upload]) -> Answer {
        match method {
            "sendmessage" | "senddocument" | "sendphoto" => self.send(method, ask, files),
            "editmessagetext" | "editmessagecaption" | "editmessagereplymarkup" => {
                self.edit(method, ask)
            }
            "deletemessage" => self.delete(ask),
            "answercallbackquery" => self.answer(ask),
            "setmycommands" | "deletemycommands" | "getmycommands" => self.menu(method, ask),
            "getme" => Ok(me()),
            "getchat" => {
                let mut chat = self.chat(self.reach(ask)?);
                chat["accepted_gift_types"] = json!({"unlimited_gifts": false, "limited_gifts": false, "unique_gifts": false, "premium_subscription": false});
                chat["max_reaction_count"] = json!(11);
                Ok(chat)
            }
            "sendchataction" => self.reach(ask).map(|_| json!(true)),
            "deletewebhook" => Ok(json!(true)),
            "getwebhookinfo" => Ok(
                json!({"url": "", "has_custom_certificate": false, "pending_update_count": self.updates.len()}),
            ),
            _ => Err(Fault::bad(&format!(
                "this scripted Bot API has no {method}"
            ))),
        }
    }

    /// The chat of a call, if the bot can write there.
    fn reach(&self, ask: &Value) -> Result<i64, Fault> {
        let by_name = ask["chat_id"].as_str().and_then(|it| it.strip_prefix('@'));
        let named = |name: &str| {
            let mut all = self.table.iter();
            all.find(|it| it.1.username.as_deref() == Some(name))
                .map(|it| *it.0)
        };
        let id = number(&ask["chat_id"]).or_else(|| by_name.and_then(named));
        let found = id.and_then(|id| Some((id, self.table.get(&id)?)));
        let (id, chat) = found.ok_or_else(|| Fault::bad("chat not found"))?;
        if let Some(to) = chat.moved {
            let fault = Fault::bad("group chat was upgraded to a supergroup chat");
            return Err(fault.with(json!({"migrate_to_chat_id": to})));
        }
        if chat.blocked {
            let why = match chat.kind.as_str() {
                "private" => "bot was blocked by the user".to_owned(),
                kind => format!("bot was kicked from the {kind} chat"),
            };
            return Err(Fault::new(403, format!("Forbidden: {why}")));
        }
        Ok(id)
    }

    /// The topic of a call. Without one it is "General", which a call must not name.
    fn topic(&self, chat: i64, ask: &Value) -> Result<Option<i64>, Fault> {
        let named = number(&ask["message_thread_id"]);
        let Some(topics) = self.table.get(&chat).and_then(|it| it.topics.as_ref()) else {
            return match named {
                Some(_) => Err(Fault::bad("message thread not found")),
                None => Ok(None),
            };
        };
        match named {
            Some(topic) if topic <= 1 => Err(Fault::bad("message thread not found")),
            Some(topic) if !topics.contains(&topic) => Err(Fault::bad("TOPIC_CLOSED")),
            None if !topics.contains(&1) => Err(Fault::bad("TOPIC_CLOSED")),
            _ => Ok(named),
        }
    }

    /// Counts a message for flood control. Called last, because a message refused for its content does not count.
    fn spend(&mut self, id: i64) -> Result<(), Fault> {
        let (Some(limit), Some(chat)) = (self.limit, self.table.get_mut(&id)) else {
            return Ok(());
        };
        let now = Instant::now();
        chat.spent.retain(|it| now.duration_since(*it) < MINUTE);
        if chat.spent.len() >= limit {
            let oldest = chat.spent.front().map_or(now, |it| *it);
            let wait = (oldest + MINUTE).duration_since(now).as_secs() + 1;
            let fault = Fault::new(429, format!("Too Many Requests: retry after {wait}"));
            return Err(fault.with(json!({"retry_after": wait})));
        }
        chat.spent.push_back(now);
        Ok(())
    }

    fn send(&mut self, method: &str, ask: &Value, files: &[Upload]) -> Answer {
        let chat = self.reach(ask)?;
        let topic = self.topic(chat, ask)?;
        let file = match method {
            "sendmessage" => None,
            _ => Some(self.file(method, ask, files)?),
        };
        let (raw, text) = content(ask, file.is_some(), "message is too long")?;
        let markup = rules::keyboard(&ask["reply_markup"])?;
        let to = structured(&ask["reply_parameters"]);
        let wanted = number(&to["message_id"]).or_else(|| number(&ask["reply_to_message_id"]));
        let reply_to = wanted.filter(|it| self.post(chat, *it).is_some());
        let anyway = |it: &Value| flag(&it["allow_sending_without_reply"]);
        if wanted != reply_to && !anyway(&to) && !anyway(ask) {
            return Err(Fault::bad("message to be replied not found"));
        }
        self.spend(chat)?;
        self.look_for_links(&text);
        if let Some(file) = &file {
            self.files.insert(file.id.clone(), file.clone());
        }
        let id = self.next_id(chat);
        self.known(chat).posts.push(Post {
            id,
            by: None,
            date: now(),
            raw,
            text,
            markup,
            file,
            reply_to,
            topic,
            edits: 0,
            silent: flag(&ask["disable_notification"]),
        });
        Ok(self.message(chat, id))
    }

    fn look_for_links(&mut self, text: &Formatted) {
        let found = links(&text.plain, &text.entities);
        let found = found
            .into_iter()
            .map(|it| format!("{it:?} in {:?}", text.plain));
        self.links.extend(found);
    }

    /// The file of a call: an upload, or one that was sent before.
    fn file(&self, method: &str, ask: &Value, files: &[Upload]) -> Result<File, Fault> {
        let photo = method == "sendphoto";
        let field = method.trim_start_matches("send");
        let named = ask[field].as_str().unwrap_or_default();
        let attached = named.strip_prefix("attach://").unwrap_or(field);
        let Some(it) = files.iter().find(|it| it.field == attached) else {
            let before = self.files.get(named).filter(|it| it.photo == photo);
            return before
                .cloned()
                .ok_or_else(|| Fault::bad("wrong file identifier/HTTP URL specified"));
        };
        let image: [&[u8]; 4] = [b"\x89PNG", b"\xff\xd8", b"GIF8", b"RIFF"];
        match it.bytes.len() {
            0 => return Err(Fault::bad("file must be non-empty")),
            size if size > UPLOAD => return Err(Fault::new(413, "Request Entity Too Large")),
            _ if photo && !image.iter().any(|kind| it.bytes.starts_with(kind)) => {
                return Err(Fault::bad("IMAGE_PROCESS_FAILED"));
            }
            _ => (),
        }
        Ok(File {
            id: format!("BQAC{}", self.files.len() + 1),
            photo,
            name: it.name.clone(),
            bytes: it.bytes.clone(),
        })
    }

    fn edit(&mut self, method: &str, ask: &Value) -> Answer {
        let chat = self.reach(ask)?;
        let id = number(&ask["message_id"])
            .ok_or_else(|| Fault::bad("message identifier is not specified"))?;
        let old = self
            .post(chat, id)
            .ok_or_else(|| Fault::bad("message to edit not found"))?;
        if old.by.is_some() {
            return Err(Fault::bad("message can't be edited"));
        }
        let topics = self.table.get(&chat).and_then(|it| it.topics.as_ref());
        if topics.is_some_and(|it| !it.contains(&old.topic.unwrap_or(1))) {
            return Err(Fault::bad("TOPIC_CLOSED"));
        }
        let (raw, text) = match (method, &old.file) {
            ("editmessagetext", None) | ("editmessagecaption", Some(_)) => {
                content(ask, old.file.is_some(), "MESSAGE_TOO_LONG")?
            }
            ("editmessagetext", _) => {
                return Err(Fault::bad("there is no text in the message to edit"));
            }
            ("editmessagecaption", _) => {
                return Err(Fault::bad("there is no caption in the message to edit"));
            }
            _ => (old.raw.clone(), old.text.clone()),
        };
        // an edit without a keyboard removes the keyboard
        let markup = rules::keyboard(&ask["reply_markup"])?;
        if old.text == text && old.markup == markup {
            return Err(Fault::bad(
                "message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message",
            ));
        }
        self.spend(chat)?;
        self.look_for_links(&text);
        if let Some(it) = self.known(chat).posts.iter_mut().find(|it| it.id == id) {
            (it.raw, it.text, it.markup) = (raw, text, markup);
            it.edits += 1;
        }
        Ok(self.message(chat, id))
    }

    fn delete(&mut self, ask: &Value) -> Answer {
        let chat = self.reach(ask)?;
        let id = number(&ask["message_id"]).unwrap_or(-1);
        let there = self.post(chat, id).map(|it| it.by.is_none());
        let chat = self.known(chat);
        match there {
            None => return Err(Fault::bad("message to delete not found")),
            // in groups, a bot that is no administrator can delete only its own messages
            Some(false) if chat.kind != "private" => {
                return Err(Fault::bad("message can't be deleted"));
            }
            Some(_) => chat.posts.retain(|it| it.id != id),
        }
        Ok(json!(true))
    }

    fn answer(&mut self, ask: &Value) -> Answer {
        let text = ask["text"].as_str().unwrap_or_default();
        if text.chars().count() > 200 {
            return Err(Fault::bad("MESSAGE_TOO_LONG"));
        }
        let id = ask["callback_query_id"].as_str().unwrap_or_default();
        if !self.queries.remove(id) {
            return Err(Fault::bad(
                "query is too old and response timeout expired or query ID is invalid",
            ));
        }
        let alert = flag(&ask["show_alert"]);
        self.answered.push((id.to_owned(), text.to_owned(), alert));
        Ok(json!(true))
    }

    fn menu(&mut self, method: &str, ask: &Value) -> Answer {
        let language = ask["language_code"].as_str().unwrap_or_default();
        let place = (self.scope(&ask["scope"])?, language.to_owned());
        match method {
            "setmycommands" => {
                let list = rules::commands(&ask["commands"])?;
                self.commands.insert(place, list);
            }
            "deletemycommands" => {
                self.commands.remove(&place);
            }
            _ => {
                let list = self.commands.get(&place).into_iter().flatten();
                let list = list.map(|(name, text)| json!({"command": name, "description": text}));
                return Ok(list.collect());
            }
        }
        Ok(json!(true))
    }

    pub fn scope(&self, scope: &Value) -> Result<String, Fault> {
        rules::scope(scope, |id| self.table.get(&id).map(|it| it.kind.clone()))
    }
}

/// The text or caption of a call, checked for its length.
fn content(ask: &Value, caption: bool, long: &str) -> Result<(String, Formatted), Fault> {
    let (field, most) = if caption {
        ("caption", 1024)
    } else {
        ("text", 4096)
    };
    let raw = ask[field].as_str().unwrap_or_default();
    let text = rules::formatted(raw, &ask["parse_mode"])?;
    match units(&text.plain) {
        0 if !caption => Err(Fault::bad("message text is empty")),
        length if length > most && caption => Err(Fault::bad("message caption is too long")),
        length if length > most => Err(Fault::bad(long)),
        _ => Ok((raw.to_owned(), text)),
    }
}

fn me() -> Value {
    let mut me = bot();
    for (name, is) in [
        ("can_join_groups", true),
        ("can_read_all_group_messages", false),
        ("supports_inline_queries", false),
        ("can_connect_to_business", false),
        ("has_main_web_app", false),
    ] {
        me[name] = json!(is);
    }
    me
}
