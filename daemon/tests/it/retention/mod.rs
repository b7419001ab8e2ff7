//! What keeps pictures from filling the disk: rules, pins, the purge of a low disk, and the sweep of the object store.

mod disk;
mod rules;
mod sweep;

use std::collections::BTreeSet;

use bytes::Bytes;
use parking_api::CaptureId;
use parking_api::captures::{Capture, ExpiryReason};
use parking_api::client::{CaptureMeta, CaptureQuery, Client, EventQuery};
use parking_api::events::EventChange;

use crate::harness::wait_for;
use crate::pictures::JPEGS;

async fn upload(client: &Client, camera: Option<&str>) -> Capture {
    try_upload(client, camera).await.expect("it is stored")
}

async fn try_upload(client: &Client, camera: Option<&str>) -> Result<Capture, parking_api::client::Error> {
    let camera = camera.map(|id| id.parse().expect("a camera id"));
    let meta = CaptureMeta { camera, ..CaptureMeta::default() };
    Ok(client.capture_upload(largest(), "image/jpeg", &meta).await?.value)
}

/// The largest of the pictures.
fn largest() -> Bytes {
    JPEGS.iter().max_by_key(|jpeg| jpeg.len()).expect("there are pictures").clone()
}

/// What is there, by id.
async fn stored(client: &Client) -> BTreeSet<CaptureId> {
    let query = CaptureQuery { limit: Some(1_000), ..CaptureQuery::default() };
    client.captures(&query).await.expect("captures").items.into_iter().map(|capture| capture.id).collect()
}

fn ids<'a>(captures: impl IntoIterator<Item = &'a Capture>) -> BTreeSet<CaptureId> {
    captures.into_iter().map(|capture| capture.id).collect()
}

/// Waits until exactly these are there.
async fn only(client: &Client, expected: &BTreeSet<CaptureId>) {
    wait_for("only those captures that are kept", async || (stored(client).await == *expected).then_some(())).await;
}

/// Who let captures go and by which rule, event by event.
async fn expiries(client: &Client) -> Vec<(String, ExpiryReason, usize)> {
    let query = EventQuery { kind: Some("capture.expired".into()), limit: Some(1_000), ..EventQuery::default() };
    let page = client.events(&query).await.expect("events");
    let expiry = |event: &parking_api::events::Event| match &event.change {
        EventChange::CaptureExpired { reason, captures, .. } => {
            Some((event.actor.name.clone().unwrap_or_default(), *reason, captures.len()))
        }
        _ => None,
    };
    page.events.iter().filter_map(|entry| expiry(entry.event()?)).collect()
}
