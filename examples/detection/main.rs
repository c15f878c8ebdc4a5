//! How good is the detector? Builds cases from a corpus of real pages, judges them, prints the table of goals; fits the
//! weights of `src/detect/weights.tsv`. `scripts/evaluate` runs it.
//!
//! ```text
//! detection evaluate CORPUS [SECOND] [--strict] [--only SET] [--show FAMILY]
//!                                             the table; exit 1 where a must is missed
//! detection leave-one-out CORPUS              what each signal contributes
//! detection calibrate CORPUS [--write]        weights, cross-validated over sources; --write puts them into the table
//! ```
//!
//! CORPUS holds `manifest.jsonl` and one zstd file a page; SECOND is another of honest change alone, by default the
//! `corpus-2` beside it. Nothing of them is in the repository; the payloads in `payloads/` were written for it, by three
//! hands that did not see the detector. SET is `first` (attacks and edits of `plant.rs`), `deeds` (deeds, edits and busy
//! days of `sets.rs`) or `second`. Without `--strict` the musts of the newer figures are printed and do not fail.

mod book;
mod cases;
mod corpus;
mod deeds;
mod edits;
mod facts;
mod fit;
mod goals;
mod letters;
mod names;
mod places;
mod plant;
mod portals;
mod score;
mod sets;
mod spell;
mod texts;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use cases::{Judged, Purpose};
use corpus::Corpus;
use gaccong::detect::weights::TABLE;

const USAGE: &str = "usage: detection evaluate CORPUS [SECOND] [--strict] [--only first|deeds|second] [--show FAMILY]
       detection leave-one-out CORPUS
       detection calibrate CORPUS [--write]";

#[derive(Default)]
struct Asked<'a> {
    second: Option<PathBuf>,
    strict: bool,
    write: bool,
    only: Option<&'a str>,
    show: Option<&'a str>,
}

fn asked<'a>(rest: &[&'a str]) -> Option<Asked<'a>> {
    let mut asked = Asked::default();
    let mut words = rest.iter();
    while let Some(word) = words.next() {
        match *word {
            "--strict" => asked.strict = true,
            "--write" => asked.write = true,
            "--only" => asked.only = Some(*words.next()?),
            "--show" => asked.show = Some(*words.next()?),
            folder if !folder.starts_with('-') && asked.second.is_none() => {
                asked.second = Some(folder.into());
            }
            _ => return None,
        }
    }
    Some(asked)
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let (verb, folder, rest) = match words.as_slice() {
        [
            verb @ ("evaluate" | "leave-one-out" | "calibrate"),
            folder,
            rest @ ..,
        ] => (*verb, *folder, rest),
        _ => return usage(),
    };
    let Some(asked) = asked(rest) else {
        return usage();
    };
    match run(verb, folder.as_ref(), &asked) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(error) => {
            eprintln!("detection: {error}");
            ExitCode::from(3)
        }
    }
}

fn usage() -> ExitCode {
    eprintln!("{USAGE}");
    ExitCode::from(2)
}

/// Whether every must holds.
fn run(verb: &str, folder: &Path, asked: &Asked) -> Result<bool, String> {
    let corpus = read(folder)?;
    match verb {
        "evaluate" => {
            let judged = judged(folder, &corpus, asked)?;
            if let Some(family) = asked.show {
                score::show(&judged, family);
                return Ok(true);
            }
            let scored = score::Scored::of(&judged, &TABLE);
            scored.print_families();
            Ok(scored.print_goals(asked.strict))
        }
        "leave-one-out" => {
            let mut judged = cases::judge_all(&corpus, Purpose::Weights);
            let portals = sets::portals(&corpus);
            judged.extend(cases::work(&sets::of_deeds_and_edits(
                &portals,
                Purpose::Weights,
            )));
            score::leave_one_out(&judged);
            Ok(true)
        }
        _ => {
            let table = fit::calibrate(&cases::judge_all(&corpus, Purpose::Weights));
            if asked.write {
                fit::write(&table).map_err(|error| format!("src/detect/weights.tsv: {error}"))?;
            }
            Ok(true)
        }
    }
}

fn read(folder: &Path) -> Result<Corpus, String> {
    Corpus::read(folder).map_err(|error| format!("{}: {error}", folder.display()))
}

fn judged(folder: &Path, corpus: &Corpus, asked: &Asked) -> Result<Vec<Judged>, String> {
    let wanted = |set: &str| asked.only.is_none_or(|it| it == set);
    let mut judged = Vec::new();
    if wanted("first") {
        judged.extend(cases::judge_all(corpus, Purpose::Verdicts));
    }
    if wanted("deeds") {
        let portals = sets::portals(corpus);
        let jobs = sets::of_deeds_and_edits(&portals, Purpose::Verdicts);
        judged.extend(cases::work(&jobs));
    }
    let beside = folder.join("../corpus-2");
    let second = match &asked.second {
        Some(second) => Some(second),
        None => Some(&beside).filter(|it| it.join("manifest.jsonl").is_file()),
    };
    if let Some(second) = second.filter(|_| wanted("second")) {
        let corpus = read(second)?;
        judged.extend(cases::work(&sets::of_changes(&corpus, Purpose::Verdicts)));
    }
    Ok(judged)
}
