//! What an operator trusts: that a backup can be restored, that a lot can move, and that both say so when they cannot.

mod backup;
mod buckets;
mod damage;
mod integrity;
mod moving;

use std::path::{Path, PathBuf};
use std::process::Output;

use parkd::objects::folder_url;
use parkd::store::embedded_url;
use parking_api::client::{CaptureMeta, CaptureQuery, Client};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::hand::{Hand, new_slot, seed};
use crate::harness::{self, Database, Parkd};
use crate::pictures::JPEGS;
use crate::postgres;

/// An empty place for a lot, and what is kept there.
struct Target {
    folder: TempDir,
    url: String,
}

impl Target {
    fn new(database: Database) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let url = match database {
            Database::Sqlite => embedded_url(folder.path()),
            Database::Postgres => postgres::empty_database(),
        };
        Self { folder, url }
    }

    fn objects(&self) -> String {
        folder_url(&self.folder.path().join("parking-images"))
    }

    fn run(&self, args: &[&str]) -> Output {
        let mut command = harness::parkd(self.folder.path());
        command.args(args).env("DATABASE_URL", &self.url).output().expect("parkd runs")
    }

    fn start(&self) -> Parkd {
        Parkd::start_at(&self.url, &["--objects-url", &self.objects()])
    }

    /// What `parkd serve` says when it does not start here.
    fn refusal(&self) -> String {
        let output = self.run(&["serve", "--listen", "127.0.0.1:0"]);
        assert_eq!(output.status.code(), Some(1), "it must not start");
        String::from_utf8(output.stderr).expect("text")
    }
}

/// The other database than this one.
fn other(database: Database) -> Database {
    match database {
        Database::Sqlite => Database::Postgres,
        Database::Postgres => Database::Sqlite,
    }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("text")
}

/// What a command printed that went well.
fn done(output: &Output) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}{err}");
    out.into_owned()
}

/// What a command said that went wrong.
fn failed(output: &Output) -> String {
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{said}");
    said
}

/// A daemon whose lot has seen some days: everything that a lot can have.
async fn used(database: Database, commands: usize) -> Parkd {
    let parkd = Parkd::start_on(database, &[]);
    let rows: Vec<_> = (1..=12).map(|n| new_slot(&format!("A-{n}"), None)).collect();
    parkd.admin().slots_import_json(&rows, false).await.expect("slots");
    work(&parkd.admin(), commands).await;
    let meta = CaptureMeta::default();
    for picture in &JPEGS[..3] {
        parkd.admin().capture_upload(picture.clone(), "image/jpeg", &meta).await.expect("a picture");
    }
    parkd
}

/// Three clients at work, each with so many commands.
async fn work(client: &Client, commands: usize) {
    let seed = seed();
    let mut hands = JoinSet::new();
    for index in 0..3 {
        hands.spawn(Hand::new("admin", client.clone(), seed + index).work(commands));
    }
    hands.join_all().await;
}

/// Keys of all pictures that a lot names.
async fn keys(client: &Client) -> Vec<String> {
    let query = CaptureQuery { limit: Some(500), ..CaptureQuery::default() };
    let page = client.captures(&query).await.expect("captures");
    page.items.into_iter().map(|capture| capture.key).collect()
}

/// Files below a folder, with their names from there.
fn files(folder: &Path) -> Vec<(String, PathBuf)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(&next).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).expect("it is below");
                found.push((text(name).to_string(), path.clone()));
            }
        }
    }
    found.sort();
    found
}
