//! Chats of registered agencies: whoever speaks there reaches the portals that are told to them.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{deliver::moved_to, model::alert::chat_of, world::World};

/// A chat's number, where it is now, with the notifiers by which it is told.
pub type Chats = HashMap<i64, Vec<String>>;

/// Made anew when the registry changes or a chat moves: every update of a bot asks.
#[derive(Default)]
pub struct Known(Mutex<Option<(u64, Arc<Chats>)>>);

impl Known {
    /// A chat has moved.
    pub fn forget(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

/// Those that targets name and that are no notifier's own.
pub async fn registered(world: &World) -> crate::store::Result<Arc<Chats>> {
    let registry = world.store.pulse().borrow().registry;
    {
        let known = world.chats_known.0.lock();
        let known = known.unwrap_or_else(PoisonError::into_inner);
        if let Some((_, chats)) = known.as_ref().filter(|it| it.0 == registry) {
            return Ok(chats.clone());
        }
    }
    let mut names: Vec<String> = Vec::new();
    for target in world.targets().await? {
        names.extend(target.settings.notify);
    }
    names.sort();
    names.dedup();
    let mut chats = Chats::new();
    for name in names {
        let Some((_, chat)) = chat_of(&name) else {
            continue;
        };
        let moved = moved_to(&name, &chat.to_string());
        let moved = world.store.milestone(&moved).await?;
        let now = moved.and_then(|it| it.parse().ok()).unwrap_or(chat);
        chats.entry(now).or_default().push(name);
    }
    let chats = Arc::new(chats);
    let known = world.chats_known.0.lock();
    *known.unwrap_or_else(PoisonError::into_inner) = Some((registry, chats.clone()));
    Ok(chats)
}
