//! Invariants at every moment of the day: nothing lost, nothing done twice, nothing shown to a stranger.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use gaccong::{
    model::{incident::What, plan::PlanStage},
    store::Wanted,
};

use super::house::{AGENCY_NAME, HOA, House, KHANG, LAN, OLD, SITE, STRANGERS};
use crate::{
    room::{AN, BINH, NOBODY},
    telegram::{Call, Telegram, User},
};

/// The mark of a message that may have arrived before.
const AGAIN: &str = "(gửi lại)";
const COMMANDS: [[&str; 2]; 9] = [
    ["trangthai", "status"],
    ["suco", "incidents"],
    ["baocao", "report"],
    ["truc", "duty"],
    ["tamdung", "mute"],
    ["thaydoi", "change"],
    ["dangky", "register"],
    ["trogiup", "help"],
    ["batdau", "start"],
];
/// The commands that work in every chat.
const OPEN: [&str; 6] = ["dangky", "register", "trogiup", "help", "batdau", "start"];
/// The verbs of buttons: of incidents, storms, requests and plans.
const VERBS: [&str; 22] = [
    "take", "mute", "morning", "window", "unmute", "diff", "pages", "change", "page", "all", "ok",
    "okw", "no", "prove", "undo", "see", "nall", "here", "ours", "theirs", "unplan", "?",
];
/// Number of updates a minute that a process handles from a stranger's account, and from a stranger's chat.
const HEARD: usize = 10;

impl House {
    /// Asserts all invariants after a step of the day.
    pub async fn is_sound(&self) {
        self.each_deed_stands_once().await;
        self.what_may_have_arrived_is_marked();
        self.strangers_saw_nothing();
    }

    /// Asserts that the store holds each person's action exactly once, and no others.
    async fn each_deed_stands_once(&self) {
        let store = &self.world().store;
        let mut found: Vec<(String, String, String)> = Vec::new();
        let mut note = |subject: &dyn ToString, deed: &str, by: &str| {
            found.push((subject.to_string(), deed.to_owned(), by.to_owned()));
        };
        let incidents = store.incidents(&Wanted::default()).await.unwrap();
        for it in &incidents {
            for event in &it.timeline {
                if let Some(by) = &event.by {
                    note(&it.id, &format!("{:?}", event.what), by);
                }
            }
            let mut told = BTreeSet::new();
            let events = it.timeline.iter().filter(|it| it.what == What::Told);
            for event in events {
                assert!(told.insert(&event.note), "{it:?}");
            }
        }
        let ids: BTreeSet<_> = incidents.iter().map(|it| it.id.to_string()).collect();
        assert_eq!(ids.len(), incidents.len(), "{ids:?}");
        for it in store.entries(None).await.unwrap() {
            note(&"registry", it.deed.as_str(), &it.by);
        }
        for it in store.plans().await.unwrap() {
            note(&it.id, "announced", &it.by);
            match &it.stage {
                PlanStage::Answered { by, ours: true, .. } => note(&it.id, "ours", by),
                PlanStage::Answered { by, .. } => note(&it.id, "theirs", by),
                PlanStage::Cancelled { by, .. } => note(&it.id, "cancelled", by),
                _ => (),
            }
        }
        let mut wanted = self.done.clone();
        wanted.sort();
        found.sort();
        assert_eq!(found, wanted);
    }

    /// Asserts that no message was sent twice, except for those that may have arrived; their repetition is marked.
    fn what_may_have_arrived_is_marked(&self) {
        let mut told: BTreeMap<(String, String), usize> = BTreeMap::new();
        let mut marked = 0;
        for call in ["sendMessage", "sendDocument"]
            .iter()
            .flat_map(|it| self.telegram.calls(it))
        {
            let answers = call.body.get("reply_parameters").is_some();
            if answers {
                continue;
            }
            let text = call.body.get("text").or(call.body.get("caption"));
            let text = text.and_then(|it| it.as_str()).unwrap_or_default();
            let is_marked = text.contains(AGAIN);
            marked += usize::from(is_marked);
            let words = text.replace(AGAIN, "");
            let words: Vec<&str> = words.split_whitespace().collect();
            let times = told
                .entry((call.body["chat_id"].to_string(), words.join(" ")))
                .or_default();
            assert!(*times == 0 || is_marked, "said again unmarked:\n{text}");
            *times += 1;
        }
        assert_eq!(marked, self.unsure, "messages that may have arrived before");
    }

    fn strangers_saw_nothing(&self) {
        let mut secrets: Vec<String> = [
            OLD,
            SITE,
            AGENCY_NAME,
            "Cơ quan Thử",
            AN.name,
            BINH.name,
            LAN.name,
            HOA.name,
            KHANG.name,
            "0912 000",
            "024 0000",
            "SC-2026",
            "DK-2026",
            "KH-2026",
            "DR-2026",
            "gaccong-",
            "127.0.0.1",
            "127[.]0[.]0[.]1",
        ]
        .map(str::to_owned)
        .to_vec();
        for site in [&self.site, &self.old] {
            let address = site.portal.address;
            secrets.push(format!(":{}", address.port()));
        }
        let is_strangers = |call: &Call| {
            let chat = number(&call.body["chat_id"]);
            let query = call.body["callback_query_id"].as_str();
            chat.is_some_and(|it| it == NOBODY.id || STRANGERS.contains(&it))
                || query.is_some_and(|it| self.forged.contains(it))
        };
        let mut seen = 0;
        for method in [
            "sendMessage",
            "sendDocument",
            "sendPhoto",
            "editMessageText",
            "answerCallbackQuery",
        ] {
            for call in self.telegram.calls(method) {
                if !is_strangers(&call) {
                    continue;
                }
                seen += 1;
                let said = String::from_utf8_lossy(&call.raw).into_owned() + &call.body.to_string();
                for secret in &secrets {
                    assert!(
                        !said.contains(secret),
                        "{secret} is shown to a stranger: {said}"
                    );
                }
            }
        }
        assert!(self.forged.is_empty() || seen >= self.forged.len());
    }

    /// Sends every command in both languages, and every button with ids of every kind, from unknown chats.
    pub async fn strangers_try_everything(&mut self) {
        // a new process counts each stranger's updates from zero
        self.restart().await;
        self.caught_up().await;
        let before = self.records().await;
        let ids = self.ids().await;
        let url = self.site.portal.url();
        let places = std::iter::once(NOBODY.id).chain(STRANGERS);
        let heard = |it: &Telegram| -> usize {
            let chats = places.clone();
            chats.map(|chat| it.messages(chat).len()).sum()
        };
        let said = heard(&self.telegram);
        // each chat has its own person
        let person = |chat: i64| User {
            id: chat.abs(),
            ..NOBODY
        };
        let turns = places.clone();
        let mut turns = turns.flat_map(|it| std::iter::repeat_n(it, HEARD));
        let mut answers = 0;
        for name in COMMANDS.as_flattened() {
            let mut words = vec![
                format!("/{name}"),
                format!("/{name}@gaccong_bot {url} Cơ quan lạ"),
                format!("/{name} 22:00-23:00 cu sửa trang"),
            ];
            for id in &ids {
                words.extend([format!("/{name} {id}"), format!("/{name} {id} 1h")]);
            }
            for text in &words {
                let chat = turns.next().expect("a chat for every ten commands");
                self.telegram.say(chat, &person(chat), text);
                let open = OPEN.contains(name);
                // in a private chat, an unknown command is answered, too
                answers += usize::from(open || chat == NOBODY.id);
            }
            self.caught_up().await;
        }
        for (at, verb) in VERBS.iter().enumerate() {
            for id in ids.iter().map(String::as_str).chain(["0", ""]) {
                for data in [format!("{verb}:{id}"), format!("{verb}:{id}:99999999999")] {
                    let chat = turns.next().expect("a chat for every ten taps");
                    let forged = self.telegram.press_data(chat, &person(chat), 1, &data);
                    self.forged.insert(forged);
                }
            }
            // even an officer may do nothing in a stranger's chat
            let officer = [&AN, &BINH, &LAN][at / HEARD];
            let chat = turns.next().expect("a chat for every ten taps");
            let data = format!("{verb}:{}", ids[at % ids.len()]);
            self.forged
                .insert(self.telegram.press_data(chat, officer, 1, &data));
            // every tap is answered before the next verb, because too many waiting answers would drop some
            let forged = &self.forged;
            let answered = |it: &Telegram| it.answered().into_iter().map(|it| it.0).collect();
            let all = |it: &Telegram| forged.is_subset(&answered(it));
            self.telegram.wait_for(all).await;
        }
        let said = said + answers;
        self.telegram.wait_for(|it| heard(it) >= said).await;
        assert_eq!(heard(&self.telegram), said, "what is open to everybody");
        assert_eq!(self.records().await, before, "strangers change nothing");
        self.strangers_saw_nothing();
    }

    /// One id of each kind that exists.
    async fn ids(&self) -> Vec<String> {
        let store = &self.world().store;
        let mut ids: Vec<String> = Vec::new();
        let incidents = store.incidents(&Wanted::default()).await.unwrap();
        ids.extend(incidents.iter().map(|it| it.id.to_string()));
        let requests = store.requests().await.unwrap();
        ids.extend(requests.iter().map(|it| it.id.to_string()));
        let plans = store.plans().await.unwrap();
        ids.extend(plans.iter().map(|it| it.id.to_string()));
        let storms = store.storms("room").await.unwrap();
        ids.extend(storms.iter().map(|it| it.id.clone()));
        // one for each prefix: `SC-`, `DK-` …
        ids.sort();
        ids.dedup_by_key(|it| it[..3].to_owned());
        ids
    }

    /// All records of the store as text.
    pub async fn records(&self) -> String {
        let file = self.folder.path().join("records");
        self.world().store.backup(file.clone()).await.unwrap();
        String::from_utf8_lossy(&fs::read(&file).unwrap()).into_owned()
    }
}

fn number(value: &serde_json::Value) -> Option<i64> {
    value
        .as_i64()
        .or(value.as_str().and_then(|it| it.parse().ok()))
}
