//! One attacker behind incidents of several portals: one message for the operators, once.

use std::sync::Arc;

use gaccong::{
    deliver,
    model::{About, HostRole, incident::Trace},
    watch::check::check,
};

use crate::{
    portal::{Portal, honest},
    scene::{Scene, Turned, parse, run_jobs, yaml},
    telegram::Telegram,
};

const ROOM: i64 = -1001;
const AGENCY: i64 = -1002;

struct Room {
    telegram: Telegram,
    scene: Scene,
    clock: Arc<Turned>,
    portals: Vec<Portal>,
}

/// Portals at addresses of their own, learnt; the duty room is told of all of them, the agency's chat of the first.
async fn learnt(addresses: &[&str]) -> Room {
    let telegram = Telegram::strict(&[ROOM, AGENCY].map(|it| (it, "supergroup"))).await;
    let url = telegram.portal.url();
    let chat = |name: &str, chat: i64| {
        format!(
            "  {name}: {{ kind: telegram, with: {{ chat: {chat}, token_env: HOME, api_url: '{url}' }} }}\n"
        )
    };
    let notifiers = chat("room", ROOM) + &chat("thu", AGENCY);
    let mut portals = Vec::new();
    for address in addresses {
        let at = format!("{address}:0");
        portals.push(Portal::on(&at, |_| crate::portal::Reply::Page(honest(1))).await);
    }
    let urls: Vec<String> = portals
        .iter()
        .map(|it| format!("http://{}/", it.address))
        .collect();
    let ids: Vec<String> = (0..urls.len()).map(|it| format!("p{it}")).collect();
    let named: Vec<(&str, &str)> = ids
        .iter()
        .map(String::as_str)
        .zip(urls.iter().map(String::as_str))
        .collect();
    let text = yaml("", &named)
        .replace("agencies:", &format!("notifiers:\n{notifiers}agencies:"))
        .replace("  timeout: 2s", "  timeout: 2s\n  notify: [room]")
        .replace("name: Cổng p0,", "name: Cổng p0, notify: [room, thu],");
    let clock = Turned::at("2026-11-22T20:00:00+07:00");
    let scene = Scene::at(parse(&text), "memory", clock.clone());
    for at in 0..portals.len() {
        scene.learn(at).await;
    }
    Room {
        telegram,
        scene,
        clock,
        portals,
    }
}

impl Room {
    /// One portal shows hidden links of an attacker beside a script of `host`, and is checked.
    async fn attack(&self, at: usize, host: &str) {
        let links: String = (0..6)
            .map(|it| format!("<a href='https://nhacai{at}-{it}.top/'>Nhà cái tài xỉu số {it}</a>"))
            .collect();
        let part = format!(
            "<div style='display:none'>{links}</div><script src='https://{host}/w.js'></script></body>"
        );
        self.portals[at].show(honest(1).replace("</body>", &part));
        check(&self.scene.world, &self.scene.target(at)).await;
    }

    /// The messages of campaigns in a chat, after the jobs and two deliveries.
    async fn told(&self, chat: i64) -> Vec<String> {
        run_jobs(&self.scene.world, &["campaigns"]).await;
        deliver::flush(&self.scene.world).await;
        deliver::flush(&self.scene.world).await;
        let all = self.telegram.messages(chat).into_iter();
        let texts = all.map(|it| it.text);
        texts.filter(|it| it.contains("MỘT KẺ TẤN CÔNG")).collect()
    }
}

#[tokio::test]
async fn one_host_on_three_portals_is_one_message_once() {
    let room = learnt(&["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"]).await;
    room.attack(0, "kho.ma-doc.top").await;
    room.attack(1, "kho.ma-doc.top").await;
    assert!(room.told(ROOM).await.is_empty(), "two may be a chance");
    room.clock.pass(60);
    room.attack(2, "kho.ma-doc.top").await;
    let told = room.told(ROOM).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let incidents = room.scene.incidents().await;
    assert_eq!(incidents.len(), 3);
    for it in &incidents {
        assert!(told[0].contains(&it.id.to_string()), "{}", told[0]);
        assert!(told[0].contains(&it.portal.name), "{}", told[0]);
    }
    for wanted in [
        "3 CỔNG",
        "kho[.]ma-doc[.]top",
        "mã lệnh của máy chủ này chạy trên trang",
        "20:00",
        "21:00",
    ] {
        assert!(told[0].contains(wanted), "{wanted} in {}", told[0]);
    }
    // it is the operators' business, and no news a second time
    assert!(room.told(AGENCY).await.is_empty());
    room.clock.pass(60);
    room.attack(3, "kho.ma-doc.top").await;
    assert_eq!(room.told(ROOM).await.len(), 1);
}

#[tokio::test]
async fn two_addresses_of_one_owner_or_three_hosts_are_no_campaign() {
    let room = learnt(&["127.0.0.2", "127.0.0.2", "127.0.0.2", "127.0.0.5"]).await;
    for at in 0..3 {
        room.attack(at, "kho.ma-doc.top").await;
    }
    room.attack(3, "kho.khac.top").await;
    assert_eq!(room.scene.incidents().await.len(), 4);
    assert!(room.told(ROOM).await.is_empty());
}

#[tokio::test]
async fn what_came_weeks_apart_is_no_campaign() {
    let room = learnt(&["127.0.0.2", "127.0.0.3", "127.0.0.4"]).await;
    for at in 0..3 {
        room.attack(at, "kho.ma-doc.top").await;
        assert!(room.told(ROOM).await.is_empty());
        room.clock.pass(5 * 24 * 60);
    }
}

#[test]
fn an_alert_of_a_campaign_keeps_its_key() {
    let trace = Trace {
        role: HostRole::Code,
        inline: false,
        name: "kho.ma-doc.top".to_owned(),
    };
    let about = About::Campaign(trace);
    let json = serde_json::to_string(&about).unwrap();
    assert_eq!(
        json,
        r#"{"Campaign":{"role":"code","name":"kho.ma-doc.top"}}"#
    );
    assert_eq!(serde_json::from_str::<About>(&json).unwrap(), about);
    assert!(about.key().starts_with("campaign-"));
}
