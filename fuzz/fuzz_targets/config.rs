//! targets.yaml: any text gives faults with places, or a configuration with an export that reads back as an equal one.
#![no_main]

use gaccong::config::{self, Pace, export};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    match config::parse(text, Pace::Polite) {
        Err(faults) => {
            assert!(!faults.is_empty());
            // YAML ends a line at a carriage return, too
            let lines = text.matches(['\n', '\r']).count() + 2;
            for fault in faults {
                assert!(fault.line <= lines, "{fault} of {lines}");
            }
        }
        Ok(config) => {
            let written = export::yaml(&config, &config.agencies, &config.targets);
            let again = config::parse(&written, Pace::Polite)
                .unwrap_or_else(|faults| panic!("{faults:?}\n{written}"));
            assert_eq!(again.targets, config.targets);
            assert_eq!(again.defaults, config.defaults);
        }
    }
});
