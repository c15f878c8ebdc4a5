//! Portals that were learnt outside of `allow_networks` stay outside: an attacker who controls a portal's name may point it
//! into the networks that `allow_networks` opens for other portals.

use std::borrow::Cow;

use ipnet::IpNet;

use crate::{
    model::{Baseline, Target, TargetState},
    world::World,
};

/// The target as it may be looked at: without the exceptions of `allow_networks` if all of its good looks came from
/// addresses outside of them.
pub(crate) fn without_exceptions<'a>(
    world: &World,
    target: &'a Target,
    target_state: &TargetState,
) -> Cow<'a, Target> {
    let opened = &world.config.service.allow_networks;
    if target.by_operator && is_outside(opened, target, target_state) {
        let mut target = target.clone();
        target.by_operator = false;
        return Cow::Owned(target);
    }
    Cow::Borrowed(target)
}

fn is_outside(opened: &[IpNet], target: &Target, target_state: &TargetState) -> bool {
    let networks = &target_state.origin.networks;
    let Some(baseline) = target_state
        .baseline
        .as_ref()
        .filter(|_| !opened.is_empty())
    else {
        return false;
    };
    // behind a redirect to another host, the networks are that host's
    let at_home = Baseline::looks(baseline).all(|it| it.url.host() == target.url.host());
    let is_opened = |it: &String| {
        let Ok(it) = it.parse::<IpNet>() else {
            return true;
        };
        opened.iter().any(|of| of.contains(&it) || it.contains(of))
    };
    at_home && !networks.is_empty() && !networks.iter().any(is_opened)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Digest, LookRef};

    #[test]
    fn a_portal_learnt_outside_stays_outside() {
        let opened: Vec<IpNet> = vec!["10.77.0.0/24".parse().unwrap()];
        let target = crate::config::parse(
            "agencies:\n  - id: a\n    name: A\n    targets:\n      - { id: x, name: X, url: 'https://x.gov.vn/' }\n",
            crate::config::Pace::Polite,
        );
        let target = target.unwrap().targets.remove(0);
        let learnt = |networks: &[&str], url: &str| {
            let digest = Digest::of(b"");
            let mut target_state = TargetState::new(target.id.clone());
            target_state.origin.networks = networks.iter().map(|it| (*it).to_owned()).collect();
            target_state.baseline = Some(Baseline {
                approved: vec![LookRef {
                    digest,
                    content: digest,
                    shape: digest,
                    content_type: None,
                    presentation: None,
                    url: url.parse().unwrap(),
                    at: jiff::Timestamp::UNIX_EPOCH,
                }],
                by: "x".to_owned(),
                at: jiff::Timestamp::UNIX_EPOCH,
                learnt: Vec::new(),
            });
            target_state
        };
        let own = "https://x.gov.vn/";
        for (networks, url, outside) in [
            (vec!["45.117.0.0/16"], own, true),
            (vec!["45.117.0.0/16", "2001:db8::/32"], own, true),
            (vec!["10.77.0.0/16"], own, false),
            (vec!["45.117.0.0/16", "10.77.0.0/16"], own, false),
            (vec![], own, false),
            (vec!["45.117.0.0/16"], "https://sso.vn/", false),
        ] {
            let target_state = learnt(&networks, url);
            assert_eq!(
                is_outside(&opened, &target, &target_state),
                outside,
                "{networks:?} {url}"
            );
        }
        let target_state = learnt(&["45.117.0.0/16"], own);
        assert!(!is_outside(&[], &target, &target_state));
        assert!(!is_outside(
            &opened,
            &target,
            &TargetState::new(target.id.clone())
        ));
    }
}
