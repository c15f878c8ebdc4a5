//! A scripted Bot API: remembers what it was asked and refuses as it is told.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
};

use serde_json::{Value, json};

use crate::portal::{Portal, Reply, Request};

#[derive(Clone, Debug)]
pub struct Call {
    pub method: String,
    pub body: Value,
    pub raw: Vec<u8>,
}

#[derive(Default)]
struct State {
    calls: Vec<Call>,
    refusals: VecDeque<(String, Reply)>,
    updates: VecDeque<Value>,
    next_message: i64,
}

pub struct Telegram {
    pub portal: Portal,
    state: Arc<Mutex<State>>,
}

impl Telegram {
    pub async fn start() -> Self {
        let state = Arc::new(Mutex::new(State {
            next_message: 100,
            ..State::default()
        }));
        let of = state.clone();
        let portal = Portal::start(move |request| answer(&mut of.lock().unwrap(), request)).await;
        Self { portal, state }
    }

    /// The next call of `method` is answered with this.
    pub fn refuse(&self, method: &str, status: u16, body: Value) {
        let reply = Reply::status(status, &body.to_string());
        self.state
            .lock()
            .unwrap()
            .refusals
            .push_back((method.to_lowercase(), reply));
    }

    pub fn refuse_raw(&self, method: &str, reply: Reply) {
        self.state
            .lock()
            .unwrap()
            .refusals
            .push_back((method.to_lowercase(), reply));
    }

    /// Somebody taps a button in a chat.
    pub fn tap(&self, chat: i64, data: &str, name: &str) {
        let mut state = self.state.lock().unwrap();
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
        self.state
            .lock()
            .unwrap()
            .calls
            .iter()
            .filter(|it| it.method == wanted)
            .cloned()
            .collect()
    }
}

fn answer(state: &mut State, request: &Request) -> Reply {
    let method = request
        .path
        .rsplit('/')
        .next()
        .unwrap_or_default()
        .to_lowercase();
    let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    state.calls.push(Call {
        method: method.clone(),
        body: body.clone(),
        raw: request.body.clone(),
    });
    if let Some(at) = state.refusals.iter().position(|it| it.0 == method)
        && let Some((_, reply)) = state.refusals.remove(at)
    {
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
                // a real long poll waits; this one lets go so that a test can end
                std::thread::sleep(std::time::Duration::from_millis(20));
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
    Reply::Full {
        status: 200,
        headers: vec![("content-type", "application/json".into())],
        body: json!({"ok": true, "result": result})
            .to_string()
            .into_bytes(),
    }
}
