//! Reads targets from files: tables as spreadsheet programs save them, and the targets.yaml of another service.

use std::{fs::File, io::Read, path::Path};

use super::super::Failure;
use crate::{
    config::{self, Pace},
    files,
    model::Target,
    registry::Row,
    table::{self, Column},
};

/// The columns of a table of targets; other columns are ignored.
const COLUMNS: [Column; 4] = [
    column("id", &["ma", "madinhdanh", "macong", "kyhieu"]),
    column("agency", &["coquan", "macoquan", "donvi", "madonvi"]),
    column(
        "name",
        &["ten", "tencong", "tencongthongtin", "tencongthongtindientu"],
    ),
    column(
        "url",
        &[
            "diachi",
            "diachicong",
            "duongdan",
            "lienket",
            "link",
            "website",
            "trangweb",
        ],
    ),
];

const fn column(name: &'static str, also: &'static [&'static str]) -> Column {
    Column { name, also }
}

/// Size limit of a file in bytes; larger than any list of portals.
const LARGEST: u64 = 64 << 20;

pub(super) fn from_csv(file: &Path) -> Result<Vec<Row>, Failure> {
    let shown = file.display();
    let failed = |error: &dyn std::fmt::Display| Failure::usage(format!("{shown}: {error}"));
    // the file may be a pipe, as a shell creates it
    let mut bytes = Vec::new();
    File::open(file)
        .and_then(|it| it.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|it| failed(&it))?;
    if bytes.len() as u64 > LARGEST {
        return Err(failed(&"larger than 64 MiB: this is no list of portals"));
    }
    let table = table::read(&bytes, &COLUMNS).map_err(|it| failed(&it))?;
    let line = table.line;
    let mut faults = Vec::new();
    let missing = COLUMNS.iter().filter(|it| table.index(it.name).is_none());
    let missing: Vec<&str> = missing.map(|it| it.name).collect();
    if !missing.is_empty() {
        return Err(failed(&format!(
            "line {line}: the first row must name the columns id,agency,name,url; missing: {}",
            missing.join(", ")
        )));
    }
    for (at, head) in table.head.iter().enumerate() {
        if head.column.is_some() && table.head[..at].iter().any(|it| it.column == head.column) {
            faults.push(format!(
                "{shown}:{line}: {:?}: a column that is there already",
                head.text
            ));
        }
    }
    let mut rows = Vec::new();
    for row in &table.rows {
        let at = format!("{shown}:{}", row.line);
        let cell = |name: &str| {
            let index = table.index(name);
            index
                .and_then(|it| row.cells.get(it))
                .cloned()
                .unwrap_or_default()
        };
        let beyond = row.cells.iter().skip(table.head.len());
        if let Some(more) = beyond.into_iter().find(|it| !it.is_empty()) {
            faults.push(format!(
                "{at}: {more:?} stands behind the last column; quote what holds the separator"
            ));
        }
        let name = cell("name");
        if table::is_lossy(&name) {
            faults.push(format!("{at}: name: {name:?}: {}", table::LOSSY));
        }
        rows.push(Row {
            at,
            id: cell("id"),
            agency: cell("agency"),
            agency_name: None,
            name,
            url: cell("url"),
        });
    }
    if faults.is_empty() {
        Ok(rows)
    } else {
        Err(Failure::usage(faults.join("\n")))
    }
}

/// Whether the file name ends in .yaml or .yml, in upper or lower case.
pub(super) fn is_yaml(file: &Path) -> bool {
    let ending = file.extension().and_then(|it| it.to_str());
    ending.is_some_and(|it| {
        ["yaml", "yml"]
            .iter()
            .any(|yaml| it.eq_ignore_ascii_case(yaml))
    })
}

pub(super) fn from_yaml(file: &Path) -> Result<Vec<Target>, Failure> {
    let text = files::text(file, LARGEST)
        .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
    // registered targets must keep the intervals that the service's own file allows
    let config = config::parse(&text, Pace::Polite).map_err(|faults| {
        let shown: Vec<String> = faults
            .iter()
            .map(|it| format!("{}:{it}", file.display()))
            .collect();
        Failure::usage(format!("nothing was imported\n{}", shown.join("\n")))
    })?;
    Ok(config.targets)
}
