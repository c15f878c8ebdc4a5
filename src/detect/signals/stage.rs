//! The look of defacements: black ground, sound or film that starts by itself, tricks, on a page of few words with few
//! links to its own portal.

use crate::{
    detect::{Detector, Found, View},
    diff::features::own_links,
    model::Localized,
    page::Stunt,
};

/// Strength is the sum of the props found, divided by 1.2; less for a page with links to its own portal.
pub struct Stage;

/// Most visible words: a page with more is not made for show.
const WORDS: usize = 250;

/// Hosts for pictures of anonymous users.
const PICTURE_HOSTS: &[&str] = &[
    "imgur.com",
    "postimg.cc",
    "postimg.org",
    "ibb.co",
    "imgbb.com",
    "hizliresim.com",
    "tinypic.com",
    "photobucket.com",
    "prntscr.com",
    "prnt.sc",
    "gyazo.com",
    "imageshack.us",
    "imageshack.com",
    "giphy.com",
    "tenor.com",
    "top4top.io",
    "top4top.net",
    "up4net.com",
    "upload.ee",
    "imgbox.com",
    "pinimg.com",
    "wallpaperaccess.com",
    "discordapp.com",
    "discordapp.net",
    "catbox.moe",
    "imgflip.com",
    "pixhost.to",
    "resimlink.com",
    "fotolog.com",
    "gifer.com",
    "wallpapercave.com",
    "telegra.ph",
];

impl Detector for Stage {
    fn name(&self) -> &'static str {
        "stage"
    }

    fn look(&self, view: &View) -> Option<Found> {
        let page = view.page;
        if view.words > WORDS || view.kept() > 0.5 && view.norm.looks > 0 {
            return None;
        }
        let mut props: Vec<(f64, &str)> = Vec::new();
        if page.dark && !view.norm.dark {
            props.push((0.5, "background: black"));
        }
        let plays = page.stunts.contains(&Stunt::Autoplay)
            || page.frames.iter().any(|it| it.src.contains("autoplay=1"));
        if plays {
            props.push((0.5, "autoplay"));
        } else if page.media > view.norm.media {
            props.push((0.3, "audio/video"));
        }
        for (stunt, weight, name) in [
            (Stunt::Locked, 0.35, "contextmenu off"),
            (Stunt::Canvas, 0.2, "canvas"),
            (Stunt::Marquee, 0.25, "marquee"),
            (Stunt::Typed, 0.25, "typed text"),
        ] {
            if page.stunts.contains(&stunt) {
                props.push((weight, name));
            }
        }
        let borrowed = page
            .images
            .iter()
            .map(|it| crate::page::registrable(&it.host))
            .any(|it| PICTURE_HOSTS.contains(&it.as_str()));
        if borrowed {
            props.push((0.35, "image from a public picture host"));
        }
        if props.is_empty() {
            return None;
        }
        // a dark portal still links to its own pages
        let leads = if own_links(page) > 4 { 0.4 } else { 1.0 };
        let strength = props.iter().map(|it| it.0).sum::<f64>() * leads / 1.2;
        let names: Vec<&str> = props.iter().map(|it| it.1).collect();
        Some(Found::new(
            strength,
            Localized::new("signal-stage"),
            &names.join(", "),
        ))
    }
}
