//! What a fleet of portals knows: from a file for the judge, from the store for the service.

use std::fs;

use serde_json::Value;

use crate::{
    portal::honest,
    scene::{folder, gaccong, said},
};

/// A page with a piece of markup at the end of its body.
fn with(markup: &str) -> String {
    honest(2).replace("</body>", &format!("{markup}</body>"))
}

/// Judges pages after a history of two, each with further fields of its case; returns one answer a page.
fn judged(files: &[(&str, &str)], cases: &[(&str, &str)]) -> Vec<Value> {
    let (_keep, path) = folder("");
    for (name, text) in files {
        fs::write(path.join(name), text).unwrap();
    }
    fs::write(path.join("1.html"), honest(1)).unwrap();
    fs::write(path.join("2.html"), honest(2)).unwrap();
    let cases = cases.iter().enumerate().map(|(at, (markup, fields))| {
        fs::write(path.join(format!("c{at}.html")), with(markup)).unwrap();
        format!(
            "{{\"case\":\"{at}\",\"url\":\"https://xa.example.vn/\",\"history\":[\"1.html\",\"2.html\"],\"current\":\"c{at}.html\"{fields}}}\n"
        )
    });
    let cases: String = cases.collect();
    fs::write(path.join("cases.jsonl"), cases).unwrap();
    let (out, err, code) = said(&gaccong(&path, &["judge", "--batch", "cases.jsonl"]));
    assert_eq!(code, 0, "{err}");
    out.lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect()
}

fn score(answer: &Value) -> f64 {
    answer["score"]
        .as_f64()
        .unwrap_or_else(|| panic!("{answer}"))
}

const WIDGET: &str = "<script src=\"https://s1.trochuyen.top/w.js\"></script>";
const KNOWS: &str = ",\"fleet\":\"fleet.tsv\",\"at\":\"2026-11-22T03:10:04+07:00\"";
const HEAD: &str = "host\trole\tportals\tdays\n";

#[test]
fn the_judge_takes_a_fleet_and_a_time_from_a_case() {
    let rows = format!("{HEAD}trochuyen.top\tcode\t52\t410\nmoi.top\tcode\t52\t4\n");
    let answers = judged(
        &[("fleet.tsv", &rows)],
        &[
            (WIDGET, ""),
            (WIDGET, KNOWS),
            (&WIDGET.replace("trochuyen", "moi"), KNOWS),
            ("", ",\"at\":\"2026-11-22T03:10:04+07:00\""),
            (
                "<meta http-equiv=\"refresh\" content=\"0;url=https://trochuyen.top/\">",
                KNOWS,
            ),
        ],
    );
    assert!(score(&answers[0]) > 0.05, "{}", answers[0]);
    assert!(score(&answers[1]) < 0.02, "{}", answers[1]);
    assert!(score(&answers[2]) > 0.05, "a campaign: {}", answers[2]);
    assert_eq!(answers[3]["level"], "normal");
    assert!(score(&answers[4]) > 0.5, "{}", answers[4]);
}

#[test]
fn what_is_wrong_with_a_fleet_is_an_answer_of_its_case() {
    let answers = judged(
        &[("bad.tsv", &format!("{HEAD}a.vn\tcode\tmany\t3\n"))],
        &[
            (WIDGET, ",\"fleet\":\"bad.tsv\""),
            (WIDGET, ",\"fleet\":\"gone.tsv\""),
            (WIDGET, ",\"at\":\"yesterday\""),
            (WIDGET, ",\"fleets\":\"bad.tsv\""),
            ("", ""),
        ],
    );
    for (answer, wanted) in answers.iter().zip([
        "bad.tsv: line 2: portals: \"many\" is no number",
        "gone.tsv",
        "line 3: ",
        "unknown field `fleets`",
    ]) {
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains(wanted), "{error}");
    }
    assert_eq!(answers[4]["level"], "normal", "the run goes on");
}
