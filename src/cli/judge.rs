//! `gaccong judge --batch CASES.jsonl`: runs only the detection, offline, and prints one JSON line for each case.

use std::{
    collections::{BTreeMap, HashMap},
    fs::File,
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
    time::Instant,
};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use url::Url;

use super::{
    Failure, Global, Outcome,
    output::{escaped, line, signal_json},
};
use crate::{
    detect::{Expectations, fleet, reckon, weights},
    diff::{Norm, compare},
    judge::{
        Look,
        replay::{Bounded, Earlier, Replay},
        sheets,
    },
    locale::Locale,
    model::{
        Class, Fleet, Profile, Signal, Target,
        excerpt::{defang_text, excerpt},
        lead::{Lead, Reached},
        target::Settings,
    },
    page::{self, Page, Sheets, Source, cancel::Cancel},
    world::cpu_time,
};

#[derive(clap::Args)]
pub struct Args {
    /// A file of cases, one JSON object a line
    #[arg(long, value_name = "CASES.jsonl")]
    batch: PathBuf,
    /// Print the full reckoning of this one case instead, for people
    #[arg(long, value_name = "CASE")]
    explain: Option<String>,
}

pub(super) fn run(global: &Global, args: &Args) -> Result<Outcome, Failure> {
    let locale = Locale::new(global.lang().unwrap_or_default());
    match &args.explain {
        Some(case) => explain(&args.batch, case, &locale),
        None => batch(&args.batch, &locale),
    }?;
    Ok(Outcome::Fine)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    case: String,
    url: Url,
    #[serde(default)]
    history: Vec<PathBuf>,
    current: Value,
    content_type: Option<String>,
    /// What the service would get at addresses that the page leads to; an address that is absent does not answer.
    #[serde(default)]
    resources: BTreeMap<Url, PathBuf>,
    /// What a fleet of portals knows of hosts.
    fleet: Option<PathBuf>,
    /// When the page was looked at.
    at: Option<Timestamp>,
}

/// Limit of a decompressed file in bytes; above the default `max_body`.
const LARGEST: u64 = 32 << 20;
/// Bytes of a place that the page leads to.
const LARGEST_LEAD: usize = 256 << 10;
/// Parsed pages of histories that are kept: cases of one portal follow each other and share them.
const KEPT: usize = 64;

/// Reads the cases line by line, and answers each before reading the next.
fn batch(cases: &Path, locale: &Locale) -> Result<(), Failure> {
    let file = File::open(cases)
        .map_err(|error| Failure::usage(format!("{}: {error}", cases.display())))?;
    let folder = cases.parent().unwrap_or(Path::new("."));
    let mut out = BufWriter::new(io::stdout().lock());
    let mut pages = Pages::default();
    for (at, text) in BufReader::new(file).split(b'\n').enumerate() {
        let text = text.map_err(|error| Failure::usage(format!("{}: {error}", cases.display())))?;
        if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        let answer = one(&text, at + 1, folder, &mut pages, locale);
        let answer = answer.to_string();
        writeln!(out, "{}", escaped(&answer)).and_then(|()| out.flush())?;
    }
    Ok(())
}

fn one(line: &[u8], number: usize, folder: &Path, pages: &mut Pages, locale: &Locale) -> Value {
    let case: Case = match serde_json::from_slice(line) {
        Ok(case) => case,
        Err(error) => {
            let name = serde_json::from_slice::<Value>(line)
                .ok()
                .and_then(|it| it.get("case").cloned());
            let name = name.unwrap_or_else(|| json!(format!("line {number}")));
            return json!({"case": name, "error": format!("line {number}: {error}")});
        }
    };
    match judge(&case, folder, pages) {
        Ok((look, elapsed_us)) => json!({
            "case": case.case,
            "level": look.verdict.level,
            "score": (look.verdict.score * 1e6).round() / 1e6,
            "signals": look.verdict.signals.iter().chain(&limit(&look)).map(|it| signal_json(it, locale)).collect::<Vec<_>>(),
            "elapsed_us": elapsed_us,
        }),
        Err(error) => json!({"case": case.case, "error": error}),
    }
}

/// Prints every number that leads to the verdict of one case: what was learnt, what changed, what each signal adds.
fn explain(cases: &Path, wanted: &str, locale: &Locale) -> Result<(), Failure> {
    let say =
        |error: &dyn std::fmt::Display| Failure::usage(format!("{}: {error}", cases.display()));
    let file = File::open(cases).map_err(|error| say(&error))?;
    let folder = cases.parent().unwrap_or(Path::new("."));
    let lines = BufReader::new(file).split(b'\n').map_while(Result::ok);
    let mut all = lines.filter_map(|it| serde_json::from_slice::<Case>(&it).ok());
    let case = all.find(|it| it.case == wanted);
    let case = case.ok_or_else(|| say(&format!("no case is called {wanted:?}")))?;
    let mut pages = Pages::default();
    let content_type = case.content_type.as_deref();
    resources(&case, folder)
        .and_then(|it| pages.dress(&case, folder, &it))
        .map_err(|error| say(&error))?;
    for path in &case.history {
        pages
            .load(&folder.join(path), &case.url, content_type)
            .map_err(|error| say(&error))?;
    }
    let history: Vec<Arc<Page>> = case
        .history
        .iter()
        .filter_map(|it| pages.page(&folder.join(it), &case.url))
        .collect();
    let norm = Norm::learn(history.iter().map(Arc::as_ref));
    line(&format!(
        "case {}  {}",
        excerpt(&case.case, 80),
        defang_text(case.url.as_str())
    ))?;
    line(&format!(
        "learnt from {} looks: {} words, {} elements, {} own links, title {:?}",
        history.len(),
        norm.words,
        norm.elements,
        norm.own_links,
        norm.title
            .as_deref()
            .map(|it| excerpt(it, 80))
            .unwrap_or_default()
    ))?;
    for (profile, path) in current(&case.current).map_err(|error| say(&error))? {
        let bytes = load(&folder.join(&path)).map_err(|error| say(&error))?;
        let source = Source {
            bytes: &bytes,
            content_type,
            url: &case.url,
            ignore: &[],
        };
        line(&format!(
            "\n{}: {} bytes, {}",
            profile.as_str(),
            bytes.len(),
            path.display()
        ))?;
        match page::read_styled(source, &pages.sheets) {
            Ok(page) => {
                let expect = Expectations {
                    fleet: pages.fleet(&case, folder).map_err(|error| say(&error))?,
                    ..Expectations::of_url(&case.url)
                };
                reckoning(&page, &norm, &expect, locale)?;
            }
            Err(limit) => line(&format!("over a limit: {limit}"))?,
        }
    }
    let (look, _) = judge(&case, folder, &mut pages).map_err(|error| say(&error))?;
    line(&format!(
        "\njudge: {}, {}, score {:.4}; decided by: {}",
        look.class,
        look.verdict.level.as_str(),
        look.verdict.score,
        look.decided_by.as_str()
    ))
}

fn reckoning(
    page: &Page,
    norm: &Norm,
    expect: &Expectations,
    locale: &Locale,
) -> Result<(), Failure> {
    let table = &*weights::TABLE;
    let reckoning = reckon(page, norm, expect);
    let verdict = reckoning.verdict(table);
    line(&format!(
        "charset {}, {} words, {} elements, {} links, {} scripts, title {:?}",
        page.charset,
        page.words(),
        page.elements,
        page.links.len(),
        page.scripts.len(),
        page.title
            .as_deref()
            .map(|it| excerpt(it, 80))
            .unwrap_or_default()
    ))?;
    if norm.looks > 0 {
        let change = compare(norm, page);
        let share =
            |it: Option<f64>| it.map_or("–".to_owned(), |it| format!("{:.0} %", it * 100.0));
        line(&format!(
            "kept {:.0} %: template {}, links {}, text {}, scripts {}",
            change.kept() * 100.0,
            share(change.kept_skeleton),
            share(change.kept_links),
            share(change.kept_blocks),
            share(change.kept_scripts)
        ))?;
        line(&format!(
            "new: {} texts, {} links, {} scripts, {} frames, {} forms, {} images, {} meta{}",
            change.blocks.len(),
            change.links.len(),
            change.scripts.len(),
            change.frames.len(),
            change.forms.len(),
            change.images.len(),
            change.meta.len(),
            if change.title { ", title" } else { "" }
        ))?;
    } else {
        line("seen for the first time: judged by what it shows alone")?;
    }
    line(&format!("state {:?}", reckoning.state).to_lowercase())?;
    let first = reckoning.first_sight;
    let bias = if first { table.bias.1 } else { table.bias.0 };
    line(&format!("{:>18} {bias:>8.2}", "bias"))?;
    let mut sum = bias;
    for (name, found) in &reckoning.found {
        let weight = table.weight(name, first);
        sum += weight * found.strength;
        line(&format!(
            "{name:>18} {:>8.2} = {weight:.1} × {:.2}  {}",
            weight * found.strength,
            found.strength,
            locale.localized(&found.say)
        ))?;
        if !found.excerpt.is_empty() {
            line(&format!("{:>30}{}", "", found.excerpt))?;
        }
    }
    line(&format!(
        "{:>18} {sum:>8.2}   score {:.4}, {}",
        "sum",
        verdict.score,
        verdict.level.as_str()
    ))
}

/// The look of a case, and the time in microseconds for learning its history and judging its page, without the reading
/// of files. A history that the case before has already taught costs no time.
fn judge(case: &Case, folder: &Path, pages: &mut Pages) -> Result<(Look, u64), String> {
    let content_type = case.content_type.as_deref();
    let files = current(&case.current)?;
    let seen = files
        .iter()
        .map(|(profile, path)| Ok((*profile, load(&folder.join(path))?.into())))
        .collect::<Result<Vec<_>, String>>()?;
    let resources = resources(case, folder)?;
    pages.dress(case, folder, &resources)?;
    for path in &case.history {
        pages.load(&folder.join(path), &case.url, content_type)?;
    }
    let fleet = pages.fleet(case, folder)?;
    let started = Instant::now();
    let portal = pages.portal(case, folder).as_ref().clone();
    let portal = portal.within(fleet).looked_at(case.at.unwrap_or_default());
    let fetch = |lead: &Lead| reached(lead, resources.get(&lead.url)?);
    let look = portal.judge_and_follow(&seen, content_type, fetch, &OfTheProcessor);
    let elapsed_us = started.elapsed().as_micros() as u64;
    let look = look.ok_or("current: names no file")?;
    Ok((look, elapsed_us))
}

/// What the eye would get, by address.
fn resources(case: &Case, folder: &Path) -> Result<HashMap<Url, Vec<u8>>, String> {
    let files = case.resources.iter();
    files
        .map(|(url, path)| Ok((url.clone(), load(&folder.join(path))?)))
        .collect()
}

/// What a visit to a lead would bring: as much as the service reads.
fn reached(lead: &Lead, bytes: &[u8]) -> Option<Reached> {
    Some(Reached {
        lead: lead.clone(),
        end: lead.url.clone(),
        content_type: None,
        body: bytes[..bytes.len().min(LARGEST_LEAD)].to_vec().into(),
    })
}

/// A signal that names the limit, for a page over a limit.
fn limit(look: &Look) -> Option<Signal> {
    let cause = look.cause.clone();
    let cause = cause.filter(|_| look.class == Class::ParserLimit)?;
    Some(Signal {
        name: "parser-limit".to_owned(),
        weight: 0.0,
        excerpt: cause.args.get("limit").cloned().unwrap_or_default(),
        say: cause,
    })
}

/// Limits work by CPU time, like the service.
struct OfTheProcessor;

impl Bounded for OfTheProcessor {
    fn within<T>(&self, work: impl FnOnce() -> T) -> Option<T> {
        let cancel = Cancel::default();
        let (out, _) = cpu_time::run(&cancel, work);
        (!cancel.is_cancelled()).then_some(out)
    }
}

fn current(value: &Value) -> Result<Vec<(Profile, PathBuf)>, String> {
    match value {
        Value::String(path) => Ok(vec![(Profile::Desktop, PathBuf::from(path))]),
        Value::Object(_) => {
            let files: BTreeMap<Profile, PathBuf> =
                serde_json::from_value(value.clone()).map_err(|it| format!("current: {it}"))?;
            Ok(files.into_iter().collect())
        }
        _ => Err("current: a file name, or one a client profile".to_owned()),
    }
}

/// The recently parsed pages of histories, the portal of the last history, and the fleet of the last case with one.
#[derive(Default)]
struct Pages {
    read: HashMap<(PathBuf, Url), (Arc<Page>, Vec<u8>)>,
    order: Vec<(PathBuf, Url)>,
    last: Option<(Vec<PathBuf>, Url, Arc<Replay>)>,
    /// Style sheets of the portal of the present case.
    sheets: Arc<Sheets>,
    fleet: Option<(PathBuf, Arc<Fleet>)>,
}

impl Pages {
    /// Takes the style sheets among the resources of a case. Pages that were read with others are read again.
    fn dress(
        &mut self,
        case: &Case,
        folder: &Path,
        resources: &HashMap<Url, Vec<u8>>,
    ) -> Result<(), String> {
        let mut history = Vec::new();
        if !resources.is_empty() {
            for path in &case.history {
                history.push(load(&folder.join(path))?);
            }
        }
        let history: Vec<&[u8]> = history.iter().map(Vec::as_slice).collect();
        let named = case.resources.keys();
        let named = named.filter_map(|it| Some((it, resources.get(it)?.as_slice())));
        let sheets = sheets::among(&case.url, named, &history);
        if sheets.digest() != self.sheets.digest() {
            *self = Self::default();
            self.sheets = Arc::new(sheets);
        }
        Ok(())
    }

    /// The portal as a case's history has taught it.
    fn portal(&mut self, case: &Case, folder: &Path) -> Arc<Replay> {
        if let Some((history, url, portal)) = &self.last
            && *history == case.history
            && *url == case.url
        {
            return portal.clone();
        }
        let names = case.history.iter();
        let names = names.map(|it| (folder.join(it), case.url.clone()));
        let history: Vec<Earlier<'_>> = names
            .filter_map(|it| self.read.get(&it))
            .map(|(page, body)| Earlier { page, body })
            .collect();
        let target = Target::unregistered(case.url.clone(), Settings::default());
        let portal = Replay::of(target, &history, &OfTheProcessor);
        let portal = Arc::new(portal.styled(self.sheets.clone(), &self.sheets));
        self.last = Some((case.history.clone(), case.url.clone(), portal.clone()));
        portal
    }

    /// What the fleet of a case knows; nothing if the case names none. Cases that follow each other share the file.
    fn fleet(&mut self, case: &Case, folder: &Path) -> Result<Arc<Fleet>, String> {
        let Some(name) = &case.fleet else {
            return Ok(Arc::default());
        };
        if let Some((known, fleet)) = &self.fleet
            && known == name
        {
            return Ok(fleet.clone());
        }
        let path = folder.join(name);
        let text = String::from_utf8(load(&path)?);
        let text = text.map_err(|_| format!("{}: it is no text in UTF-8", path.display()))?;
        let fleet = fleet::parse(&text).map_err(|why| format!("{}: {why}", path.display()))?;
        let fleet = Arc::new(fleet);
        self.fleet = Some((name.clone(), fleet.clone()));
        Ok(fleet)
    }

    fn load(&mut self, path: &Path, url: &Url, content_type: Option<&str>) -> Result<(), String> {
        let name = (path.to_owned(), url.clone());
        if self.read.contains_key(&name) {
            return Ok(());
        }
        let bytes = load(path)?;
        let source = Source {
            bytes: &bytes,
            content_type,
            url,
            ignore: &[],
        };
        // nothing is learnt from a page over a limit
        let Some(Ok(page)) = OfTheProcessor.within(|| page::read_styled(source, &self.sheets))
        else {
            return Ok(());
        };
        if self.order.len() >= KEPT {
            self.read.remove(&self.order.remove(0));
        }
        self.read.insert(name.clone(), (Arc::new(page), bytes));
        self.order.push(name);
        Ok(())
    }

    fn page(&self, path: &Path, url: &Url) -> Option<Arc<Page>> {
        let (page, _) = self.read.get(&(path.to_owned(), url.clone()))?;
        Some(page.clone())
    }
}

/// Reads a file, as served: plain, .gz or .zst.
fn load(path: &Path) -> Result<Vec<u8>, String> {
    let say = |error: io::Error| format!("{}: {error}", path.display());
    let file = File::open(path).map_err(say)?;
    let reader: Box<dyn Read> = match path.extension().and_then(|it| it.to_str()) {
        Some("gz") => Box::new(flate2::read::MultiGzDecoder::new(file)),
        Some("zst") => Box::new(zstd::Decoder::new(file).map_err(say)?),
        _ => Box::new(file),
    };
    let mut bytes = Vec::new();
    reader
        .take(LARGEST + 1)
        .read_to_end(&mut bytes)
        .map_err(say)?;
    if bytes.len() as u64 > LARGEST {
        return Err(format!(
            "{}: more than {} MiB when unpacked",
            path.display(),
            LARGEST >> 20
        ));
    }
    Ok(bytes)
}
