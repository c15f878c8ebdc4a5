//! Chats that store what reached them, and that lose replies, refuse or vanish as the history says.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use gaccong::{
    model::Receipt,
    notify::{Message, Notifier, Place, Refusal},
};
use tokio::time::Instant;

/// How a chat reacts to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    Well,
    Unreachable,
    /// Takes it, but the reply is lost.
    LosesReplies,
    Floods,
}
/// A chat that stores the messages that reached it.
pub struct Chat {
    /// Whether it edits and groups, like Telegram; otherwise each message is a new one.
    pub telegram: bool,
    pub mood: Mutex<Mood>,
    pub got: Mutex<Vec<Message>>,
    /// When each message came, in virtual time.
    pub times: Mutex<Vec<Instant>>,
    pub next: AtomicU64,
}

impl Chat {
    pub fn new(telegram: bool) -> Arc<Self> {
        Arc::new(Self {
            telegram,
            mood: Mutex::new(Mood::Well),
            got: Mutex::default(),
            times: Mutex::default(),
            next: AtomicU64::new(1),
        })
    }
}

pub struct Way(pub Arc<Chat>);

#[async_trait]
impl Notifier for Way {
    fn edits(&self) -> bool {
        self.0.telegram
    }

    fn groups(&self) -> bool {
        self.0.telegram
    }

    async fn send(
        &self,
        message: &Message,
        place: Place<'_>,
    ) -> std::result::Result<Option<Receipt>, Refusal> {
        tokio::time::sleep(Duration::from_millis(300)).await;
        let mood = *self.0.mood.lock().unwrap();
        match mood {
            Mood::Unreachable => return Err(Refusal::Later(None, "cannot be reached".to_owned())),
            Mood::Floods => {
                let after = Some(Duration::from_secs(7));
                return Err(Refusal::Later(after, "flood control".to_owned()));
            }
            Mood::Well | Mood::LosesReplies => (),
        }
        self.0.got.lock().unwrap().push(message.clone());
        self.0.times.lock().unwrap().push(Instant::now());
        // here a crash may come between the delivery of the message and the reply
        tokio::time::sleep(Duration::from_millis(200)).await;
        if mood == Mood::LosesReplies {
            return Err(Refusal::Unsure("the connection broke".to_owned()));
        }
        let fresh = self.0.telegram && place.receipt.is_none() && message.document.is_none();
        Ok(fresh.then(|| Receipt::Message {
            place: "chat".to_owned(),
            message: self.0.next.fetch_add(1, Ordering::Relaxed).to_string(),
        }))
    }
}
