//! What the kernel knows of a running process: time, memory, bytes written. Read from /proc.

use std::{fmt, fs, path::Path};

use serde::Serialize;

use crate::trouble::{Because, Result};

/// The process to measure.
#[derive(Clone, Copy)]
pub enum Of {
    Myself,
    Pid(u32),
}

impl fmt::Display for Of {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Of::Myself => f.write_str("self"),
            Of::Pid(pid) => pid.fmt(f),
        }
    }
}

/// Memory in MB of 1,048,576 bytes.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Memory {
    pub resident: f64,
    /// Without mapped files: what the process itself asked for.
    pub anonymous: f64,
    /// The most that was resident at any moment.
    pub peak: f64,
}

/// CPU seconds so far, in user and system mode, of all threads. Counted in steps of 10 ms.
pub fn cpu_seconds(of: Of) -> Result<f64> {
    let text = read(of, "stat")?;
    // the name, which may hold anything, ends with the last bracket; utime and stime are fields 14 and 15 of the line
    let ticks = text.rsplit_once(')').and_then(|(_, rest)| {
        let mut fields = rest.split_whitespace().skip(11);
        let user: u64 = fields.next()?.parse().ok()?;
        let system: u64 = fields.next()?.parse().ok()?;
        Some(user + system)
    });
    let ticks = ticks.because(|| format!("/proc/{of}/stat is not as expected"))?;
    Ok(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}

pub fn memory(of: Of) -> Result<Memory> {
    let text = read(of, "status")?;
    let megabytes = |name| number(&text, name).map(|kilobytes| kilobytes as f64 / 1024.0);
    let all = || {
        Some(Memory {
            resident: megabytes("VmRSS:")?,
            anonymous: megabytes("RssAnon:")?,
            peak: megabytes("VmHWM:")?,
        })
    };
    all().because(|| format!("/proc/{of}/status lacks a figure of memory"))
}

/// Bytes that went to a disk, or were put where they will.
pub fn written(of: Of) -> Result<u64> {
    number(&read(of, "io")?, "write_bytes:").because(|| format!("/proc/{of}/io lacks write_bytes"))
}

/// Bytes a folder takes on its disk. What vanishes meanwhile counts nothing.
pub fn disk_bytes(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let Ok(entries) = fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .map(|entry| match entry.metadata() {
            Ok(it) if it.is_dir() => disk_bytes(&entry.path()),
            // st_blocks counts in units of 512 bytes whatever the file system
            Ok(it) => it.blocks() * 512,
            Err(_) => 0,
        })
        .sum()
}

fn read(of: Of, file: &str) -> Result<String> {
    let path = format!("/proc/{of}/{file}");
    fs::read_to_string(&path).because(|| format!("{path} cannot be read"))
}

/// The number behind a name at the beginning of a line.
fn number(text: &str, name: &str) -> Option<u64> {
    let rest = text.lines().find_map(|line| line.strip_prefix(name))?;
    rest.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_figures() {
        let memory = memory(Of::Myself).expect("figures of memory");
        assert!(memory.anonymous > 0.0 && memory.peak >= memory.resident * 0.9);
        assert!(cpu_seconds(Of::Myself).expect("a time") >= 0.0);
        assert_eq!(
            number("read_bytes: 1\nwrite_bytes: 42\n", "write_bytes:"),
            Some(42)
        );
    }
}
