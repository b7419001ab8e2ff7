//! The site over TLS.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{Nginx, PROXY, Site};
use crate::harness::Parkd;
use crate::wire::answer;

/// Makes a certificate of a test in a folder of its own, and says where that is.
pub(super) fn certificate(folder: &Path) -> String {
    let folder = folder.join("tls");
    std::fs::create_dir(&folder).expect("a folder");
    let mut command = Command::new("openssl");
    command.args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]);
    command.args(["-subj", "/CN=lot.example", "-addext", "subjectAltName=IP:127.0.0.1"]);
    command.args(["-addext", "basicConstraints=critical,CA:FALSE", "-keyout"]);
    let made = command.arg(folder.join("privkey.pem")).arg("-out").arg(folder.join("fullchain.pem")).output();
    assert!(made.expect("openssl runs: run .ci/tools").status.success());
    folder.display().to_string()
}

/// What curl says of a request: its exit code, and the HTTP version and status of the answer.
fn curl(nginx: &Nginx, args: &[&str], path: &str) -> (Option<i32>, String) {
    let mut command = Command::new("curl");
    command.args(["-sS", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", "--cacert"]);
    command.arg(nginx.folder.path().join("tls/fullchain.pem")).args(args);
    let output = command.arg(format!("https://127.0.0.1:{}{path}", nginx.tls_port)).output().expect("curl runs");
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn over_tls_everything_is_the_same_and_stays_there() {
    let parkd = Parkd::start(&PROXY);
    let nginx = Nginx::start(&Site { is_tls: true, ..Site::of(&[&parkd]) }).await;
    assert_eq!(curl(&nginx, &["--http2"], "/health/live"), (Some(0), "2 200".to_string()));
    assert_eq!(curl(&nginx, &["--http1.1", "--tls-max", "1.2"], "/health/live"), (Some(0), "1.1 200".to_string()));
    let old = curl(&nginx, &["--tls-max", "1.1", "--ciphers", "ALL:@SECLEVEL=0"], "/health/live");
    assert_ne!(old.0, Some(0), "TLS 1.1 is not spoken");

    let plain = nginx.wire(None).request("POST", "/api/capture?camera=cam-1").body("picture");
    let away = answer(plain).await;
    assert_eq!((away.status, away.header("location")), (308, Some("https://127.0.0.1/api/capture?camera=cam-1")));

    let pem = std::fs::read(nginx.folder.path().join("tls/fullchain.pem")).expect("the certificate");
    let root = reqwest::Certificate::from_pem(&pem).expect("a certificate");
    let browser = reqwest::Client::builder().no_proxy().add_root_certificate(root).build().expect("a client");
    let url = format!("https://127.0.0.1:{}/api/login", nginx.tls_port);
    let login = answer(browser.post(url).json(&json!({"token": parkd.admin_token()}))).await;
    assert_eq!(login.status, 200, "{}", login.text());
    assert!(login.header("set-cookie").expect("a cookie").ends_with("; Secure"), "the daemon knows that it is TLS");
    assert_eq!(login.header("strict-transport-security"), Some("max-age=31536000"));
    nginx.is_sound();
}
