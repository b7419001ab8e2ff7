//! How long a picture with forty slots takes to be judged, and what it costs those who upload that somebody looks at their pictures.

use std::time::{Duration, Instant};

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, RgbImage};
use parkd::occupancy::crop::{Corner, Mask, Square, cut};
use parkd::occupancy::model::{Model, probability};
use parkd::occupancy::picture::{Picture, decode};
use parkd::occupancy::reference::Reference;
use parkd::occupancy::shift::{KEPT_MAX, Placed, Scene, Track};
use parking_api::paths;
use serde_json::json;

use crate::http::Connection;
use crate::load::{Load, Script, run};
use crate::process::Parkd;
use crate::report::{Row, Target};
use crate::{Bench, Result};

const SLOTS: usize = 40;
const COLUMNS: usize = 8;
/// Pictures that are judged, and pictures by which each slot is known when it is empty.
const PICTURES: usize = 15;
const REFERENCES: usize = 3;
const LARGE: (u32, u32) = (1_600, 1_200);
const SMALL: (u32, u32) = (800, 600);
/// What one picture may take on one core, in milliseconds.
const JUDGING_MS_MAX: f64 = 40.0;
const CAMERAS: usize = 4;
/// Different pictures of one camera: the same one again is not looked at.
const DIFFERENT: usize = 8;
/// Those, and the ones that it learned from before.
const PICTURES_OF_CAMERA: usize = DIFFERENT + REFERENCES;
/// How often it is asked whether one was looked at, and how many times at most.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS_MAX: usize = 500;

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let mut rows =
        tokio::task::spawn_blocking(|| [false, true].map(judging)).await?.into_iter().collect::<Result<Vec<_>>>()?;
    rows.extend(uploading(bench).await?);
    Ok(rows)
}

/// On one thread, and nothing kept ready but what a camera keeps. At worst a picture is like none that is kept, and like the last one alone.
fn judging(is_worst: bool) -> Result<Row> {
    let (width, height) = (LARGE.0 as usize, LARGE.1 as usize);
    let judged = |number: usize| -> Result<Picture> { Ok(decode(&picture(LARGE, number)?).and_then(Picture::judged)?) };
    let empty = (0..REFERENCES).map(judged).collect::<Result<Vec<_>>>()?;
    let polygons: Vec<Vec<Corner>> = (0..SLOTS).map(polygon).collect();
    let references = polygons.iter().map(|polygon| {
        let patches: Vec<_> =
            empty.iter().map(|picture| cut(picture, Square::around(polygon, width, height))).collect();
        Reference::learn(&patches, &Mask::of(polygon, width, height)).ok_or("no reference")
    });
    let references = references.collect::<std::result::Result<Vec<_>, _>>()?;
    let model = Model::shipped();
    let first = Scene::of(&empty[0]);
    let track = match is_worst {
        false => Track::new(first),
        true => {
            Track::resumed((0..KEPT_MAX).map(|place| (elsewhere(place), (0.0, 0.0))).collect(), (first, (0.0, 0.0)))
                .ok_or("no track")?
        }
    };
    let mut times = Vec::with_capacity(PICTURES);
    for number in 0..PICTURES {
        let bytes = picture(LARGE, REFERENCES + number)?;
        let started = Instant::now();
        let picture = decode(&bytes).and_then(Picture::judged)?;
        let Placed::Aside(dx, dy) = track.clone().follow(&Scene::of(&picture)) else {
            return Err("the yard moved".into());
        };
        let aside = (dx * width as f32, dy * height as f32);
        for (polygon, reference) in polygons.iter().zip(&references) {
            let patch = cut(&picture, Square::around(polygon, width, height).moved(aside));
            std::hint::black_box(probability(model.odds(&reference.compare(&patch))));
        }
        times.push(started.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_by(f64::total_cmp);
    let (middle, worst) = (times[times.len() / 2], times[times.len() - 1]);
    let light = if is_worst { " by another light" } else { "" };
    Ok(Row::new(format!("judge {SLOTS} slots of a {}x{} picture{light}", LARGE.0, LARGE.1), middle, "ms")
        .detail(format!("median of {PICTURES} on one core, worst {worst:.1} ms"))
        .target(Target::AtMost(JUDGING_MS_MAX)))
}

/// A place that no picture shows.
fn elsewhere(place: usize) -> Scene {
    Scene(
        (0..Scene::LEN).map(|at| ((at + place * Scene::LEN).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as u8).collect(),
    )
}

/// Uploads to a daemon that looks at every camera's newest picture, and to one that does not.
async fn uploading(bench: &Bench) -> Result<Vec<Row>> {
    let scale = &bench.scale;
    let (mut before, mut scripts_before) = (Load::default(), Vec::new());
    let (mut after, mut scripts_after) = (Load::default(), Vec::new());
    let plain = Parkd::start(bench, &bench.folder("unseen")?).await?;
    let seeing = Parkd::start(bench, &bench.folder("seen")?).await?;
    for camera in 0..CAMERAS {
        scripts_before.push(camera_of(&plain, camera, false).await?);
        scripts_after.push(camera_of(&seeing, camera, true).await?);
    }
    run(&plain.process, &mut scripts_before, scale.warm_up).await?;
    run(&seeing.process, &mut scripts_after, scale.warm_up).await?;
    for _ in 0..scale.rounds {
        before.append(run(&plain.process, &mut scripts_before, scale.round).await?);
        after.append(run(&seeing.process, &mut scripts_after, scale.round).await?);
    }
    plain.process.stop().await?;
    seeing.process.stop().await?;
    let name = format!("upload {}x{}, {CAMERAS} cameras, {SLOTS} slots each", SMALL.0, SMALL.1);
    Ok(vec![
        Row::new(&name, after.rate(), "/s").detail(after.detail()).yardstick("not looked at", before.rate(), "/s"),
        Row::new(format!("{name} ÷ not looked at"), after.rate() / before.rate(), "×")
            .detail(format!("not looked at: {}", before.latencies.clone().percentiles()))
            .target(Target::AtLeast(0.9)),
    ])
}

/// A camera with as many slots, whose regions may set them; and its pictures, as they are uploaded.
async fn camera_of(parkd: &Parkd, number: usize, is_looked_at: bool) -> Result<Script> {
    let camera = format!("cam-{number}");
    let post = |path: &str, body: serde_json::Value| {
        parkd.request("POST", path, "content-type: application/json\r\n", &body.to_string())
    };
    let slots: Vec<_> = (0..SLOTS).map(|slot| json!({"code": format!("{number}-{slot}")})).collect();
    let regions = (0..SLOTS).map(|slot| json!({"slot": format!("{number}-{slot}"), "polygon": polygon(slot)}));
    let mode = if is_looked_at { "auto" } else { "off" };
    let set = json!({"mode": mode, "regions": regions.collect::<Vec<_>>()}).to_string();
    let path = paths::fill(paths::CAMERA_REGIONS, &camera);
    let mut connection = Connection::open(parkd.address()).await?;
    for request in [
        post(paths::SLOTS_IMPORT, slots.into()),
        post(paths::CAMERAS, json!({"id": camera})),
        parkd.request("PUT", &path, "content-type: application/json\r\n", &set),
    ] {
        let (head, _, answer) = connection.fetch(&request).await?;
        if head.status >= 300 {
            return Err(format!("a camera could not be set up: {}", String::from_utf8_lossy(&answer)).into());
        }
    }
    let upload = |index: usize| -> Result<Vec<u8>> {
        let picture = picture(SMALL, number * PICTURES_OF_CAMERA + index)?;
        let headers = format!("content-type: image/jpeg\r\ncontent-length: {}\r\n", picture.len());
        let mut request = parkd.request("POST", &format!("{}?camera={camera}", paths::CAPTURE), &headers, "");
        request.extend_from_slice(&picture);
        Ok(request)
    };
    if is_looked_at {
        let free = (0..SLOTS).map(|slot| format!("{number}-{slot}")).collect::<Vec<_>>();
        let learn = post(&paths::fill(paths::CAMERA_CALIBRATE, &camera), json!({ "free": free }));
        let shown = (DIFFERENT..PICTURES_OF_CAMERA).map(upload).collect::<Result<Vec<_>>>()?;
        teach(
            &mut connection,
            learn,
            &shown,
            &parkd.request("GET", &paths::fill(paths::CAMERA_VIEWS, &camera), "", ""),
        )
        .await?;
    }
    Ok(Script::new((0..DIFFERENT).map(upload).collect::<Result<Vec<_>>>()?, 201))
}

/// Shows a camera its empty slots, one picture after the other: slots that it knows nothing of would cost little.
async fn teach(connection: &mut Connection, learn: Vec<u8>, shown: &[Vec<u8>], views: &[u8]) -> Result<()> {
    for request in std::iter::once(&learn).chain(shown) {
        let (head, _, answer) = connection.fetch(request).await?;
        if head.status >= 300 {
            return Err(format!("a camera could not be taught: {}", String::from_utf8_lossy(&answer)).into());
        }
        let uploaded: serde_json::Value = serde_json::from_slice(&answer)?;
        let mut is_seen = uploaded["id"].is_null();
        for _ in 0..LOOKS_MAX {
            if is_seen {
                break;
            }
            tokio::time::sleep(LOOK_EVERY).await;
            let (_, _, answer) = connection.fetch(views).await?;
            let views: Vec<serde_json::Value> = serde_json::from_slice(&answer)?;
            is_seen = views.iter().all(|view| view["view"]["capture"] == uploaded["id"]);
        }
        if !is_seen {
            return Err("a picture that a camera was to learn from was not looked at".into());
        }
    }
    Ok(())
}

fn polygon(slot: usize) -> Vec<Corner> {
    let (rows, columns) = (SLOTS.div_ceil(COLUMNS) as f32, COLUMNS as f32);
    let (left, top) = ((slot % COLUMNS) as f32 / columns, (slot / COLUMNS) as f32 / rows);
    let (right, bottom) = (left + 0.8 / columns, top + 0.8 / rows);
    vec![[left, top], [right, top], [right, bottom], [left, bottom]]
}

/// A yard of blocks with a sensor's noise.
fn picture((width, height): (u32, u32), number: usize) -> Result<Bytes> {
    let pixel = |x: u32, y: u32| {
        let mixed = (x * 48 / width).wrapping_mul(7_919) ^ (y * 36 / height).wrapping_mul(104_729);
        let block = (mixed.wrapping_mul(0x9E37_79B9) >> 20) % 120;
        let noise =
            (x.wrapping_mul(73_856_093) ^ y.wrapping_mul(19_349_663)).wrapping_mul(2 * number as u32 + 1) >> 7 & 15;
        image::Rgb([(60 + block + noise) as u8, (55 + block + noise) as u8, (50 + block) as u8])
    };
    let pixels = RgbImage::from_fn(width, height, pixel);
    let mut out = Vec::new();
    JpegEncoder::new_with_quality(&mut out, 80).encode(&pixels, width, height, ExtendedColorType::Rgb8)?;
    Ok(out.into())
}
