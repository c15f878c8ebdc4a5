//! Pinned facts: the list of a portal's facts, and officers' decisions on which of them are watched.

use jiff::Timestamp;

use crate::{
    actions::{access::Access, refused::Refused},
    diff::Norm,
    model::{
        Baseline, IncidentId, Localized, Target, TargetId, TargetState,
        excerpt::excerpt,
        pin::{Fact, Pin, RULINGS, Ruling},
        registration::{AuditEntry, AuditEvent},
    },
    store::Commit,
    world::{
        World,
        decide::{Decision, decide},
    },
};

/// A fact of a portal, as the list shows it.
#[derive(Clone, Debug)]
pub struct Listed {
    pub pin: Pin,
    /// Recent looks that had it.
    pub looks: u16,
    /// Whether its change is told.
    pub is_watched: bool,
    /// The officer's decision, if one decided.
    pub ruling: Option<Ruling>,
}

/// A portal with the facts that its known looks had, or that officers decided on.
#[derive(Clone, Debug)]
pub struct Facts {
    pub target: Target,
    pub baseline: Option<Baseline>,
    pub open: Option<IncidentId>,
    /// Recent looks by which facts are pinned.
    pub looks: u16,
    /// Watched ones first, by kind.
    pub all: Vec<Listed>,
}

/// Lists the facts of a portal that the caller may see.
///
/// # Errors
///
/// [`Refused::NotFound`] for an unknown target; [`Refused::Because`] if its known pages cannot be read in time.
pub async fn list(access: &Access<'_>, id: &TargetId) -> Result<Facts, Refused> {
    let target = access.target(id).await?;
    Ok(facts(access.world, target).await?.0)
}

/// Watches a fact of a portal from now on though few looks had it (`is_watched`), or strikes it from those that are watched.
/// `named` is its short id, its value, or the value as the page writes it. Repeating a decision changes nothing.
///
/// # Errors
///
/// As [`list`]; [`Refused::Forbidden`] if the caller may not change baselines, [`Refused::Because`] if no fact or several
/// are named so.
pub async fn rule(
    access: &Access<'_>,
    id: &TargetId,
    named: &str,
    is_watched: bool,
) -> Result<Pin, Refused> {
    let target = &access.target(id).await?;
    access.decides("pin-officers-only")?;
    let by = &access.name();
    decide(access.world, |now| async move {
        let (facts, known) = facts(access.world, target.clone()).await?;
        let found = find(&facts.all, named)?;
        let pin = found.pin.clone();
        let is_again = found.ruling.as_ref().map(|it| it.is_watched) == Some(is_watched);
        if is_again {
            return Ok(Decision::nothing(pin));
        }
        let ruling = Ruling {
            pin: pin.clone(),
            is_watched,
            by: by.clone(),
            at: now,
        };
        let commit = Commit {
            target_state: Some(ruled(known, ruling.clone())),
            entries: vec![entry(id, &ruling, now)],
            marker: access.mark(),
            ..Commit::default()
        };
        Ok(Decision::write(commit, pin))
    })
    .await
}

/// The facts of a target, and the state that they were read from.
async fn facts(world: &World, target: Target) -> Result<(Facts, TargetState), Refused> {
    let known = world.store.target_state(&target.id).await?;
    let known = known.unwrap_or_else(|| TargetState::new(target.id.clone()));
    let learnt = world.norms.learnt(&world.workers, &target, &known).await;
    let unread = |why| Localized::new("pin-unread").with("why", why);
    let norm = learnt.map_err(|why| unread(why.to_string()))?.all;
    let facts = Facts {
        baseline: known.baseline.clone(),
        open: known.open.clone(),
        looks: norm.looks,
        all: listed(&norm, &known.pins),
        target,
    };
    Ok((facts, known))
}

fn listed(norm: &Norm, rulings: &[Ruling]) -> Vec<Listed> {
    let ruling = |pin: &Pin| rulings.iter().find(|it| it.pin.key() == pin.key()).cloned();
    let mut all: Vec<Listed> = norm
        .pins
        .values()
        .filter(|it| it.1 > 0 || ruling(&it.0).is_some())
        .map(|(pin, looks)| Listed {
            ruling: ruling(pin),
            pin: pin.clone(),
            looks: *looks,
            is_watched: *looks > 0 && norm.is_stable(*looks),
        })
        .collect();
    let gone = rulings
        .iter()
        .filter(|it| !norm.pins.contains_key(&it.pin.key()));
    all.extend(gone.map(|it| Listed {
        pin: it.pin.clone(),
        looks: 0,
        is_watched: false,
        ruling: Some(it.clone()),
    }));
    for it in &mut all {
        it.is_watched = it.ruling.as_ref().map_or(it.is_watched, |it| it.is_watched);
    }
    all.sort_by(|a, b| {
        let of = |it: &Listed| {
            let kind = Fact::ALL.iter().position(|kind| *kind == it.pin.kind);
            (!it.is_watched, kind)
        };
        let by_words = || (&a.pin.value, &a.pin.label).cmp(&(&b.pin.value, &b.pin.label));
        of(a).cmp(&of(b)).then_with(by_words)
    });
    all
}

/// The fact that is named so.
fn find<'a>(all: &'a [Listed], named: &str) -> Result<&'a Listed, Refused> {
    let named = named.trim();
    let digits: String = named.chars().filter(|it| it.is_alphanumeric()).collect();
    let is_named = |it: &&Listed| {
        let pin = &it.pin;
        let number = matches!(pin.kind, Fact::Account | Fact::Phone);
        pin.id() == named.to_lowercase()
            || [&pin.value, &pin.shown]
                .iter()
                .any(|it| it.eq_ignore_ascii_case(named))
            || number && pin.value.eq_ignore_ascii_case(&digits)
    };
    let found: Vec<&Listed> = all.iter().filter(is_named).collect();
    match found.as_slice() {
        [one] => Ok(one),
        [] => Err(Localized::new("pin-none")
            .with("fact", excerpt(named, 80))
            .into()),
        several => {
            let ids: Vec<String> = several.iter().take(20).map(|it| it.pin.id()).collect();
            let say = Localized::new("pin-several").with("fact", excerpt(named, 80));
            Err(say.with("ids", ids.join(", ")).into())
        }
    }
}

/// The state of a target with one more decision, in the place of an earlier one on the same fact. Beyond [`RULINGS`] the
/// oldest is dropped.
fn ruled(known: TargetState, ruling: Ruling) -> TargetState {
    let mut target_state = known;
    let pins = &mut target_state.pins;
    pins.retain(|it| it.pin.key() != ruling.pin.key());
    pins.push(ruling);
    let surplus = pins.len().saturating_sub(RULINGS);
    pins.drain(..surplus);
    target_state
}

fn entry(id: &TargetId, ruling: &Ruling, now: Timestamp) -> AuditEntry {
    let kind = ruling.pin.kind.as_str().to_owned();
    let value = ruling.pin.shown.clone();
    AuditEntry {
        at: now,
        target: id.clone(),
        by: ruling.by.clone(),
        deed: match ruling.is_watched {
            true => AuditEvent::Pinned { kind, value },
            false => AuditEvent::Unpinned { kind, value },
        },
    }
}

impl Facts {
    /// The watched facts, or the others.
    pub fn of(&self, is_watched: bool) -> impl Iterator<Item = &Listed> {
        self.all
            .iter()
            .filter(move |it| it.is_watched == is_watched)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::pins;

    fn pin(value: &str, label: &str) -> Pin {
        Pin::new(Fact::Service, value, label, &format!("https://{value}/"))
    }

    #[test]
    fn facts_are_listed_with_what_officers_decided() {
        let looks = [
            vec![pin("a.gov.vn", "nop thue"), pin("b.vn", "tra cuu")],
            vec![pin("a.gov.vn", "nop thue")],
        ];
        let mut norm = Norm {
            looks: 2,
            ..Norm::default()
        };
        looks
            .iter()
            .for_each(|it| pins::count(&mut norm.pins, it, 1));
        let ruling = |pin: &Pin, is_watched| Ruling {
            pin: pin.clone(),
            is_watched,
            by: "Lan".to_owned(),
            at: Timestamp::UNIX_EPOCH,
        };
        let states = |rulings: &[Ruling]| -> Vec<(String, u16, bool)> {
            let all = listed(&norm, rulings);
            let state = |it: Listed| (it.pin.value, it.looks, it.is_watched);
            all.into_iter().map(state).collect()
        };
        let of = |value: &str, looks, is_watched| (value.to_owned(), looks, is_watched);
        assert_eq!(states(&[]), [of("a.gov.vn", 2, true), of("b.vn", 1, false)]);
        let old = pin("c.vn", "dang ky");
        let rulings = [
            ruling(&looks[0][0], false),
            ruling(&looks[0][1], true),
            ruling(&old, true),
        ];
        assert_eq!(
            states(&rulings),
            [
                of("b.vn", 1, true),
                of("c.vn", 0, true),
                of("a.gov.vn", 2, false)
            ]
        );
    }

    #[test]
    fn a_fact_is_found_by_id_value_or_spelling() {
        let account = Pin::new(Fact::Account, "374109087365", "stk", "3741.0.9087365");
        let all: Vec<Listed> = [account.clone(), pin("a.vn", "mot"), pin("a.vn", "hai")]
            .into_iter()
            .map(|pin| Listed {
                pin,
                looks: 1,
                is_watched: true,
                ruling: None,
            })
            .collect();
        for named in [
            "374109087365",
            "3741.0.9087365",
            "3741 0908 7365",
            &account.id(),
        ] {
            assert_eq!(find(&all, named).unwrap().pin, account, "{named}");
        }
        assert!(find(&all, "a.vn").is_err() && find(&all, "b.vn").is_err());
        assert_eq!(find(&all, &all[2].pin.id()).unwrap().pin.label, "hai");
    }

    #[test]
    fn decisions_of_a_target_are_bounded() {
        let mut state = TargetState::new("xa".parse().unwrap());
        for n in 0..RULINGS + 5 {
            let ruling = Ruling {
                pin: pin(&format!("{n}.vn"), "x"),
                is_watched: true,
                by: "Lan".to_owned(),
                at: Timestamp::UNIX_EPOCH,
            };
            state = ruled(ruled(state, ruling.clone()), ruling);
        }
        assert_eq!(state.pins.len(), RULINGS);
        assert_eq!(state.pins[0].pin.value, "5.vn");
    }
}
