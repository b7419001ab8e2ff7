//! One suite for every object store: files, rclone and SeaweedFS do the same.

mod faults;

use std::collections::BTreeMap;

use bytes::Bytes;
use parkd::clock::{Clock, SystemClock};
use parkd::objects::{Error, Objects, folder_url};
use tempfile::TempDir;

use crate::s3;

/// A store of its own.
struct Store {
    objects: Objects,
    /// Kept as long as the store.
    _folder: Option<TempDir>,
}

async fn filesystem() -> Store {
    let folder = tempfile::tempdir().expect("a folder");
    let objects = Objects::open(&folder_url(&folder.path().join("objects")), None).await.expect("it opens");
    Store { objects, _folder: Some(folder) }
}

async fn rclone() -> Store {
    Store { objects: s3::bucket(s3::rclone().await).await.0, _folder: None }
}

async fn seaweedfs() -> Store {
    Store { objects: s3::bucket(s3::seaweedfs().await).await.0, _folder: None }
}

macro_rules! on_every_store {
    ($($(#[$meta:meta])* async fn $name:ident($objects:ident: &Objects) $body:block)+) => {
        $($(#[$meta])* async fn $name($objects: &Objects) $body)+
        on_every_store!(@store filesystem $($name)+);
        on_every_store!(@store rclone $($name)+);
        on_every_store!(@store seaweedfs $($name)+);
    };
    (@store $store:ident $($name:ident)+) => {
        mod $store {
            $(#[tokio::test]
            async fn $name() {
                super::$name(&super::$store().await.objects).await;
            })+
        }
    };
}

/// Names that some store, URL or signature could get wrong.
const ODD_KEYS: [&str; 13] = [
    "main/cam 1/a b+c.jpg",
    "main/100%/50%2F50.jpg",
    "main/größe/駐車場/🚗.jpg",
    "main/a&b=c;d,e.jpg",
    "main/question?mark#hash.jpg",
    "main/..jpg/...jpg",
    "main/~tilde/(round)[square]{curly}.jpg",
    "main/'quote'\"double\".jpg",
    "main/at@colon:dollar$bang!star*.jpg",
    "main/<angle>|pipe^hat`tick.jpg",
    "main/ leading and trailing /x.jpg",
    "main/.hidden",
    "one",
];

on_every_store! {
    async fn what_was_put_is_got_whole_and_in_part(objects: &Objects) {
        let bytes = bytes(100_000);
        objects.put("main/cam-1/a.jpg", bytes.clone()).await.expect("it is put");
        assert_eq!(objects.get("main/cam-1/a.jpg").await.expect("it is there"), bytes);
        assert_eq!(objects.head("main/cam-1/a.jpg").await.expect("it is there"), 100_000);
        for (range, expected) in [
            (0..10, 0..10),
            (50_000..60_000, 50_000..60_000),
            (99_990..100_000, 99_990..100_000),
            (99_990..200_000, 99_990..100_000),
            (100_000..100_001, 0..0),
            (7..7, 0..0),
            (0..100_000, 0..100_000),
        ] {
            let part = objects.get_range("main/cam-1/a.jpg", range.clone()).await.expect("a part");
            assert!(part == bytes.slice(expected), "{range:?}: {} bytes", part.len());
        }
    }

    async fn what_is_put_again_is_replaced_and_nothing_is_an_object_too(objects: &Objects) {
        objects.put("a.jpg", bytes(5_000)).await.expect("it is put");
        objects.put("a.jpg", Bytes::from_static(b"two")).await.expect("it is put again");
        assert_eq!(objects.get("a.jpg").await.expect("it is there"), "two");
        objects.put("empty", Bytes::new()).await.expect("nothing is put");
        assert_eq!(objects.get("empty").await.expect("it is there"), "");
        assert_eq!(objects.head("empty").await.expect("it is there"), 0);
    }

    async fn what_is_not_there_is_not_found_and_deleted_as_often_as_one_likes(objects: &Objects) {
        objects.put("main/a.jpg", bytes(10)).await.expect("it is put");
        for _ in 0..2 {
            objects.delete("main/a.jpg").await.expect("it is deleted");
            for key in ["main/a.jpg", "never/was.jpg", "main"] {
                assert!(matches!(objects.get(key).await, Err(Error::NotFound(_))), "{key}");
                assert!(matches!(objects.head(key).await, Err(Error::NotFound(_))), "{key}");
                assert!(matches!(objects.get_range(key, 0..1).await, Err(Error::NotFound(_))), "{key}");
            }
        }
    }

    async fn odd_keys_name_what_they_name(objects: &Objects) {
        for (n, key) in ODD_KEYS.iter().enumerate() {
            objects.put(key, bytes(n + 1)).await.unwrap_or_else(|e| panic!("{key}: {e}"));
        }
        let sizes: BTreeMap<_, _> = ODD_KEYS.iter().enumerate().map(|(n, key)| (*key, n as u64 + 1)).collect();
        let listed = objects.list("", None, 100).await.expect("a list");
        assert_eq!(listed.iter().map(|entry| (entry.key.as_str(), entry.bytes)).collect::<BTreeMap<_, _>>(), sizes);
        for (key, size) in sizes {
            assert_eq!(objects.head(key).await.unwrap_or_else(|e| panic!("{key}: {e}")), size);
            assert_eq!(objects.get(key).await.expect(key).len() as u64, size, "{key}");
            objects.delete(key).await.unwrap_or_else(|e| panic!("{key}: {e}"));
        }
        assert_eq!(objects.list("", None, 100).await.expect("a list"), []);
    }

    async fn what_could_leave_the_store_names_nothing(objects: &Objects) {
        for key in ["", "/etc/passwd", "../x", "a/../../x", "a/./x", ".partial/x", "a//b", "a/", "a\u{0}b", "a\\b"] {
            assert!(matches!(objects.put(key, bytes(1)).await, Err(Error::NotFound(_))), "{key}");
            assert!(matches!(objects.get(key).await, Err(Error::NotFound(_))), "{key}");
            assert!(matches!(objects.delete(key).await, Err(Error::NotFound(_))), "{key}");
        }
        assert_eq!(objects.list("", None, 10).await.expect("a list"), []);
    }

    async fn a_walk_by_pages_meets_each_object_once(objects: &Objects) {
        // A dash sorts before a slash and a dot, and all of them before a letter.
        let keys = ["main/b", "main/a/2", "main/a/1", "main/a-1/1", "main/a.jpg", "main-2/x", "main/aa", "other/x", "z"];
        let mut sorted = keys.to_vec();
        sorted.sort_unstable();
        for key in keys {
            objects.put(key, bytes(3)).await.expect("it is put");
        }
        for (prefix, count) in [("", 9), ("main/", 6), ("main/a", 5), ("nobody/", 0)] {
            let whole = paged(objects, prefix, 1_000).await;
            let expected: Vec<_> = sorted.iter().copied().filter(|key| key.starts_with(prefix)).collect();
            let mut found = whole.clone();
            found.sort_unstable();
            assert_eq!((found.len(), found), (count, expected.iter().map(ToString::to_string).collect()));
            for limit in [1, 2, 3, 5, 9] {
                assert_eq!(paged(objects, prefix, limit).await, whole, "pages of {limit} below {prefix:?}");
            }
        }
        let after = objects.list("", Some("main/a0"), 10).await.expect("a list");
        assert_eq!(after[0].key, "main/aa", "a list may begin between two keys");
    }

    async fn a_list_says_how_large_and_how_old(objects: &Objects) {
        let before = SystemClock.now().ms() - 2_000;
        objects.put("a.jpg", bytes(1_234)).await.expect("it is put");
        let listed = objects.list("", None, 10).await.expect("a list");
        assert_eq!((listed.len(), listed[0].key.as_str(), listed[0].bytes), (1, "a.jpg", 1_234));
        let age = before..SystemClock.now().ms() + 2_000;
        assert!(age.contains(&listed[0].modified.ms()), "{age:?} {:?}", listed[0].modified);
    }

    async fn many_at_once_do_not_disturb_each_other(objects: &Objects) {
        let one = async |n: usize| {
            let key = format!("main/{n:03}.jpg");
            objects.put(&key, bytes(10_000 + n)).await.expect("it is put");
            assert_eq!(objects.get(&key).await.expect("it is there"), bytes(10_000 + n));
        };
        futures_util::future::join_all((0..100).map(one)).await;
        assert_eq!(objects.list("main/", None, 1_000).await.expect("a list").len(), 100);
        objects.state().await.expect("it is there");
    }
}

#[tokio::test]
async fn files_are_listed_by_their_keys_and_not_by_folder() {
    let store = filesystem().await;
    let sorted = ["main-2/x", "main/a-1/1", "main/a.jpg", "main/a/1", "main/aa", "z"];
    for key in sorted.iter().rev() {
        store.objects.put(key, bytes(3)).await.expect("it is put");
    }
    assert_eq!(paged(&store.objects, "", 2).await, sorted);
}

async fn paged(objects: &Objects, prefix: &str, limit: usize) -> Vec<String> {
    let mut found = Vec::<String>::new();
    loop {
        let page = objects.list(prefix, found.last().map(String::as_str), limit).await.expect("a page");
        let is_last = page.len() < limit;
        assert!(page.len() <= limit);
        found.extend(page.into_iter().map(|entry| entry.key));
        if is_last {
            return found;
        }
    }
}

/// So many bytes, none of them like its neighbour.
fn bytes(len: usize) -> Bytes {
    (0..len).map(|n| (n * 31 % 251) as u8).collect()
}
