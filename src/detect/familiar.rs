//! What of a page is the portal's own where its template is gone: its words in their order, its links, its name.

use std::collections::HashSet;

use super::View;
use crate::{
    model::digest::key,
    page::{cancel, fold::fold, noise, registrable},
};

/// Fewest pairs of words by which a page can be recognized.
const PAIRS: usize = 8;
/// Fewest known links of a page of the portal's own; and of one that has many links into the portal.
const LINKS: usize = 3;
const LINKS_OF_MANY: usize = 2;
/// Links into the portal of a redesign, and the share of its words that the portal used before.
const REDESIGN: usize = 6;
const REDESIGNED: f64 = 0.3;
/// Share of familiar words at which a page is the portal's own without any link.
const SPOKEN: f64 = 0.5;
/// Share of a known title in the page's title at which the page bears the portal's name, the share of familiar words that
/// it then needs, and the most words in sentences of a page that needs none.
const NAMED: f64 = 0.25;
const NAMED_SPOKEN: f64 = 0.15;
const FEW: usize = 25;
/// Fewest words of a sentence.
const SENTENCE: usize = 8;
/// Share of a known title that stands in a title which was left as it was.
const KEPT_NAME: f64 = 0.9;
/// Fewest letters of a word that names a subject, the lines that repeat it, and the most words of a title that are asked.
const LETTERS: usize = 5;
const REPEATED: usize = 3;
const WORDS: usize = 12;
/// Fewest words of a title that tells a portal from others, and most bytes of a line that is asked for it.
const TITLE: usize = 3;
const LINE: usize = 400;
/// Most bytes of known text and of the page's text that are read.
const READ: usize = 1 << 20;

/// What of a page the portal had before.
#[derive(Clone, Copy, Debug, Default)]
pub struct Familiar {
    /// Share, 0 to 1, of the page's pairs of neighbouring words that known looks had too. Most Vietnamese words are pairs of
    /// syllables, and single syllables say nothing. 0 for a page of fewer than eight pairs.
    pub words: f64,
    /// Links to the portal that known looks had, by target or by text, the home page aside.
    pub links: usize,
    /// All links into the portal.
    pub own_links: usize,
    /// Share, 0 to 1, of a known title's pairs of words that the page's title has.
    pub name: f64,
    /// Whether one visible line, such as the brand or the copyright, has a known title whole.
    pub signed: bool,
    /// Whether the page's title has a word, in plain letters, that known looks repeat: a place, an office, a subject.
    pub subject: bool,
    /// Words in visible blocks of at least eight: a board of numbers and labels has few.
    pub prose: usize,
}

impl Familiar {
    /// Compares the words, links and title of a page with those of known looks.
    fn of(view: &View) -> Self {
        let (page, norm) = (view.page, view.norm);
        let own = page.domain();
        let is_home = |url: &str| {
            let url = url.parse::<url::Url>().ok();
            url.is_none_or(|it| it.path() == "/" && it.query().is_none())
        };
        let own_links = page.links.iter().filter(|it| {
            let domain = registrable(&it.host);
            !it.host.is_empty() && (domain == own || domain == view.expect.domain)
        });
        let known = own_links.clone().filter(|it| {
            let text = !it.text.is_empty() && norm.own_link_texts.contains(&key(&it.text));
            !is_home(&it.url)
                && (text || norm.links.contains_key(&key(&noise::normal_url(&it.url))))
        });
        let targets: HashSet<&str> = known.map(|it| it.url.as_str()).collect();
        let mut now = HashSet::new();
        let mut room = READ;
        for block in page.visible() {
            room = room.saturating_sub(block.text.len());
            if room == 0 || cancel::step(block.text.len()) {
                break;
            }
            pairs(&fold(&block.text), &mut now);
        }
        let mut before = HashSet::new();
        let mut room = READ;
        for line in norm.folded.lines() {
            room = room.saturating_sub(line.len() + 1);
            if room == 0 || cancel::step(line.len()) {
                break;
            }
            pairs(line, &mut before);
        }
        let same = now.intersection(&before).count();
        Self {
            words: share(same, now.len(), PAIRS),
            links: targets.len(),
            own_links: own_links.count(),
            name: name(view),
            signed: is_signed(view),
            subject: has_subject(view),
            prose: page
                .visible()
                .map(|it| it.text.split_whitespace().count())
                .filter(|it| *it >= SENTENCE)
                .sum(),
        }
    }
}

impl View<'_> {
    /// What of the page the portal had before; compared once.
    pub fn familiar(&self) -> Familiar {
        *self.familiar.get_or_init(|| Familiar::of(self))
    }
}

impl Familiar {
    /// Whether enough of the page is the portal's own for an honest redesign, an emergency page or a dashboard.
    pub fn is_own(&self) -> bool {
        let is_named = self.name >= NAMED;
        let is_redesign = self.own_links >= REDESIGN;
        self.speaks()
            || is_redesign && (self.words >= REDESIGNED || self.signed)
            || is_redesign && is_named && self.words > 0.0
            || self.links > 0 && (is_named || self.words >= NAMED_SPOKEN)
            // a title that was left standing as it was proves nothing by itself
            || (is_named || self.subject)
                && self.prose < FEW
                && (self.own_links > 0 || self.name < KEPT_NAME)
    }

    /// Whether the page has the portal's links, or its words beside its name: more than a title that was left standing.
    pub fn speaks(&self) -> bool {
        self.links >= LINKS
            || self.own_links >= REDESIGN && self.links >= LINKS_OF_MANY
            || self.words >= SPOKEN
            || (self.name >= NAMED || self.subject) && self.words >= NAMED_SPOKEN
    }
}

/// Whether a word of the title stands in several known lines. Vietnamese words in marks are too short to tell anything.
fn has_subject(view: &View) -> bool {
    let title = fold(view.page.title.as_deref().unwrap_or_default());
    let is_plain = |it: &&str| it.len() >= LETTERS && it.bytes().all(|it| it.is_ascii_lowercase());
    title.split(' ').filter(is_plain).take(WORDS).any(|word| {
        let mut room = READ;
        let lines = view.norm.folded.lines().take_while(|it| {
            room = room.saturating_sub(it.len() + 1);
            room > 0 && !cancel::step(it.len())
        });
        let having = lines.filter(|it| it.split(' ').any(|it| it == word));
        having.take(REPEATED).count() == REPEATED
    })
}

/// Share of the best known title in the page's title.
fn name(view: &View) -> f64 {
    let mut now = HashSet::new();
    pairs(
        &fold(view.page.title.as_deref().unwrap_or_default()),
        &mut now,
    );
    let shares = view.norm.titles.iter().map(|it| {
        let mut known = HashSet::new();
        pairs(&fold(it), &mut known);
        share(known.intersection(&now).count(), known.len(), 1)
    });
    shares.fold(0.0, f64::max)
}

/// Whether a visible line holds a known title of several words, whole.
fn is_signed(view: &View) -> bool {
    let known: Vec<String> = view.norm.titles.iter().map(|it| fold(it)).collect();
    let known: Vec<&String> = known
        .iter()
        .filter(|it| it.split(' ').count() >= TITLE)
        .collect();
    let mut room = READ;
    let lines = view.page.visible().take_while(|it| {
        room = room.saturating_sub(it.text.len() + 1);
        room > 0 && !cancel::step(it.text.len())
    });
    let mut lines = lines
        .filter(|it| it.text.len() <= LINE)
        .map(|it| fold(&it.text));
    lines.any(|line| known.iter().any(|it| line.contains(it.as_str())))
}

fn share(part: usize, whole: usize, least: usize) -> f64 {
    if whole < least {
        return 0.0;
    }
    part as f64 / whole as f64
}

/// Adds the hashes of all pairs of neighbouring words without digits; a writing without blanks has letters for words.
fn pairs(folded: &str, to: &mut HashSet<u64>) {
    let mut last: Option<&str> = None;
    for word in folded.split(' ') {
        let wide = word.chars().next().is_some_and(|it| it >= '\u{2e80}');
        if wide {
            let letters: Vec<(usize, char)> = word.char_indices().collect();
            for pair in letters.windows(2) {
                let end = pair[1].0 + pair[1].1.len_utf8();
                to.insert(key(&word[pair[0].0..end]));
            }
            last = None;
        } else if word.is_empty() || word.bytes().any(|it| it.is_ascii_digit()) {
            last = None;
        } else {
            if let Some(before) = last {
                to.insert(key(&format!("{before} {word}")));
            }
            last = Some(word);
        }
    }
}
