//! Reads the fields of a mapping. Each fault is collected, and reading continues.

use std::{cell::RefCell, collections::HashSet, net::SocketAddr, time::Duration};

use super::tree::{Fault, Key, Node, Place, Value};
use crate::{
    model::target::{ID_RULE, is_id},
    page::charset::nfc,
};

/// A mapping, read field by field; fields that no caller has read are reported as unknown.
pub(super) struct Fields<'a> {
    pub at: Place,
    path: String,
    pairs: &'a [(Key, Node)],
    asked: RefCell<Vec<&'static str>>,
    faults: RefCell<&'a mut Vec<Fault>>,
}

impl<'a> Fields<'a> {
    /// The fields of a node. `None`, with the fault added, if it is no mapping. Duplicate keys are faults, too.
    pub fn of(node: &'a Node, path: &str, faults: &'a mut Vec<Fault>) -> Option<Self> {
        let pairs: &[(Key, Node)] = match &node.value {
            Value::Map(pairs) => pairs,
            _ if node.is_null() => &[],
            _ => {
                let message = format!(
                    "{}: a mapping is wanted here, this is {}",
                    shown(path),
                    node.kind()
                );
                faults.push(Fault {
                    line: node.at.0,
                    column: node.at.1,
                    message,
                });
                return None;
            }
        };
        let mut seen = HashSet::new();
        for (key, _) in pairs {
            if !seen.insert(key.name.as_str()) {
                let message = format!("{}: written twice", join(path, &key.name));
                faults.push(Fault {
                    line: key.at.0,
                    column: key.at.1,
                    message,
                });
            }
        }
        Some(Self {
            at: node.at,
            path: path.to_owned(),
            pairs,
            asked: RefCell::default(),
            faults: RefCell::new(faults),
        })
    }

    /// Adds a fault of a field, with its path.
    pub fn fault(&self, at: Place, field: &str, message: impl AsRef<str>) {
        let message = format!("{}: {}", join(&self.path, field), message.as_ref());
        self.faults.borrow_mut().push(Fault {
            line: at.0,
            column: at.1,
            message,
        });
    }

    /// The node of a field; the field counts as known from then on.
    pub fn node(&self, name: &'static str) -> Option<&'a Node> {
        self.asked.borrow_mut().push(name);
        self.pairs
            .iter()
            .find(|(key, _)| key.name == name)
            .map(|(_, node)| node)
    }

    /// Calls `read` with the list of faults, for nodes that are mappings themselves.
    pub fn inside<T>(&self, read: impl FnOnce(&mut Vec<Fault>) -> T) -> T {
        read(&mut self.faults.borrow_mut())
    }

    /// The path of a field, for error messages.
    pub fn path(&self, field: &str) -> String {
        join(&self.path, field)
    }

    /// A text in composed letters (NFC), whichever form the editor saved. Read paths with [`Fields::parsed`] instead,
    /// because the file system compares bytes.
    pub fn text(&self, name: &'static str) -> Option<String> {
        let node = self.node(name)?;
        self.as_text(node, name).map(|it| nfc(&it))
    }

    /// The text of the node, exactly as written.
    fn as_text(&self, node: &Node, name: &str) -> Option<String> {
        match &node.value {
            Value::Scalar(text, _) if !node.is_null() && !text.trim().is_empty() => {
                Some(text.clone())
            }
            _ => {
                self.fault(
                    node.at,
                    name,
                    format!("a text is wanted here, this is {}", node.kind()),
                );
                None
            }
        }
    }

    /// A list of texts in NFC, each with its place.
    pub fn texts(&self, name: &'static str) -> Option<Vec<(Place, String)>> {
        let mut texts = self.raw_texts(name)?;
        for (_, text) in &mut texts {
            *text = nfc(text);
        }
        Some(texts)
    }

    /// A list read item by item; each error becomes a fault at its place.
    pub fn list<T>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<Vec<T>> {
        let mut out = Vec::new();
        for (at, text) in self.texts(name)? {
            match read(&text) {
                Ok(value) => out.push(value),
                Err(why) => self.fault(at, name, why),
            }
        }
        Some(out)
    }

    /// A list of texts exactly as written, for paths and selectors.
    pub fn raw_texts(&self, name: &'static str) -> Option<Vec<(Place, String)>> {
        let node = self.node(name)?;
        match &node.value {
            Value::List(items) => Some(
                items
                    .iter()
                    .filter_map(|it| Some((it.at, self.as_text(it, name)?)))
                    .collect(),
            ),
            _ if node.is_null() => Some(Vec::new()),
            _ => {
                self.fault(
                    node.at,
                    name,
                    format!("a list [..] is wanted here, this is {}", node.kind()),
                );
                None
            }
        }
    }

    /// An id (`[a-z0-9-]{1,64}`) and its place; any other text is a fault.
    pub fn id(&self, name: &'static str) -> Option<(Place, String)> {
        let node = self.node(name)?;
        let text = self.as_text(node, name)?;
        if !is_id(&text) {
            self.fault(node.at, name, format!("{text:?} cannot be used: {ID_RULE}"));
            return None;
        }
        Some((node.at, text))
    }

    /// A scalar that `read` parses; its error becomes a fault.
    pub fn parsed<T>(
        &self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let node = self.node(name)?;
        let text = self.as_text(node, name)?;
        match read(&text) {
            Ok(value) => Some(value),
            Err(why) => {
                self.fault(node.at, name, why);
                None
            }
        }
    }

    /// A duration such as `1m30s`.
    pub fn duration(&self, name: &'static str) -> Option<Duration> {
        self.parsed(name, duration)
    }

    /// A whole number from `from` to `to`.
    pub fn number(&self, name: &'static str, from: u64, to: u64) -> Option<u64> {
        self.parsed(name, |text| {
            text.parse()
                .ok()
                .filter(|it| (from..=to).contains(it))
                .ok_or_else(|| format!("{text:?} is not a number from {from} to {to}"))
        })
    }

    /// `true` or `false`.
    pub fn flag(&self, name: &'static str) -> Option<bool> {
        self.parsed(name, |text| match text {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(format!("{text:?}: write true or false")),
        })
    }

    /// Adds a fault if the field is missing.
    pub fn required<T>(&self, name: &'static str, value: Option<T>) -> Option<T> {
        if value.is_none() && !self.pairs.iter().any(|(key, _)| key.name == name) {
            self.fault(self.at, name, "is missing");
        }
        value
    }

    /// Adds a fault for every field that no caller has read.
    pub fn finish(self) {
        let asked = self.asked.take();
        for (key, _) in self
            .pairs
            .iter()
            .filter(|(key, _)| !asked.contains(&key.name.as_str()))
        {
            let near = asked.iter().map(|it| (distance(it, &key.name), it)).min();
            let hint = match near {
                Some((far, it)) if far <= 2 => format!("; did you mean {it}?"),
                _ => format!("; known here: {}", asked.join(", ")),
            };
            self.fault(key.at, &key.name, format!("unknown key{hint}"));
        }
    }
}

fn shown(path: &str) -> &str {
    if path.is_empty() {
        "targets.yaml"
    } else {
        path
    }
}

fn join(path: &str, field: &str) -> String {
    match (path, field) {
        ("", field) => field.to_owned(),
        (path, "") => path.to_owned(),
        _ => format!("{path}.{field}"),
    }
}

/// Parses `500ms`, `30s`, `5m`, `1h`, `3d` and sums of these (`1m30s`).
///
/// # Errors
///
/// A sentence that quotes the text.
pub fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("{text:?} is not a length of time: write 30s, 5m, 1h, 3d");
    let mut rest = text.trim();
    let mut total = Duration::ZERO;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let count: u64 = rest[..digits].parse().map_err(|_| wrong())?;
        rest = &rest[digits..];
        let unit = rest
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(rest.len());
        let milliseconds: u64 = match &rest[..unit] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let part = count
            .checked_mul(milliseconds)
            .filter(|it| *it <= 1_000 * 86_400_000)
            .ok_or_else(wrong)?;
        total += Duration::from_millis(part);
        rest = &rest[unit..];
    }
    if text.trim().is_empty() {
        Err(wrong())
    } else {
        Ok(total)
    }
}

/// The shortest text that [`duration`] parses as this duration.
pub fn duration_text(length: Duration) -> String {
    let ms = length.as_millis();
    match ms {
        0 => "0s".to_owned(),
        _ if ms.is_multiple_of(86_400_000) => format!("{}d", ms / 86_400_000),
        _ if ms.is_multiple_of(3_600_000) => format!("{}h", ms / 3_600_000),
        _ if ms.is_multiple_of(60_000) => format!("{}m", ms / 60_000),
        _ if ms.is_multiple_of(1_000) => format!("{}s", ms / 1_000),
        _ => format!("{ms}ms"),
    }
}

/// Parses a size in bytes: `8MiB`, `512KiB`, `1000000`.
pub(super) fn size(text: &str) -> Result<u64, String> {
    let units = [
        ("GiB", 1 << 30),
        ("MiB", 1 << 20),
        ("KiB", 1 << 10),
        ("B", 1),
        ("", 1),
    ];
    units
        .iter()
        .find_map(|(unit, factor)| {
            let count: u64 = text.trim().strip_suffix(unit)?.trim().parse().ok()?;
            count.checked_mul(*factor)
        })
        .filter(|it| (1 << 10..=64 << 20).contains(it))
        .ok_or_else(|| format!("{text:?} is not a size from 1KiB to 64MiB: write 8MiB"))
}

/// Parses an IP address with a port.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse()
        .map_err(|_| format!("{text:?} is not an address with a port, such as 127.0.0.1:8480"))
}

fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, ca) in a.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, cb) in b.iter().enumerate() {
            let up = row[j + 1];
            row[j + 1] = (diagonal + usize::from(ca != *cb))
                .min(row[j] + 1)
                .min(up + 1);
            diagonal = up;
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time() {
        assert_eq!(duration("1m30s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration_text(Duration::from_secs(90)), "90s");
        for wrong in [
            "",
            "5",
            "m",
            "5 m",
            "-1s",
            "5x",
            "99999999999999999999s",
            "9999999d",
        ] {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
    }
}
