//! Chats of registered agencies, which decide the portals that a chat may act on.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use crate::world::lock::lock;

/// The notifiers that send to a chat, by the chat's present number.
pub type Chats = HashMap<i64, Vec<String>>;

/// The chats as of one revision of the registry. Every update of a bot asks for them.
#[derive(Default)]
pub struct ChatIndex(Mutex<Option<(u64, Arc<Chats>)>>);

impl ChatIndex {
    /// Drops the index, because a chat has moved.
    pub fn forget(&self) {
        *lock(&self.0) = None;
    }

    pub(crate) fn get(&self, registry: u64) -> Option<Arc<Chats>> {
        let index = lock(&self.0);
        let current = index.as_ref().filter(|it| it.0 == registry);
        current.map(|it| it.1.clone())
    }

    pub(crate) fn insert(&self, registry: u64, chats: Arc<Chats>) {
        *lock(&self.0) = Some((registry, chats));
    }
}

/// The key of the marker that holds the address to which a notifier's chat moved. It holds for that `address` alone: after
/// the operator configures another chat, messages go to the configured one.
pub fn moved_to(notifier: &str, address: &str) -> String {
    format!("moved/{notifier}/{address}")
}
