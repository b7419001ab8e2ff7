//! The site in `deploy/nginx` in front of real daemons: who may see a picture, who moves its bytes, and what is cached.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use parking_api::captures::Capture;
use parking_api::client::CaptureMeta;
use tempfile::TempDir;

use crate::harness::{Parkd, wait_for};
use crate::live::view::Follower;
use crate::pictures::JPEGS;
use crate::s3::{Server, bucket_name, free_port, spawn};
use crate::wire::{self, Answer, answer};

/// Where Debian puts it, which is not always in the path.
const NGINX: &str = "/usr/sbin/nginx";
const SITE: &str = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/nginx/parkd.conf"));

struct Nginx {
    folder: TempDir,
    port: u16,
    process: Child,
}

impl Nginx {
    /// The site with what it says to change changed, and nothing else.
    async fn start(daemons: &[&Parkd], s3: &str, images: &Path) -> Self {
        assert!(Path::new(NGINX).exists(), "{NGINX} is missing: run .ci/tools");
        let folder = tempfile::tempdir().expect("a folder");
        let port = free_port();
        let servers: String = daemons.iter().map(|parkd| format!("server {};\n", parkd.address())).collect();
        let mut site = SITE.to_string();
        for (from, to) in [
            ("server 127.0.0.1:8080;", servers),
            ("127.0.0.1:9000", s3.to_string()),
            ("/var/cache/nginx/parkd", folder.path().join("cache").display().to_string()),
            ("listen 80;", format!("listen 127.0.0.1:{port};")),
            ("/var/lib/parkd/parking-images/", format!("{}/", images.display())),
        ] {
            assert!(site.contains(from), "the site has {from}");
            site = site.replace(from, &to);
        }
        std::fs::write(folder.path().join("parkd.conf"), site).expect("the site");
        let temporary =
            ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("{name}_temp_path t_{name};"));
        // Started by root, its workers would be somebody who may not read temporary folders.
        let user = if std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0) {
            "user root;"
        } else {
            ""
        };
        let main = format!(
            "{user} worker_processes 1; pid nginx.pid; error_log error.log; events {{ worker_connections 256; }}
             http {{ access_log access.log; {} include parkd.conf; }}",
            temporary.join(" ")
        );
        std::fs::write(folder.path().join("nginx.conf"), main).expect("the settings");
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "--", NGINX, "-c", "nginx.conf", "-g", "daemon off;"]);
        command.arg("-p").arg(folder.path()).stderr(Stdio::null());
        let nginx = Self { folder, port, process: spawn(command) };
        wait_for("nginx", async || nginx.try_get("/health/live", None, &[]).await).await;
        nginx
    }

    async fn try_get(&self, path: &str, token: Option<&str>, headers: &[(&str, &str)]) -> Option<Answer> {
        let mut request = reqwest::Client::new().get(format!("http://127.0.0.1:{}{path}", self.port));
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        tokio::net::TcpStream::connect(("127.0.0.1", self.port)).await.ok()?;
        Some(answer(request).await)
    }

    async fn get(&self, path: &str, token: &str) -> Answer {
        self.get_with(path, token, &[]).await
    }

    async fn get_with(&self, path: &str, token: &str, headers: &[(&str, &str)]) -> Answer {
        self.try_get(path, Some(token), headers).await.expect("nginx answers")
    }

    fn is_sound(&self) {
        let log = std::fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default();
        assert!(!log.contains("[emerg]") && !log.contains("[alert]"), "{log}");
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        crate::harness::signal(self.process.id(), "TERM");
        let _ = self.process.wait();
    }
}

const ACCEL: [&str; 4] = ["--images-via", "accel", "--trusted-proxies", "127.0.0.1"];

async fn upload(parkd: &Parkd, n: usize) -> Capture {
    let stored = parkd.admin().capture_upload(JPEGS[n].clone(), "image/jpeg", &CaptureMeta::default()).await;
    stored.expect("a capture").value
}

/// Whether the answer is this picture with everything that a browser is told about it.
fn is_whole(answer: &Answer, n: usize) {
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("image/jpeg")), "{}", answer.text());
    assert_eq!(answer.body, JPEGS[n]);
    let all = |name: &str| answer.headers.get_all(name).iter().map(|v| v.to_str().expect("text")).collect::<Vec<_>>();
    assert_eq!(all("cache-control"), ["private, max-age=31536000, immutable"]);
    assert_eq!(all("x-content-type-options"), ["nosniff"]);
    assert_eq!(all("vary"), ["Authorization, Cookie"]);
    assert_eq!(all("accept-ranges"), ["bytes"]);
    assert_eq!(all("content-type"), ["image/jpeg"]);
    assert_eq!(all("etag").len(), 1);
    for name in ["x-accel-redirect", "x-parkd-object", "x-amz-request-id"] {
        assert_eq!(all(name), [""; 0], "{name}");
    }
}

#[tokio::test]
async fn pictures_on_s3_are_moved_and_cached_by_nginx_and_shown_to_those_who_may_see_them() {
    let server = Server::own().await;
    let (bucket, keys) = (bucket_name(), server.keys_file().to_string_lossy().into_owned());
    let url = server.url(&bucket);
    let one = Parkd::start(&[&["--objects-url", &url, "--s3-keys-file", &keys], &ACCEL[..]].concat());
    let (admin, camera) = (one.admin_token(), wire::camera(&one, "cam-1").await);
    let database = format!("sqlite://{}", one.data_dir().join("parking.db").display());
    let shared = ["--objects-url", &url, "--s3-keys-file", &keys, "--database-url", &database];
    let two = Parkd::start(&[&shared, &ACCEL[..]].concat());
    let nginx = Nginx::start(&[&one, &two], &server.address(), one.data_dir()).await;

    let capture = upload(&one, 1).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        let answer = nginx.get(&capture.url, &admin).await;
        is_whole(&answer, 1);
        statuses.push(answer.header("x-cache-status").unwrap_or("none").to_string());
    }
    assert_eq!(statuses, ["MISS", "HIT", "HIT", "HIT"], "whichever daemon is asked");
    let tag = nginx.get(&capture.url, &admin).await.header("etag").expect("a tag").to_string();
    assert_eq!(tag, format!("\"{}\"", capture.sha256));
    let known = nginx.get_with(&capture.url, &admin, &[("if-none-match", &tag)]).await;
    assert_eq!((known.status, known.body.len()), (304, 0));
    let part = nginx.get_with(&capture.url, &admin, &[("range", "bytes=10-19")]).await;
    assert_eq!((part.status, part.body), (206, JPEGS[1].slice(10..20)));

    let nobody = nginx.try_get(&capture.url, None, &[]).await.expect("nginx answers");
    assert_eq!(
        (nobody.status, nobody.header("x-cache-status")),
        (401, None),
        "a picture in the cache is still asked for"
    );
    assert_eq!(nginx.get(&capture.url, &camera).await.status, 403);
    for path in ["/_objects/", "/_objects/../_objects/", "/_files/"] {
        let direct = nginx.get(&format!("{path}{}", capture.key), &admin).await;
        assert_eq!(direct.status, 404, "{path}");
    }
    let small = nginx.get(&format!("{}?w=160", capture.url), &admin).await;
    assert_eq!((small.status, small.header("x-cache-status")), (200, None), "the daemon makes the small ones");
    let direct = wire::Wire::admin(&one).get(&capture.url).await;
    assert_eq!((direct.status, direct.body), (200, JPEGS[1].clone()), "who asks past nginx gets the bytes");

    let unseen = upload(&one, 2).await;
    server.kill();
    is_whole(&nginx.get(&capture.url, &admin).await, 1);
    assert_eq!(nginx.try_get(&capture.url, None, &[]).await.expect("nginx answers").status, 401);
    let away = nginx.get(&unseen.url, &admin).await;
    assert_eq!((away.status, away.code()), (503, parking_api::ProblemCode::Unavailable));
    assert!(away.header("retry-after").is_some());
    let spooled = upload(&one, 3).await;
    wait_for("the daemon that has it", async || (nginx.get(&spooled.url, &admin).await.status == 200).then_some(()))
        .await;
    server.start().await;
    wait_for("the bucket", async || (nginx.get(&unseen.url, &admin).await.status == 200).then_some(())).await;
    is_whole(&nginx.get(&unseen.url, &admin).await, 2);
    nginx.is_sound();
}

#[tokio::test]
async fn pictures_in_a_folder_are_the_same_whoever_moves_their_bytes() {
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("file://{}", folder.path().display());
    for settings in [&ACCEL[..], &["--images-via", "daemon"]] {
        let parkd = Parkd::start(&[&["--objects-url", &url], settings].concat());
        let nginx = Nginx::start(&[&parkd], "127.0.0.1:1", folder.path()).await;
        let (admin, camera) = (parkd.admin_token(), wire::camera(&parkd, "cam-1").await);
        let capture = upload(&parkd, 4).await;
        let whole = nginx.get(&capture.url, &admin).await;
        is_whole(&whole, 4);
        let tag = whole.header("etag").expect("a tag");
        assert_eq!(nginx.get_with(&capture.url, &admin, &[("if-none-match", tag)]).await.status, 304);
        let part = nginx.get_with(&capture.url, &admin, &[("range", "bytes=-10")]).await;
        assert_eq!((part.status, part.body), (206, JPEGS[4].slice(JPEGS[4].len() - 10..)));
        assert_eq!(nginx.try_get(&capture.url, None, &[]).await.expect("nginx answers").status, 401);
        assert_eq!(nginx.get(&capture.url, &camera).await.status, 403);
        assert_eq!(nginx.get(&format!("/_files/{}", capture.key), &admin).await.status, 404);
        assert_eq!(nginx.get("/images/main/none.jpg", &admin).await.status, 404);
        nginx.is_sound();
    }
}

#[tokio::test]
async fn a_live_socket_and_uploads_go_through_nginx() {
    let parkd = Parkd::start(&["--trusted-proxies", "127.0.0.1"]);
    let nginx = Nginx::start(&[&parkd], "127.0.0.1:1", parkd.data_dir()).await;
    let mut config = parking_api::client::Config::new(format!("http://127.0.0.1:{}", nginx.port));
    config.token = Some(parkd.admin_token());
    let client = parking_api::client::Client::new(config).expect("a client");
    let mut follower = Follower::new(&client);
    follower.go_live().await;
    let seq = client.capture_upload(JPEGS[5].clone(), "image/jpeg", &CaptureMeta::default()).await.expect("stored").seq;
    follower.reach(seq).await;
}
