//! The one integration-test binary: one link, one TLS provider.
//!
//! Helpers: `scene` (a world, a configuration, the built program), `portal` (a scripted portal),
//! `telegram` (a scripted Bot API). Tests, by what they hold:

mod plans; // announced changes: silent, unmasked, asked about
mod portal;
mod scene;
mod telegram;

mod beyond; // sub-pages, sitemaps, uploads, unlinked paths; other visitors; small steps
mod calendar; // lunar months against a table
mod cli; // the program as a user runs it: exit codes, output, bad input
mod config; // targets.yaml: every fault at its place
mod crash; // kill -9 at random moments
mod crowd; // storms hide nobody: names, who joins, who is told alone, kill -9 in one
mod damage; // files that are flipped, cut or lost; disks that fail; backup and restore
mod day; // a day in the duty room: every deed cut short, strangers, two at once, a group that moves
mod duty; // who is called and who hands over
mod fetch; // what a visit sees of good, bad and hostile servers
mod guard; // any text is read or refused, never a hang
mod ladder; // called again until somebody is reached; reminders, the test call before a shift
mod layers; // who may import whom
mod mail; // e-mail over TLS
mod pages; // tests/pages: the detector, from files
mod paths; // equal, masked, judged: how looks are decided, and what they write
mod phones; // commands, buttons and answers in Telegram; strangers
mod real; // real pages where the corpus is at hand
mod registration; // who may be watched: asked, looked at, proved, decided, ended
mod registry; // ownership, ends, the registry's history, the command line
mod reports; // the weekly report in all formats
mod room; // a duty room's chats and people, and the bot at work
mod service; // the running service: kill, restart, beside it
mod simulation; // a thousand seeded histories of crashes, lost replies, outages, blindness
mod store; // one suite over all stores
mod tell; // outbox to Telegram and webhooks
mod together; // a storm taken with one tap
mod topics; // groups with topics, refusals that last, chats known by a name
mod trouble; // storms, flapping, dead chats, our own lateness and clock
mod watch; // learn, confirm, open, restore
mod windows; // what is told before, within and after watch windows
mod words; // both languages say everything
