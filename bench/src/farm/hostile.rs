//! Portals with pages made to be costly for a watcher: one in ten of the profile `hostile`.

use std::{sync::LazyLock, time::Duration};

use bytes::Bytes;
use hyper::{Response, header};

use super::serve::{Parts, plain};

/// What a hostile portal does at each request. No two of its pages are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Habit {
    /// 200 KB of numbers in one text; only its last word changes.
    Numbers,
    /// Numbers in texts of 15 KB each; only their last words change.
    Paragraphs,
    /// One attribute of 300 KB: the path of a drawing.
    Drawing,
    /// Elements nested 400 deep, with 40,000 items in the innermost.
    Nesting,
    /// 7 MiB of text, partly new at each request.
    Large,
    /// A page sent in small parts with pauses.
    Drip,
    /// No answer at all.
    Hang,
}

const HABITS: [Habit; 7] = [
    Habit::Numbers,
    Habit::Paragraphs,
    Habit::Drawing,
    Habit::Nesting,
    Habit::Large,
    Habit::Drip,
    Habit::Hang,
];
/// Longer than any client waits.
const FOR_EVER: Duration = Duration::from_secs(600);
/// The pause between two parts.
const DROP: Duration = Duration::from_millis(400);

/// How many of `n` portals are honest; their numbers come first.
pub fn honest(n: u32) -> u32 {
    n - n / 10
}

impl Habit {
    pub fn of(id: u32) -> Self {
        HABITS[id as usize % HABITS.len()]
    }
}

/// The costly part that all pages of a habit share.
fn heavy(habit: Habit) -> Bytes {
    static MADE: LazyLock<[Bytes; HABITS.len()]> = LazyLock::new(|| HABITS.map(make));
    let at = HABITS.iter().position(|it| *it == habit).unwrap_or(0);
    MADE[at].clone()
}

fn make(habit: Habit) -> Bytes {
    let padded = |text: String| format!("<!--{}-->{text}", "x".repeat(text.len() * 3 / 2));
    let text = match habit {
        Habit::Numbers => padded(format!("<p>{}", "1 ".repeat(100_000))),
        Habit::Paragraphs => padded(format!("<p>{}</p>", "1 ".repeat(7_500)).repeat(20)),
        Habit::Drawing => {
            let path: String = (0..50_000).map(|n| format!("M{} 7", n % 97)).collect();
            padded(format!("<svg><path d=\"{path}\"/></svg><p>"))
        }
        Habit::Nesting => format!("{}{}", "<div>".repeat(400), "<li>1</li>".repeat(40_000)),
        Habit::Large => {
            let words: String = (0..900_000u32)
                .map(|n| format!("{:x} ", n.wrapping_mul(2_654_435_761)))
                .collect();
            format!("<p>{}", &words[..7 << 20])
        }
        Habit::Drip | Habit::Hang => "<p>".to_owned(),
    };
    text.into()
}

/// The answer to the `count`th request.
pub async fn answer(habit: Habit, count: u64) -> Response<Parts> {
    let word = format!("t{count:x}");
    let head =
        "<!doctype html><html lang=vi><title>Cổng thông tin</title><body><h1>Cổng thông tin</h1>";
    let begin: String = match habit {
        // paragraphs that no earlier page had
        Habit::Large => (0..50).map(|n| format!("<p>{word} {n}</p>")).collect(),
        _ => String::new(),
    };
    let mut parts = vec![
        Bytes::from(format!("{head}{begin}")),
        heavy(habit),
        Bytes::from(format!("{word}</body></html>")),
    ];
    if habit == Habit::Hang {
        tokio::time::sleep(FOR_EVER).await;
    }
    if habit == Habit::Drip {
        parts = (0..200)
            .map(|n| format!("<p>{word} {n}</p>").into())
            .collect();
    }
    let parts = Parts::from(parts);
    let parts = match habit {
        Habit::Drip => parts.dripping(DROP),
        _ => parts,
    };
    let out = Response::builder()
        .header(header::CONTENT_TYPE, "text/html; charset=utf-8")
        .body(parts);
    out.unwrap_or_else(|error| plain(hyper::StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}
