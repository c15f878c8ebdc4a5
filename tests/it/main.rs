//! The only binary of integration tests, so that there is one link step and one TLS provider.
//!
//! Helpers: `scene` (a world, a configuration, the built program), `portal` (a scripted portal), `names` (a scripted
//! name server), `telegram` (a scripted Bot API). The modules, with what they test:

mod names; // a scripted name server
mod plans; // announced changes: silent, attacks among them, the question afterwards
mod portal;
mod scene;
mod telegram;
mod tls_portal;

mod announce; // announced changes: permissions and forms of the command
mod beyond; // sub-pages, sitemaps, uploads, unlinked paths; other visitors; small steps
mod budgets; // no long file, no long function, few parameters
mod calendar; // lunar months against a table
mod calls; // calls that must not be lost: barred steps, muted chats, absence at night
mod campaigns; // one stranger on several portals: one message for the operators, once
mod capabilities; // what inline code does, in its many spellings
mod certificates; // a verdict belongs to its connection; chains without an intermediate; servers beyond rustls
mod cli; // the program as a user runs it: exit codes, output, bad input
mod config; // targets.yaml: every fault at its place
mod cost; // pages cost in proportion to their length; hostile ones do not delay others
mod crash; // kill -9 at random moments
mod crowd; // a storm hides no incident: names, joiners, targets told alone, kill -9 in one
mod cycles; // no file imports itself through others
mod damage; // files that are flipped, cut or lost; disks that fail
mod day; // a day in the duty room: every step interrupted, strangers, simultaneous taps, a group that moves
mod decide; // decisions that another commit overtakes
mod dependencies; // licences, sources, bans and advisories of dependencies
mod disks; // disks that hang block no thread of the runtime
mod duty; // escalation and hand-over
mod edits; // the configuration of a running service: paths that are no files, edits during the start, health with a faulty file
mod endless; // endless answers that are no page
mod faces; // addresses of both families in turn
mod fences; // what other people cannot do: backups, users of the machine, portals inside, rebound names
mod fetch; // what a visit sees of good, bad and hostile servers
mod fleet; // what other portals use: from a file, from the store; campaigns
mod flood; // hundreds of requests: limited, one message, no obstacle to a proved one
mod guard; // any text is read or refused, never a hang
mod hands; // the actor of each action: accounts, chats, look-alike names; an agency's mute
mod http; // cookies, redirects, lengths, codings and names as real servers have them
mod http2; // HTTP/2 that is broken
mod input; // lists, tables and certificates as operators have them
mod ladder; // calls until an officer responds; reminders, test calls before shifts
mod layers; // imports between layers
mod leads;
mod line; // whether the portals or the service's own network failed: a table
mod links; // no foreign text becomes a link in a chat
mod mail; // e-mail over TLS
mod one_judge; // equal verdicts on pages from files and from a portal
mod pages; // tests/pages: the detector, from files
mod paths; // equal, masked, judged: how looks are decided, and what they write
mod phones; // commands, buttons and answers in Telegram; strangers
mod pins; // facts that visitors act on: pinned, listed, told when they change
mod questions; // large changes that the agency is asked about: answers, ends, what rings instead
mod queues; // a flood in one chat does not delay the others
mod reach; // addresses that are slow to connect, shut or dead
mod real; // real pages where the corpus is at hand
mod records; // data directories of an older program: opened, rebuilt, restored, reported
mod registration; // registration: requests, looks, proofs, decisions, ends
mod registry; // ownership, ends, the registry's history, the command line
mod reports; // the weekly report in all formats
mod restore; // a backup holds all pages; a restore is whole or not at all
mod retention; // what the nightly maintenance deletes, by the table of tables
mod retired; // names that were replaced by plain ones
mod rings; // calls and reminders of many incidents: one message a minute, one tap
mod room; // a duty room's chats and people, and the bot at work
mod service; // the running service: kills, restarts, commands beside it
mod sheets; // style sheets of the portal, fetched beside the looks
mod sightings; // content that one look shows and the next does not
mod simulation; // a thousand seeded histories of crashes, lost replies, outages, blindness
mod states; // checks, shells, maintenance and error pages in the place of a page
mod store; // one suite over all stores
mod tell; // outbox to Telegram and webhooks
mod thrift; // no needless requests, no needless bodies on disk
mod together; // a storm taken with one tap
mod topics; // groups with topics, lasting refusals, chats known by a public name
mod trouble; // storms, flapping, dead chats, late looks and a wrong clock
mod unread; // pages that cannot be read completely
mod unseen; // headers, refusals and known hosts that may hide a defacement
mod watch; // learn, confirm, open, restore
mod windows; // messages before, during and after watch windows
mod words; // both languages have every text
