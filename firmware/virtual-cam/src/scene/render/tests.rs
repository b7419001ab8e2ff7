//! Pictures judged by their pixels, as somebody would who looks at them.

use image::RgbImage;

use super::*;
use crate::scene::car::{Body, Car};
use crate::scene::plan::CAMERAS;

const CAPTION: &str = "2026-11-23 05:17:55";

fn car(paint: [u8; 3]) -> Car {
    Car { body: Body::Saloon, paint, has_sunroof: false, is_nose_in: true, angle_deg: 0.0, along: 0.0, across: 0.0 }
}

fn picture(view: &View, cars: &[ParkedCar], hour: f32) -> RgbImage {
    let jpeg = render(view, cars, &[], Light::at_hour(hour), CAPTION, 0).expect("it renders");
    image::load_from_memory(&jpeg).expect("it decodes").into_rgb8()
}

/// Mean difference of two pictures within a region, in steps of 255.
fn difference(before: &RgbImage, after: &RgbImage, corners: &[[f32; 2]; 4]) -> f32 {
    let (mut sum, mut count) = (0, 0_u32);
    for y in corners[0][1] as u32..corners[2][1] as u32 {
        for x in corners[0][0] as u32..corners[2][0] as u32 {
            let (before, after) = (before.get_pixel(x, y).0, after.get_pixel(x, y).0);
            sum += (0..3).map(|channel| u32::from(before[channel].abs_diff(after[channel]))).sum::<u32>();
            count += 3;
        }
    }
    sum as f32 / count as f32
}

#[test]
fn a_picture_is_a_jpeg_of_a_moderate_size() {
    for camera in CAMERAS {
        let jpeg = render(&camera.view, &[], &[], Light::at_hour(12.0), CAPTION, 0).expect("it renders");
        let decoded = image::load_from_memory_with_format(&jpeg, image::ImageFormat::Jpeg).expect("it decodes");
        assert_eq!((decoded.width(), decoded.height()), (WIDTH, HEIGHT));
        assert!((30_000..120_000).contains(&jpeg.len()), "{} bytes", jpeg.len());
    }
}

#[test]
fn the_same_arguments_give_the_same_picture_and_another_clock_or_shot_another() {
    let view = &CAMERAS[0].view;
    let at = |caption, shot| render(view, &[], &[], Light::at_hour(9.0), caption, shot).expect("it renders");
    assert_eq!(at(CAPTION, 0), at(CAPTION, 0));
    assert_ne!(at(CAPTION, 0), at("2026-11-23 05:17:56", 0));
    assert_ne!(at(CAPTION, 0), at(CAPTION, 1));
}

#[test]
fn every_bay_is_in_the_regions_of_a_camera_and_lies_in_the_picture() {
    let mut codes: Vec<SlotCode> = Vec::new();
    for camera in CAMERAS {
        let regions = regions(&camera.view);
        assert!(regions.len() >= 24, "{}: {}", camera.id, regions.len());
        for (code, corners) in regions {
            for [x, y] in corners {
                assert!((0.0..=WIDTH as f32).contains(&x) && (0.0..=HEIGHT as f32).contains(&y), "{code}: {x} {y}");
            }
            assert!(corners[1][0] - corners[0][0] >= 50.0 && corners[3][1] - corners[0][1] >= 100.0, "{code}");
            codes.push(code);
        }
    }
    codes.sort();
    codes.dedup();
    assert_eq!(codes.len(), 48);
}

#[test]
fn a_parked_car_changes_its_own_bay_and_hardly_another_by_day_and_by_night() {
    for (camera, hour) in [(CAMERAS[0], 12.0), (CAMERAS[1], 2.0)] {
        let regions = regions(&camera.view);
        let empty = picture(&camera.view, &[], hour);
        let (own, _) = &regions[4];
        let full = picture(&camera.view, &[ParkedCar { slot: own.clone(), car: car([236, 238, 240]) }], hour);
        for (code, corners) in &regions {
            let changed = difference(&empty, &full, corners);
            if code == own {
                assert!(changed > 25.0, "{code} at {hour}: {changed}");
            } else {
                assert!(changed < 6.0, "{code} at {hour}: {changed}");
            }
        }
    }
}

#[test]
fn closed_and_reserved_bays_are_marked() {
    let view = &CAMERAS[0].view;
    let empty = picture(view, &[], 12.0);
    let (code, corners) = regions(view).into_iter().find(|(code, _)| code.as_str() == "A-06").expect("it is in view");
    for state in [SlotState::Closed, SlotState::Reserved] {
        let jpeg = render(view, &[], &[(code.clone(), state)], Light::at_hour(12.0), CAPTION, 0).expect("it renders");
        let marked = image::load_from_memory(&jpeg).expect("it decodes").into_rgb8();
        assert!(difference(&empty, &marked, &corners) > 2.0, "{state}");
    }
}

#[test]
fn night_is_darker_than_day() {
    let mean = |hour| {
        let picture = picture(&CAMERAS[0].view, &[], hour);
        picture.as_raw().iter().map(|channel| f64::from(*channel)).sum::<f64>() / picture.as_raw().len() as f64
    };
    assert!(mean(1.0) < 0.75 * mean(12.0));
}

#[test]
fn codes_that_the_plan_does_not_have_and_odd_captions_draw_nothing_wrong() {
    let stray = ParkedCar { slot: "Z-99".parse().expect("a valid code"), car: car([200, 0, 0]) };
    for caption in ["", "äöü ✓", &"9".repeat(500)] {
        assert!(render(&CAMERAS[0].view, std::slice::from_ref(&stray), &[], Light::at_hour(-30.0), caption, 0).is_ok());
    }
}
