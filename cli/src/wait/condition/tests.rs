//! What can be waited for, in words.

use proptest::prelude::*;

use super::*;

fn condition() -> impl Strategy<Value = Condition> {
    let what = prop_oneof![
        prop::sample::select(SlotState::ALL).prop_map(Measure::State),
        Just(Measure::Total),
        Just(Measure::Occupancy),
    ];
    let is = prop::sample::select(COMPARES.map(|(_, compare)| compare).to_vec());
    let zone = prop::option::of("[A-Za-z0-9][A-Za-z0-9 ]{0,10}[A-Za-z0-9]");
    let count = (what, is, any::<u32>(), zone);
    prop_oneof![
        count.prop_map(|(what, is, than, zone)| Condition::Count { what, is, than, zone }),
        ("[A-Z]-[0-9]{1,3}", any::<bool>(), prop::sample::select(SlotState::ALL))
            .prop_map(|(slot, is, state)| { Condition::Slot { slot: slot.parse().expect("a code"), is, state } }),
        ("cam-[0-9]{1,3}", any::<bool>(), prop::sample::select(CameraStatus::ALL)).prop_map(|(camera, is, status)| {
            Condition::Camera { camera: camera.parse().expect("an id"), is, status }
        }),
    ]
}

proptest! {
    #[test]
    fn what_is_printed_is_read_as_the_same(condition in condition()) {
        prop_assert_eq!(condition.to_string().parse::<Condition>(), Ok(condition));
    }

    #[test]
    fn no_text_is_too_odd_to_be_answered(text in "\\PC{0,40}", sign in prop::sample::select(vec!["", "<", ">=", "!", "is"])) {
        // Whatever comes of it, it comes without a panic, and a refusal names what was refused.
        let odd = format!("free{sign}{text}");
        if let Err(error) = odd.parse::<Condition>() {
            let named = format!("{odd:?}");
            prop_assert!(error.contains(&named) || error.contains(odd.trim()), "{}", error);
        }
    }
}

fn seen() -> Seen {
    let slot = |code: &str, zone: &str, state: &str| {
        let mut slot: serde_json::Value =
            serde_json::from_str(include_str!("../../../../daemon/api/fixtures/slot.json")).expect("a slot");
        slot["id"] = format!("0190d0e4-7c5b-7e2a-9d3c-{:0>12}", code.len() + usize::from(code.as_bytes()[2])).into();
        (slot["code"], slot["zone"], slot["state"]) = (code.into(), zone.into(), state.into());
        serde_json::from_value(slot).expect("a slot")
    };
    Seen::of(
        vec![
            slot("A-1", "A", "free"),
            slot("A-2", "A", "occupied"),
            slot("B-3", "B side", "occupied"),
            slot("B-4", "B side", "unknown"),
        ],
        vec![("cam-1".parse().expect("an id"), CameraStatus::Late)],
    )
}

#[test]
fn a_condition_is_judged_by_what_is_seen() {
    for (text, is_met, value) in [
        ("free>0", true, "1"),
        ("free > 0 in zone A", true, "1"),
        ("free>0 in zone B side", false, "0"),
        ("occupied>=2", true, "2"),
        ("occupied!=2", false, "2"),
        ("total == 4", true, "4"),
        ("unknown<1", false, "1"),
        ("occupancy<90%", true, "67 %"),
        ("occupancy<=66", false, "67 %"),
        ("occupancy=100 % in zone B side", true, "100 %"),
        ("slot A-1 is free", true, "free"),
        ("slot A-1 is not free", false, "free"),
        ("camera cam-1 is not offline", true, "late"),
        ("camera cam-1 is online", false, "late"),
    ] {
        let condition: Condition = text.parse().expect(text);
        assert_eq!(condition.judge(&seen()), verdict(is_met, value.into()), "{text}");
    }
}

#[test]
fn what_is_not_there_is_not_waited_for() {
    for text in ["slot Z-9 is free", "camera cam-9 is online", "free>0 in zone Z"] {
        let condition: Condition = text.parse().expect(text);
        assert!(matches!(condition.judge(&seen()), Verdict::Nothing(_)), "{text}");
    }
    let nothing = Seen::of(Vec::new(), Vec::new());
    let share: Condition = "occupancy<90%".parse().expect("a condition");
    assert_eq!(share.judge(&nothing), Verdict::NotMet("unknown".into()));
}

#[test]
fn what_is_no_condition_is_refused_with_an_example() {
    for text in [
        "",
        "free",
        "free>",
        "free>x",
        "free>0 zone B",
        "free>0 in zone ",
        "free>5%",
        "slot A-1 is",
        "slot A-1 is full",
        "free>-1",
        "free>99999999999",
    ] {
        assert!(text.parse::<Condition>().is_err(), "{text:?}");
    }
}
