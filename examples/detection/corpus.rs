//! The corpus: real pages by kind, and the made-up ones of `tests/first-sight`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::Deserialize;

#[derive(Deserialize)]
struct Row {
    path: String,
    kind: String,
    subtype: Option<String>,
    #[serde(default)]
    language: Option<String>,
    #[serde(default)]
    note: String,
    sequence: Option<String>,
    index: Option<u32>,
    #[serde(default)]
    url_changed: bool,
}

pub struct Page {
    pub name: String,
    pub bytes: Vec<u8>,
    pub vietnamese: bool,
}

/// Successive versions fetched from one URL.
pub struct Run {
    pub name: String,
    pub pages: Vec<Page>,
    /// The front page of a newspaper or a portal of news.
    pub news: bool,
}

impl Run {
    pub fn vietnamese(&self) -> bool {
        self.pages.iter().all(|it| it.vietnamese)
    }
}

#[derive(Default)]
pub struct Corpus {
    pub runs: Vec<Run>,
    pub benign: Vec<Page>,
    pub errors: Vec<Page>,
    pub defaced: Vec<Page>,
    pub partial: Vec<Page>,
    pub gambling: Vec<Page>,
    /// Pages made for the purpose.
    pub made: BTreeMap<String, Vec<Page>>,
}

impl Corpus {
    pub fn read(folder: &Path) -> Result<Self, String> {
        let manifest = fs::read_to_string(folder.join("manifest.jsonl"))
            .map_err(|error| format!("manifest.jsonl: {error}"))?;
        let mut corpus = Self::default();
        let mut sequences: BTreeMap<String, Vec<Row>> = BTreeMap::new();
        for line in manifest.lines() {
            let row: Row = serde_json::from_str(line).map_err(|error| error.to_string())?;
            if let ("benign-sequence", Some(name)) = (row.kind.as_str(), &row.sequence) {
                sequences.entry(name.clone()).or_default().push(row);
                continue;
            }
            let page = load(folder, &row)?;
            match row.kind.as_str() {
                "benign-single" if row.note.starts_with("server error page") => {
                    corpus.errors.push(page)
                }
                "benign-single" => corpus.benign.push(page),
                "defaced" if row.subtype.as_deref() == Some("full") => corpus.defaced.push(page),
                "defaced" => corpus.partial.push(page),
                "injected" => corpus.gambling.push(page),
                other => return Err(format!("{}: unknown kind {other:?}", row.path)),
            }
        }
        for (name, mut rows) in sequences {
            rows.sort_by_key(|it| it.index);
            let mut run: Vec<Page> = Vec::new();
            let news = rows.iter().any(|it| it.note.starts_with("news"));
            for row in rows {
                if row.url_changed && !run.is_empty() {
                    corpus.runs.push(Run {
                        name: name.clone(),
                        pages: std::mem::take(&mut run),
                        news,
                    });
                }
                run.push(load(folder, &row)?);
            }
            corpus.runs.push(Run {
                name,
                pages: run,
                news,
            });
        }
        corpus.made = made()?;
        Ok(corpus)
    }
}

fn load(folder: &Path, row: &Row) -> Result<Page, String> {
    let path = &row.path;
    let file = fs::File::open(folder.join(path)).map_err(|error| format!("{path}: {error}"))?;
    let bytes = zstd::decode_all(file).map_err(|error| format!("{path}: {error}"))?;
    Ok(Page {
        name: path.clone(),
        bytes,
        vietnamese: row.language.as_deref() == Some("vi"),
    })
}

/// `tests/first-sight/<kind>/*.html`.
fn made() -> Result<BTreeMap<String, Vec<Page>>, String> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/first-sight");
    let mut out = BTreeMap::new();
    for kind in ["defaced", "gambling", "honest", "state"] {
        let folder = root.join(kind);
        let say = |error: std::io::Error| format!("{}: {error}", folder.display());
        let mut files: Vec<PathBuf> = fs::read_dir(&folder)
            .map_err(say)?
            .map(|it| it.map(|it| it.path()))
            .collect::<Result<_, _>>()
            .map_err(say)?;
        files.sort();
        let pages = files
            .into_iter()
            .map(|file| {
                Ok(Page {
                    name: format!(
                        "{kind}/{}",
                        file.file_name().unwrap_or_default().to_string_lossy()
                    ),
                    bytes: fs::read(&file).map_err(say)?,
                    vietnamese: false,
                })
            })
            .collect::<Result<Vec<_>, String>>()?;
        out.insert(kind.to_owned(), pages);
    }
    Ok(out)
}
