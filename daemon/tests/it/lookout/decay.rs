//! What becomes of a slot whose camera says nothing any more: stale, then unknown, whatever the reason.

use parking_api::cameras::{CameraPatch, GENTLE_FACTOR, Health, OFFLINE_INTERVALS};
use parking_api::client::Mutation;
use parking_api::regions::RegionsMode;
use parking_api::slots::{SlotState, Source};

use super::{HEIGHT, WIDTH, Yard, cam, jpeg, regions};
use crate::harness::wait_for;

/// Has the camera expected every second, so that silence soon means something.
async fn hurry(yard: &Yard) {
    let soon = CameraPatch { interval_s: Some(1), ..CameraPatch::default() };
    yard.admin.camera_patch(&cam(1), &soon).await.expect("it is changed");
}

/// A yard that is somewhere else.
fn elsewhere(number: usize) -> Vec<u8> {
    let pixel = |at: usize| (((at % WIDTH / 17) * 31 + (at / WIDTH / 41) * 17 + number) % 200 + 20) as u8;
    jpeg(&(0..WIDTH * HEIGHT).map(pixel).collect::<Vec<u8>>(), WIDTH, HEIGHT)
}

#[tokio::test]
async fn pictures_that_show_nothing_change_nothing_and_after_a_while_the_slot_is_unknown() {
    let mut yard = Yard::new(RegionsMode::Auto).await;
    yard.learn().await;
    for _ in 0..2 {
        yard.shows(&["A-1"]).await;
    }
    yard.becomes("A-1", SlotState::Occupied).await;
    let dark: Vec<u8> = (0..WIDTH * HEIGHT).map(|at| (at % 7) as u8).collect();
    let foreign = |at: usize| (((at % WIDTH / 17) * 31 + (at / WIDTH / 41) * 17) % 200 + 20) as u8;
    let foreign: Vec<u8> = (0..WIDTH * HEIGHT).map(foreign).collect();
    for picture in [vec![128; WIDTH * HEIGHT], dark, foreign] {
        yard.upload(1, jpeg(&picture, WIDTH, HEIGHT)).await;
    }
    wait_for("the camera says what it sees", || async {
        Some(yard.view("A-1").await.outcome).filter(|why| why.contains("something else") || why.contains("moved"))
    })
    .await;
    assert_eq!(yard.slot("A-1").await.state, SlotState::Occupied);
    let soon = CameraPatch { interval_s: Some(1), ..CameraPatch::default() };
    yard.admin.camera_patch(&cam(1), &soon).await.expect("it is changed");
    let slot = yard.becomes("A-1", SlotState::Unknown).await;
    assert_eq!(slot.source, Source::Camera);
    assert_eq!(yard.slot("A-2").await.state, SlotState::Free, "what a person said stays");
}

#[tokio::test]
async fn a_slot_whose_camera_falls_silent_is_stale_then_unknown_and_fresh_again_with_the_next_pictures() {
    let mut yard = Yard::new(RegionsMode::Auto).await;
    yard.learn().await;
    for _ in 0..2 {
        yard.shows(&["A-1"]).await;
    }
    yard.becomes("A-1", SlotState::Occupied).await;
    hurry(&yard).await;
    let this = &yard;
    let stale = wait_for("A-1 is stale", || async {
        Some(this.slot("A-1").await).filter(|slot| slot.stale_since.is_some() || slot.state == SlotState::Unknown)
    })
    .await;
    assert_eq!((stale.state, stale.source), (SlotState::Occupied, Source::Camera), "it still is what was seen last");
    let unknown = yard.becomes("A-1", SlotState::Unknown).await;
    assert_eq!(unknown.stale_since, None, "unknown says it all");
    assert_eq!(yard.slot("A-2").await.stale_since, None, "what a person said does not decay");
    for _ in 0..20 {
        yard.shows(&["A-1"]).await;
        let slot = yard.slot("A-1").await;
        if slot.state == SlotState::Occupied {
            assert_eq!((slot.source, slot.stale_since), (Source::Camera, None));
            return yard.parkd.verify();
        }
    }
    panic!("it is not seen again: {:?}", yard.view("A-1").await);
}

#[tokio::test]
async fn what_a_camera_said_is_stale_as_soon_as_nobody_looks_any_more() {
    let mut yard = Yard::new(RegionsMode::Auto).await;
    yard.learn().await;
    for _ in 0..2 {
        yard.shows(&["A-1"]).await;
    }
    yard.becomes("A-1", SlotState::Occupied).await;
    let set = async |yard: &Yard, mode| {
        yard.admin.camera_regions_set(&cam(1), &regions(mode), &Mutation::default()).await.expect("they are set");
    };
    set(&yard, RegionsMode::Off).await;
    let slot = yard.slot("A-1").await;
    assert!(slot.state == SlotState::Occupied && slot.stale_since.is_some(), "{slot:?}");
    assert_eq!(yard.slot("A-2").await.stale_since, None, "what a person said is nothing that it said");
    set(&yard, RegionsMode::Auto).await;
    yard.shows(&["A-1"]).await;
    let this = &yard;
    wait_for("A-1 is fresh", || async { this.slot("A-1").await.stale_since.is_none().then_some(()) }).await;
    yard.admin.camera_delete(&cam(1)).await.expect("it is deleted");
    assert!(yard.slot("A-1").await.stale_since.is_some());
    yard.parkd.verify();
}

#[tokio::test]
async fn a_slot_that_its_camera_has_taken_over_from_people_decays_with_it_at_the_pace_of_one_that_saves_power() {
    let mut yard = Yard::new(RegionsMode::Auto).await;
    yard.learn().await;
    let slot = yard.slot("A-1").await;
    assert_eq!((slot.state, slot.source), (SlotState::Free, Source::Manual));
    let gentle = Health { mode: Some("gentle".into()), ..Health::default() };
    yard.admin.camera_health(&cam(1), &gentle).await.expect("it is noted");
    hurry(&yard).await;
    let seen_at = yard.view("A-1").await.seen_at.expect("it was seen");
    let unknown = yard.becomes("A-1", SlotState::Unknown).await;
    let silence_ms = unknown.changed_at.ms_since(seen_at);
    // With the grace that every camera has; the picture before the last was a moment ago.
    let pace_ms = i64::from(OFFLINE_INTERVALS * GENTLE_FACTOR) * 1_000;
    assert!(silence_ms > pace_ms + 2_000, "{silence_ms}");
    assert_eq!(yard.slot("A-2").await.state, SlotState::Free, "of this one it only learns");
}

#[tokio::test]
async fn a_camera_that_was_moved_is_an_alarm_that_names_its_slots_until_it_sees_them_again() {
    let mut yard = Yard::new(RegionsMode::Auto).await;
    yard.shows(&[]).await;
    for number in 0..2 {
        yard.upload(1, elsewhere(number)).await;
        let this = &yard;
        wait_for("the picture was looked at", || async {
            let view = this.view("A-1").await;
            (view.outcome.contains("something else") || view.outcome.contains("moved")).then_some(())
        })
        .await;
    }
    let camera = || async { yard.admin.camera(&cam(1)).await.expect("the camera") };
    let moved = wait_for("it is moved", || async {
        let camera = camera().await;
        if camera.moved_since.is_none() {
            yard.upload(1, elsewhere(7)).await;
        }
        Some(camera).filter(|camera| camera.moved_since.is_some())
    })
    .await;
    let blind: Vec<_> = moved.blind_slots.iter().map(ToString::to_string).collect();
    assert_eq!(blind, ["A-1", "A-2"]);
    yard.shows(&[]).await;
    let well = yard.admin.camera(&cam(1)).await.expect("the camera");
    assert_eq!((well.moved_since, well.blind_slots), (None, vec![]));
    yard.parkd.verify();
}
