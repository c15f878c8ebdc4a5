//! Masks learnt from any bytes: a mask fits the bodies it was learnt from and those it grew by, and no work exceeds the
//! length of its input by much.
#![no_main]

use gaccong::{
    model::{Digest, Mask},
    page::cancel,
};
use libfuzzer_sys::fuzz_target;

/// The bodies of looks, separated by 0xff, which no UTF-8 text holds; a single body becomes three with different ends.
fn looks(data: &[u8]) -> Vec<Vec<u8>> {
    let mut looks: Vec<Vec<u8>> = data.split(|it| *it == 0xff).map(<[u8]>::to_vec).collect();
    if looks.len() == 1 {
        let one = looks[0].clone();
        looks = (1..4u8)
            .map(|n| [one.as_slice(), &[b' ', b'0' + n]].concat())
            .collect();
    }
    looks.truncate(12);
    looks
}

fuzz_target!(|data: &[u8]| {
    let looks = looks(data);
    let bodies: Vec<&[u8]> = looks.iter().map(Vec::as_slice).collect();
    let bytes: u64 = bodies.iter().map(|it| it.len() as u64).sum();
    let before = cancel::steps();
    let learnt = bodies.len().saturating_sub(2);
    let mut mask = Mask::learn(Digest::of(b""), None, &bodies[..learnt]);
    let fits: Vec<bool> = bodies.iter().map(|it| mask.fits(it)).collect();
    for body in &bodies {
        if mask.grow(body) {
            assert!(mask.fits(body), "what it grew by does not fit");
        }
    }
    for (body, fitted) in bodies.iter().zip(fits) {
        assert!(!fitted || mask.fits(body), "what fitted fits no more");
    }
    let mut again = Mask::learn(Digest::of(b""), None, &bodies[..learnt]);
    again.remember(&mask);
    let steps = cancel::steps() - before;
    // up to 1,000 steps a byte: faces and variants times looks
    assert!(
        steps <= 1_000 * bytes + 1_000_000,
        "{steps} steps for {bytes} bytes"
    );
});
