//! The true state of the portals, and the result of visits to them.

use std::{
    collections::{BTreeMap, HashMap},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use gaccong::{
    fetch::{Fetch, Visit},
    model::{
        Class, Digest, Fetched, Localized, Observation, Seen,
        observation::{Answer, Silence},
    },
};
use jiff::Timestamp;
use tokio::time::Instant;

use crate::portal;

/// The true state of a portal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Truth {
    Honest(u64),
    Defaced,
    Planted,
    Down,
    /// Every other look fails.
    Flapping,
}
/// The world outside the service.
pub struct Outside {
    pub truths: Mutex<BTreeMap<String, Truth>>,
    pub network: Mutex<bool>,
    pub looks: AtomicU64,
    pub random: Mutex<fastrand::Rng>,
    pub pages: Pages,
}

/// A few small pages, created once.
pub struct Pages(pub HashMap<&'static str, Vec<String>>);

impl Pages {
    pub fn new() -> Self {
        let honest = (0..3).map(small).collect();
        let planted = small(0).replace(
            "</main>",
            "<div style='display:none'><a href='https://nhacai1.spam-test.example/'>Nhà cái tài xỉu online</a><a href='https://nhacai2.spam-test.example/'>Nhà cái uy tín nổ hũ</a></div></main>",
        );
        Self(HashMap::from([
            ("honest", honest),
            ("defaced", vec![portal::defaced()]),
            ("planted", vec![planted]),
        ]))
    }
}

pub fn small(n: u64) -> String {
    format!(
        "<!doctype html><html lang=vi><head><meta charset=utf-8><title>Cổng thông tin điện tử xã Thử</title></head><body><header id=head><h1>Cổng thông tin điện tử xã Thử</h1></header>\
         <nav id=menu><a href='/gioi-thieu'>Giới thiệu</a><a href='/van-ban'>Văn bản</a><a href='/lien-he'>Liên hệ</a></nav>\
         <main id=main><article><h3><a href='/tin/1'>Tin hoạt động của đơn vị</a></h3><p>Công tác cải cách hành chính tiếp tục được đẩy mạnh trong năm.</p></article></main>\
         <footer id=foot>Lượt truy cập: {n}</footer></body></html>"
    )
}

#[async_trait]
impl Fetch for Outside {
    async fn visit(&self, visit: &Visit<'_>, at: Timestamp) -> Fetched {
        let begun = Instant::now();
        let pause = self.random.lock().unwrap().u64(5..1500);
        tokio::time::sleep(Duration::from_millis(pause)).await;
        let look = self.looks.fetch_add(1, Ordering::Relaxed);
        let id = visit.target.portal();
        let truth = self.truths.lock().unwrap()[id];
        let network = *self.network.lock().unwrap();
        let page = match truth {
            _ if !network => None,
            Truth::Down => None,
            Truth::Flapping if look.is_multiple_of(2) => None,
            Truth::Flapping => Some(&self.pages.0["honest"][0]),
            Truth::Honest(n) => Some(&self.pages.0["honest"][n as usize]),
            Truth::Defaced => Some(&self.pages.0["defaced"][0]),
            Truth::Planted => Some(&self.pages.0["planted"][0]),
        };
        let seen = match page {
            Some(page) => Seen::Answered(Answer {
                status: 200,
                final_url: visit.url.clone(),
                content_type: Some("text/html; charset=utf-8".to_owned()),
                etag: None,
                last_modified: None,
                bytes: page.len() as u64,
                digest: Some(Digest::of(page.as_bytes())),
                // portals on one machine would not count as witnesses for each other
                address: Some(format!("198.52.{}.1", &id[1..]).parse().unwrap()),
                date: None,
                refresh: None,
                presentation: Default::default(),
            }),
            None => Seen::Silent(Silence {
                class: Class::Connection,
                cause: Localized::new("cause-refused"),
                status: None,
            }),
        };
        Fetched {
            partial: None,
            broken: None,
            held: None,
            body: page.map(|it| bytes::Bytes::from(it.clone())),
            observation: Observation {
                target: visit.target.clone(),
                profile: visit.profile,
                at,
                vantage: "simulation".to_owned(),
                elapsed_ms: u32::try_from(begun.elapsed().as_millis()).unwrap(),
                hops: Vec::new(),
                certificate: None,
                face: Default::default(),
                seen,
            },
        }
    }
}
