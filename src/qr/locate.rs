//! Finds codes in a picture by the three squares in their corners, and samples their modules.
//!
//! `rqrr` has a search of its own, which copies the picture for each pair of corners and panics on some pictures; here the
//! number of corners, of attempts and the size of a code are bounded.

use super::pixels::Grey;

/// Corners that a picture may have; a picture with more is no code.
const CORNERS: usize = 64;
/// Corners that are combined, those seen in most rows.
const COMBINED: usize = 12;
/// Codes that are tried.
const TRIED: usize = 16;
/// Modules of the side of the largest code that is read: version 20 holds 858 bytes, and codes to pay or to open an
/// address some hundred.
const LARGEST: usize = 97;
const SMALLEST: usize = 21;
/// Share of the modules between the corners that must alternate as they do in every code.
const ALTERNATING: f64 = 0.75;

/// The square in a corner of a code.
#[derive(Clone, Copy, Debug)]
struct Corner {
    x: f64,
    y: f64,
    /// Width of a module in pixels.
    unit: f64,
    /// Rows in which it was seen.
    rows: u32,
}

/// The texts of the codes in a picture.
pub(super) fn texts(grey: &Grey) -> impl Iterator<Item = String> + use<'_> {
    let shades = [between(grey), 128];
    shades
        .into_iter()
        .flat_map(move |it| {
            let dark = Dark { grey, below: it };
            let corners = corners(&dark).unwrap_or_default();
            let groups = groups(&corners);
            let sized = groups
                .into_iter()
                .flat_map(|it| sizes(&it).map(move |size| (it, size)));
            let found: Vec<_> = sized
                .filter_map(|(it, size)| sampled(&dark, &it, size))
                .take(TRIED)
                .collect();
            found
        })
        .filter_map(|it| {
            let mut text = Vec::new();
            rqrr::Grid::new(it).decode_to(&mut text).ok()?;
            Some(String::from_utf8_lossy(&text).into_owned())
        })
}

/// A picture in black and white.
struct Dark<'a> {
    grey: &'a Grey,
    below: u8,
}

impl Dark<'_> {
    fn at(&self, x: usize, y: usize) -> bool {
        self.grey.at(x, y) < self.below
    }
}

/// The shade that best parts dark from light pixels (Otsu).
fn between(grey: &Grey) -> u8 {
    let mut counts = [0u64; 256];
    for shade in &grey.pixels {
        counts[usize::from(*shade)] += 1;
    }
    let all = grey.pixels.len() as f64;
    let sum: f64 = (0..)
        .zip(counts)
        .map(|(at, it)| f64::from(at) * it as f64)
        .sum();
    let (mut dark, mut dark_sum) = (0.0, 0.0);
    let mut best = (0.0, 128);
    for (shade, count) in (0u8..=255).zip(counts) {
        dark += count as f64;
        dark_sum += f64::from(shade) * count as f64;
        let light = all - dark;
        if dark == 0.0 || light == 0.0 {
            continue;
        }
        let apart = dark_sum / dark - (sum - dark_sum) / light;
        let variance = dark * light * apart * apart;
        if variance > best.0 {
            best = (variance, shade.saturating_add(1));
        }
    }
    best.1
}

/// Runs of equal pixels by which corners are found: dark, light, dark, light, dark.
const RUNS: [f64; 5] = [1.0, 1.0, 3.0, 1.0, 1.0];

/// The width of a module, if these runs are a line through the middle of a corner.
fn unit_of(runs: &[usize; 5]) -> Option<f64> {
    let sum: usize = runs.iter().sum();
    let unit = sum as f64 / 7.0;
    let fits = |(run, wanted): (&usize, f64)| {
        (*run as f64 - wanted * unit).abs() <= (0.5 * unit).max(0.75) * wanted.sqrt()
    };
    (sum >= 7 && runs.iter().zip(RUNS).all(fits)).then_some(unit)
}

/// All corners; `None` in a picture with too many.
fn corners(dark: &Dark) -> Option<Vec<Corner>> {
    let grey = dark.grey;
    let mut all: Vec<Corner> = Vec::new();
    for y in 0..grey.height {
        let mut runs = [0usize; 5];
        let mut is_dark = false;
        // one light pixel beyond the edge ends the last run
        for x in 0..=grey.width {
            let now = x < grey.width && dark.at(x, y);
            if now == is_dark {
                runs[4] += 1;
                continue;
            }
            if is_dark && let Some(unit) = unit_of(&runs) {
                let middle = x - runs[4] - runs[3] - runs[2].div_ceil(2);
                if let Some(corner) = crossed(dark, middle, y, unit) {
                    take(&mut all, corner)?;
                }
            }
            runs.rotate_left(1);
            runs[4] = 1;
            is_dark = now;
        }
    }
    all.retain(|it| it.rows > 1 || it.unit < 1.5);
    all.sort_by_key(|it| std::cmp::Reverse(it.rows));
    all.truncate(COMBINED);
    Some(all)
}

/// The corner around a place of which the row looks like one, if its column does, too.
fn crossed(dark: &Dark, x: usize, y: usize, unit: f64) -> Option<Corner> {
    let (up, down) = (
        middle_runs(unit, |step| y.checked_sub(step).map(|y| dark.at(x, y))),
        middle_runs(unit, |step| {
            let y = y + step;
            (y < dark.grey.height).then(|| dark.at(x, y))
        }),
    );
    let (up, down) = (up?, down?);
    let runs = [up[2], up[1], up[0] + down[0] - 1, down[1], down[2]];
    let tall = unit_of(&runs)?;
    if tall > unit * 1.6 || unit > tall * 1.6 {
        return None;
    }
    let middle = y as f64 + (down[0] as f64 - up[0] as f64) / 2.0;
    Some(Corner {
        x: x as f64 + 0.5,
        y: middle + 0.5,
        unit: (unit + tall) / 2.0,
        rows: 1,
    })
}

/// Lengths of the dark, light and dark runs from the middle of a corner outwards.
fn middle_runs(unit: f64, at: impl Fn(usize) -> Option<bool>) -> Option<[usize; 3]> {
    let most = (unit * 9.0) as usize + 4;
    let mut runs = [0; 3];
    let mut run = 0;
    for step in 0..most {
        let wanted = run != 1;
        match at(step) {
            Some(is_dark) if is_dark == wanted => runs[run] += 1,
            _ if run == 2 => return Some(runs),
            None => return None,
            Some(_) => {
                run += 1;
                runs[run] = 1;
            }
        }
    }
    None
}

/// Adds a corner to those known; `None` if there are too many.
fn take(all: &mut Vec<Corner>, new: Corner) -> Option<()> {
    let near = |it: &&mut Corner| {
        let apart = (it.x - new.x).abs().max((it.y - new.y).abs());
        apart < 3.0 * it.unit
    };
    if let Some(known) = all.iter_mut().find(near) {
        let rows = f64::from(known.rows);
        let mean = |a: f64, b: f64| (a * rows + b) / (rows + 1.0);
        *known = Corner {
            x: mean(known.x, new.x),
            y: mean(known.y, new.y),
            unit: mean(known.unit, new.unit),
            rows: known.rows + 1,
        };
        return Some(());
    }
    all.push(new);
    (all.len() <= CORNERS).then_some(())
}

/// The corners of a code: top left, top right, bottom left, as the code stands.
type Group = [Corner; 3];

/// Three corners that form a right angle with equal sides, the best first.
fn groups(corners: &[Corner]) -> Vec<Group> {
    let mut out: Vec<(f64, Group)> = Vec::new();
    for (at, top) in corners.iter().enumerate() {
        for (i, a) in corners.iter().enumerate() {
            for (j, b) in corners.iter().enumerate().skip(i + 1) {
                if i == at || j == at {
                    continue;
                }
                let (ax, ay) = (a.x - top.x, a.y - top.y);
                let (bx, by) = (b.x - top.x, b.y - top.y);
                let (long, other) = (ax.hypot(ay), bx.hypot(by));
                let uneven = (long - other).abs() / long.max(other);
                let skew = (ax * bx + ay * by).abs() / (long * other);
                let units = [top.unit, a.unit, b.unit];
                let least = units.iter().copied().fold(f64::MAX, f64::min);
                let most = units.iter().copied().fold(0.0, f64::max);
                if !(uneven < 0.15 && skew < 0.2 && most < least * 1.5) {
                    continue;
                }
                let turned = ax * by - ay * bx < 0.0;
                let group = if turned {
                    [*top, *b, *a]
                } else {
                    [*top, *a, *b]
                };
                out.push((uneven + skew, group));
            }
        }
    }
    out.sort_by(|a, b| a.0.total_cmp(&b.0));
    out.into_iter().map(|it| it.1).collect()
}

/// Modules that the side of a code may have, the most likely first.
fn sizes([top, right, bottom]: &Group) -> impl Iterator<Item = usize> + use<> {
    let across = (right.x - top.x).hypot(right.y - top.y);
    let down = (bottom.x - top.x).hypot(bottom.y - top.y);
    let unit = (top.unit + right.unit + bottom.unit) / 3.0;
    let about = (across + down) / 2.0 / unit + 7.0;
    let version = ((about - 17.0) / 4.0).round().clamp(0.0, 100.0) as usize;
    let versions = [Some(version), Some(version + 1), version.checked_sub(1)];
    let sizes = versions.into_iter().flatten().map(|it| 17 + 4 * it);
    sizes.filter(|it| (SMALLEST..=LARGEST).contains(it))
}

/// The modules of a code of this size, if they alternate between the corners.
fn sampled(dark: &Dark, [top, right, bottom]: &Group, size: usize) -> Option<rqrr::SimpleGrid> {
    let steps = (size - 7) as f64;
    let across = ((right.x - top.x) / steps, (right.y - top.y) / steps);
    let down = ((bottom.x - top.x) / steps, (bottom.y - top.y) / steps);
    let module = |x: usize, y: usize| {
        let (i, j) = (x as f64 - 3.0, y as f64 - 3.0);
        let at = (
            top.x + across.0 * i + down.0 * j,
            top.y + across.1 * i + down.1 * j,
        );
        at.0 >= 0.0 && at.1 >= 0.0 && dark.at(at.0 as usize, at.1 as usize)
    };
    let between = 8..size - 8;
    let right = |it: &usize| module(*it, 6) == it.is_multiple_of(2);
    let below = |it: &usize| module(6, *it) == it.is_multiple_of(2);
    let kept = between.clone().filter(right).count() + between.clone().filter(below).count();
    let share = kept as f64 / (2 * between.len()) as f64;
    (share >= ALTERNATING).then(|| rqrr::SimpleGrid::from_func(size, module))
}
