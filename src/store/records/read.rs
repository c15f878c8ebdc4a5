//! Reads records: one, a page of them, or a summary of each target.

use std::collections::BTreeSet;

use super::Records;
use crate::{
    model::TargetSummary,
    store::{
        Engine, Page, Range, Result, Value, codec,
        scan::scan,
        tables::{self, Table},
    },
};

impl<E: Engine> Records<E> {
    pub(super) fn value(&self, table: &Table, key: &str) -> Result<Option<Value>> {
        let found = self.engine.get(key)?;
        found.map(|it| table.decode(key, &it)).transpose()
    }

    /// Reads a record and puts it into its table's cache. The caller must be the only writer.
    pub(super) fn remembered(&self, table: &Table, id: &str) -> Result<Option<Value>> {
        let found = self.value(table, &table.key(id))?;
        if let (Some(cache), Some(found)) = (self.cache(table), &found) {
            cache.insert(id.to_owned(), found.clone());
        }
        Ok(found)
    }

    /// Moves a damaged record to another key, and replaces it by its copy in the journal. The caller must be the only
    /// writer.
    pub(super) fn set_aside(&self, table: &Table, key: &str) -> Result<Option<Value>> {
        let copy = self.engine.recall(key)?;
        let copy = copy.filter(|it| codec::is_whole(key, it));
        if let Some(bytes) = self.engine.get(key)? {
            let aside = tables::SET_ASIDE.key(key);
            self.apply(&vec![(aside, Some(bytes)), (key.to_owned(), copy.clone())])?;
        }
        copy.map(|it| table.decode(key, &it)).transpose()
    }

    /// A page of records. Damaged ones are logged and left out, because the others are still needed.
    pub(super) fn page(&self, range: &Range) -> Result<Page<Value>> {
        if range.in_use && range.table == tables::INCIDENTS {
            return self.open_incidents(range);
        }
        let table = range.table;
        let page = self.read_page(range, |key, bytes| {
            if range.in_use && table.over_since(key, bytes)?.is_some() {
                return Ok(None);
            }
            table.decode(key, bytes).map(Some)
        })?;
        let in_use = |(id, it): (String, Option<Value>)| it.map(|it| (id, it));
        Ok(Page {
            records: page.records.into_iter().filter_map(in_use).collect(),
            next: page.next,
        })
    }

    pub(super) fn summaries(
        &self,
        after: Option<String>,
        limit: usize,
    ) -> Result<Page<TargetSummary>> {
        let range = Range {
            table: tables::TARGET_STATES,
            under: String::new(),
            after,
            in_use: false,
            limit,
        };
        let mut page = self.read_page(&range, codec::decode::<TargetSummary>)?;
        for (_, it) in &mut page.records {
            if let Some((span, _)) = self.samples.of(&self.engine, &it.target)? {
                it.last = Some((span.to, span.class));
            }
        }
        Ok(page)
    }

    fn read_page<T>(
        &self,
        range: &Range,
        decode: impl Fn(&str, &[u8]) -> Result<T>,
    ) -> Result<Page<T>> {
        let (mut from, to) = range.table.range(&range.under);
        if let Some(after) = &range.after {
            // the first key after that one
            from = range.table.key(after) + "\0";
        }
        let limit = range.limit.max(1);
        let found = self.engine.page(&from, &to, limit)?;
        let last = found.last().map(|it| range.table.id(&it.0).to_owned());
        let next = last.filter(|_| found.len() == limit);
        let mut records = Vec::with_capacity(found.len());
        for (key, bytes) in found {
            match decode(&key, &bytes) {
                Ok(it) => records.push((range.table.id(&key).to_owned(), it)),
                Err(error) => tracing::error!(store.key = key, %error, "a record is damaged"),
            }
        }
        Ok(Page { records, next })
    }

    /// A page of open incidents. Closed ones are read only in the first query. Damaged ones are left out without a
    /// log line.
    fn open_incidents(&self, range: &Range) -> Result<Page<Value>> {
        let open = match self.open.known() {
            Some(open) => open,
            None => self.read_open()?,
        };
        let after = |id: &&String| range.after.as_ref().is_none_or(|after| *id > after);
        let wanted = open.iter().filter(|it| it.starts_with(&range.under));
        let mut wanted = wanted.filter(after);
        let mut records = Vec::new();
        let mut last = None;
        for id in wanted.by_ref().take(range.limit.max(1)) {
            last = Some(id.clone());
            if let Ok(Some(found)) = self.value(range.table, &range.table.key(id)) {
                records.push((id.clone(), found));
            }
        }
        let next = last.filter(|_| wanted.next().is_some());
        Ok(Page { records, next })
    }

    fn read_open(&self) -> Result<BTreeSet<String>> {
        let version = self.open.version();
        let table = tables::INCIDENTS;
        let (from, to) = table.range("");
        let mut open = BTreeSet::new();
        for record in scan(&self.engine, &from, &to) {
            let (key, bytes) = record?;
            match table.over_since(&key, &bytes) {
                Ok(None) => {
                    open.insert(table.id(&key).to_owned());
                }
                Ok(Some(_)) => (),
                Err(error) => tracing::error!(store.key = key, %error, "a record is damaged"),
            }
        }
        self.open.remember(version, &open);
        Ok(open)
    }
}
