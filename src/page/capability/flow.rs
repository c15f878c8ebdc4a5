//! Which names hold what comes from a source: assignments, parameters of callbacks and of functions that are called
//! with it. A name means the same in all of a short piece of code, and in one function of a long one.

use std::{cell::Cell, collections::HashMap};

use super::plain::Plain;

/// Tokens of code in which a name means one thing.
const SHORT: usize = 1500;
/// Most places at which one name is remembered.
const PLACES: usize = 32;
/// Most tokens of one expression that are looked at.
const LOOKED: usize = 400;
/// How often each token is looked at, on the average.
const TIMES: usize = 12;
/// Rounds over the code: what one assigns the next passes on.
const ROUNDS: usize = 3;

/// Methods by which an object keeps what it is given.
const KEEPERS: &[&str] = &["push", "unshift", "append", "set", "add", "setItem"];

/// Words before a bracket that begin no call.
const CONTROL: &[&str] = &["if", "for", "while", "switch", "catch", "with"];

/// What a token is the source of: a callback gets it as its parameter, an expression holds it.
pub type Source = fn(&Plain, usize) -> bool;

pub struct Flow<'p> {
    plain: &'p Plain<'p>,
    source: Source,
    /// Ranges of tokens in which a name holds what comes from the source.
    names: HashMap<&'p str, Vec<(usize, usize)>>,
    /// Body of the innermost function around each token.
    bodies: Vec<(usize, usize)>,
    /// How many more tokens are looked at: the work is linear in the code, however its expressions are nested.
    room: Cell<usize>,
}

impl<'p> Flow<'p> {
    /// Follows a source. `passes_on` gives calls that hand it to the callback in their brackets.
    pub fn of(plain: &'p Plain<'p>, source: Source, passes_on: Source) -> Self {
        let mut flow = Self {
            plain,
            source,
            names: HashMap::new(),
            bodies: bodies(plain),
            room: Cell::new(plain.len() * TIMES),
        };
        for at in (0..plain.len()).filter(|it| passes_on(plain, *it)) {
            flow.callback(at);
        }
        for _ in 0..ROUNDS {
            let before: usize = flow.names.values().map(Vec::len).sum();
            flow.round();
            if flow.names.values().map(Vec::len).sum::<usize>() == before {
                break;
            }
        }
        flow.room.set(plain.len() * TIMES);
        flow
    }

    /// Whether the tokens hold the source or a name for it. Functions inside them do not count.
    pub fn holds(&self, from: usize, to: usize) -> bool {
        self.look(from, to.min(self.plain.len()), &[";"])
    }

    /// Looks from one token to another, and no further than a sign that `ends` the expression that begins there.
    fn look(&self, from: usize, to: usize, ends: &[&str]) -> bool {
        let plain = self.plain;
        let (mut at, mut depth) = (from, 0usize);
        for _ in 0..LOOKED {
            let Some(room) = self.room.get().checked_sub(1) else {
                return false;
            };
            self.room.set(room);
            if at >= to {
                return false;
            }
            if plain.is(at, "{") && at > 0 && (plain.is(at - 1, ")") || plain.is(at - 1, "=>")) {
                at = plain.close(at);
            } else if plain.is_any(at, &["(", "[", "{"]) {
                depth += 1;
            } else if plain.is_any(at, &[")", "]", "}"]) {
                let Some(outer) = depth.checked_sub(1) else {
                    return false;
                };
                depth = outer;
            } else if depth == 0 && plain.is_any(at, ends) {
                return false;
            }
            if (self.source)(plain, at) || self.is_named(at) {
                return true;
            }
            at += 1;
        }
        false
    }

    /// Whether the expression that begins at `from` holds the source or a name for it.
    fn assigns(&self, from: usize) -> bool {
        self.look(from, self.plain.len(), &[";", ","])
    }

    fn is_named(&self, at: usize) -> bool {
        let Some(places) = self.plain.name(at).and_then(|it| self.names.get(it)) else {
            return false;
        };
        places.iter().any(|(from, to)| (*from..*to).contains(&at))
    }

    fn remember(&mut self, name: &'p str, range: (usize, usize)) {
        let places = self.names.entry(name).or_default();
        if places.len() < PLACES && !places.contains(&range) {
            places.push(range);
        }
    }

    /// The parameter of the callback in the brackets at `open` holds the source.
    fn callback(&mut self, open: usize) {
        let (plain, end) = (self.plain, self.plain.close(open));
        let mut at = open + 1;
        let mut looked = 0;
        while at < end && looked < 60 {
            looked += 1;
            if plain.is(at, "function") {
                let bracket = if plain.is(at + 1, "(") {
                    at + 1
                } else {
                    at + 2
                };
                return self.parameters(bracket, plain.close(bracket), end);
            }
            if plain.is(at + 1, "=>")
                && let Some(name) = plain.name(at)
            {
                return self.remember(name, (at, end));
            }
            if plain.is(at, "(") {
                let close = plain.close(at);
                if plain.is(close + 1, "=>") {
                    return self.parameters(at, close, end);
                }
                at = close;
            }
            at += 1;
        }
        // `.then(run)`
        if let Some(name) = plain.name(open + 1).filter(|_| end == open + 2) {
            self.called(name);
        }
    }

    fn parameters(&mut self, open: usize, close: usize, end: usize) {
        for at in open + 1..close.min(open + 12) {
            if let Some(name) = self.plain.name(at) {
                self.remember(name, (at, end));
            }
        }
    }

    /// The parameters of every function of that name hold the source.
    fn called(&mut self, name: &str) {
        let plain = self.plain;
        for at in plain.named(name).take(PLACES) {
            let bracket = if at > 0 && plain.is(at - 1, "function") && plain.is(at + 1, "(") {
                at + 1
            } else if plain.runs_as(at + 1, &["=", "function", "("]) {
                at + 3
            } else if plain.runs_as(at + 1, &["=", "("]) && plain.is(plain.close(at + 2) + 1, "=>")
            {
                at + 2
            } else {
                continue;
            };
            let close = plain.close(bracket);
            let body = if plain.is(close + 1, "=>") {
                close + 2
            } else {
                close + 1
            };
            let end = if plain.is(body, "{") {
                plain.close(body)
            } else {
                plain.end(body)
            };
            self.parameters(bracket, close, end);
        }
    }

    fn round(&mut self) {
        let plain = self.plain;
        let mut functions: Vec<&'p str> = Vec::new();
        for at in 1..plain.len() {
            let assigns = plain.is(at, "=") || plain.is(at, "+=");
            if assigns
                && let Some(name) = plain.name(at - 1)
                && !self.is_named(at - 1)
                && self.assigns(at + 1)
            {
                let range = self.range(at);
                self.remember(name, range);
            }
            if plain.len() < SHORT
                && let Some(name) = keeper(plain, at)
                && !self.names.contains_key(name)
                && if plain.is(at, "(") {
                    self.holds(at + 1, plain.close(at))
                } else {
                    self.assigns(at + 1)
                }
            {
                self.remember(name, (0, plain.len()));
            }
            if plain.is(at, "(")
                && let Some(name) = plain.name(at - 1)
                && (name.len() > 2 || plain.len() < SHORT)
                && !CONTROL.contains(&name)
                && !functions.contains(&name)
                && functions.len() < PLACES
                && !(at > 1 && (plain.is(at - 2, "function") || plain.is(at - 2, ".")))
                && self.holds(at + 1, plain.close(at).min(at + 40))
            {
                functions.push(name);
            }
        }
        for name in functions {
            self.called(name);
        }
    }

    fn range(&self, at: usize) -> (usize, usize) {
        if self.plain.len() < SHORT {
            return (0, self.plain.len());
        }
        self.bodies
            .get(at)
            .copied()
            .unwrap_or((0, self.plain.len()))
    }
}

/// The object that keeps what stands behind the sign at `at`: `list.push(…`, `(list = list || []).push(…`,
/// `object[key] = …`, and `object.key = …` of an object made by the code.
fn keeper<'p>(plain: &'p Plain, at: usize) -> Option<&'p str> {
    if plain.is(at, "(") && at > 2 && plain.is(at - 2, ".") && plain.is_any(at - 1, KEEPERS) {
        let object = at - 3;
        if plain.is(object, ")") {
            let open = plain.open(object);
            let equals = (open..object).take(12).find(|it| plain.is(*it, "="))?;
            return plain.name(equals.checked_sub(1)?);
        }
        return plain.name(object);
    }
    if !plain.is(at, "=") && !plain.is(at, "+=") {
        return None;
    }
    if plain.is(at - 1, "]") {
        return plain.name(plain.open(at - 1).checked_sub(1)?);
    }
    let object = at.checked_sub(3).filter(|_| plain.is(at - 2, "."))?;
    let name = plain.name(object)?;
    let mut places = plain.named(name).take(PLACES);
    places
        .any(|it| plain.runs_as(it + 1, &["=", "{"]))
        .then_some(name)
}

fn bodies(plain: &Plain) -> Vec<(usize, usize)> {
    let mut out = Vec::with_capacity(plain.len());
    let mut open: Vec<(usize, usize)> = Vec::new();
    for at in 0..plain.len() {
        while open.last().is_some_and(|it| it.1 <= at) {
            open.pop();
        }
        if plain.is(at, "{") && is_body(plain, at) {
            open.push((at, plain.close(at)));
        }
        out.push(open.last().copied().unwrap_or((0, plain.len())));
    }
    out
}

fn is_body(plain: &Plain, brace: usize) -> bool {
    let Some(before) = brace.checked_sub(1) else {
        return false;
    };
    if plain.is(before, "=>") {
        return true;
    }
    let open = plain.open(before);
    open < before && !CONTROL.iter().any(|it| open > 0 && plain.is(open - 1, it))
}
