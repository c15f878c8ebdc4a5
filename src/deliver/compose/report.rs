//! A report, sent as the file that was written to the data directory.

use super::{Addressee, Composed, Kind, Unsent};
use crate::{
    actions::reports,
    deliver::recipients::Audience,
    model::alert::ReportFile,
    notify::{Document, messages::report},
};
use async_trait::async_trait;

pub(super) struct OfReport<'a>(pub &'a ReportFile);

#[async_trait]
impl Kind for OfReport<'_> {
    async fn compose(&self, to: &Addressee<'_>) -> Result<Composed, Unsent> {
        let (world, file) = (to.world, self.0);
        let bytes = reports::bytes_of(&world.config, &file.path).await;
        let bytes = bytes.map_err(Unsent::Gone)?;
        let name = format!("gaccong-{}.html", file.week);
        let document = Document { name, bytes };
        Ok(report::message(&file.week, &file.summary, document, &world.locale).into())
    }

    fn audience(&self) -> Audience<'_> {
        Audience::Everybody
    }
}
