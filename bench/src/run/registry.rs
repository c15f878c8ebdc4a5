//! The targets.yaml of a measurement.

use std::{fs, path::Path};

use super::{Args, children::Farm};
use crate::{
    bare,
    trouble::{Because, Result, Trouble},
};

/// The secret for the service's signatures on alerts; the farm does not check them.
pub const SECRET: (&str, &str) = ("GACCONG_BENCH_SECRET", "bench");
/// How a finding is believed: two of three looks within six seconds.
const CONFIRM: &str = "{ looks: 3, within: 6s, agree: 2 }";

/// Writes the file into `folder`; the service answers for its metrics on `listen`, a port of 127.0.0.1.
pub fn write(args: &Args, farm: &Farm, listen: u16, folder: &Path) -> Result<()> {
    let port = port(&farm.template)?;
    let ca = farm.ca.as_ref().map(|it| format!("\"{}\"", it.display()));
    let (ca, secret, control) = (ca.unwrap_or_default(), SECRET.0, &farm.control);
    let (every, learn) = (args.every.as_millis(), args.learn_every.as_millis());
    let mut text = format!(
        r#"service:
  contact: bench@example.gov.vn
  data_dir: data
  snapshots_dir: snapshots
  listen: 127.0.0.1:{listen}
  allow_networks: [127.0.0.0/8, "::1/128"]
  allow_ports: [80, 443, {port}]
  extra_ca: [{ca}]
defaults:
  every: {every}ms
  learn: {{ looks: 5, every: {learn}ms }}
  confirm: {CONFIRM}
  notify: [farm]
notifiers:
  farm: {{ kind: webhook, with: {{ url: "{control}/ctl/alert", secret_env: {secret} }} }}
agencies:
  - id: farm
    name: Made-up portals
    targets:
"#
    );
    for id in 0..args.n {
        // the number in brackets identifies the portal in an alert, also if portals differ by address only
        let url = bare::url(&farm.template, id);
        text.push_str(&format!(
            "      - {{ id: p{id:05}, name: \"Portal ({id:05})\", url: \"{url}\" }}\n"
        ));
    }
    let path = folder.join("targets.yaml");
    fs::write(&path, text).because(|| format!("{} cannot be written", path.display()))
}

fn port(template: &str) -> Result<u16> {
    let host = template
        .split("://")
        .nth(1)
        .and_then(|it| it.split('/').next());
    let port = host.and_then(|it| it.rsplit_once(':')?.1.parse().ok());
    port.ok_or_else(|| Trouble::new(format!("{template} names no port")))
}
