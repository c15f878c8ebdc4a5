//! What the Bot API accepts and refuses, with its own error texts; without state.

use serde_json::{Map, Value, json};

use super::html::html;
use crate::portal::Request;

/// An answer with `ok: false`.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    pub status: u16,
    pub why: String,
    pub parameters: Option<Value>,
}

impl Fault {
    pub fn new(status: u16, why: impl Into<String>) -> Self {
        Self {
            status,
            why: why.into(),
            parameters: None,
        }
    }

    pub fn bad(why: &str) -> Self {
        Self::new(400, format!("Bad Request: {why}"))
    }

    pub fn with(mut self, parameters: Value) -> Self {
        self.parameters = Some(parameters);
        self
    }

    pub fn body(&self) -> Value {
        let mut body = json!({"ok": false, "error_code": self.status, "description": self.why});
        if let Some(parameters) = &self.parameters {
            body["parameters"] = parameters.clone();
        }
        body
    }
}

/// A text in the form that people see.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Formatted {
    pub plain: String,
    pub entities: Vec<Value>,
}

/// Parses a text. Surrounding spaces are removed before anything is counted.
pub fn formatted(raw: &str, mode: &Value) -> Result<Formatted, Fault> {
    let (plain, spans) = match mode.as_str().unwrap_or_default() {
        "" => (raw.to_owned(), Vec::new()),
        mode if mode.eq_ignore_ascii_case("html") => {
            html(raw).map_err(|it| Fault::bad(&format!("can't parse entities: {it}")))?
        }
        _ => {
            return Err(Fault::bad(
                "unsupported parse_mode (only HTML is read here)",
            ));
        }
    };
    let cut = units(&plain) - units(plain.trim_start());
    let plain = plain.trim().to_owned();
    let end = units(&plain);
    let mut entities = Vec::new();
    for span in spans {
        let from = span.from.saturating_sub(cut);
        let to = span.to.saturating_sub(cut).min(end);
        if from < to {
            let mut entity = span.entity;
            entity["offset"] = json!(from);
            entity["length"] = json!(to - from);
            entities.push(entity);
        }
    }
    Ok(Formatted { plain, entities })
}

/// Length in UTF-16 units, as Telegram counts: an emoji has two.
pub fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

/// The entity of a leading `/command` or `/command@bot`.
pub fn command_entity(text: &str) -> Option<Value> {
    let rest = text.strip_prefix('/')?;
    let word = |it: &str| it.find(|it: char| !it.is_ascii_alphanumeric() && it != '_');
    let name = word(rest).unwrap_or(rest.len());
    let bot = rest[name..]
        .strip_prefix('@')
        .map(|it| &it[..word(it).unwrap_or(it.len())]);
    let length = 1 + name + bot.filter(|it| !it.is_empty()).map_or(0, |it| 1 + it.len());
    (name > 0).then(|| json!({"type": "bot_command", "offset": 0, "length": length}))
}

/// The inline keyboard of a markup, without empty rows.
pub fn keyboard(markup: &Value) -> Result<Option<Value>, Fault> {
    let markup = structured(markup);
    let Some(rows) = markup["inline_keyboard"].as_array() else {
        return Ok(None);
    };
    let invalid = || Fault::bad("BUTTON_DATA_INVALID");
    let mut count = 0;
    for button in rows
        .iter()
        .flat_map(|it| it.as_array().into_iter().flatten())
    {
        count += 1;
        if button["text"]
            .as_str()
            .unwrap_or_default()
            .trim()
            .is_empty()
            || count > 100
        {
            return Err(invalid());
        }
        if let Some(data) = button.get("callback_data") {
            let length = data.as_str().map_or(0, str::len);
            if !(1..=64).contains(&length) {
                return Err(invalid());
            }
        } else if button.as_object().is_none_or(|it| it.len() < 2) {
            return Err(Fault::bad(
                "can't parse inline keyboard button: Text buttons are unallowed in the inline keyboard",
            ));
        }
    }
    let rows: Vec<&Value> = rows
        .iter()
        .filter(|it| it.as_array().is_some_and(|it| !it.is_empty()))
        .collect();
    Ok((!rows.is_empty()).then(|| json!({"inline_keyboard": rows})))
}

/// A bot's menu of commands; like the real API, removes a leading slash.
pub fn commands(list: &Value) -> Result<Vec<(String, String)>, Fault> {
    let list = structured(list);
    let Some(list) = list.as_array() else {
        return Err(Fault::bad("can't parse commands"));
    };
    if list.len() > 100 {
        return Err(Fault::bad("BOT_COMMANDS_TOO_MUCH"));
    }
    let mut out = Vec::new();
    for it in list {
        let name = it["command"].as_str().unwrap_or_default().trim();
        let name = name.strip_prefix('/').unwrap_or(name);
        let description = it["description"].as_str().unwrap_or_default().trim();
        if name.is_empty() {
            return Err(Fault::bad("command must be non-empty"));
        }
        if name.chars().count() > 32 {
            return Err(Fault::bad("command length must not exceed 32"));
        }
        if name.contains(|it: char| !matches!(it, 'a'..='z' | '0'..='9' | '_')) {
            return Err(Fault::bad("BOT_COMMAND_INVALID"));
        }
        if description.is_empty() {
            return Err(Fault::bad("command description must be non-empty"));
        }
        if description.chars().count() > 256 {
            return Err(Fault::bad("command description length must not exceed 256"));
        }
        out.push((name.to_owned(), description.to_owned()));
    }
    Ok(out)
}

/// The canonical form of a scope, as a key for commands; `kind` returns the type of a chat.
pub fn scope(scope: &Value, kind: impl Fn(i64) -> Option<String>) -> Result<String, Fault> {
    let scope = structured(scope);
    let name = scope["type"].as_str().unwrap_or("default");
    match name {
        "default" | "all_private_chats" | "all_group_chats" | "all_chat_administrators" => {
            Ok(name.to_owned())
        }
        "chat" | "chat_administrators" | "chat_member" => {
            let chat = number(&scope["chat_id"]);
            let Some((chat, kind)) = chat.and_then(|it| Some((it, kind(it)?))) else {
                return Err(Fault::bad("chat not found"));
            };
            if name != "chat" && kind == "private" {
                return Err(Fault::bad("can't use specified scope in private chats"));
            }
            match number(&scope["user_id"]) {
                Some(user) if name == "chat_member" => Ok(format!("{name} {chat} {user}")),
                None if name == "chat_member" => Err(Fault::bad("user not found")),
                _ => Ok(format!("{name} {chat}")),
            }
        }
        _ => Err(Fault::bad(
            "can't parse BotCommandScope: Unsupported type specified",
        )),
    }
}

/// A number in JSON or in a form.
pub fn number(value: &Value) -> Option<i64> {
    value
        .as_i64()
        .or(value.as_str().and_then(|it| it.parse().ok()))
}

pub fn flag(value: &Value) -> bool {
    value.as_bool().unwrap_or_default() || matches!(value.as_str(), Some("true" | "True" | "1"))
}

/// A value in which objects and lists may be JSON texts, as in forms.
pub fn structured(value: &Value) -> Value {
    let inner = value.as_str().and_then(|it| serde_json::from_str(it).ok());
    inner.unwrap_or_else(|| value.clone())
}

/// A file that came with a call.
#[derive(Clone, Debug, PartialEq)]
pub struct Upload {
    pub field: String,
    pub name: String,
    pub bytes: Vec<u8>,
}

/// The parameters and files of a call, from JSON or a form.
pub fn read(request: &Request) -> Result<(Value, Vec<Upload>), Fault> {
    let chunked = request.header("transfer-encoding").is_some();
    let body = if chunked {
        unchunked(&request.body)
    } else {
        request.body.clone()
    };
    let kind = request.header("content-type").unwrap_or_default();
    match kind.split_once("boundary=") {
        Some((_, boundary)) => Ok(form(&body, boundary.trim_matches('"'))),
        None if body.is_empty() => Ok((json!({}), Vec::new())),
        None => serde_json::from_slice(&body)
            .map(|it| (it, Vec::new()))
            .map_err(|_| Fault::bad("can't parse JSON")),
    }
}

fn form(body: &[u8], boundary: &str) -> (Value, Vec<Upload>) {
    let mark = format!("--{boundary}");
    let (mut fields, mut files) = (Map::new(), Vec::new());
    let mut rest = body;
    while let Some(at) = find(rest, mark.as_bytes()) {
        let from = &rest[at + mark.len()..];
        let part = &from[..find(from, mark.as_bytes()).unwrap_or(0)];
        rest = from;
        let Some(head) = find(part, b"\r\n\r\n") else {
            continue;
        };
        let text = String::from_utf8_lossy(&part[..head]).into_owned();
        let content = &part[head + 4..];
        let content = content.strip_suffix(b"\r\n").unwrap_or(content);
        let Some(name) = parameter(&text, "name") else {
            continue;
        };
        match parameter(&text, "filename") {
            Some(file) => files.push(Upload {
                field: name,
                name: file,
                bytes: content.to_vec(),
            }),
            None => {
                let value = String::from_utf8_lossy(content).into_owned();
                fields.insert(name, Value::String(value));
            }
        }
    }
    (Value::Object(fields), files)
}

/// A quoted parameter of a part's header, in which quotes are escaped by a backslash.
fn parameter(head: &str, name: &str) -> Option<String> {
    let from = head.find(&format!("; {name}=\""))? + name.len() + 4;
    let mut out = String::new();
    let mut rest = head[from..].chars();
    loop {
        match rest.next()? {
            '"' => return Some(out),
            '\\' => out.push(rest.next()?),
            other => out.push(other),
        }
    }
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|it| it == what)
}

/// Decodes the chunked encoding, in which files are sent that are read during the upload.
fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    while let Some(at) = find(body, b"\r\n") {
        let size = String::from_utf8_lossy(&body[..at]).into_owned();
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 || body.len() < at + 2 + size {
            break;
        }
        out.extend_from_slice(&body[at + 2..at + 2 + size]);
        body = body.get(at + 4 + size..).unwrap_or_default();
    }
    out
}
