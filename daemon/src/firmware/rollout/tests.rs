//! Who is chosen, how far they are, and when it is enough.

use parking_api::Time;
use parking_api::cameras::Health;

use super::*;

fn firmware(version: &str, percent: u8) -> Firmware {
    Firmware {
        id: "0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12".parse().expect("an id"),
        board: "aithinker".into(),
        version: version.into(),
        bytes: 1,
        sha256: format!("{:0>16}{}", version.replace('.', ""), "0".repeat(48)),
        signature: String::new(),
        key: String::new(),
        added_at: Time::from_ms(0),
        rev: 1,
        roll_out: Some(RollOut {
            percent,
            cameras: Vec::new(),
            is_forced: false,
            began_at: Time::from_ms(1_000),
            stopped_at: None,
        }),
    }
}

fn seen(number: usize, board: &str, runs: &str, says: Option<(&str, &Firmware)>) -> Seen {
    let health = Health {
        board: Some(board.into()),
        firmware: Some(runs.into()),
        update: says.map(|(word, _)| word.into()),
        update_of: says.map(|(_, firmware)| firmware.sha256[..MARK_DIGITS].into()),
        ..Health::default()
    };
    let at = Time::from_ms(2_000);
    let contact = Contact { seen_at: at, capture_id: None, health_at: Some(at), health: Some(health) };
    Seen { camera: format!("cam-{number}").parse().expect("an id"), contact: Some(contact), silence_ms: 0 }
}

fn fleet(len: usize) -> Vec<Seen> {
    (0..len).map(|number| seen(number, "aithinker", "0.1.0", None)).collect()
}

fn names(chosen: &[&Seen]) -> Vec<String> {
    chosen.iter().map(|seen| seen.camera.to_string()).collect()
}

#[test]
fn so_many_percent_are_so_many_cameras_and_always_the_same_ones() {
    let fleet = fleet(50);
    let mut before = Vec::new();
    for percent in 0..=100 {
        let now = names(&chosen(&firmware("0.2.0", percent), &fleet));
        assert_eq!(now.len(), usize::from(percent).div_ceil(2), "{percent} %");
        assert!(now.starts_with(&before), "more percent only add");
        before = now;
    }
    let mut turned = fleet.clone();
    turned.reverse();
    assert_eq!(names(&chosen(&firmware("0.2.0", 30), &turned)), names(&chosen(&firmware("0.2.0", 30), &fleet)));
    assert_eq!(chosen(&firmware("0.2.0", 1), &fleet[..3]).len(), 1, "a few of a few are at least one");
}

#[test]
fn only_cameras_of_its_board_are_chosen_unless_they_are_named() {
    let other = [seen(1, "wrover", "0.1.0", None), seen(2, "aithinker", "0.1.0", None)];
    let all = firmware("0.2.0", 100);
    assert_eq!(names(&chosen(&all, &other)), ["cam-2"]);
    let mut named = all.clone();
    named.roll_out.as_mut().expect("a roll-out").cameras = vec!["cam-1".parse().expect("an id")];
    assert_eq!(names(&chosen(&named, &other)), ["cam-1"]);
    assert!(chosen(&Firmware { roll_out: None, ..all }, &other).is_empty());
}

#[test]
fn a_camera_is_as_far_as_it_says() {
    let (new, other) = (firmware("0.2.0", 100), firmware("0.9.0", 100));
    let state = |runs, says| {
        let status = status(&new, &[seen(1, "aithinker", runs, says)]);
        status.cameras[0].state
    };
    assert_eq!(state("0.1.0", None), Progress::Told);
    assert_eq!(state("0.1.0", Some(("bad_signature", &other))), Progress::Told, "that was about another one");
    assert_eq!(state("0.1.0", Some(("bad_signature", &new))), Progress::Failed);
    assert_eq!(state("0.1.0", Some(("fetching", &new))), Progress::Fetching);
    assert_eq!(state("0.2.0", Some(("trial", &new))), Progress::Trying);
    assert_eq!(state("0.1.0", Some(("interrupted", &new))), Progress::Trying);
    assert_eq!(state("0.2.0", Some(("valid", &new))), Progress::Running);
    assert_eq!(state("0.2.0", None), Progress::Running, "it was flashed by hand");
    assert_eq!(state("0.1.0", Some(("went_back", &new))), Progress::WentBack);
    let mut early = seen(1, "aithinker", "0.1.0", None);
    early.contact.as_mut().expect("a contact").seen_at = Time::from_ms(500);
    assert_eq!(status(&new, &[early]).cameras[0].state, Progress::Waiting);
}

#[test]
fn a_roll_out_is_bad_when_a_fifth_has_gone_back() {
    let new = firmware("0.2.0", 100);
    let bad = |went_back: usize, of: usize| {
        let says = |number| (number < went_back).then_some(("went_back", &new));
        let fleet: Vec<_> = (0..of).map(|number| seen(number, "aithinker", "0.1.0", says(number))).collect();
        is_bad(&status(&new, &fleet))
    };
    assert!(!bad(0, 1) && bad(1, 1) && bad(1, 5) && !bad(1, 6) && !bad(9, 50) && bad(10, 50));
    assert!(!bad(0, 0));
}

#[test]
fn a_camera_that_started_it_and_is_silent_since_counts_as_one_that_went_back() {
    let new = firmware("0.2.0", 100);
    let state = |word, silence_ms, began_ms| {
        let mut new = new.clone();
        new.roll_out.as_mut().expect("a roll-out").began_at = Time::from_ms(began_ms);
        let dead = Seen { silence_ms, ..seen(1, "aithinker", "0.1.0", Some((word, &new))) };
        let status = status(&new, &[dead]);
        (status.cameras[0].state, is_bad(&status))
    };
    let long = i64::from(SILENT_S) * 1_000 + 1;
    assert_eq!(state("written", long, 1_000), (Progress::Silent, true));
    assert_eq!(state("trial", long, 1_000), (Progress::Silent, true));
    assert_eq!(state("trial", long - 1, 1_000), (Progress::Trying, false));
    assert_eq!(state("fetching", long, 1_000), (Progress::Fetching, false), "it is where it was");
    assert_eq!(state("written", long, 2_001), (Progress::Fetching, false), "it was silent before");
}

#[test]
fn what_went_back_at_an_earlier_attempt_does_not_count_and_is_offered_again() {
    let mut new = firmware("0.2.0", 100);
    let mut known = seen(1, "aithinker", "0.1.0", Some(("went_back", &new)));
    let health = known.contact.as_mut().and_then(|contact| contact.health.as_mut()).expect("a report");
    health.update_attempt = Some(1_000);
    let state = |new: &Firmware| status(new, std::slice::from_ref(&known)).cameras[0].state;
    let is_offered = |new: &Firmware| offered(vec![new.clone()], &known, Vec::new).is_some();
    assert_eq!((state(&new), is_offered(&new)), (Progress::WentBack, false));
    new.roll_out.as_mut().expect("a roll-out").began_at = Time::from_ms(1_500);
    assert_eq!((state(&new), is_offered(&new)), (Progress::Failed, true));
}

#[test]
fn a_camera_is_offered_the_last_that_was_rolled_out_to_it_until_it_runs_it_or_went_back() {
    let old = firmware("0.2.0", 100);
    let mut new = firmware("0.3.0", 100);
    new.rev = 2;
    let offered_to = |firmwares: &[Firmware], runs, says| {
        let active = firmwares.iter().filter(|firmware| is_active(firmware)).cloned().collect();
        let own = seen(1, "aithinker", runs, says);
        offered(active, &own, || vec![own.clone()]).map(|firmware| firmware.version)
    };
    let both = [old.clone(), new.clone()];
    assert_eq!(offered_to(&both, "0.1.0", None).as_deref(), Some("0.3.0"));
    assert_eq!(offered_to(&both, "0.3.0", None), None, "and not the older one");
    assert_eq!(offered_to(&both, "0.1.0", Some(("went_back", &new))), None);
    assert_eq!(offered_to(&both, "0.1.0", Some(("no_key", &new))).as_deref(), Some("0.3.0"));
    let [_, mut stopped] = both.clone();
    stopped.roll_out.as_mut().expect("a roll-out").stopped_at = Some(Time::from_ms(3_000));
    assert_eq!(
        offered_to(&[old.clone(), stopped], "0.1.0", None).as_deref(),
        Some("0.2.0"),
        "what was stopped is not offered"
    );
}
