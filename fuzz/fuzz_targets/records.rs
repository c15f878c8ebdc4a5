//! Records and journals: any bytes are read or refused, and a record is never taken for that of another key.
#![no_main]

use gaccong::{
    model::{Alert, TargetState, Incident},
    store::{codec, journal},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let _ = codec::decode::<TargetState>("d/a", data);
    let _ = codec::decode::<Incident>("i/a", data);
    let _ = codec::decode::<Alert>("o/a", data);
    if let Ok(text) = std::str::from_utf8(data) {
        // behind a good checksum anything may stand
        let record = codec::of_json("d/a", text);
        assert!(codec::is_whole("d/a", &record) && !codec::is_whole("d/b", &record));
        if let Ok(target_state) = codec::decode::<TargetState>("d/a", &record) {
            let written = codec::encode("d/a", &target_state).expect("it was read");
            assert_eq!(
                codec::decode::<TargetState>("d/a", &written).expect("whole"),
                target_state
            );
        }
        let _ = codec::decode::<Incident>("i/a", &codec::of_json("i/a", text));
    }
    let folder = std::env::temp_dir().join(format!("gaccong-fuzz-{}", std::process::id()));
    let _ = std::fs::create_dir_all(&folder);
    for name in ["base-0000000000000001", "log-0000000000000001-000"] {
        if std::fs::write(folder.join(name), data).is_ok() {
            let _ = journal::records(&folder);
            let _ = journal::read_records(&folder.join(name));
        }
        let _ = std::fs::remove_file(folder.join(name));
    }
});
