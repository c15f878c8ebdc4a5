//! What pages came to that were judged already: one that stays defaced, or out of order, is not judged at each look.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::model::{Class, Digest, Level, LookRef, Say, Verdict, incident::ChangeLine};

/// What judging a page came to.
#[derive(Clone, Debug)]
pub(super) struct Judgement {
    pub class: Class,
    pub verdict: Verdict,
    pub cause: Option<Say>,
    pub title: Option<String>,
    pub changes: Vec<ChangeLine>,
    pub seen: Option<LookRef>,
}

/// A normal page's judgement is some 300 bytes, an accused one's some kilobytes.
const KEPT: usize = 1024;

/// The last so many, and as many before them.
#[derive(Default)]
pub struct Memo(Mutex<[HashMap<Digest, Arc<Judgement>>; 2]>);

impl Memo {
    /// `case` stands for everything that the judgement depends on.
    pub(super) fn recall(&self, case: &Digest) -> Option<Arc<Judgement>> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = all.iter().find_map(|it| it.get(case)).cloned()?;
        keep(&mut all, *case, found.clone());
        Some(found)
    }

    pub(super) fn keep(&self, case: Digest, judgement: Judgement) {
        // a page over a limit may be judged with more time on another day
        if judgement.verdict.level == Level::Unknown && judgement.class == Class::ParserLimit {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        keep(&mut all, case, Arc::new(judgement));
    }
}

fn keep(all: &mut [HashMap<Digest, Arc<Judgement>>; 2], case: Digest, judgement: Arc<Judgement>) {
    let [new, old] = all;
    if new.len() >= KEPT {
        *old = std::mem::take(new);
    }
    new.insert(case, judgement);
}
