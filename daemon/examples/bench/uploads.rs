//! How many pictures are stored on S3: uploaded to the daemon by several cameras, and put there by a bare loop.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::{ExtendedColorType, RgbImage};
use parking_api::paths;
use s3::creds::Credentials;
use s3::{Bucket, Region};
use tokio::net::TcpListener;
use tokio::process::Command;
use tokio::task::JoinSet;

use crate::load::{Load, Script, run};
use crate::process::{Parkd, Process};
use crate::report::{Row, Target};
use crate::samples::Samples;
use crate::{Bench, Result};

const CAMERAS: usize = 8;
/// A picture as a small camera takes it.
const PICTURE_BYTES: usize = 60_000;
const PICTURE_SIZE: (u32, u32) = (800, 600);
/// Longest time for one put of the bare loop.
const PUT_TIMEOUT: Duration = Duration::from_secs(10);
/// What the daemon may take, however many uploads there were.
const MEMORY_MIB_MAX: f64 = 80.0;
const MIB: f64 = (1024 * 1024) as f64;

const ACCESS_KEY: &str = "bench";
const SECRET_KEY: &str = "bench-secret";

pub async fn measure(bench: &Bench) -> Result<Vec<Row>> {
    let scale = &bench.scale;
    let (server, endpoint) = rclone(bench).await?;
    let picture = picture()?;
    let plain = plain_bucket(&endpoint).await?;
    let url = format!("s3://parking-images?endpoint={endpoint}");
    let settings =
        [("OBJECTS_URL", url.as_str()), ("AWS_ACCESS_KEY_ID", ACCESS_KEY), ("AWS_SECRET_ACCESS_KEY", SECRET_KEY)];
    let parkd = Parkd::start_with(bench, &bench.folder("uploads")?, &settings).await?;
    let mut scripts = vec![Script::new(vec![request(&parkd, &picture)], 201); CAMERAS];
    // One alone first, on both sides: the server makes the folders for it, and cannot do so for several at once.
    run(&parkd.process, &mut scripts[..1], scale.warm_up).await?;
    plain.put_object(key(), &picture).await?;
    run(&parkd.process, &mut scripts, scale.warm_up).await?;
    put_loop(&plain, &picture, scale.warm_up).await?;
    let before = parkd.process.settled_rss_bytes().await?;
    let (mut daemon, mut bare) = (Load::default(), Load::default());
    for _ in 0..scale.rounds {
        daemon.append(run(&parkd.process, &mut scripts, scale.round).await?);
        bare.append(put_loop(&plain, &picture, scale.round).await?);
    }
    let peak = parkd.process.rss_bytes_max()? as f64 / MIB;
    parkd.process.stop().await?;
    server.kill().await?;
    let name = format!("upload {} KB, {CAMERAS} cameras", picture.len() / 1_000);
    Ok(vec![
        Row::new(&name, daemon.rate(), "/s").detail(daemon.detail()).yardstick("bare put loop", bare.rate(), "/s"),
        Row::new(format!("{name} ÷ bare put loop"), daemon.rate() / bare.rate(), "×")
            .detail(format!("loop: {}", bare.latencies.clone().percentiles()))
            .yardstick("bare put loop", bare.rate(), "/s")
            .target(Target::AtLeast(0.85)),
        Row::new(format!("most memory in {} uploads", daemon.latencies.len()), peak, "MiB")
            .detail("the database's pages take 16 MiB of it once there are so many")
            .yardstick("before them", before as f64 / MIB, "MiB")
            .target(Target::AtMost(MEMORY_MIB_MAX)),
    ])
}

/// An S3 server on the disk that is measured, and its address as a URL.
async fn rclone(bench: &Bench) -> Result<(Process, String)> {
    let target = bench.parkd.parent().and_then(Path::parent).ok_or("there is no target folder")?;
    let program: PathBuf = target.join("tools/python/bin/rclone");
    if !program.exists() {
        return Err(format!("there is no {} to store pictures on: run .ci/tools", program.display()).into());
    }
    let address: SocketAddr = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?.local_addr()?;
    let folder = bench.folder("rclone")?;
    let mut command = Command::new(program);
    command.args(["serve", "s3", "--config", "", "--addr", &address.to_string()]);
    command.args(["--auth-key", &format!("{ACCESS_KEY},{SECRET_KEY}")]).arg(bench.folder("rclone/data")?);
    let server = Process::start_at(command, &folder.join("bench.log"), address).await?;
    Ok((server, format!("http://{address}")))
}

async fn plain_bucket(endpoint: &str) -> Result<Arc<Bucket>> {
    s3::set_retries(0);
    let region = Region::Custom { region: "us-east-1".into(), endpoint: endpoint.into() };
    let credentials = Credentials::new(Some(ACCESS_KEY), Some(SECRET_KEY), None, None, None)?;
    let config = s3::BucketConfiguration::private();
    let created = Bucket::create_with_path_style("plain-images", region, credentials, config).await?;
    let mut bucket = created.bucket;
    bucket.set_request_timeout(Some(PUT_TIMEOUT));
    Ok(bucket.into())
}

/// As many loops as there are cameras, each putting one picture after the other.
async fn put_loop(bucket: &Arc<Bucket>, picture: &Bytes, duration: Duration) -> Result<Load> {
    let started = Instant::now();
    let mut tasks = JoinSet::new();
    for _ in 0..CAMERAS {
        let (bucket, picture) = (Arc::clone(bucket), picture.clone());
        tasks.spawn(async move {
            let mut latencies = Samples::default();
            while started.elapsed() < duration {
                let sent = Instant::now();
                bucket.put_object(key(), &picture).await?;
                latencies.push(sent.elapsed());
            }
            Ok::<_, s3::error::S3Error>(latencies)
        });
    }
    let mut load = Load::default();
    while let Some(done) = tasks.join_next().await {
        load.latencies.append(done??);
    }
    load.elapsed = started.elapsed();
    Ok(load)
}

/// As long as those of the daemon.
fn key() -> String {
    format!("main/_/2026/11/23/{}-01234567.jpg", parkd::clock::new_id())
}

fn request(parkd: &Parkd, picture: &[u8]) -> Vec<u8> {
    let headers = format!("content-type: image/jpeg\r\ncontent-length: {}\r\n", picture.len());
    let mut request = parkd.request("POST", paths::CAPTURE, &headers, "");
    request.extend_from_slice(picture);
    request
}

/// A picture of the wanted size: smooth with some noise, as sensors make it, and as fine as that takes.
fn picture() -> Result<Bytes> {
    let (width, height) = PICTURE_SIZE;
    let noise = |x: u32, y: u32| (x.wrapping_mul(73_856_093) ^ y.wrapping_mul(19_349_663)) >> 7 & 15;
    let pixel =
        |x, y| image::Rgb([(x / 4 + noise(x, y)) as u8, (y / 3 + noise(y, x)) as u8, (noise(x + y, x) * 8) as u8]);
    let pixels = RgbImage::from_fn(width, height, pixel);
    for quality in 5..=100 {
        let mut out = Vec::new();
        JpegEncoder::new_with_quality(&mut out, quality).encode(&pixels, width, height, ExtendedColorType::Rgb8)?;
        if out.len() >= PICTURE_BYTES {
            return Ok(out.into());
        }
    }
    Err("no picture is large enough".into())
}
