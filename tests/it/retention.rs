//! What the nightly maintenance deletes, by the store's table of tables.

use std::sync::Arc;

use gaccong::{
    model::{
        About, Alert, Notice, Receipt, Urgency,
        plan::{Plan, PlanId, PlanStage},
        registration::{Asker, Request, RequestId, Stage},
    },
    store::{Commit, Delivery, Store},
};
use jiff::Timestamp;

use crate::scene::{id, store_at};

const DAY: i64 = 86_400;

fn at(day: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + day * DAY).unwrap()
}

fn request(number: u64, stage: Stage) -> Request {
    Request {
        id: RequestId::new(2026, number),
        revision: 0,
        at: at(0),
        url: "https://a.vn/".parse().unwrap(),
        target: id("a"),
        name: String::new(),
        agency: "a".to_owned(),
        agency_name: "A".to_owned(),
        asker: Asker {
            name: "An".to_owned(),
            notifier: None,
            account: None,
            username: None,
            place: None,
        },
        stage,
        view: None,
        proof: None,
        token: String::new(),
        look_at: at(0),
        again: false,
        stranger: false,
        crowd: None,
        together: false,
    }
}

fn plan(number: u64, to: Timestamp) -> Plan {
    Plan {
        id: PlanId::new(2026, number),
        revision: 0,
        targets: vec![id("a")],
        from: at(0),
        to,
        by: "An".to_owned(),
        origin: None,
        at: at(0),
        reason: "new page".to_owned(),
        notifier: None,
        stage: PlanStage::Announced,
    }
}

async fn tell(store: &dyn Store, about: About) {
    let alert = Alert::new("room", about, Urgency::Low, at(0));
    let receipt = Some(Receipt::Message {
        place: "1".to_owned(),
        message: "2".to_owned(),
    });
    let sent = Delivery::Sent { alert, receipt };
    store.delivery(sent).await.unwrap();
}

async fn mark(store: &dyn Store, name: &str, value: &str) {
    let commit = Commit {
        marker: Some((name.to_owned(), value.to_owned())),
        ..Commit::default()
    };
    store.commit(commit).await.unwrap();
}

async fn is_told(store: &dyn Store, subject: &str) -> bool {
    store.receipt("room", subject).await.unwrap().is_some()
}

#[tokio::test]
async fn messages_that_are_edited_no_more_lose_their_receipts() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = store_at("sled", folder.path());
    let store = store.as_ref();
    let refused = Stage::Refused {
        by: "An".to_owned(),
        at: at(1),
        reason: "no".to_owned(),
    };
    let commit = Commit {
        requests: vec![request(1, refused), request(2, Stage::Open)],
        plans: vec![plan(1, at(1)), plan(2, at(100))],
        ..Commit::default()
    };
    store.commit(commit).await.unwrap();
    let subjects = [
        ("DK-2026-0001".to_owned(), true),
        ("DK-2026-0002".to_owned(), false),
        ("KH-2026-0001".to_owned(), true),
        ("KH-2026-0002".to_owned(), false),
        (About::Requests(at(0)).key(), true),
        (About::Requests(at(30)).key(), false),
        // its request was deleted long ago, by a version that left receipts behind
        ("DK-2020-0001".to_owned(), true),
    ];
    for n in [1, 2] {
        tell(store, About::Request(RequestId::new(2026, n))).await;
        tell(store, About::Plan(PlanId::new(2026, n))).await;
    }
    tell(store, About::Requests(at(0))).await;
    tell(store, About::Requests(at(30))).await;
    tell(store, About::Request(RequestId::new(2020, 1))).await;
    for (subject, _) in &subjects {
        assert!(is_told(store, subject).await, "{subject}");
    }
    store.nightly(at(70)).await.unwrap();
    for (subject, goes) in &subjects {
        assert_eq!(is_told(store, subject).await, !goes, "{subject}");
    }
    assert_eq!(store.requests().await.unwrap().len(), 2, "they are younger");
}

#[tokio::test]
async fn refused_alerts_and_markers_of_one_occasion_go() {
    let folder = tempfile::tempdir().unwrap();
    let store: Arc<dyn Store> = store_at("sled", folder.path());
    let store = store.as_ref();
    for day in [0, 80] {
        let notice = Notice::Blind {
            since: at(day),
            line: None,
        };
        let alert = Alert::new("room", About::Notice(notice), Urgency::Low, at(day));
        store.delivery(Delivery::Dead(alert)).await.unwrap();
    }
    mark(store, "report/2026-W47", &at(0).to_string()).await;
    mark(store, "window/ready/x", &at(400).to_string()).await;
    mark(store, "duty/seen-to", &at(0).to_string()).await;
    mark(store, "moved/room/-1001", "5151").await;
    store.nightly(at(95)).await.unwrap();
    let left = store.dead_letters().await.unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].created, at(80));
    store.nightly(at(410)).await.unwrap();
    let mut there = Vec::new();
    for name in [
        "report/2026-W47",
        "window/ready/x",
        "duty/seen-to",
        "moved/room/-1001",
    ] {
        there.push(store.marker(name).await.unwrap().is_some());
    }
    assert_eq!(there, [false, true, true, true]);
}
