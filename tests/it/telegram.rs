//! A scripted Bot API.
//!
//! `Telegram::start`: accepts everything, records its calls, and refuses as the test says.
//! `Telegram::strict`: behaves like the real API as far as a bot can notice (chats, rules and methods below).
#![allow(dead_code, unused_imports)] // a stand-in offers more than one suite asks of it

use std::{
    collections::VecDeque,
    panic::Location,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::sync::watch;

use crate::portal::{Portal, Reply, Request};

mod chats;
mod html;
mod links;
mod methods;
mod people;
mod rules;

use chats::Chats;
pub use chats::{BOT, BOT_NAME, Shown};
pub use people::User;

#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    /// In strict mode also the fields of a form, without its files.
    pub body: Value,
    pub raw: Vec<u8>,
}

/// At the end of each test, asserts that no message in a strict chat has text that a client would turn into a link.
impl Drop for Telegram {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let state = self.shared.state.lock();
        let state = state.unwrap_or_else(std::sync::PoisonError::into_inner);
        let links = state.chats.iter().flat_map(|it| &it.links);
        let links: Vec<&String> = links.collect();
        assert!(links.is_empty(), "clients would make links of: {links:#?}");
    }
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    refusals: VecDeque<(String, Reply)>,
    updates: VecDeque<Value>,
    next_message: i64,
    /// The chats in strict mode.
    chats: Option<Chats>,
    cuts: Vec<String>,
    polls: u64,
}

struct Shared {
    state: Mutex<State>,
    /// Changes at every call, and at every action of a person.
    events: watch::Sender<()>,
}

pub struct Telegram {
    pub portal: Portal,
    shared: Arc<Shared>,
}

/// How long a poll without updates is held: short, so that a test can end.
const HOLD: Duration = Duration::from_millis(200);
const PATIENCE: Duration = Duration::from_secs(30);

impl Telegram {
    pub async fn start() -> Self {
        let state = State {
            next_message: 100,
            ..State::default()
        };
        Self::of(state, |shared, request| {
            answer(&mut shared.state.lock().unwrap(), request)
        })
        .await
    }

    /// A strict API with these chats: number, and type (private, group, supergroup).
    pub async fn strict(chats: &[(i64, &str)]) -> Self {
        let state = State {
            chats: Some(Chats::new(chats)),
            ..State::default()
        };
        Self::of(state, strictly).await
    }

    async fn of(
        state: State,
        answer: impl Fn(&Arc<Shared>, &Request) -> Reply + Send + 'static,
    ) -> Self {
        let shared = Arc::new(Shared {
            state: Mutex::new(state),
            events: watch::Sender::new(()),
        });
        let of = shared.clone();
        let portal = Portal::start(move |request| {
            let reply = answer(&of, request);
            of.events.send_replace(());
            reply
        })
        .await;
        Self { portal, shared }
    }

    /// Sets the answer to the next call of `method`.
    pub fn refuse(&self, method: &str, status: u16, body: Value) {
        self.refuse_raw(method, Reply::status(status, &body.to_string()));
    }

    pub fn refuse_raw(&self, method: &str, reply: Reply) {
        self.shared
            .state
            .lock()
            .unwrap()
            .refusals
            .push_back((method.to_lowercase(), reply));
    }

    /// Holds back the answer to the next call of `method` until the sender sends one; the call itself is carried out
    /// at once.
    pub fn hold(&self, method: &str) -> watch::Sender<Option<Reply>> {
        let (release, held) = watch::channel(None);
        self.refuse_raw(method, Reply::Later(held));
        release
    }

    /// A person taps a button in a chat (not in strict mode, where people `press`).
    pub fn tap(&self, chat: i64, data: &str, name: &str) {
        let mut state = self.shared.state.lock().unwrap();
        assert!(state.chats.is_none(), "in a strict Telegram people press");
        let id = state.updates.len() as i64 + 1 + state.calls.len() as i64;
        state.updates.push_back(json!({
            "update_id": id,
            "callback_query": {
                "id": format!("q{id}"), "chat_instance": "1", "data": data,
                "from": {"id": 7, "is_bot": false, "first_name": name},
                "message": {"message_id": 100, "date": 1_763_779_200, "chat": {"id": chat, "type": "supergroup", "title": "t"}, "text": "x"}
            }
        }));
    }

    pub fn calls(&self, method: &str) -> Vec<Call> {
        let wanted = method.to_lowercase();
        self.shared
            .state
            .lock()
            .unwrap()
            .calls
            .iter()
            .filter(|it| it.method == wanted)
            .cloned()
            .collect()
    }

    /// Waits until `what` is true; it is evaluated after each call and each action of a person.
    #[track_caller]
    pub fn wait_for(&self, what: impl Fn(&Telegram) -> bool) -> impl Future<Output = ()> {
        let asked = Location::caller();
        let mut events = self.shared.events.subscribe();
        async move {
            let held = async {
                while !what(self) {
                    let _ = events.changed().await;
                }
            };
            if tokio::time::timeout(PATIENCE, held).await.is_err() {
                panic!(
                    "not so after {PATIENCE:?}, asked at {asked}\n{}",
                    self.state()
                );
            }
        }
    }
}

fn method(request: &Request) -> String {
    let last = request.path.rsplit('/').next().unwrap_or_default();
    last.split('?').next().unwrap_or_default().to_lowercase()
}

fn refused(state: &mut State, method: &str) -> Option<Reply> {
    let at = state.refusals.iter().position(|it| it.0 == method)?;
    state.refusals.remove(at).map(|it| it.1)
}

fn json_reply(status: u16, body: &Value) -> Reply {
    Reply::Full {
        status,
        headers: vec![("content-type", "application/json".into())],
        body: body.to_string().into_bytes(),
    }
}

fn ok(result: &Value) -> Reply {
    json_reply(200, &json!({"ok": true, "result": result}))
}

fn strictly(shared: &Arc<Shared>, request: &Request) -> Reply {
    let mut guard = shared.state.lock().unwrap();
    let state = &mut *guard;
    let method = method(request);
    let read = rules::read(request);
    state.calls.push(Call {
        method: method.clone(),
        body: read.as_ref().map_or(Value::Null, |it| it.0.clone()),
        raw: request.body.clone(),
    });
    if let Some(reply) = refused(state, &method) {
        return reply;
    }
    let Some(chats) = state.chats.as_mut() else {
        return Reply::Close;
    };
    let cut = state.cuts.iter().position(|it| *it == method);
    if let Some(at) = cut {
        state.cuts.remove(at);
    }
    let done = match read {
        Ok((ask, _)) if method == "getupdates" => {
            chats.poll(&ask);
            state.polls += 1;
            let turn = state.polls;
            drop(guard);
            let reply = poll(shared, ask, turn);
            return if cut.is_some() { Reply::Close } else { reply };
        }
        Ok((ask, files)) => chats.perform(&method, &ask, &files),
        Err(fault) => Err(fault),
    };
    match done {
        _ if cut.is_some() => Reply::Close,
        Ok(result) => ok(&result),
        Err(fault) => json_reply(fault.status, &fault.body()),
    }
}

/// Holds a poll until an update waits for the bot, or until another poll replaces it.
fn poll(shared: &Arc<Shared>, ask: Value, turn: u64) -> Reply {
    let timeout = rules::number(&ask["timeout"]).unwrap_or(0);
    let hold = HOLD.min(Duration::from_secs(timeout.unsigned_abs()));
    let mut events = shared.events.subscribe();
    let (tell, told) = watch::channel(None);
    let shared = shared.clone();
    let look = move || {
        let state = shared.state.lock().unwrap();
        if state.polls != turn {
            let why = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running";
            return Some(json_reply(409, &rules::Fault::new(409, why).body()));
        }
        let waiting = state.chats.as_ref()?.waiting(&ask);
        (!waiting.is_empty()).then(|| ok(&json!(waiting)))
    };
    if let Some(reply) = look() {
        return reply;
    }
    tokio::spawn(async move {
        let found = async {
            loop {
                if let Some(reply) = look() {
                    return reply;
                }
                let _ = events.changed().await;
            }
        };
        let found = tokio::time::timeout(hold, found).await;
        tell.send_replace(Some(found.unwrap_or_else(|_| ok(&json!([])))));
    });
    Reply::Later(told)
}

fn answer(state: &mut State, request: &Request) -> Reply {
    let method = method(request);
    let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    state.calls.push(Call {
        method: method.clone(),
        body: body.clone(),
        raw: request.body.clone(),
    });
    if let Some(reply) = refused(state, &method) {
        return reply;
    }
    let chat = body["chat_id"]
        .as_i64()
        .or(body["chat_id"].as_str().and_then(|it| it.parse().ok()))
        .unwrap_or(-1);
    let result = match method.as_str() {
        "getupdates" => {
            let offset = body["offset"].as_i64().unwrap_or(0);
            state
                .updates
                .retain(|it| it["update_id"].as_i64() >= Some(offset));
            let waiting: Vec<Value> = state.updates.iter().cloned().collect();
            if waiting.is_empty() {
                // a real long poll waits longer; this one returns, so that a test can end
                std::thread::sleep(Duration::from_millis(20));
            }
            json!(waiting)
        }
        "answercallbackquery" => json!(true),
        _ => {
            state.next_message += 1;
            let id = body["message_id"].as_i64().unwrap_or(state.next_message);
            json!({"message_id": id, "date": 1_763_779_200, "chat": {"id": chat, "type": "supergroup", "title": "t"}, "text": "x"})
        }
    };
    ok(&result)
}
