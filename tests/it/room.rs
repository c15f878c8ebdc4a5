//! A duty room in Telegram: chats, people, and the running bot.

use std::sync::Arc;

use gaccong::{
    bot,
    world::{
        clock::{Clock, System},
        unchanging,
    },
};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::{
    portal::{Portal, honest},
    scene::{Scene, parse, yaml},
    telegram::{Shown, Telegram, User},
};

pub const ROOM: i64 = -1001;
pub const AGENCY: i64 = -1002;
pub const STRANGERS: i64 = -1009;
pub const AN: User = User {
    id: 11,
    name: "Nguyễn Văn An",
    username: None,
};
pub const BINH: User = User {
    id: 12,
    name: "Trần Thị Bình",
    username: None,
};
pub const NOBODY: User = User {
    id: 99,
    name: "Người lạ",
    username: None,
};

/// A duty room, an agency's group and an unknown group; alerts of portal `a` go to the first two, those of `b` to the
/// room only.
pub async fn room() -> (Portal, Telegram, Scene) {
    room_at(Arc::new(System), &[]).await
}

/// Such a room, with the test's own clock; requests may name portals on these ports.
pub async fn room_at(clock: Arc<dyn Clock>, ports: &[u16]) -> (Portal, Telegram, Scene) {
    room_with(clock, ports, "").await
}

/// Like [`room_at`], with further lines in `duty:`.
pub async fn room_with(
    clock: Arc<dyn Clock>,
    ports: &[u16],
    duty: &str,
) -> (Portal, Telegram, Scene) {
    let portal = Portal::page(honest(1)).await;
    let telegram = Telegram::strict(&[
        (ROOM, "supergroup"),
        (AGENCY, "supergroup"),
        (STRANGERS, "supergroup"),
    ])
    .await;
    let url = telegram.portal.url();
    let chat = |name: &str, chat: i64| {
        format!(
            "  {name}: {{ kind: telegram, with: {{ chat: {chat}, token_env: HOME, api_url: '{url}' }} }}\n"
        )
    };
    let ports: Vec<String> = ports.iter().map(|it| format!(", {it}")).collect();
    let text = yaml(
        &format!("  allow_ports: [80, 443{}]\n", ports.concat()),
        &[("a", &portal.url()), ("b", &format!("{}b", portal.url()))],
    )
    .replace(
        "agencies:",
        &format!(
            "notifiers:\n{}{}duty:\n  officers: [{{ name: An, telegram: 11 }}]\n{duty}agencies:",
            chat("room", ROOM),
            chat("thu", AGENCY)
        ),
    )
    .replace("  timeout: 2s", "  timeout: 2s\n  notify: [room]")
    .replace("name: Cổng a,", "name: Cổng a, notify: [room, thu],");
    let scene = Scene::at(parse(&text), "memory", clock);
    scene.learn(0).await;
    scene.learn(1).await;
    (portal, telegram, scene)
}

/// The bot, which runs until this is dropped.
pub struct Listening(CancellationToken, JoinHandle<()>);

impl Listening {
    pub fn to(scene: &Scene) -> Self {
        let stop = CancellationToken::new();
        let task = tokio::spawn(bot::run(unchanging(scene.world.clone()), stop.clone()));
        Self(stop, task)
    }

    /// Asks the bot to stop, without waiting for it.
    pub fn stop(&self) {
        self.0.cancel();
    }

    /// Aborts the bot like a dying process: it makes no further call.
    pub fn dies(self) {
        self.1.abort();
    }

    pub async fn end(self) {
        self.0.cancel();
        self.1.await.unwrap();
    }
}

/// Waits for the bot's next message in a chat.
pub async fn heard(telegram: &Telegram, chat: i64, before: usize) -> Shown {
    telegram
        .wait_for(|it| it.messages(chat).len() > before)
        .await;
    telegram.last(chat).unwrap()
}

pub async fn asked(telegram: &Telegram, chat: i64, who: &User<'_>, text: &str) -> String {
    let before = telegram.messages(chat).len();
    telegram.say(chat, who, text);
    heard(telegram, chat, before).await.text
}
