//! The cost of a look by the path it takes: one measurement with three mixes of portals.

use crate::{
    farm::Profile,
    run::{self, Args, Figures},
    trouble::Result,
};

/// Pages with equal bytes take the shortest path, dynamic pages the next, and the mix of a real registry shows the
/// total.
const PROFILES: [Profile; 3] = [Profile::Static, Profile::Dynamic, Profile::Clean];
const PATHS: [&str; 4] = ["equal", "masked", "judged", "not_modified"];

/// Prints a table. Whether all limits were kept.
pub async fn run(args: Args) -> Result<bool> {
    let mut all = Vec::new();
    for profile in PROFILES {
        let args = Args {
            profile,
            out: None,
            ..args.clone()
        };
        let figures = run::measure(&args).await?;
        eprint!("{}", figures.table());
        all.push(figures);
    }
    println!(
        "{:<9}{:>10}{:>10}{:>7}  {}",
        "profile",
        "ms a look",
        "ms bare",
        "ratio",
        PATHS.map(|it| format!("{it:>13}")).concat()
    );
    for figures in &all {
        println!("{}", line(figures));
    }
    if let Some(path) = &args.out {
        run::write(path, &all)?;
    }
    let missed: Vec<String> = all
        .iter()
        .flat_map(|it| it.missed(args.at_most, args.late_at_most))
        .collect();
    for sentence in &missed {
        eprintln!("gaccong-bench: {sentence}");
    }
    Ok(missed.is_empty())
}

fn line(it: &Figures) -> String {
    let shares = PATHS.map(|path| match it.paths.get(path) {
        Some(share) => format!("{:>11.1} %", share * 100.0),
        None if it.paths.is_empty() => format!("{:>13}", "?"),
        None => format!("{:>13}", "-"),
    });
    format!(
        "{:<9}{:>10.3}{:>10.3}{:>7.1}  {}",
        it.profile.name(),
        it.cpu_ms_a_look,
        it.bare_cpu_ms_a_page,
        it.ratio,
        shares.concat()
    )
}
