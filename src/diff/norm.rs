//! The norm: the model of what is normal for a target, learnt from looks that were approved or judged normal.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::{
    features::{Features, OWN_KEPT},
    lines::Line,
    pins::{self, Pin, Pins},
    places::place_key,
    styled::StyledNorm,
};
use crate::{
    model::digest::key,
    page::{Page, Usage, cancel, capability::Build, noise, writing_system::Letters},
};

/// Number of latest looks that decide what is stable. All looks decide what is new. A redesign is thus the norm after a
/// few looks, and the parts before it stay known.
const RECENT: usize = 5;

/// Most pieces of inline code that a norm remembers by their shape.
const BUILDS_KEPT: usize = 300;

/// Bytes of folded text in a norm, of all looks together, oldest first. An honest portal of 400 KB has some 500 KB.
const FOLDED_KEPT: usize = 8 << 20;

/// Number of recent looks that had a part, by the part's key; 0 if only older looks had it.
pub type Seen = HashMap<u64, u16>;

/// One variant of a page. Keys are ascending.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Version {
    pub skeleton: Vec<u64>,
    pub links: Vec<u64>,
}

/// The learnt model: sets of registrable domains and of 64-bit keys. The texts kept are those shown to people and those
/// in which phrases are searched.
#[derive(Clone, Debug, Default)]
pub struct Norm {
    pub looks: u16,
    /// Keys of text blocks, hidden ones included.
    pub blocks: Seen,
    pub skeleton: Seen,
    /// Keys of normalized URLs.
    pub links: Seen,
    /// Template and link keys of each different recent look: a page may have several variants.
    pub versions: Vec<Version>,
    pub images: Seen,
    pub scripts: Seen,
    /// Registrable domains that links, and in the sets below scripts, frames, forms and images, led to in any look.
    pub link_domains: HashSet<String>,
    pub script_domains: HashSet<String>,
    pub frame_domains: HashSet<String>,
    pub form_domains: HashSet<String>,
    pub image_domains: HashSet<String>,
    /// Of canonical, alternate and amphtml.
    pub relation_domains: HashSet<String>,
    pub inline_scripts: HashSet<u64>,
    /// Keys of link texts that led to the page's own domain.
    pub own_link_texts: HashSet<u64>,
    /// Keys of `name=content`.
    pub meta: HashSet<u64>,
    pub refreshes: HashSet<String>,
    pub titles: BTreeSet<String>,
    pub langs: BTreeSet<String>,
    /// Folded text of all looks, one block a line, each once, up to 8 MiB.
    pub folded: String,
    /// Number of letters in it, by writing system.
    pub letters: Letters,
    /// Kinds of secrets that its inputs asked for, as in [`Page::asks`](crate::page::Page::asks).
    pub asks: BTreeSet<String>,
    /// Median over all looks; so are the next two.
    pub words: usize,
    pub own_links: usize,
    pub elements: usize,
    pub frames: usize,
    pub hidden_links: usize,
    pub dark: bool,
    pub media: usize,
    /// Links into the portal that are stable, and files of its own that the latest look shows, as written there.
    pub own_urls: Vec<String>,
    pub own_files: Vec<String>,
    /// Lines and title of the latest look, for people.
    pub lines: Vec<Line>,
    pub title: Option<String>,
    /// Hashes of the places used in any look, each with its use: see [`places`](super::places).
    pub places: HashSet<u64>,
    /// Keys of layers that could not be closed.
    pub layers: HashSet<u64>,
    /// Registrable domains from which style text loaded style sheets and fonts.
    pub style_domains: HashSet<String>,
    /// Facts that visitors act on, of all looks; see [`Self::pinned`].
    pub pins: Pins,
    /// Inline code of all looks, one entry a script, the latest few.
    pub builds: Vec<Build>,
    /// What inline code did in any look, as a set of [`Capability::bit`](crate::page::capability::Capability::bit)s.
    pub capabilities: u32,
    /// What style sheets do to the page.
    pub styled: StyledNorm,
}

/// The texts of all looks, each once.
#[derive(Clone, Default)]
struct Texts {
    told: HashSet<u64>,
    folded: String,
    letters: Letters,
}

impl Texts {
    fn take(&mut self, look: &Features) {
        for text in &look.texts {
            if cancel::step(text.folded.len()) || self.folded.len() > FOLDED_KEPT {
                return;
            }
            if self.told.insert(text.key) {
                self.folded.push_str(&text.folded);
                self.folded.push('\n');
                for (all, more) in self.letters.iter_mut().zip(text.letters) {
                    *all += more;
                }
            }
        }
    }
}

impl Norm {
    /// Learns from looks, oldest first. No looks give a norm that knows nothing (`looks == 0`).
    pub fn learn<'a>(pages: impl IntoIterator<Item = &'a Page>) -> Self {
        let feature_sets: Vec<Features> = pages.into_iter().map(Features::of).collect();
        Self::of(&feature_sets)
    }

    /// Learns from the features of looks, oldest first.
    pub fn of<'a>(feature_sets: impl IntoIterator<Item = &'a Features>) -> Self {
        let looks: Vec<&Features> = feature_sets.into_iter().collect();
        let mut texts = Texts::default();
        looks.iter().for_each(|it| texts.take(it));
        Self::made(&looks, texts)
    }

    /// The norm of all looks, and the norm of the first `first` looks alone. Texts that both share are folded once.
    pub fn of_both(looks: &[&Features], first: usize) -> (Self, Self) {
        let (early, late) = looks.split_at(first.min(looks.len()));
        let mut texts = Texts::default();
        early.iter().for_each(|it| texts.take(it));
        let alone = Self::made(early, texts.clone());
        late.iter().for_each(|it| texts.take(it));
        (Self::made(looks, texts), alone)
    }

    fn made(looks: &[&Features], texts: Texts) -> Self {
        let recent = looks.len().saturating_sub(RECENT);
        let mut norm = Self {
            folded: texts.folded,
            letters: texts.letters,
            ..Self::default()
        };
        for (at, look) in looks.iter().enumerate() {
            let weight = u16::from(at >= recent);
            norm.looks += weight;
            norm.take(look, weight);
        }
        if let Some(latest) = looks.last() {
            norm.show(latest);
        }
        norm.words = median(looks.iter().map(|it| it.words).collect());
        norm.own_links = median(looks.iter().map(|it| it.own_links).collect());
        norm.elements = median(looks.iter().map(|it| it.elements).collect());
        norm
    }

    fn take(&mut self, look: &Features, weight: u16) {
        count(weight, &mut self.blocks, look.blocks.iter().copied());
        count(weight, &mut self.skeleton, look.skeleton.iter().copied());
        count(weight, &mut self.links, look.links.iter().copied());
        count(weight, &mut self.images, look.images.iter().copied());
        count(weight, &mut self.scripts, look.scripts.iter().copied());
        let version = Version {
            skeleton: look.skeleton.clone(),
            links: look.links.clone(),
        };
        if weight > 0 && !self.versions.contains(&version) {
            self.versions.push(version);
        }
        for (known, new) in [
            (&mut self.link_domains, &look.link_domains),
            (&mut self.script_domains, &look.script_domains),
            (&mut self.frame_domains, &look.frame_domains),
            (&mut self.form_domains, &look.form_domains),
            (&mut self.image_domains, &look.image_domains),
            (&mut self.relation_domains, &look.relation_domains),
            (&mut self.style_domains, &look.style_domains),
        ] {
            known.extend(new.iter().cloned());
        }
        self.inline_scripts.extend(&look.inline_scripts);
        self.own_link_texts.extend(&look.own_link_texts);
        self.meta.extend(&look.meta);
        self.layers.extend(&look.layers);
        self.refreshes.extend(look.refreshes.iter().cloned());
        self.titles.extend(look.title.iter().cloned());
        self.langs.extend(look.lang.iter().cloned());
        self.asks.extend(look.asks.iter().cloned());
        self.places.extend(&look.places);
        pins::count(&mut self.pins, &look.pins, weight);
        look.styled.iter().for_each(|it| self.styled.take(it));
        for build in &look.builds {
            self.capabilities |= build.capabilities;
            if !self.builds.iter().any(|it| it.key == build.key) {
                self.builds.push(build.clone());
            }
        }
        let old = self.builds.len().saturating_sub(BUILDS_KEPT);
        self.builds.drain(..old);
        self.dark |= look.dark;
        self.media = self.media.max(look.media);
        self.frames = self.frames.max(look.frames);
        self.hidden_links = self.hidden_links.max(look.hidden_links);
    }

    /// Bytes of memory that the norm takes, as far as the page decides them: texts, keys and names.
    pub fn bytes(&self) -> usize {
        let seen = [
            &self.blocks,
            &self.skeleton,
            &self.links,
            &self.images,
            &self.scripts,
        ];
        let names = [
            &self.link_domains,
            &self.script_domains,
            &self.frame_domains,
            &self.form_domains,
            &self.image_domains,
            &self.relation_domains,
            &self.style_domains,
            &self.refreshes,
        ];
        let keys = seen.iter().map(|it| it.capacity()).sum::<usize>() * 18
            + (self.inline_scripts.capacity()
                + self.own_link_texts.capacity()
                + self.meta.capacity()
                + self.places.capacity()
                + self.layers.capacity())
                * 9;
        let versions: usize = self
            .versions
            .iter()
            .map(|it| (it.skeleton.len() + it.links.len()) * 8)
            .sum();
        let named = names.iter().flat_map(|it| it.iter()).chain(&self.own_urls);
        let named: usize = named
            .chain(&self.own_files)
            .chain(&self.titles)
            .map(|it| it.len() + 32)
            .sum();
        let lines: usize = self.lines.iter().map(|it| it.text.len() + 32).sum();
        let pins: usize = self.pins.values().map(|(it, _)| it.bytes()).sum();
        let builds: usize = self
            .builds
            .iter()
            .map(|it| (it.sketch.len() + it.hosts.len()) * 4 + 72)
            .sum();
        self.folded.len() + keys + versions + named + lines + pins + builds + self.styled.bytes()
    }

    /// Fills the parts that come from the latest look alone.
    fn show(&mut self, latest: &Features) {
        let stays = |it: &&String| {
            let seen = self.links.get(&key(&noise::normal_url(it)));
            seen.is_some_and(|count| self.is_stable(*count))
        };
        self.own_urls = latest.own_urls.iter().filter(stays).cloned().collect();
        self.own_files = latest
            .own_images
            .iter()
            .chain(&latest.own_urls)
            .take(OWN_KEPT)
            .cloned()
            .collect();
        self.lines = latest.lines.clone().unwrap_or_default();
        self.title.clone_from(&latest.title);
    }

    /// Whether any look used the place of this name in this way.
    pub fn holds(&self, usage: Usage, place: &str) -> bool {
        self.places.contains(&place_key(usage, place))
    }

    /// Whether a part that `count` recent looks had is stable: at least four of five looks had it.
    pub fn is_stable(&self, count: u16) -> bool {
        u32::from(count) * 5 >= u32::from(self.looks) * 4
    }

    /// Whether a registrable domain was used in any look, in whatever role.
    pub fn uses_domain(&self, domain: &str) -> bool {
        let used = [
            &self.link_domains,
            &self.script_domains,
            &self.frame_domains,
            &self.form_domains,
            &self.image_domains,
            &self.relation_domains,
        ];
        used.iter().any(|it| it.contains(domain))
    }

    /// The facts that are pinned: each stood in at least four of the last five looks.
    pub fn pinned(&self) -> impl Iterator<Item = &Pin> {
        let stable = |it: &&(Pin, u16)| it.1 > 0 && self.is_stable(it.1);
        self.pins.values().filter(stable).map(|it| &it.0)
    }

    /// Share, 0 to 1, of the stable parts of `seen` that are still in `now`; `None` if no part is stable.
    pub fn kept(&self, seen: &Seen, now: &HashSet<u64>) -> Option<f64> {
        let stable = seen.iter().filter(|(_, count)| self.is_stable(**count));
        let (mut all, mut kept) = (0u32, 0u32);
        for (key, _) in stable {
            all += 1;
            kept += u32::from(now.contains(key));
        }
        (all > 0).then(|| f64::from(kept) / f64::from(all))
    }

    /// Like [`Self::kept`], for a page with several variants that share little (A/B pages, an occasional splash page):
    /// the best share of any variant. `part` selects the keys to compare.
    pub fn kept_of_a_face(
        &self,
        seen: &Seen,
        now: &HashSet<u64>,
        part: fn(&Version) -> &Vec<u64>,
    ) -> Option<f64> {
        let whole = self.kept(seen, now);
        let stable = seen.values().filter(|it| self.is_stable(**it)).count();
        let faces = self.versions.iter().map(part).filter(|it| !it.is_empty());
        let largest = faces.clone().map(Vec::len).max().unwrap_or(0);
        if stable * 2 >= largest {
            return whole;
        }
        let share = |face: &Vec<u64>| {
            let same = face.iter().filter(|it| now.contains(it)).count();
            same as f64 / face.len() as f64
        };
        faces.map(share).chain(whole).max_by(f64::total_cmp)
    }
}

fn count(weight: u16, seen: &mut Seen, keys: impl Iterator<Item = u64>) {
    let once: HashSet<u64> = keys.collect();
    for key in once {
        let count = seen.entry(key).or_default();
        *count += weight;
    }
}

fn median(mut values: Vec<usize>) -> usize {
    values.sort_unstable();
    values.get(values.len() / 2).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::diff::features::Told;

    #[test]
    fn texts_of_a_norm_have_a_budget() {
        let look = |n: u64| Features {
            texts: (0..100)
                .map(|at| {
                    Arc::new(Told {
                        key: n * 100 + at,
                        folded: "x".repeat(20_000),
                        letters: Letters::default(),
                    })
                })
                .collect(),
            ..Features::default()
        };
        let looks: Vec<Features> = (0..10).map(look).collect();
        let norm = Norm::of(&looks);
        assert!(norm.folded.len() > FOLDED_KEPT / 2, "{}", norm.folded.len());
        assert!(
            norm.folded.len() <= FOLDED_KEPT + 20_001,
            "{}",
            norm.folded.len()
        );
        assert!(norm.bytes() >= norm.folded.len());
        assert!(Norm::of(&looks[..1]).bytes() < 3_000_000);
    }
}
