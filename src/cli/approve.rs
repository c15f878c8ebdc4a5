//! `gaccong approve ID --by NAME`: makes the present page of a target its only approved one.

use serde_json::json;

use super::{
    Failure, Global, Outcome, open,
    output::{done, line},
};
use crate::{
    actions::{Access, Noun, Refused, approve::approve_page},
    model::TargetId,
};

#[derive(clap::Args)]
pub struct Args {
    /// The target's id
    id: String,
    /// Who approves
    #[arg(long, value_name = "NAME")]
    by: String,
}

pub(super) async fn run(global: &Global, args: Args) -> Result<Outcome, Failure> {
    open::logs("error");
    let (world, _opened) = open::world(global, true).await?;
    let id: TargetId = args.id.parse().map_err(Failure::usage)?;
    if args.by.trim().is_empty() {
        return Err(Failure::usage("--by: a name is wanted"));
    }
    let access = Access::cli(&world, args.by.trim());
    match approve_page(&access, &id).await {
        Ok(approved) => {
            let args = [
                ("id", id.to_string()),
                ("by", args.by.trim().to_owned()),
                ("class", approved.class.to_string()),
            ];
            let args: Vec<(&str, &str)> = args
                .iter()
                .map(|(name, value)| (*name, value.as_str()))
                .collect();
            let facts = json!({"id": id, "by": args[1].1, "class": approved.class, "looks": approved.looks});
            done(
                global.json,
                &world.locale.text_with("cli-approved", &args),
                &facts,
            )?;
            Ok(Outcome::Fine)
        }
        Err(why @ Refused::NoPage(_)) => {
            line(&format!("gaccong: {why}"))?;
            Ok(Outcome::Found)
        }
        Err(Refused::NotFound(Noun::Target)) => Err(Failure::usage(format!(
            "no target is called {id}; gaccong targets list shows all"
        ))),
        Err(why) => Err(Failure::refused(why, &world.locale)),
    }
}
