//! What holds whatever happens, at whatever time, and wherever the power is cut.

use proptest::prelude::*;

use super::super::*;
use super::world::{BUDGET, Said, World, ok};

/// What happens to a camera.
#[derive(Debug, Clone)]
enum Event {
    Wait(u64),
    Answers(u8),
    LoseNetwork,
    Network(bool),
    Camera(bool),
    Radio(bool),
    Size(u32),
    PowerCut(u8),
    Noise(std::vec::Vec<u8>),
    Wifi(bool),
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (0u64..400_000).prop_map(Event::Wait),
        3 => (0u8..9).prop_map(Event::Answers),
        1 => Just(Event::LoseNetwork),
        1 => any::<bool>().prop_map(Event::Network),
        1 => any::<bool>().prop_map(Event::Camera),
        1 => any::<bool>().prop_map(Event::Radio),
        2 => (1u32..120_000).prop_map(Event::Size),
        1 => (0u8..5).prop_map(Event::PowerCut),
        1 => prop::collection::vec(any::<u8>(), 0..80).prop_map(Event::Noise),
        1 => any::<bool>().prop_map(Event::Wifi),
    ]
}

fn answers(of: u8) -> Said {
    let status = |status| Said::Status(status, None, std::string::String::new());
    match of {
        0 => Said::Broken,
        1 => Said::Lost,
        2 => Said::Never,
        3 => status(401),
        4 => status(413),
        5 => status(422),
        6 => Said::Status(503, Some(30), std::string::String::new()),
        _ => ok(),
    }
}

fn reset(of: u8) -> Reset {
    [Reset::PowerOn, Reset::Brownout, Reset::Watchdog, Reset::Crash, Reset::Software][usize::from(of) % 5]
}

fn happen(world: &mut World, event: Event) {
    match event {
        Event::Wait(ms) => world.run(ms),
        Event::Answers(of) => world.answers = [answers(of)].into(),
        Event::LoseNetwork => world.lose_network(),
        Event::Network(is_there) => world.network.0 = if is_there { super::world::SSID } else { "gone" }.into(),
        Event::Camera(works) => world.camera_works = works,
        Event::Radio(answers) => world.radio_answers = answers,
        Event::Size(bytes) => world.shot_bytes = bytes,
        Event::PowerCut(of) => world.restart(reset(of)),
        Event::Noise(bytes) => world.step(Input::Uart(&bytes)),
        Event::Wifi(is_right) => {
            let password = if is_right { super::world::PASSWORD } else { "wrong password" };
            world.ask(&improv::Command::Wifi(improv::Wifi::new(super::world::SSID, password).expect("valid")));
        }
    }
    if world.is_dead {
        world.restart(Reset::Software);
    }
}

fn check(world: &World) -> Result<(), TestCaseError> {
    let ring = world.machine.ring();
    let counts = ring.counts;
    prop_assert!(ring.bytes() <= BUDGET, "never more than the budget");
    prop_assert_eq!(ring.bytes(), world.kept.values().sum::<u32>(), "what is kept is what waits");
    let waiting = ring.frames().len() as u32;
    prop_assert_eq!(counts.accepted + counts.dropped + counts.refused + waiting, ring.taken(), "each is accounted for");
    prop_assert_eq!(world.again, 0, "what was accepted is never sent again");
    prop_assert!(world.machine.settings().claim.is_some(), "it stays set up");
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn a_camera_keeps_its_promises_and_always_comes_back(events in prop::collection::vec(event(), 1..25)) {
        let mut world = World::at_work();
        for event in events {
            happen(&mut world, event);
            check(&world)?;
        }
        // Everything is well again: so is the camera, at the latest after it was kept off for a while.
        world.network.0 = super::world::SSID.into();
        world.network.1 = super::world::PASSWORD.into();
        (world.camera_works, world.radio_answers, world.shot_bytes) = (true, true, 9_000);
        world.answers = [ok()].into();
        for _ in 0..3 {
            world.run(2_000_000);
            if world.is_dead {
                world.restart(Reset::Software);
            }
        }
        let before = world.stored.len();
        world.run(600_000);
        prop_assert!(world.stored.len() >= before + 4, "{:?}", world.log.last());
        prop_assert!(world.machine.ring().frames().len() <= 1);
        check(&world)?;
    }

    #[test]
    fn settings_survive_a_power_cut_at_every_write(write in 1usize..6, at in 0usize..600, is_claimed in any::<bool>()) {
        let mut world = if is_claimed { World::at_work() } else { World::new() };
        let before = world.machine.settings().clone();
        world.cut = Some((world.writes + write, at));
        world.ask(&improv::Command::Name("North 3"));
        world.ask(&improv::Command::Hostname("n3"));
        world.provision();
        world.ask(&improv::Command::Name("North 4"));
        let was_cut = world.is_dead;
        world.restart(Reset::PowerOn);
        let after = world.machine.settings().clone();
        prop_assert!(after.claim == before.claim || after.claim.is_some());
        prop_assert!(!is_claimed || after.wifi == before.wifi, "what worked is there");
        prop_assert!(was_cut || &*after.name == "North 4");
        world.provision();
        world.run(5_000);
        prop_assert!(!world.stored.is_empty());
    }
}
