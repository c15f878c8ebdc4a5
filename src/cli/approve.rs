//! `gaccong approve ID --by NAME`: the present page is right.

use serde_json::json;

use super::{
    Failure, Global, Outcome, open,
    output::{done, line},
};
use crate::{
    actions::approve::{Keep, NotApproved, Word, approve},
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
    let target = world.target(&id).await?.ok_or_else(|| {
        Failure::usage(format!(
            "no target is called {id}; gaccong targets list shows all"
        ))
    })?;
    match approve(&world, &target, Word::new(args.by.trim(), Keep::None), None).await {
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
                &world.words.text("cli-approved", &args),
                &facts,
            )?;
            Ok(Outcome::Fine)
        }
        Err(NotApproved::NoPage(class)) => {
            line(&format!("gaccong: {}", NotApproved::NoPage(class)))?;
            Ok(Outcome::Found)
        }
        Err(error) => Err(Failure::system(error.to_string())),
    }
}
