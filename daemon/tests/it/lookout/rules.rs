//! Who decides: people first, then the camera that sees best, and only what it has proven.

use std::time::Instant;

use parking_api::cameras::{CameraPatch, NewCamera};
use parking_api::client::{Error, EventQuery, Mutation};
use parking_api::events::EventChange;
use parking_api::orders::Uploaded;
use parking_api::regions::{Calibrate, NewRegion, RegionsMode, SetRegions, Trust, ViewOutcome};
use parking_api::slots::{NewSlot, SetSlot, SlotPatch, SlotState, Source};
use parking_api::{ProblemCode, SlotCode, paths};

use super::{HEIGHT, WIDTH, Yard, cam, code, jpeg, yard as picture_of};
use crate::harness::{Database, PATIENCE, Parkd, wait_for};
use crate::wire::{Wire, answer};

#[tokio::test]
async fn a_camera_that_agreed_with_people_sets_the_slot_and_says_why() {
    let mut yard = Yard::new(RegionsMode::Auto).await;
    assert_eq!(yard.view("A-1").await.trust, Trust::Manual);
    yard.learn().await;
    yard.shows(&["A-1"]).await;
    yard.shows(&["A-1"]).await;
    let slot = yard.becomes("A-1", SlotState::Occupied).await;
    assert_eq!(slot.source, Source::Camera);
    let page = yard.admin.events(&EventQuery::default()).await.expect("events");
    let seen = page.events.iter().filter_map(|entry| entry.event()).filter_map(|event| match &event.change {
        EventChange::SlotSeen { sighting } => Some((event.seq, sighting.clone())),
        _ => None,
    });
    let seen: Vec<_> = seen.collect();
    let [(seq, sighting)] = &seen[..] else { panic!("it was set once: {seen:?}") };
    assert_eq!(*seq, slot.rev + 1, "directly after what it explains");
    assert!(sighting.score > 0.65 && sighting.parts.edges_over_empty > 0.05, "{sighting:?}");
    assert_eq!((sighting.state, &sighting.camera), (SlotState::Occupied, &cam(1)));
    let why = yard.admin.slot_why(&code("A-1")).await.expect("why");
    assert_eq!(why.views[0].opinion, Some(SlotState::Occupied));
    assert!(why.views[0].reference.as_ref().is_some_and(|url| url.starts_with("data:image/png")));
    assert_eq!(yard.slot("A-2").await.state, SlotState::Free, "its neighbour is left alone");
    yard.parkd.verify();
}

#[tokio::test]
async fn a_persons_word_holds_against_what_a_camera_sees() {
    let mut yard = Yard::new(RegionsMode::Auto).await;
    yard.learn().await;
    yard.shows(&["A-1"]).await;
    yard.shows(&["A-1"]).await;
    yard.says("A-1", SlotState::Free).await;
    for _ in 0..4 {
        yard.shows(&["A-1"]).await;
    }
    let slot = yard.slot("A-1").await;
    assert_eq!((slot.state, slot.source), (SlotState::Free, Source::Manual));
    let why = yard.admin.slot_why(&code("A-1")).await.expect("why");
    assert!(why.held_until.is_some(), "{why:?}");
    assert!(why.views[0].outcome.contains("person") || why.views[0].trust != Trust::Automatic, "{why:?}");
}

#[tokio::test]
async fn a_camera_that_may_only_suggest_changes_nothing() {
    let mut yard = Yard::new(RegionsMode::Suggest).await;
    yard.learn().await;
    for _ in 0..3 {
        yard.shows(&["A-1"]).await;
    }
    assert!(yard.view("A-1").await.outcome.contains("suggests occupied"), "{:?}", yard.view("A-1").await);
    let slot = yard.slot("A-1").await;
    assert_eq!((slot.state, slot.suggested), (SlotState::Free, Some(SlotState::Occupied)), "it is shown");
    yard.says("A-1", SlotState::Occupied).await;
    assert_eq!(yard.slot("A-1").await.suggested, None, "whoever sets it settles it");
    yard.parkd.verify();
}

#[tokio::test]
async fn regions_that_mean_nothing_are_refused() {
    let parkd = Parkd::start(&[]);
    let admin = parkd.admin();
    let new: NewCamera = serde_json::from_value(serde_json::json!({ "id": "cam-1" })).expect("a camera");
    admin.camera_create(&new).await.expect("a camera");
    let none = admin.camera_regions(&cam(1)).await.expect("none yet");
    assert_eq!((none.mode, none.regions.len(), none.rev), (RegionsMode::Off, 0, 0));
    let slot: NewSlot = serde_json::from_value(serde_json::json!({ "code": "A-1" })).expect("a slot");
    admin.slot_create(&slot).await.expect("a slot");
    let square = vec![[0.1, 0.1], [0.4, 0.1], [0.4, 0.4]];
    let with = |slot: &str, polygon: &[[f64; 2]]| NewRegion { slot: code(slot), polygon: polygon.to_vec() };
    let cases = [
        (vec![with("A-9", &square)], ProblemCode::SlotNotFound),
        (vec![with("A-1", &square[..2])], ProblemCode::InvalidField),
        (vec![with("A-1", &[[0.1, 0.1]; 17])], ProblemCode::InvalidField),
        (vec![with("A-1", &[[0.1, 0.1], [1.4, 0.1], [0.4, 0.4]])], ProblemCode::InvalidField),
        (vec![with("A-1", &[[0.1, 0.1], [0.2, 0.2], [0.3, 0.3]])], ProblemCode::InvalidField),
        (vec![with("A-1", &square), with("A-1", &square)], ProblemCode::InvalidField),
    ];
    for (regions, expected) in cases {
        let set = SetRegions { mode: RegionsMode::Auto, regions, anchor: None };
        let refused = admin.camera_regions_set(&cam(1), &set, &Mutation::default()).await;
        let Err(Error::Refused(problem)) = refused else { panic!("{expected:?}: {refused:?}") };
        assert_eq!(problem.code, expected);
    }
    let drawn = SetRegions { mode: RegionsMode::Suggest, regions: vec![with("A-1", &square)], anchor: None };
    let seen = |rev| Mutation { if_match: Some(rev), ..Mutation::default() };
    let committed = admin.camera_regions_set(&cam(1), &drawn, &seen(0)).await.expect("they are drawn");
    assert_eq!(admin.camera_regions(&cam(1)).await.expect("regions"), committed.value);
    let refused = admin.camera_regions_set(&cam(1), &drawn, &seen(0)).await;
    let Err(Error::Refused(problem)) = refused else { panic!("somebody drew them since: {refused:?}") };
    assert_eq!((problem.code, problem.rev), (ProblemCode::RevStale, Some(committed.value.rev)));
    let renamed = SlotPatch { code: Some("B-7".parse().expect("a code")), ..SlotPatch::default() };
    admin.slot_patch(&code("A-1"), &renamed, &Mutation::default()).await.expect("it is renamed");
    let regions = admin.camera_regions(&cam(1)).await.expect("regions").regions;
    assert_eq!(regions.iter().map(|region| region.slot.as_str()).collect::<Vec<_>>(), ["B-7"]);
    admin.slot_delete(&code("B-7"), &Mutation::default()).await.expect("it is deleted");
    let none = admin.camera_regions(&cam(1)).await.expect("regions");
    assert!(none.regions.is_empty() && none.rev > committed.value.rev, "{none:?}");
    admin.camera_delete(&cam(1)).await.expect("it is deleted");
    parkd.verify();
}

#[tokio::test]
async fn the_camera_that_sees_a_slot_larger_decides_until_it_falls_silent() {
    let mut yard = Yard::with_cameras(RegionsMode::Auto, 2).await;
    yard.learn().await;
    for _ in 0..3 {
        yard.shows_to(2, &[]).await;
        yard.shows_to(1, &["A-1"]).await;
    }
    assert_eq!(yard.view_of(1, "A-1").await.outcome_kind, ViewOutcome::SeenBetter);
    assert_eq!(yard.slot("A-1").await.state, SlotState::Free);
    let soon = CameraPatch { interval_s: Some(1), ..CameraPatch::default() };
    yard.admin.camera_patch(&cam(2), &soon).await.expect("it is changed");
    let since = Instant::now();
    while since.elapsed() < PATIENCE {
        yard.shows_to(1, &["A-1"]).await;
        if yard.slot("A-1").await.state == SlotState::Occupied {
            return yard.parkd.verify();
        }
    }
    panic!("the other camera is silent: {:?}", yard.view_of(1, "A-1").await);
}

#[tokio::test]
async fn a_camera_that_seldom_sends_a_picture_is_asked_for_those_that_it_learns_from() {
    let yard = Yard::new(RegionsMode::Auto).await;
    yard.admin.slot_set(&code("A-2"), &SetSlot::to(SlotState::Closed), &Mutation::default()).await.expect("it is set");
    let hourly = CameraPatch { interval_s: Some(3_600), ..CameraPatch::default() };
    yard.admin.camera_patch(&cam(1), &hourly).await.expect("it is changed");
    let all = Calibrate { free: vec![code("A-1"), code("A-2")] };
    let begun = yard.admin.camera_calibrate(&cam(1), &all).await.expect("it begins").value;
    let codes = |codes: &[SlotCode]| codes.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!((codes(&begun.slots), codes(&begun.skipped)), (vec!["A-1".to_string()], vec!["A-2".to_string()]));
    assert!(yard.admin.camera(&cam(1)).await.expect("the camera").capture_wanted_at.is_some());
    for (number, is_asked) in [(1, true), (2, true), (3, false)] {
        let picture = jpeg(&picture_of(&[], number), WIDTH, HEIGHT);
        let request = yard.cameras[0].request("POST", paths::CAPTURE).header("content-type", "image/jpeg");
        let uploaded: Uploaded = answer(request.body(picture)).await.json(201);
        assert_eq!(uploaded.orders.is_some_and(|orders| orders.capture.is_some()), is_asked, "{number}");
    }
    let closed = yard.admin.camera_calibrate(&cam(1), &Calibrate { free: vec![code("A-2")] }).await;
    assert!(
        matches!(&closed, Err(Error::Refused(problem)) if problem.code == ProblemCode::ToggleRefused),
        "{closed:?}"
    );
}

#[tokio::test]
async fn what_cameras_learned_survives_a_restart() {
    let mut yard = Yard::new(RegionsMode::Auto).await;
    yard.learn().await;
    yard.shows(&["A-1"]).await;
    yard.restart();
    assert_eq!(yard.view("A-1").await.trust, Trust::Automatic);
    yard.shows(&["A-1"]).await;
    let slot = yard.becomes("A-1", SlotState::Occupied).await;
    assert_eq!(slot.source, Source::Camera, "that was the second picture in a row");
}

#[tokio::test]
async fn all_that_a_camera_makes_of_its_slots_is_listed() {
    let mut yard = Yard::new(RegionsMode::Suggest).await;
    yard.shows(&[]).await;
    let views = yard.admin.camera_views(&cam(1)).await.expect("views");
    let seen: Vec<_> = views.iter().map(|view| (view.slot.as_str(), view.state, view.view.outcome_kind)).collect();
    let learns = |slot| (slot, SlotState::Free, ViewOutcome::Learns);
    assert_eq!(seen, [learns("A-1"), learns("A-2")]);
    assert!(views.iter().all(|view| view.view.capture_url.is_some() && view.view.reference.is_none()));
    assert_eq!(yard.admin.camera_views(&cam(9)).await.map_err(|e| e.to_string().contains("cam-9")), Err(true));
}

#[tokio::test]
async fn two_daemons_that_share_a_database_and_a_camera_are_of_one_mind() {
    let first = Parkd::start_on(Database::Postgres, &[]);
    let second = Parkd::start_at(&first.database_url(), &[]);
    let mut yard = Yard::on(first, RegionsMode::Auto, 1).await;
    let mut other = Wire::new(&second, Some(&yard.tokens[0]));
    let there = second.client_with(Some(yard.parkd.admin_token()));
    wait_for("the second daemon knows the camera", || async {
        there.camera_regions(&cam(1)).await.ok().filter(|drawn| drawn.rev > 0)
    })
    .await;
    for round in 0..40 {
        // Every picture comes to the other daemon, as through a balancer; what people say goes to the first.
        std::mem::swap(&mut yard.cameras[0], &mut other);
        if yard.view("A-1").await.trust == Trust::Automatic {
            break;
        }
        let is_occupied = round % 4 == 3;
        yard.says("A-1", if is_occupied { SlotState::Occupied } else { SlotState::Free }).await;
        yard.shows(if is_occupied { &["A-1"] } else { &[] }).await;
    }
    yard.says("A-1", SlotState::Free).await;
    yard.shows(&[]).await;
    for _ in 0..2 {
        std::mem::swap(&mut yard.cameras[0], &mut other);
        yard.shows(&["A-1"]).await;
    }
    let slot = yard.becomes("A-1", SlotState::Occupied).await;
    assert_eq!(slot.source, Source::Camera);
    let elsewhere = there.slot_why(&code("A-1")).await.expect("why").views.remove(0);
    assert_eq!((elsewhere.trust, elsewhere.outcome_kind), (Trust::Automatic, ViewOutcome::Sets));
    yard.parkd.verify();
}
