//! Pictures on their way in and out.

mod accepted;
mod files;
mod images;
mod orders;
mod refused;
mod repeats;

use std::collections::BTreeSet;
use std::path::Path;

use parking_api::captures::Capture;
use parking_api::client::CaptureQuery;
use parking_api::{Committed, paths};
use sha2::{Digest, Sha256};

use crate::harness::Parkd;
use crate::wire::{Answer, Wire, answer};

/// A daemon with one camera.
struct Gate {
    parkd: Parkd,
    /// As the camera.
    camera: Wire,
    admin: Wire,
}

impl Gate {
    async fn new() -> Self {
        let parkd = Parkd::start(&[]);
        let camera = crate::wire::camera(&parkd, "cam-1").await;
        let (camera, admin) = (Wire::new(&parkd, Some(&camera)), Wire::admin(&parkd));
        Self { parkd, camera, admin }
    }

    /// What is kept at the moment.
    async fn stored(&self) -> Stored {
        let query = CaptureQuery { limit: Some(1_000), ..CaptureQuery::default() };
        let rows = self.parkd.admin().captures(&query).await.expect("captures").items;
        Stored {
            rows: rows.into_iter().map(|capture| capture.key).collect(),
            objects: files(&self.parkd.data_dir().join("parking-images")),
            thumbnails: files(&self.parkd.data_dir().join("thumbnails")),
            head: self.parkd.admin().slot_stats().await.expect("figures").seq,
        }
    }

    fn object(&self, key: &str) -> Vec<u8> {
        std::fs::read(self.parkd.data_dir().join("parking-images").join(key)).expect("the object is there")
    }
}

/// Everything that an upload leaves behind.
#[derive(Debug, PartialEq, Eq)]
struct Stored {
    rows: BTreeSet<String>,
    /// Every file below the folder of the object store, whole or not.
    objects: BTreeSet<String>,
    thumbnails: BTreeSet<String>,
    head: u64,
}

/// All files below `folder`, by their path in it.
pub fn files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).expect("the folder is there") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).expect("it is below").to_string_lossy().into_owned());
            }
        }
    }
    found
}

/// Uploads `body` as it is.
async fn upload(from: &Wire, content_type: &str, body: &[u8]) -> Answer {
    upload_with(from, content_type, body, &[]).await
}

async fn upload_with(from: &Wire, content_type: &str, body: &[u8], headers: &[(&str, &str)]) -> Answer {
    let mut request = from.request("POST", paths::CAPTURE).header("content-type", content_type).body(body.to_vec());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answer(request).await
}

/// The capture that an upload came to.
fn stored(answer: &Answer) -> Capture {
    let committed: Committed<Capture> = answer.json(201);
    committed.value
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
