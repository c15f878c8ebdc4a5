//! How good is the detector? Builds cases from a corpus of real pages, judges them, prints the table of goals; fits the
//! weights of `src/detect/weights.tsv`. `scripts/evaluate` runs it.
//!
//! ```text
//! detection evaluate CORPUS [--show FAMILY]   the table; exit 1 where a must is missed
//! detection leave-one-out CORPUS              what each signal contributes
//! detection calibrate CORPUS [--write]        weights, cross-validated over sources; --write puts them into the table
//! ```
//!
//! CORPUS holds `manifest.jsonl` and one zstd file a page. Nothing of it is in the repository; the payloads in
//! `payloads/` were written for it, by two hands that did not see the detector.

mod cases;
mod corpus;
mod fit;
mod plant;
mod score;

use std::process::ExitCode;

use gaccong::detect::weights::TABLE;

const USAGE: &str =
    "usage: detection evaluate|leave-one-out|calibrate CORPUS [--show FAMILY] [--write]";

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let (verb, folder, rest) = match words.as_slice() {
        [verb, folder, rest @ ..] => (*verb, *folder, rest),
        _ => {
            eprintln!("{USAGE}");
            return ExitCode::from(2);
        }
    };
    let corpus = match corpus::Corpus::read(folder.as_ref()) {
        Ok(corpus) => corpus,
        Err(error) => {
            eprintln!("detection: {folder}: {error}");
            return ExitCode::from(3);
        }
    };
    let purpose = match verb {
        "evaluate" => cases::Purpose::Verdicts,
        _ => cases::Purpose::Weights,
    };
    let judged = cases::judge_all(&corpus, purpose);
    match (verb, rest) {
        ("evaluate", []) => {
            let scored = score::Scored::of(&judged, &TABLE);
            scored.print_families();
            if scored.print_goals() {
                ExitCode::SUCCESS
            } else {
                ExitCode::from(1)
            }
        }
        ("evaluate", ["--show", family]) => {
            score::show(&judged, family);
            ExitCode::SUCCESS
        }
        ("leave-one-out", []) => {
            score::leave_one_out(&judged);
            ExitCode::SUCCESS
        }
        ("calibrate", []) => {
            fit::calibrate(&judged);
            ExitCode::SUCCESS
        }
        ("calibrate", ["--write"]) => {
            let table = fit::calibrate(&judged);
            match fit::write(&table) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => {
                    eprintln!("detection: src/detect/weights.tsv: {error}");
                    ExitCode::from(3)
                }
            }
        }
        _ => {
            eprintln!("{USAGE}");
            ExitCode::from(2)
        }
    }
}
