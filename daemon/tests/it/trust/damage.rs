//! Backups that are not what they were: each kind of damage has its own words, and nothing of it passes for a restored lot.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Target, done, failed, files, text, used};
use crate::harness::{Database, on_both};

on_both!(an_interrupted_restore_says_so_and_goes_on);

/// A backup of a used lot in a folder, with a daemon that is gone.
async fn made(folder: &Path) -> PathBuf {
    let parkd = used(Database::Sqlite, 10).await;
    let path = folder.join("lot");
    done(&parkd.run(&["backup", "create", text(&path)]));
    path
}

fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).expect("a file");
    bytes[at] ^= 0x10;
    std::fs::write(path, bytes).expect("it is written");
}

/// Changes the manifest as whoever knows its checksum could.
fn rewrite(backup: &Path, from: &str, to: &str) {
    let manifest = backup.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).expect("the manifest");
    assert!(text.contains(from), "{text}");
    std::fs::write(&manifest, text.replacen(from, to, 1)).expect("it is written");
    let sums = std::fs::read_to_string(backup.join("SHA256SUMS")).expect("the checksums");
    let sum = Command::new("sha256sum").arg("manifest.json").current_dir(backup).output().expect("sha256sum runs");
    let mut lines: Vec<_> = sums.lines().filter(|line| !line.ends_with("  manifest.json")).collect();
    let line = String::from_utf8(sum.stdout).expect("text");
    lines.push(line.trim_end());
    std::fs::write(backup.join("SHA256SUMS"), lines.join("\n")).expect("it is written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_kind_of_damage_has_its_own_words() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let backup = made(folder.path()).await;
    let part = |prefix: &str| {
        let names = files(&backup).into_iter().find(|(name, _)| name.contains(prefix));
        names.unwrap_or_else(|| panic!("there is no part {prefix}"))
    };
    let (events, _) = part("/events/");
    let (image, _) = part("images/");
    type Damage<'a> = Box<dyn Fn(&Path) + 'a>;
    let cases: Vec<(&str, Damage<'_>)> = vec![
        ("is damaged: its checksum differs", Box::new(|backup| flip(&backup.join(&events), 40))),
        ("is damaged: its checksum differs", Box::new(|backup| flip(&backup.join(&image), 40))),
        ("is missing", Box::new(|backup| std::fs::remove_file(backup.join(&events)).expect("it is removed"))),
        ("is damaged: its checksum differs", Box::new(|backup| flip(&backup.join("manifest.json"), 20))),
        (
            "has no SHA256SUMS",
            Box::new(|backup| std::fs::remove_file(backup.join("SHA256SUMS")).expect("it is removed")),
        ),
        ("the list of checksums", Box::new(|backup| flip(&backup.join("SHA256SUMS"), 64))),
        ("of format 99", Box::new(|backup| rewrite(backup, "\"format\": 1", "\"format\": 99"))),
        ("of schema 9999", Box::new(|backup| rewrite(backup, "\"schema\": ", "\"schema\": 9999, \"was\": "))),
        ("rows now, and had", Box::new(|backup| rewrite(backup, "\"rows\": ", "\"rows\": 1000, \"was\": "))),
    ];
    let target = Target::new(Database::Sqlite);
    for (expected, damage) in cases {
        let copy = folder.path().join("copy");
        done(&Command::new("cp").args(["-r", text(&backup), text(&copy)]).output().expect("cp runs"));
        damage(&copy);
        let said = failed(&target.run(&["backup", "verify", text(&copy)]));
        assert!(said.contains(expected), "{expected}: {said}");
        std::fs::remove_dir_all(&copy).expect("the copy is removed");
    }
    let said = failed(&target.run(&["backup", "verify", text(&folder.path().join("none.tar"))]));
    assert!(said.contains("there is no backup at"), "{said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_that_is_cut_off_anywhere_is_not_a_backup() {
    let parkd = used(Database::Sqlite, 10).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let tar = folder.path().join("lot.tar");
    done(&parkd.run(&["backup", "create", "--with-images", text(&tar)]));
    assert!(done(&parkd.run(&["backup", "verify", text(&tar)])).contains("it can be restored"));
    let whole = std::fs::read(&tar).expect("the file");
    let target = Target::new(Database::Sqlite);
    for len in [0, 100, 600, whole.len() / 2, whole.len() - 4_000] {
        std::fs::write(&tar, &whole[..len]).expect("it is written");
        let said = failed(&target.run(&["backup", "verify", text(&tar)]));
        assert!(said.contains("not complete") || said.contains("damaged"), "{len}: {said}");
        failed(&target.run(&["backup", "restore", text(&tar)]));
    }
    assert!(!target.folder.path().join("parking.db").exists(), "nothing was restored");
}

async fn an_interrupted_restore_says_so_and_goes_on(database: Database) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let backup = made(folder.path()).await;
    // The last table: everything before it is written when this is found.
    let (_, part) = files(&backup).into_iter().find(|(name, _)| name.contains("/tokens/")).expect("the tokens");
    let whole = std::fs::read(&part).expect("the part");
    flip(&part, 30);
    let target = Target::new(database);
    let said = failed(&target.run(&["backup", "restore", text(&backup)]));
    assert!(said.contains("tokens") && said.contains("damaged"), "{said}");
    for said in [target.refusal(), failed(&target.run(&["verify"])), failed(&target.run(&["token", "list"]))] {
        assert!(said.contains("not complete") && said.contains("restore of"), "{said}");
    }
    std::fs::write(&part, whole).expect("the part is repaired");
    let said = done(&target.run(&["backup", "restore", text(&backup)]));
    assert!(said.contains("going on where"), "{said}");
    done(&target.run(&["verify"]));
    drop(target.start());

    // What another restore left half done gives way.
    let target = Target::new(database);
    flip(&part, 30);
    failed(&target.run(&["backup", "restore", text(&backup)]));
    let tar = folder.path().join("another.tar");
    let parkd = used(Database::Sqlite, 5).await;
    done(&parkd.run(&["backup", "create", text(&tar)]));
    let said = done(&target.run(&["backup", "restore", text(&tar)]));
    assert!(!said.contains("going on"), "{said}");
    done(&target.run(&["verify"]));
}
