//! The site in `deploy/nginx` in front of real daemons, in a real nginx.

mod daemons;
mod dashboard;
mod images;
mod limits;
mod tls;

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use parking_api::client::{Client, Config};
use tempfile::TempDir;

use crate::harness::{Parkd, signal, wait_for};
use crate::s3::{free_port, spawn};
use crate::wire::{Answer, Wire, answer};

/// Where Debian puts it, which is not always in the path.
const NGINX: &str = "/usr/sbin/nginx";
const SITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/nginx");
/// Nobody listens there.
const NOWHERE: &str = "127.0.0.1:1";
const PROXY: [&str; 2] = ["--trusted-proxies", "127.0.0.1"];

/// What differs from one machine to another, and what a test cannot wait for.
struct Site<'a> {
    daemons: Vec<String>,
    s3: &'a str,
    images: &'a Path,
    dashboard: Option<&'a Path>,
    is_tls: bool,
    /// Other texts of the site: what stands there, and what takes its place.
    changes: &'a [(&'a str, &'a str)],
}

impl<'a> Site<'a> {
    fn of(daemons: &[&Parkd]) -> Self {
        Self::at(daemons.iter().map(|parkd| format!("{} max_fails=1 fail_timeout=5s", parkd.address())).collect())
    }

    /// The parameters of `server`, for each daemon.
    fn at(daemons: Vec<String>) -> Self {
        Self { daemons, s3: NOWHERE, images: Path::new("/nowhere"), dashboard: None, is_tls: false, changes: &[] }
    }
}

struct Nginx {
    folder: TempDir,
    port: u16,
    tls_port: u16,
    process: Child,
}

impl Nginx {
    /// The files as they are, with what is said to differ changed and nothing else.
    async fn start(site: &Site<'_>) -> Self {
        assert!(Path::new(NGINX).exists(), "{NGINX} is missing: run .ci/tools");
        let folder = tempfile::tempdir().expect("a folder");
        let (root, port, tls_port) = (folder.path(), free_port(), free_port());
        let text = |path: &Path| path.display().to_string();
        let certificate = if site.is_tls { tls::certificate(root) } else { String::new() };
        let servers: String = site.daemons.iter().map(|daemon| format!("server {daemon};\n")).collect();
        let changes = [
            ("server 127.0.0.1:8080 max_fails=1 fail_timeout=5s;", servers),
            ("127.0.0.1:9000", site.s3.to_string()),
            ("/var/lib/parkd/parking-images", text(site.images)),
            ("/usr/local/lib/parking/current/dashboard", text(site.dashboard.unwrap_or(Path::new("/nowhere")))),
            ("/var/cache/nginx/parking", text(&root.join("cache"))),
            ("/var/log/nginx/", format!("{}/", root.display())),
            ("listen [::]:80;", String::new()),
            ("listen [::]:443 ssl http2;", String::new()),
            ("listen 80;", format!("listen 127.0.0.1:{port};")),
            ("listen 443 ssl http2;", format!("listen 127.0.0.1:{tls_port} ssl http2;")),
            ("/etc/parking/tls", certificate),
        ];
        let own = site.changes.iter().map(|(from, to)| (*from, (*to).to_string()));
        let changes: Vec<_> = changes.into_iter().chain(own).collect();
        let name = if site.is_tls { "parking-tls.conf" } else { "parking.conf" };
        let mut whole = String::new();
        fs::create_dir(root.join("parking")).expect("a folder");
        for file in fs::read_dir(format!("{SITE}/parking")).expect("the site").flatten() {
            let path = root.join("parking").join(file.file_name());
            whole += &changed(&file.path(), &path, &changes);
        }
        whole += &changed(&Path::new(SITE).join(name), &root.join("site.conf"), &changes);
        for (from, _) in &changes {
            let is_of_tls = from.contains("443") || from.contains("tls");
            assert!(whole.contains(from) || is_of_tls && !site.is_tls, "the site has {from}");
        }
        fs::write(root.join("nginx.conf"), main()).expect("the settings");
        let test = Command::new(NGINX).args(["-t", "-c", "nginx.conf", "-p"]).arg(root).output().expect("nginx runs");
        assert!(test.status.success(), "nginx refuses the site: {}", String::from_utf8_lossy(&test.stderr));
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "TERM", "--", NGINX, "-c", "nginx.conf", "-g", "daemon off;"]);
        command.arg("-p").arg(root).stderr(Stdio::null());
        let nginx = Self { process: spawn(command), folder, port, tls_port };
        wait_for("nginx", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()).await;
        nginx
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn wire(&self, token: Option<&str>) -> Wire {
        Wire::at(&self.url(), token)
    }

    fn client(&self, token: String) -> Client {
        let mut config = Config::new(self.url());
        config.token = Some(token);
        Client::new(config).expect("a client")
    }

    async fn get(&self, path: &str, token: &str) -> Answer {
        self.get_with(path, token, &[]).await
    }

    async fn get_with(&self, path: &str, token: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.wire(Some(token)).request("GET", path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request).await
    }

    /// The same from somebody without a token.
    async fn get_as_stranger(&self, path: &str) -> Answer {
        self.wire(None).get(path).await
    }

    fn is_sound(&self) {
        let log = fs::read_to_string(self.folder.path().join("error.log")).unwrap_or_default();
        assert!(!log.contains("[emerg]") && !log.contains("[alert]"), "{log}");
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        signal(self.process.id(), "TERM");
        let _ = self.process.wait();
    }
}

/// Writes a file of the site with these changes; returns it as it was.
fn changed(from: &Path, to: &Path, changes: &[(&str, String)]) -> String {
    let text = fs::read_to_string(from).expect("a file of the site");
    let new = changes.iter().fold(text.clone(), |text, (from, to)| text.replace(from, to));
    fs::write(to, new).expect("a file of the site");
    text
}

/// What a packaged nginx has around its sites.
fn main() -> String {
    let temporary =
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|name| format!("{name}_temp_path t_{name};"));
    // Started by root, its workers would be somebody who may not read temporary folders.
    let is_root = fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0);
    let user = if is_root { "user root;" } else { "" };
    format!(
        "{user} worker_processes 2; pid nginx.pid; error_log error.log; events {{ worker_connections 256; }}
         http {{ include /etc/nginx/mime.types; default_type application/octet-stream; access_log access.log;
         {} include site.conf; }}",
        temporary.join(" ")
    )
}
