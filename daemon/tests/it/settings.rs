//! Settings: where each comes from, and what is refused before anything starts. And the files of a dashboard.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Output, Stdio};

use parking_api::ProblemCode;
use serde_json::Value;
use tempfile::TempDir;

use crate::harness::{Parkd, parkd};
use crate::wire::{Wire, answer, raw_get};

fn folder() -> TempDir {
    tempfile::tempdir().expect("a temporary folder")
}

fn run(folder: &Path, env: &[(&str, &str)], args: &[&str]) -> Output {
    parkd(folder).envs(env.iter().copied()).args(args).output().expect("parkd runs")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).expect("text")
}

/// Every setting in force: its value and where it came from, by the name in the environment.
fn config(folder: &Path, env: &[(&str, &str)], args: &[&str]) -> BTreeMap<String, (String, String)> {
    let output = run(folder, env, &[&["config", "--json"], args].concat());
    assert!(output.status.success(), "{}", text(&output.stderr));
    let list: Vec<Value> = serde_json::from_slice(&output.stdout).expect("JSON");
    let field = |setting: &Value, name: &str| setting[name].as_str().expect("text").to_string();
    list.iter().map(|s| (field(s, "env"), (field(s, "value"), field(s, "origin")))).collect()
}

/// The refusal of settings: exit code 2, and what was said.
fn refusal(folder: &Path, env: &[(&str, &str)], args: &[&str]) -> String {
    let output = run(folder, env, args);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{env:?} {args:?}: {said}");
    assert!(output.stdout.is_empty(), "nothing was started");
    said
}

#[test]
fn a_flag_beats_the_environment_which_beats_the_file_which_beats_the_default() {
    let folder = folder();
    let file = "PARKD_CONNECTIONS_MAX=5\nPARKD_UPLOAD_RATE=6\n# a remark\nPARKD_LOG=debug\nOTHER=1\n";
    std::fs::write(folder.path().join(".env"), file).expect("a file");
    let env = [("PARKD_UPLOAD_RATE", "7"), ("PARKD_LOG", "info")];
    let config = config(folder.path(), &env, &["--log", "warn", "--public-read"]);
    let is = |name: &str, value: &str, origin: &str| {
        assert_eq!(config[name], (value.to_string(), origin.to_string()), "{name}");
    };
    is("PARKD_LOG", "warn", "flag");
    is("PARKD_PUBLIC_READ", "true", "flag");
    is("PARKD_UPLOAD_RATE", "7", "environment");
    is("PARKD_CONNECTIONS_MAX", "5", ".env");
    is("PARKD_LISTEN", "127.0.0.1:8080", "default");
    is("PARKD_ALLOWED_ORIGINS", "", "default");
    let data = folder.path().display();
    is("PARKD_DATA_DIR", &data.to_string(), "environment");
    is("DATABASE_URL", &format!("sqlite://{data}/parking.db"), "default");
    is("OBJECTS_URL", &format!("file://{data}/parking-images"), "default");
}

#[test]
fn every_setting_stands_in_the_table_and_no_password_does() {
    let folder = folder();
    let url = ("DATABASE_URL", "sqlite://user:hunter2@host/x.db");
    let json = config(folder.path(), &[url], &[]);
    assert_eq!(json["DATABASE_URL"].0, "sqlite://user:***@host/x.db");
    let table = text(&run(folder.path(), &[url], &["config"]).stdout);
    assert!(!table.contains("hunter2") && table.contains("***"), "{table}");
    for name in json.keys() {
        assert!(table.contains(name), "{name} is missing:\n{table}");
    }
    assert_eq!(table.lines().count(), json.len());
    assert!(!folder.path().join("parking.db").exists(), "looking creates nothing");
}

#[test]
fn a_setting_that_does_not_exist_is_refused_by_name() {
    let folder = folder();
    for command in [&["serve"][..], &["config"], &["verify"], &["token", "list"], &["openapi"], &[]] {
        let said = refusal(folder.path(), &[("PARKD_LISTN", "127.0.0.1:1")], command);
        assert!(said.contains("PARKD_LISTN") && said.contains("PARKD_LISTEN"), "{command:?}: {said}");
    }
    assert!(refusal(folder.path(), &[], &["serve", "--lisen", "x"]).contains("--lisen"));
    std::fs::write(folder.path().join(".env"), "PARKD_COLOUR=red\n").expect("a file");
    assert!(refusal(folder.path(), &[], &["config"]).contains("PARKD_COLOUR"));
    std::fs::write(folder.path().join(".env"), "this is = no 'setting\n").expect("a file");
    assert!(refusal(folder.path(), &[], &["config"]).contains(".env"));
}

#[test]
fn a_value_that_cannot_be_is_refused_with_the_setting_to_blame() {
    let folder = folder();
    let flags = [
        ("--listen", "nowhere"),
        ("--public-read", "maybe"),
        ("--allowed-origins", "https://lot.example/path"),
        ("--allowed-origins", "lot.example"),
        ("--trusted-proxies", "proxy"),
        ("--web-root", "/nonexistent"),
        ("--connections-max", "0"),
        ("--write-rate", "-1"),
        ("--upload-rate", "many"),
        ("--events-keep", "999"),
        ("--log-format", "xml"),
        ("--log", "parkd=loud"),
        ("--demo-speed", "0"),
    ];
    for (flag, value) in flags {
        let said = refusal(folder.path(), &[], &["serve", &format!("{flag}={value}")]);
        assert!(said.contains(flag), "{flag} {value}: {said}");
        let name = format!("PARKD_{}", flag[2..].replace('-', "_").to_uppercase());
        let said = refusal(folder.path(), &[(&name, value)], &["serve"]);
        assert!(said.contains(flag) || said.contains(&name), "{name}={value}: {said}");
    }
    for (name, url) in [("DATABASE_URL", "mysql://user:hunter2@host/db"), ("OBJECTS_URL", "ftp://user:hunter2@host/x")]
    {
        let said = refusal(folder.path(), &[(name, url)], &["serve"]);
        assert!(said.contains(name) && !said.contains("hunter2"), "{said}");
    }
    assert!(std::fs::read_dir(folder.path()).expect("the folder").next().is_none(), "nothing was begun");
}

#[test]
fn what_cannot_be_opened_is_said_with_what_to_do() {
    let folder = folder();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = run(folder.path(), &[], &["serve", "--listen", &address]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(&address) && said.contains("--listen"), "{said}");
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let output = run(folder.path(), &[], &["serve", "--data-dir", file.to_str().expect("text")]);
    let said = text(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains(file.to_str().expect("text")), "{said}");
    for command in [&["verify"][..], &["token", "list"]] {
        let output = run(&folder.path().join("."), &[("PARKD_DATA_DIR", "/nonexistent/parkd")], command);
        assert_eq!(output.status.code(), Some(1), "{command:?} makes no database of its own");
        assert!(text(&output.stderr).contains("--data-dir"));
    }
}

#[test]
fn help_and_version_are_no_mistakes() {
    let folder = folder();
    for args in [&["--help"][..], &["--version"], &["serve", "--help"], &["token", "create", "--help"], &["help"]] {
        let output = run(folder.path(), &[], args);
        assert!(output.status.success() && !output.stdout.is_empty() && output.stderr.is_empty(), "{args:?}");
    }
    let help = text(&run(folder.path(), &[], &["serve", "--help"]).stdout);
    for name in config(folder.path(), &[], &[]).keys() {
        assert!(help.contains(name), "the help names {name}");
    }
}

#[test]
fn listening_beyond_this_machine_is_warned_of() {
    let folder = folder();
    let mut command = parkd(folder.path());
    let mut process = command
        .args(["serve", "--listen", "0.0.0.0:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("parkd starts");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
    process.kill().expect("it is stopped");
    let mut log = String::new();
    process.stderr.take().expect("a pipe").read_to_string(&mut log).expect("a log");
    process.wait().expect("it is gone");
    assert!(line.starts_with("parkd listening on http://0.0.0.0:"), "{line}");
    assert!(log.contains("WARN") && log.contains("TLS"), "{log}");
}

/// A built dashboard, and a secret beside it.
fn dashboard() -> TempDir {
    let folder = folder();
    let root = folder.path().join("web");
    std::fs::create_dir_all(root.join("assets")).expect("a folder");
    let files =
        [("web/index.html", "<html>lot</html>"), ("web/assets/app-1a2b.js", "run()"), ("web/logo.svg", "<svg/>")];
    for (name, content) in files.into_iter().chain([("secret.txt", "SECRET"), ("web/assets/app-1a2b.js.gz", "packed")])
    {
        std::fs::write(folder.path().join(name), content).expect("a file");
    }
    folder
}

#[tokio::test]
async fn a_dashboard_is_served_with_every_page_that_it_has() {
    let folder = dashboard();
    let root = folder.path().join("web");
    let parkd = Parkd::start(&["--web-root", root.to_str().expect("text")]);
    let nobody = Wire::new(&parkd, None);
    for page in ["/", "/index.html", "/slots/A-1", "/login?next=/", "/lots/main/cameras"] {
        let answer = nobody.get(page).await;
        assert_eq!((answer.status, answer.text().as_str()), (200, "<html>lot</html>"), "{page}");
        assert_eq!(answer.header("content-type"), Some("text/html"), "{page}");
        assert_eq!(answer.header("cache-control"), Some("no-cache"), "{page}");
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.contains("default-src 'none'; script-src 'self';") && !policy.contains("unsafe"), "{policy}");
    }
    let asset = nobody.get("/assets/app-1a2b.js").await;
    assert_eq!((asset.status, asset.text().as_str()), (200, "run()"));
    assert_eq!(asset.header("cache-control"), Some("public, max-age=31536000, immutable"));
    let packed = answer(nobody.request("GET", "/assets/app-1a2b.js").header("accept-encoding", "gzip")).await;
    assert_eq!((packed.header("content-encoding"), packed.text().as_str()), (Some("gzip"), "packed"));
    let logo = nobody.get("/logo.svg").await;
    assert_eq!((logo.status, logo.header("content-type")), (200, Some("image/svg+xml")));
    assert_eq!(nobody.get("/api/slots").await.code(), ProblemCode::Unauthenticated, "the API is where it was");
    assert_eq!(Wire::admin(&parkd).get("/api/slots").await.status, 200);
}

#[tokio::test]
async fn a_program_that_asks_for_what_is_not_there_is_not_answered_with_a_page() {
    let folder = dashboard();
    let root = folder.path().join("web");
    let parkd = Parkd::start(&["--web-root", root.to_str().expect("text")]);
    let nobody = Wire::new(&parkd, None);
    for path in ["/api/nothing", "/api/slots/A-1/nothing", "/health/nothing", "/assets/app-old.js", "/assets/"] {
        let answer = nobody.get(path).await;
        assert_eq!(answer.code(), ProblemCode::NotFound, "{path}");
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}: what is missing may come");
    }
    assert_eq!(nobody.call("POST", "/slots").await.code(), ProblemCode::MethodNotAllowed);
    assert_eq!(nobody.call("DELETE", "/api/slots").await.code(), ProblemCode::MethodNotAllowed);
    for path in [
        "/../secret.txt",
        "/..%2fsecret.txt",
        "/%2e%2e/secret.txt",
        "/assets/..%2f..%2f..%2fsecret.txt",
        "//secret.txt",
    ] {
        let answer = raw_get(&parkd, path, &parkd.admin_token()).await;
        assert!(!answer.text().contains("SECRET"), "{path} leads out of the folder");
    }
}
