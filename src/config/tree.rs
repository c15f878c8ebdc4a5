//! YAML as a tree with the place of every node. serde stops at the first fault and drops the places, but the contract
//! requires all faults with their places.

use std::fmt;

use granit_parser::{Event, Parser, ScalarStyle};

/// A fault and its place; lines and columns count from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    pub line: usize,
    pub column: usize,
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.line, self.column, self.message)
    }
}

/// Line and column, from 1.
pub type Place = (usize, usize);

/// A value and its place.
#[derive(Clone, Debug)]
pub struct Node {
    pub at: Place,
    pub value: Value,
}

/// The value of a node.
#[derive(Clone, Debug)]
pub enum Value {
    /// A text, and whether it was written without quotes.
    Scalar(String, bool),
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A key of a mapping.
#[derive(Clone, Debug)]
pub struct Key {
    pub at: Place,
    pub name: String,
}

/// Limit of nested collections: no configuration is deeper.
const DEPTH: usize = 32;
/// Limit of nodes: a file with 50,000 targets has about a million.
const NODES: usize = 4_000_000;

impl Node {
    /// Whether the node is empty, `~` or `null`, without quotes.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(text, true) if matches!(text.as_str(), "" | "~" | "null"))
    }

    /// The value of a key, if the node is a mapping with that key.
    pub fn at(&self, name: &str) -> Option<&Node> {
        match &self.value {
            Value::Map(pairs) => pairs.iter().find(|it| it.0.name == name).map(|it| &it.1),
            _ => None,
        }
    }

    /// The kind of the node, for error messages.
    pub fn kind(&self) -> &'static str {
        match &self.value {
            _ if self.is_null() => "nothing",
            Value::Scalar(..) => "a single value",
            Value::List(_) => "a list",
            Value::Map(_) => "a mapping",
        }
    }

    /// The node as JSON, for `with`.
    pub fn json(&self) -> serde_json::Value {
        use serde_json::Value as Json;
        match &self.value {
            _ if self.is_null() => Json::Null,
            Value::Scalar(text, true) => match text.as_str() {
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                _ => text
                    .parse::<i64>()
                    .map(Json::from)
                    .unwrap_or_else(|_| Json::from(text.as_str())),
            },
            Value::Scalar(text, false) => Json::from(text.as_str()),
            Value::List(items) => items.iter().map(Node::json).collect(),
            Value::Map(pairs) => Json::Object(
                pairs
                    .iter()
                    .map(|(key, node)| (key.name.clone(), node.json()))
                    .collect(),
            ),
        }
    }
}

/// Parses a file with one document. An empty file is an empty mapping.
///
/// # Errors
///
/// The first fault, if the text is no valid YAML or exceeds a limit.
pub fn parse(text: &str) -> Result<Node, Fault> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::default();
    for next in Parser::new_from_str(text) {
        let (event, span) = next.map_err(|error| {
            let mark = error.marker();
            let at = (mark.line(), mark.col() + 1);
            fault(
                at,
                format!("this is not YAML: {}", plain(&error.to_string())),
            )
        })?;
        builder.take(event, (span.start.line(), span.start.col() + 1))?;
    }
    Ok(builder.root.unwrap_or_else(empty))
}

/// Parses the file up to its first fault; collections that are open there end there.
pub fn before_fault(text: &str) -> Node {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut builder = Builder::default();
    for next in Parser::new_from_str(text) {
        let Ok((event, span)) = next else { break };
        let at = (span.start.line(), span.start.col() + 1);
        if builder.take(event, at).is_err() {
            break;
        }
    }
    while let Some((node, _)) = builder.open.pop() {
        if builder.put(node).is_err() {
            break;
        }
    }
    builder.root.unwrap_or_else(empty)
}

fn empty() -> Node {
    Node {
        at: (1, 1),
        value: Value::Map(Vec::new()),
    }
}

fn plain(error: &str) -> String {
    // drop the parser's place: faults have their own
    error
        .split(" at char ")
        .next()
        .unwrap_or(error)
        .split(" at byte ")
        .next()
        .unwrap_or(error)
        .to_owned()
}

fn fault(at: Place, message: String) -> Fault {
    Fault {
        line: at.0,
        column: at.1,
        message,
    }
}

#[derive(Default)]
struct Builder {
    /// The collections that are still open; a mapping with a key waits for the value.
    open: Vec<(Node, Option<Key>)>,
    root: Option<Node>,
    nodes: usize,
}

impl Builder {
    fn take(&mut self, event: Event, at: Place) -> Result<(), Fault> {
        match event {
            Event::Scalar(text, style, _, _) => {
                let value = Value::Scalar(text.into_owned(), style == ScalarStyle::Plain);
                self.put(Node { at, value })
            }
            Event::SequenceStart(..) => self.begin(Node {
                at,
                value: Value::List(Vec::new()),
            }),
            Event::MappingStart(..) => self.begin(Node {
                at,
                value: Value::Map(Vec::new()),
            }),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some((node, _)) => self.put(node),
                None => Ok(()),
            },
            Event::Alias(_) => Err(fault(
                at,
                "aliases (*name) are not understood here: write the value out".to_owned(),
            )),
            Event::DocumentStart(..) if self.root.is_some() => Err(fault(
                at,
                "a second document begins here: one file holds one".to_owned(),
            )),
            _ => Ok(()),
        }
    }

    fn begin(&mut self, node: Node) -> Result<(), Fault> {
        if self.open.len() >= DEPTH {
            return Err(fault(node.at, format!("nested more than {DEPTH} deep")));
        }
        self.open.push((node, None));
        Ok(())
    }

    fn put(&mut self, node: Node) -> Result<(), Fault> {
        self.nodes += 1;
        if self.nodes > NODES {
            return Err(fault(
                node.at,
                format!("more than {NODES} values in one file"),
            ));
        }
        match self.open.last_mut() {
            None => self.root = Some(node),
            Some((
                Node {
                    value: Value::List(items),
                    ..
                },
                _,
            )) => items.push(node),
            Some((
                Node {
                    value: Value::Map(pairs),
                    ..
                },
                waiting,
            )) => match waiting.take() {
                Some(key) => pairs.push((key, node)),
                None => {
                    let Value::Scalar(name, _) = node.value else {
                        return Err(fault(node.at, "a key must be a word".to_owned()));
                    };
                    *waiting = Some(Key { at: node.at, name });
                }
            },
            Some(_) => (),
        }
        Ok(())
    }
}
