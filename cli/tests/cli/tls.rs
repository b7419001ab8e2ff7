//! Through a real nginx with a certificate of our own authority, in front of a real daemon.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::daemon::Daemon;
use crate::following::Following;
use crate::run::{args, parkctl, run};

const NGINX: &str = "/usr/sbin/nginx";
const STARTS_WITHIN: Duration = Duration::from_secs(30);

pub struct Nginx {
    folder: TempDir,
    pub url: String,
    child: Child,
}

impl Nginx {
    pub fn before(daemon: &Daemon) -> Self {
        assert!(Path::new(NGINX).exists(), "{NGINX} is missing: run .ci/tools");
        let folder = tempfile::tempdir().expect("a folder");
        certify(folder.path());
        let port = TcpListener::bind("127.0.0.1:0").and_then(|free| free.local_addr()).expect("a free port").port();
        let settings = format!(
            "{user} worker_processes 1; daemon off; pid nginx.pid; error_log error.log; events {{}}
             http {{ access_log off; {temporary}
               server {{ listen 127.0.0.1:{port} ssl; ssl_certificate site.pem; ssl_certificate_key site.key;
                 location / {{ proxy_pass {daemon}; proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade;
                   proxy_set_header Connection $http_connection; proxy_set_header Host $host; }} }} }}",
            user = if is_root() { "user root;" } else { "" },
            temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
                .map(|name| format!("{name}_temp_path t_{name};"))
                .concat(),
            daemon = daemon.url,
        );
        std::fs::write(folder.path().join("nginx.conf"), settings).expect("written");
        let child = Command::new("setpriv")
            .args(["--pdeathsig", "TERM", "--", NGINX, "-c", "nginx.conf", "-p"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx runs");
        let deadline = Instant::now() + STARTS_WITHIN;
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "nginx does not listen");
            std::thread::yield_now();
        }
        Self { folder, url: format!("https://localhost:{port}"), child }
    }

    pub fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // TERM, so that it ends its worker as well.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}

fn is_root() -> bool {
    Command::new("id").arg("-u").output().is_ok_and(|id| id.stdout == b"0\n")
}

/// An authority, and a certificate of it for localhost.
pub fn certify(folder: &Path) {
    let openssl = |line: &str| {
        let done = Command::new("openssl").args(args(line)).current_dir(folder).output().expect("openssl runs");
        assert!(done.status.success(), "{line}: {}", String::from_utf8_lossy(&done.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes";
    openssl(&format!("req -x509 {key} -keyout ca.key -out ca.pem -days 2 -subj '/CN=An authority of our own'"));
    openssl(&format!("req {key} -keyout site.key -out site.csr -subj /CN=localhost"));
    std::fs::write(folder.join("names"), "subjectAltName=DNS:localhost").expect("written");
    openssl("x509 -req -in site.csr -CA ca.pem -CAkey ca.key -CAcreateserial -out site.pem -days 2 -extfile names");
}

#[test]
fn a_server_is_trusted_through_its_own_authority_and_not_without() {
    let daemon = Daemon::with_slots();
    let nginx = Nginx::before(&daemon);
    let home = tempfile::tempdir().expect("a folder");
    let command = |line: &str| {
        let mut command = parkctl(home.path());
        let token = daemon.data_dir().join("admin.token");
        command.args(args(line)).env("PARKCTL_SERVER", &nginx.url).env("PARKCTL_TOKEN_FILE", token);
        command
    };
    let stranger = run(&mut command("slot list -o json"));
    assert_eq!(stranger.code, Some(6), "{stranger:?}");
    let error = stranger.error();
    assert!(error["message"].as_str().is_some_and(|text| text.contains("certificate")), "{error}");
    assert!(error["hint"].as_str().is_some_and(|text| text.contains("--ca-file")), "{error}");

    let by_flag = run(command("slot list -o csv --ca-file").arg(nginx.authority()));
    assert_eq!((by_flag.code, by_flag.out.lines().count()), (Some(0), 6), "{by_flag:?}");
    let mut watch = Following::start(command("slot watch --count 1 -o json").env("PARKCTL_CA_FILE", nginx.authority()));
    watch.says("watching ");
    assert_eq!(daemon.ask("slot toggle A-01").code, Some(0));
    assert!(watch.line().contains("\"A-01\""));
    assert_eq!(watch.end().1, Some(0));

    let added = run(command("context add safe --use --ca-file").arg(nginx.authority()).args(["--server", &nginx.url]));
    assert_eq!(added.code, Some(0), "{added:?}");
    let mut in_context = command("slot get A-01 --context safe");
    assert_eq!(run(in_context.env_remove("PARKCTL_SERVER")).code, Some(0));
}

#[test]
fn certificates_that_are_none_or_cannot_be_read_are_refused() {
    let home = tempfile::tempdir().expect("a folder");
    let file = home.path().join("ca.pem");
    std::fs::write(&file, "not a certificate").expect("written");
    let ask = |file: &Path| run(parkctl(home.path()).args(args("slot list -o json --ca-file")).arg(file));
    assert_eq!((ask(&file).code, ask(&file).error()["code"].as_str()), (Some(2), Some("usage")));
    let missing = ask(&home.path().join("none"));
    assert!(missing.error()["message"].as_str().is_some_and(|text| text.contains("(--ca-file)")), "{missing:?}");
}
