//! `gaccong fleet`: what the portals know of hosts together.

use serde_json::json;

use super::{
    Failure, Global, Outcome, open,
    output::{line, table},
};
use crate::model::{HostRole, portal_hosts::FleetRow, time::day};

#[derive(clap::Subcommand)]
pub enum Action {
    /// Hosts that the portals use, in what role, in how many of them and since when
    Hosts {
        /// Only this role: code, frame, form, style, refresh, download, canonical, link or image
        #[arg(long, value_name = "ROLE", value_parser = role)]
        role: Option<HostRole>,
    },
}

fn role(word: &str) -> Result<HostRole, String> {
    HostRole::named(word).ok_or_else(|| {
        let all = HostRole::ALL.map(HostRole::as_str).join(", ");
        format!("roles are {all}")
    })
}

pub(super) async fn run(global: &Global, action: Action) -> Result<Outcome, Failure> {
    open::logs("warn");
    let Action::Hosts { role } = action;
    let (world, _opened) = open::existing(global).await?;
    let today = day(world.clock.now());
    let census = world.fleet_census().await?;
    let fleet = census.fleet(today);
    let mut rows = census.rows(today);
    rows.retain(|it| role.is_none_or(|role| it.role == role));
    // the most widely used first
    rows.sort_by(|a, b| (b.portals, a.role, &a.name).cmp(&(a.portals, b.role, &b.name)));
    if global.json {
        for it in &rows {
            let object = json!({
                "host": it.name, "role": it.role, "portals": it.portals, "settled": it.settled,
                "since": it.since, "ordinary": fleet.is_ordinary(&it.name, it.role),
            });
            line(&object.to_string())?;
        }
        return Ok(Outcome::Fine);
    }
    let locale = &world.locale;
    let cells = |it: &FleetRow| {
        vec![
            it.name.clone(),
            it.role.as_str().to_owned(),
            locale.count(it.portals.into()),
            locale.date(it.since),
        ]
    };
    let heads = ["host", "role", "portals", "first"].map(|it| locale.text(&format!("head-{it}")));
    table(&heads, rows.iter().map(cells).collect())?;
    Ok(Outcome::Fine)
}
