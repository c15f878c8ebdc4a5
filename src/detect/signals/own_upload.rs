//! Code, a frame, a form's target, a worker or a refresh that lies where the portal keeps what is uploaded, or code in a
//! file that is called a picture or a document.

use crate::{
    detect::{Detector, Found, View},
    diff::places,
    model::Localized,
    page::{
        Usage,
        place::{self, Kept, Upload, no_code, path, upload},
        registrable,
    },
};

/// Strength by the kind of file and of folder; less in a redesign. Silent about classes of addresses that the portal
/// used in that way before.
pub struct OwnUpload;

/// Endings of files that a server runs, and of files that a browser shows as a page.
const SERVED: &[&str] = &[
    "php", "phtml", "php5", "php7", "pht", "phar", "asp", "aspx", "ashx", "asmx", "jsp", "jspx",
    "cfm", "cgi", "pl", "py", "sh",
];
const PAGES: &[&str] = &["html", "htm", "shtml", "xhtml", "hta"];
const CODE: &[&str] = &["js", "mjs", "cjs"];

/// Share kept above which a part was added to a page, and not a page made anew.
const INTACT: f64 = 0.9;

/// Most inline code, in bytes, that is searched for paths, and most paths of it that are judged.
const CODE_READ: usize = 256 << 10;
const PATHS: usize = 200;

/// Code that makes its strings into code.
const RUNS: &[&str] = &[
    "createElement",
    "serviceWorker",
    "Worker(",
    "importScripts",
    "import(",
    "import '",
    "import \"",
    "getScript",
    "document.write",
    ".src",
    "eval",
    "Function(",
];

/// Code that runs what it loads, whatever the ending of its name.
const LOADS: &[&str] = &[
    "createElement('script')",
    "createElement(\"script\")",
    "importScripts",
    "Worker(",
    "getScript",
    "serviceWorker",
];

impl Detector for OwnUpload {
    fn name(&self) -> &'static str {
        "own-upload"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let (doubt, usage, url) = addresses(view)
            .filter_map(|(usage, url, shown)| {
                let doubt = doubt(view, usage, &url, shown)?;
                Some((doubt, usage, url))
            })
            .max_by(|a, b| a.0.total_cmp(&b.0))?;
        // a redesign moves the portal's own code about
        let strength = match &view.change {
            Some(_) if view.kept() <= 0.6 => doubt * 0.4,
            Some(_) if view.kept() <= INTACT => doubt * 0.85,
            _ => doubt,
        };
        let say = Localized::new(sentence(usage)).with("path", path(&url));
        Some(Found::new(strength, say, &url))
    }
}

/// The sentence about a use: one each, since languages put the use at different places.
fn sentence(usage: Usage) -> &'static str {
    match usage {
        Usage::Code => "signal-own-upload-code",
        Usage::Frame => "signal-own-upload-frame",
        Usage::Form => "signal-own-upload-form",
        Usage::Refresh => "signal-own-upload-refresh",
        _ => "signal-own-upload",
    }
}

/// The own addresses that the new parts of the page use as more than links; and whether visitors see the part as one
/// part of the page among others.
fn addresses<'v>(view: &'v View) -> impl Iterator<Item = (Usage, String, bool)> + 'v {
    let scripts = view.scripts().into_iter().filter_map(|it| {
        let src = it.src.clone().filter(|_| it.runs)?;
        Some((Usage::Code, src, false))
    });
    let frames = view.frames().into_iter().map(|it| {
        (
            Usage::Frame,
            it.src.clone(),
            !it.covers && it.hidden.is_none(),
        )
    });
    let forms = view
        .forms()
        .into_iter()
        .map(|it| (Usage::Form, it.action.clone(), false));
    let refreshes = match &view.change {
        Some(change) => change.refreshes.clone(),
        None => view.page.refreshes.iter().collect(),
    };
    let refreshes = refreshes
        .into_iter()
        .map(|it| (Usage::Refresh, it.clone(), false));
    let uses = match &view.change {
        Some(change) => change.uses.clone(),
        None => view.page.uses.iter().collect(),
    };
    let uses = uses.into_iter().map(|it| (it.usage, it.url.clone(), false));
    scripts
        .chain(frames)
        .chain(forms)
        .chain(refreshes)
        .chain(uses)
        .chain(named_in_code(view))
        .filter(move |it| view.is_own(&registrable(place::host(&it.1))))
}

/// The doubt, 0 to 1, about one address of the portal's own; `None` if there is none.
fn doubt(view: &View, usage: Usage, url: &str, shown: bool) -> Option<f64> {
    let path = path(url);
    let doubt = match (usage, upload(path)) {
        (Usage::Code, upload) if no_code(path).is_some() => {
            let program = upload.is_some_and(|it| it.kept == Kept::Program);
            if program { 0.9 } else { 1.0 }
        }
        (Usage::Code, Some(it)) => code(&it)?,
        (Usage::Style, Some(it)) => style(&it)?,
        (Usage::Frame, Some(it)) => frame(&it, path, shown)?,
        (Usage::Form | Usage::Refresh, Some(it)) => active(&it)?,
        (Usage::Base, Some(_)) => 1.0,
        _ => return None,
    };
    let own = view.page.domain();
    let class = places::name(usage, url, place::host(url), &own);
    (!view.norm.holds(usage, &class)).then_some(doubt)
}

fn is(upload: &Upload, endings: &[&str]) -> bool {
    endings.contains(&upload.ending.as_str())
}

fn code(it: &Upload) -> Option<f64> {
    match it.kept {
        _ if is(it, SERVED) || is(it, PAGES) => Some(1.0),
        // systems deliver what they join by addresses without an ending
        Kept::Program if is(it, CODE) || it.ending.is_empty() => None,
        Kept::Mixed if is(it, CODE) && it.direct => Some(0.85),
        Kept::Mixed if is(it, CODE) => Some(0.7),
        Kept::Mixed if it.ending.is_empty() => Some(0.5),
        _ => Some(1.0),
    }
}

fn style(it: &Upload) -> Option<f64> {
    match it.kept {
        Kept::Program => None,
        _ if it.ending == "css" || it.ending.is_empty() => None,
        _ if no_code(&format!("/a.{}", it.ending)).is_some() || is(it, CODE) => Some(0.85),
        _ => Some(0.5),
    }
}

/// Magazines to leaf through and virtual tours are uploaded as folders with an index page, and framed.
fn frame(it: &Upload, path: &str, shown: bool) -> Option<f64> {
    if !is(it, PAGES) && !is(it, SERVED) {
        return None;
    }
    let name = path.rsplit('/').next().unwrap_or_default();
    let index = name.starts_with("index.") || name.starts_with("default.");
    Some(match (shown, index) {
        (false, _) => 1.0,
        (true, true) => 0.4,
        (true, false) if it.kept == Kept::Uploads => 0.9,
        (true, false) => 0.6,
    })
}

fn active(it: &Upload) -> Option<f64> {
    if !is(it, PAGES) && !is(it, SERVED) {
        return None;
    }
    match it.kept {
        Kept::Uploads => Some(1.0),
        // `/documents/search.aspx`: a part of the portal may be called so
        Kept::Mixed => Some(0.6),
        Kept::Program => None,
    }
}

/// Addresses that new inline code names as strings and makes into code.
fn named_in_code(view: &View) -> Vec<(Usage, String, bool)> {
    let mut room = CODE_READ;
    let mut out = Vec::new();
    for code in view.codes().iter().filter(|it| it.script.runs) {
        let Some(left) = room.checked_sub(code.script.code.len()) else {
            break;
        };
        room = left;
        for source in &code.reading.written {
            if let Ok(url) = view.page.url.join(source) {
                out.push((Usage::Code, url.into(), false));
            }
        }
        if !RUNS.iter().any(|it| code.holds(it)) {
            continue;
        }
        let loads = LOADS.iter().any(|it| code.holds(it));
        let texts = std::iter::once(code.script.code.as_str())
            .chain(code.layers.iter().map(|it| it.text.as_str()));
        for text in texts {
            for path in text.split(['"', '\'', '`']).filter(|it| is_path(it)) {
                if out.len() >= PATHS {
                    return out;
                }
                let Ok(url) = view.page.url.join(path) else {
                    continue;
                };
                let class = upload(url.path());
                // pictures are named by honest code for what they are, and programs that draw a check
                let runs = |it: &Upload| is(it, CODE) || (loads && is(it, SERVED));
                if class.is_some_and(|it| it.kept == Kept::Uploads && runs(&it)) {
                    out.push((Usage::Code, url.into(), false));
                }
            }
        }
    }
    out
}

fn is_path(text: &str) -> bool {
    text.len() < 300
        && text.contains('/')
        && text.contains('.')
        && !text.contains(|c: char| c.is_whitespace() || "<>{}();,".contains(c))
}
