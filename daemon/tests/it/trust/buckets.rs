//! Backups and moves of pictures that are behind S3: out of one server and into another.

use std::path::PathBuf;

use super::{Target, done, failed, keys, text};
use crate::harness::{Database, Parkd};
use crate::mirror::Mirror;
use crate::pictures::JPEGS;
use crate::s3::{Server, bucket_name, rclone, seaweedfs};
use parking_api::client::{CaptureMeta, Client};

const PICTURES: usize = 5;

/// A bucket, by what names it on a command line.
struct Bucket {
    url: String,
    keys_file: PathBuf,
}

impl Bucket {
    fn new(server: &Server) -> Self {
        Self { url: server.url(&bucket_name()), keys_file: server.keys_file() }
    }

    fn with<'a>(&'a self, args: &[&'a str]) -> Vec<&'a str> {
        [args, &["--objects-url", &self.url, "--s3-keys-file", text(&self.keys_file)]].concat()
    }
}

/// A daemon whose pictures are in this bucket.
async fn with_pictures(bucket: &Bucket) -> Parkd {
    let parkd = Parkd::start(&bucket.with(&[]));
    for picture in &JPEGS[..PICTURES] {
        let meta = CaptureMeta::default();
        parkd.admin().capture_upload(picture.clone(), "image/jpeg", &meta).await.expect("it is stored");
    }
    parkd
}

/// Every picture is there and is itself. The newest is the last in the list.
async fn has_all(client: &Client) {
    let keys = keys(client).await;
    assert_eq!(keys.len(), PICTURES);
    for (key, picture) in keys.iter().rev().zip(&JPEGS[..]) {
        assert_eq!(client.image(key, None).await.expect("the picture"), *picture);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_from_one_bucket_is_brought_back_into_another() {
    let (from, to) = (Bucket::new(rclone().await), Bucket::new(seaweedfs().await));
    let parkd = with_pictures(&from).await;
    let token = parkd.admin_token();
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (whole, light) = (folder.path().join("whole"), folder.path().join("light.tar"));
    done(&parkd.run(&from.with(&["backup", "create", "--with-images", text(&whole)])));
    done(&parkd.run(&from.with(&["backup", "create", text(&light)])));
    let verified = done(&parkd.run(&from.with(&["backup", "verify", text(&light)])));
    assert!(verified.contains("it can be restored"), "its pictures are compared with those in the bucket: {verified}");

    let target = Target::new(Database::Postgres);
    let said = done(&target.run(&to.with(&["backup", "verify", text(&whole)])));
    assert!(said.contains("it can be restored"), "{said}");
    done(&target.run(&to.with(&["backup", "restore", text(&whole)])));
    let restored = Parkd::start_at(&target.url, &to.with(&[]));
    let admin = restored.client_with(Some(token));
    has_all(&admin).await;
    Mirror::default().prove(&admin).await;

    let first = keys(&parkd.admin()).await.remove(0);
    let bucket = parkd::objects::Objects::open(&from.url, Some(&from.keys_file)).await.expect("the bucket");
    bucket.delete(&first).await.expect("it is deleted");
    let said = failed(&parkd.run(&from.with(&["backup", "verify", text(&light)])));
    assert!(said.contains(&first), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_s3_is_away_a_backup_still_has_the_tables_and_says_what_it_lacks() {
    let server = Server::own().await;
    let bucket = Bucket::new(&server);
    let parkd = with_pictures(&bucket).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("lot");
    let create = bucket.with(&["backup", "create", text(&path)]);
    done(&parkd.run(&create));
    server.kill();
    let meta = CaptureMeta::default();
    let later =
        parkd.admin().capture_upload(JPEGS[PICTURES].clone(), "image/jpeg", &meta).await.expect("it is spooled");
    let said = failed(&parkd.run(&create));
    assert!(said.contains("1 pictures could not be read") && said.contains(&later.value.key), "{said}");
    let said = done(&parkd.run(&["backup", "verify", text(&path)]));
    assert!(said.contains("it can be restored") && said.contains(&format!("{PICTURES} pictures compared")), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lot_moves_with_its_pictures_to_another_bucket() {
    let (from, to) = (Bucket::new(seaweedfs().await), Bucket::new(rclone().await));
    let mut parkd = with_pictures(&from).await;
    let (token, url) = (parkd.admin_token(), parkd.database_url());
    assert_eq!(parkd.stop(), Some(0));
    let target = Target::new(Database::Postgres);
    let args =
        ["migrate-data", "--from", &url, "--to", &target.url, "--objects-from", &from.url, "--objects-to", &to.url];
    let said = done(&target.run(&[&args[..], &["--s3-keys-file", text(&from.keys_file)]].concat()));
    assert!(said.contains("5 pictures copied") && said.contains("the target is sound"), "{said}");
    let moved = Parkd::start_at(&target.url, &to.with(&[]));
    let admin = moved.client_with(Some(token));
    has_all(&admin).await;
    Mirror::default().prove(&admin).await;
}
