//! Machine output: the objects of the contract.

use serde_json::{Value, json};

use crate::{model::Signal, words::Words};

pub fn signal_json(signal: &Signal, words: &Words) -> Value {
    json!({
        "name": signal.name,
        "weight": (signal.weight * 100.0).round() / 100.0,
        "sentence": words.say(&signal.say),
        "excerpt": signal.excerpt,
    })
}
