//! Vietnamese texts of attackers and of webmasters, one a line with its kind, each put into one page. Written by a hand
//! that did not see the detector.

use fastrand::Rng;

use crate::{cases::Want, facts::Facts, names, places};

pub struct Text {
    pub want: Want,
    pub kind: &'static str,
    text: &'static str,
}

pub fn texts() -> Vec<Text> {
    let sets = [
        (Want::Alarm, include_str!("payloads/vietnamese/attacks.txt")),
        (Want::Quiet, include_str!("payloads/vietnamese/honest.txt")),
    ];
    let lines = sets
        .into_iter()
        .flat_map(|(want, lines)| lines.lines().map(move |line| (want, line)));
    lines
        .filter_map(|(want, line)| {
            let (kind, text) = line.split_once('\t')?;
            Some(Text { want, kind, text })
        })
        .collect()
}

impl Text {
    pub fn family(&self) -> String {
        match self.want {
            Want::Alarm => format!("vietnamese/attack/{}", self.kind),
            _ => format!("vietnamese/honest/{}", self.kind),
        }
    }

    /// The page with this text as its first lines, its heading, its title or an item, and where and what that is. What is
    /// sold is linked.
    pub fn put(&self, page: &str, facts: &Facts, rng: &mut Rng) -> Option<(String, String)> {
        const SOLD: &[&str] = &[
            "gambling", "loan", "adult", "stream", "crypto", "essay", "fraud",
        ];
        let text = self.text.replace('<', "&lt;");
        let address = if SOLD.contains(&self.kind) {
            format!("https://{}/", names::named("adhost", rng)?)
        } else {
            format!("/tin-tuc/{}.html", rng.u16(1000..9999))
        };
        let linked = format!("<a href=\"{address}\">{text}</a>");
        let (place, piece) = match rng.u8(0..5) {
            0 => ("top", format!("<h2>{linked}</h2>")),
            1 => ("h1", text),
            2 => ("title", text),
            3 => ("somewhere", format!("<li>{linked}</li>")),
            _ => ("somewhere", format!("<p>{text}</p><p>{linked}</p>")),
        };
        let changed = places::put(page, place, &piece, facts, rng);
        let changed = changed.or_else(|| places::put(page, "top", &piece, facts, rng))?;
        Some((changed, format!("at {place}: {piece:?}")))
    }
}
