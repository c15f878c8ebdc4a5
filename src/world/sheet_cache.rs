//! The style sheets of portals: what was fetched last, and what the norm was learnt with. They are kept in one file a
//! portal, and read once for all portals that load them from one address.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use url::Url;

use crate::{
    evidence::CacheFiles,
    judge::sheets::MOST,
    model::{Digest, TargetId},
    page::{Sheets, StyleSheet, noise::normal_url},
    store::cache::Cache,
    world::workers::Workers,
};

/// Seconds after which a style sheet is fetched again.
const EVERY: i64 = 86_400;
/// Seconds between two versions of an address: some portals give one a new version at each look.
const VERSIONS: i64 = 600;
/// Most bytes of all style sheets of a portal.
const LARGEST: usize = 2 << 20;
/// Bytes of style sheets in memory as they were read, and of what is known of portals; each cache holds at most twice
/// that. A portal has some 1 KB.
const READ: usize = 24 << 20;
const KNOWN: usize = 16 << 20;
/// Bytes of memory of one address, besides its letters.
const ADDRESS: usize = 120;
/// The factor by which style sheets are compressed, at least.
const PACKED: usize = 4;
/// The moment at which an address was asked that is not asked again, in seconds since 1970.
const NEVER: i64 = i64::MAX;
/// Compression level of the files.
const LEVEL: i32 = 3;

/// What an address gave.
#[derive(Clone, Debug)]
pub enum Got {
    Sheet(Bytes),
    /// An answer that browsers do not take for a style sheet.
    Nothing,
    /// No answer: what stands there is not known.
    Silence,
}

/// One address of a portal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Address {
    url: String,
    /// When it was asked last, in seconds since 1970.
    at: i64,
    /// Digest of what it gave; `None` where it has no style sheet.
    now: Option<Digest>,
    /// Digest of what the norm is learnt with.
    learnt: Option<Digest>,
    /// Whether what stands there is not known: it never answered, or the portal has more than [`LARGEST`] bytes.
    is_left_out: bool,
}

/// What is known of the style sheets of a portal.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Known {
    /// When the baseline was approved that the norm is learnt from, in seconds since 1970.
    baseline: Option<i64>,
    addresses: Vec<Address>,
    /// Whether the portal was asked at all.
    is_begun: bool,
    /// Whether no page was judged yet with the style sheets of new addresses.
    is_fresh: bool,
}

impl Known {
    /// Whether the style sheets of the portal were never looked for.
    pub fn is_new(&self) -> bool {
        !self.is_begun
    }

    /// Whether the norm was learnt with the style sheets that the portal has now, and a page was judged with them.
    pub fn is_settled(&self) -> bool {
        !self.is_fresh && self.addresses.iter().all(|it| it.now == it.learnt)
    }

    /// Style sheets that are others now than those that the norm was learnt with, with their digests.
    pub fn changed(&self) -> impl Iterator<Item = (&str, Digest)> {
        let changed = self.addresses.iter().filter(|it| it.now != it.learnt);
        changed.filter_map(|it| Some((it.url.as_str(), it.now?)))
    }

    /// Those of `wanted` that were never asked, and those that were asked as another version (`?v=12`) some time ago.
    pub fn unknown(&self, wanted: &[String], now: Timestamp) -> Vec<String> {
        let lately = now.as_second() - VERSIONS;
        let is_known = |url: &String| {
            let mut all = self.addresses.iter().filter(|it| is_same(&it.url, url));
            all.any(|it| it.url == *url || it.at > lately)
        };
        wanted.iter().filter(|it| !is_known(it)).cloned().collect()
    }

    /// Addresses that were asked too long ago.
    pub fn due(&self, now: Timestamp) -> Vec<String> {
        let old = now.as_second() - EVERY;
        let due = self.addresses.iter().filter(|it| it.at <= old);
        due.map(|it| it.url.clone()).collect()
    }

    fn digest(&self, set: Set) -> Option<Digest> {
        let all = self.addresses.iter();
        Sheets::identity(all.filter_map(|it| Some((it.url.as_str(), it.of(set)?))))
    }

    fn bytes(&self) -> usize {
        let all = self.addresses.iter();
        all.map(|it| it.url.len() + ADDRESS).sum::<usize>() + ADDRESS
    }
}

impl Address {
    /// The digest of a set's style sheet; that of no bytes where the address has none.
    fn of(&self, set: Set) -> Option<Digest> {
        let digest = match set {
            Set::Now => self.now,
            Set::Learnt => self.learnt,
        };
        (!self.is_left_out).then(|| digest.unwrap_or_else(|| Digest::of(b"")))
    }
}

/// The style sheets as they are now, or as the norm was learnt with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Set {
    Now,
    Learnt,
}

/// The content of a portal's file.
#[derive(Default, Serialize, Deserialize)]
struct Written {
    known: Known,
    /// Style sheets by their digests, compressed.
    bodies: Vec<(Digest, Vec<u8>)>,
}

/// The style sheets of all portals.
pub struct SheetCache {
    files: CacheFiles,
    known: Cache<TargetId, Arc<Known>>,
    read: Cache<Digest, Arc<StyleSheet>>,
    /// Held while a file is changed.
    writing: Mutex<()>,
}

impl SheetCache {
    /// A cache over these files.
    pub fn new(files: CacheFiles) -> Self {
        Self {
            files,
            known: Cache::weighing(KNOWN, |it| it.bytes()),
            read: Cache::weighing(READ, |it| it.bytes()),
            writing: Mutex::default(),
        }
    }

    /// What is known of a portal.
    pub async fn known(self: &Arc<Self>, of: &TargetId) -> Arc<Known> {
        if let Some(known) = self.known.get(of) {
            return known;
        }
        let (cache, id) = (self.clone(), of.clone());
        let read = tokio::task::spawn_blocking(move || cache.written(&id).known);
        let known = Arc::new(read.await.unwrap_or_default());
        self.known.insert(of.clone(), known.clone());
        known
    }

    /// Identifies a set of a portal, as far as that is in memory; `None` for none.
    pub fn digest(&self, of: &TargetId, set: Set) -> Option<Digest> {
        self.known.get(of)?.digest(set)
    }

    /// The style sheets of a portal, read on the workers. None where they cannot be read in time.
    pub async fn sheets(
        self: &Arc<Self>,
        workers: &Workers,
        of: &TargetId,
        set: Set,
    ) -> Arc<Sheets> {
        let known = self.known(of).await;
        let wanted: Vec<(String, Digest)> = known
            .addresses
            .iter()
            .filter_map(|it| Some((it.url.clone(), it.of(set)?)))
            .collect();
        if wanted.is_empty() {
            return Arc::default();
        }
        let mut found: Vec<(String, Arc<StyleSheet>)> = Vec::new();
        for (url, digest) in &wanted {
            found.extend(
                self.read
                    .get(&name(url, digest))
                    .map(|it| (url.clone(), it)),
            );
        }
        if found.len() < wanted.len() {
            let (cache, id) = (self.clone(), of.clone());
            let work = move || cache.read_all(&id, &wanted);
            found = workers.run_limited(of, work).await.unwrap_or_default();
        }
        Arc::new(Sheets::of(found).open())
    }

    /// Reads the style sheets of a portal from its file. None if one of them is not there.
    fn read_all(
        &self,
        of: &TargetId,
        wanted: &[(String, Digest)],
    ) -> Vec<(String, Arc<StyleSheet>)> {
        let written = self.written(of);
        let bodies: HashMap<Digest, &Vec<u8>> =
            written.bodies.iter().map(|it| (it.0, &it.1)).collect();
        let read = wanted.iter().map(|(url, digest)| {
            let body = match bodies.get(digest) {
                Some(it) => zstd::bulk::decompress(it, LARGEST).ok()?,
                None if *digest == Digest::of(b"") => Vec::new(),
                None => return None,
            };
            let sheet = Arc::new(StyleSheet::read(&body, &Url::parse(url).ok()?));
            self.read.insert(name(url, digest), sheet.clone());
            Some((url.clone(), sheet))
        });
        read.collect::<Option<Vec<_>>>().unwrap_or_default()
    }

    /// Keeps what addresses of a portal gave just now. `linked` are all that the page links, where that is known: others
    /// are not asked again once they are gone, and make room first. Returns what is known then.
    pub async fn put(
        self: &Arc<Self>,
        of: &TargetId,
        fetched: Vec<(String, Got)>,
        linked: Vec<String>,
        at: Timestamp,
    ) -> Arc<Known> {
        let change = move |it: &mut Written| it.take(fetched, &linked, at.as_second());
        self.change(of, change).await
    }

    /// Makes the style sheets that a portal has now those that its norm is learnt with.
    pub async fn settle(self: &Arc<Self>, of: &TargetId) {
        self.change(of, Written::settle).await;
    }

    /// Settles where another baseline was approved since.
    pub async fn follow(self: &Arc<Self>, of: &TargetId, baseline: Option<Timestamp>) {
        let baseline = baseline.map(|it| it.as_second());
        let known = self.known(of).await;
        if known.is_new() || known.baseline == baseline {
            return;
        }
        let change = move |it: &mut Written| {
            it.known.baseline = baseline;
            it.settle();
        };
        self.change(of, change).await;
    }

    async fn change(
        self: &Arc<Self>,
        of: &TargetId,
        change: impl FnOnce(&mut Written) + Send + 'static,
    ) -> Arc<Known> {
        let (cache, id) = (self.clone(), of.clone());
        let work = move || {
            let _writing = cache.writing.lock().unwrap_or_else(PoisonError::into_inner);
            let mut written = cache.written(&id);
            change(&mut written);
            let bytes = postcard::to_allocvec(&written).map_err(|it| it.to_string());
            let put = bytes.and_then(|it| cache.files.put(&id, &it).map_err(|it| it.to_string()));
            if let Err(error) = put {
                tracing::warn!(target.id = %id, %error, "the style sheets of a portal cannot be kept");
                return None;
            }
            Some(written.known)
        };
        let done = tokio::task::spawn_blocking(work).await;
        let known = Arc::new(done.ok().flatten().unwrap_or_default());
        self.known.insert(of.clone(), known.clone());
        known
    }

    fn written(&self, of: &TargetId) -> Written {
        let bytes = self.files.get(of);
        bytes
            .and_then(|it| postcard::from_bytes(&it).ok())
            .unwrap_or_default()
    }
}

impl Written {
    fn take(&mut self, fetched: Vec<(String, Got)>, linked: &[String], at: i64) {
        self.known.is_begun = true;
        for (url, got) in fetched {
            let is_linked = linked.is_empty() || linked.iter().any(|it| is_same(it, &url));
            let (now, is_left_out) = self.pack(&got);
            let all = &mut self.known.addresses;
            let Some(it) = all.iter_mut().find(|it| is_same(&it.url, &url)) else {
                self.make_room(linked);
                self.known.is_fresh |= now.is_some();
                self.known.addresses.push(Address {
                    url,
                    at,
                    now,
                    learnt: now,
                    is_left_out,
                });
                continue;
            };
            // earlier pages may still need what no page links any more
            it.at = if is_linked || now.is_some() {
                at
            } else {
                NEVER
            };
            it.url = url;
            // a server that fails for a while has not changed its style sheet, and what was never there is no change
            if now.is_some() {
                self.known.is_fresh |= it.now.is_none();
                it.learnt = it.learnt.or(now);
                it.now = now;
                it.is_left_out = false;
            }
        }
        self.tidy();
    }

    /// Keeps what an address gave; returns its digest, and whether what stands there is not known.
    fn pack(&mut self, got: &Got) -> (Option<Digest>, bool) {
        let held: usize = self.bodies.iter().map(|it| it.1.len()).sum();
        match got {
            Got::Sheet(body) if held + body.len() / PACKED <= LARGEST / PACKED => {
                let digest = Digest::of(body);
                if !self.bodies.iter().any(|it| it.0 == digest)
                    && let Ok(packed) = zstd::bulk::compress(body, LEVEL)
                {
                    self.bodies.push((digest, packed));
                }
                (Some(digest), false)
            }
            Got::Nothing => (None, false),
            Got::Sheet(_) | Got::Silence => (None, true),
        }
    }

    /// Drops an address where there are too many: one that no page links any more, if there is one.
    fn make_room(&mut self, linked: &[String]) {
        let all = &mut self.known.addresses;
        if all.len() >= 2 * MOST {
            let is_linked = |it: &Address| linked.iter().any(|url| is_same(url, &it.url));
            let at = all.iter().position(|it| !is_linked(it)).unwrap_or(0);
            all.remove(at);
        }
    }

    fn settle(&mut self) {
        self.known.is_fresh = false;
        for it in &mut self.known.addresses {
            it.learnt = it.now;
        }
        self.tidy();
    }

    /// Drops bodies that no address has.
    fn tidy(&mut self) {
        let all = &self.known.addresses;
        self.bodies.retain(|body| {
            all.iter()
                .any(|it| [it.now, it.learnt].contains(&Some(body.0)))
        });
    }
}

/// Whether two addresses are versions of one.
fn is_same(a: &str, b: &str) -> bool {
    a == b || normal_url(a) == normal_url(b)
}

/// The name of a style sheet in memory: addresses in it are relative to its own.
fn name(url: &str, digest: &Digest) -> Digest {
    Digest::of_parts([digest.bytes().as_slice(), url.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(css: &str) -> Got {
        Got::Sheet(Bytes::from(css.to_owned()))
    }

    #[test]
    fn a_changed_style_sheet_waits_until_it_is_settled() {
        let url = |name: &str| format!("https://a.vn/{name}.css");
        let mut it = Written::default();
        let fetched = vec![(url("a"), body("a{}")), (url("b"), Got::Nothing)];
        it.take(fetched, &[url("a"), url("b")], 0);
        assert!(!it.known.is_settled() && !it.known.is_new());
        it.settle();
        assert!(it.known.is_settled());
        let version = format!("{}?v=2", url("a"));
        let wanted = [url("b"), url("c"), version.clone()];
        let soon = Timestamp::from_second(5).unwrap();
        assert_eq!(it.known.unknown(&wanted, soon), [url("c")]);
        let day = Timestamp::from_second(EVERY).unwrap();
        assert_eq!(it.known.due(day).len(), 2);
        assert_eq!(it.known.unknown(&wanted, day), [url("c"), version.clone()]);
        // what appears where there was nothing is no change, and neither is a failure
        let fetched = vec![(url("a"), Got::Silence), (url("b"), body("b{}"))];
        it.take(fetched, &[], 5);
        assert_eq!(it.known.changed().count(), 0);
        it.settle();
        assert!(it.known.is_settled());
        it.take(vec![(version.clone(), body("x{}"))], &[], 6);
        assert!(!it.known.is_settled());
        assert_eq!(it.bodies.len(), 3);
        let learnt = it.known.digest(Set::Learnt);
        assert_ne!(it.known.digest(Set::Now), learnt);
        let changed: Vec<&str> = it.known.changed().map(|it| it.0).collect();
        assert_eq!(changed, [version]);
        it.settle();
        assert!(it.known.is_settled());
        assert_ne!(it.known.digest(Set::Learnt), learnt);
        assert_eq!(it.bodies.len(), 2);
        // what no page links any more is kept for earlier pages, and not asked again once it is gone
        it.take(vec![(url("a"), Got::Nothing)], &[url("b")], 7);
        assert_eq!(it.bodies.len(), 2);
        let late = Timestamp::from_second(9 * EVERY).unwrap();
        assert_eq!(it.known.due(late), [url("b")]);
        for n in 0..99 {
            it.take(vec![(url(&n.to_string()), body("y{}"))], &[url("b")], 8);
        }
        assert_eq!(it.known.addresses.len(), 2 * MOST);
        assert!(it.known.unknown(&[url("b")], late).is_empty());
    }
}
