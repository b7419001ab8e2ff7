//! What must never be written down: secrets of tokens, cookies, pictures.

use parking_api::tokens::{Identity, Role};
use serde_json::json;

use crate::harness::Parkd;
use crate::wire::{self, Wire, answer, frame, raw_get, socket};

/// Stands in a picture, where a camera writes a remark.
const PICTURE_MARK: &str = "PICTUREBYTES";

/// Uses every secret in every way that is meant, and in ways that are not.
async fn scenario(parkd: &Parkd) -> Vec<String> {
    let mut secrets = vec![parkd.admin_token()];
    for role in [Role::Viewer, Role::Attendant, Role::Camera] {
        secrets.push(wire::token(parkd, role).await);
    }
    let nobody = Wire::new(parkd, None);
    for secret in secrets.clone() {
        let caller = Wire::new(parkd, Some(&secret));
        caller.get("/api/slots").await;
        caller.send("POST", "/api/slots", json!({"code": "A-1"})).await;
        let login = nobody.send("POST", "/api/login", json!({"token": secret})).await;
        if let Some(cookie) = login.header("set-cookie") {
            let cookie = cookie.split(';').next().expect("a cookie").to_string();
            let csrf = login.json::<Identity>(200).csrf_token.expect("a CSRF token");
            let request = nobody.request("POST", "/api/logout").header("cookie", &cookie).header("x-csrf-token", &csrf);
            assert_eq!(answer(request).await.status, 204);
            secrets.extend([cookie.split_once('=').expect("a value").1.to_string(), csrf]);
        }
        // What people do by mistake.
        nobody.handshake(&format!("/ws?token={secret}"), &[]).await;
        caller.handshake(&format!("/ws?token={secret}"), &[]).await;
        Wire::admin(parkd).call("DELETE", &format!("/api/tokens/{secret}")).await;
        nobody.send("POST", "/api/login", json!(secret)).await;
        nobody.send("POST", "/api/login", json!({ secret.clone(): "" })).await;
        caller.send("POST", "/api/tokens", json!({"name": "x", "role": secret})).await;
        raw_get(parkd, &format!("/{secret}"), &secret).await;
        answer(nobody.request("GET", "/api/slots").header("authorization", format!("Token {secret}"))).await;
        answer(nobody.request("GET", "/api/slots").header("cookie", format!("parking_login={secret}"))).await;
    }
    secrets.push(PICTURE_MARK.to_string());
    for content_type in ["image/jpeg", "text/plain"] {
        let picture = [&b"\xff\xd8\xff\xfe\x00\x0e"[..], PICTURE_MARK.as_bytes()].concat();
        let request = Wire::admin(parkd).request("POST", "/api/capture").header("content-type", content_type);
        answer(request.body(picture)).await.problem();
    }
    let mut open = socket(parkd, "/ws", &[("authorization", &format!("Bearer {}", secrets[1]))]).await;
    frame(&mut open).await.expect("a frame");
    let request = Wire::admin(parkd).request("POST", "/api/tokens").header("idempotency-key", "k");
    let made: serde_json::Value = answer(request.json(&json!({"name": "x", "role": "viewer"}))).await.json(201);
    secrets.push(made["token"].as_str().expect("a secret").to_string());
    secrets
}

#[tokio::test]
async fn the_log_holds_no_secret_however_much_is_logged() {
    for format in ["text", "json"] {
        let mut parkd = Parkd::start(&["--log", "trace", "--log-format", format]);
        let secrets = scenario(&parkd).await;
        assert_eq!(parkd.stop(), Some(0));
        let log = parkd.log();
        assert!(log.len() > 10_000 && log.contains("/api/slots"), "something was logged");
        for secret in &secrets {
            let line = log.lines().find(|line| line.contains(secret.as_str()));
            assert_eq!(line, None, "the log gives {secret} away");
        }
    }
}

#[tokio::test]
async fn neither_the_database_nor_any_other_file_holds_a_secret() {
    let mut parkd = Parkd::start(&[]);
    let secrets = scenario(&parkd).await;
    assert_eq!(parkd.stop(), Some(0));
    for entry in std::fs::read_dir(parkd.data_dir()).expect("a folder") {
        let path = entry.expect("an entry").path();
        if !path.is_file() || path.file_name().is_some_and(|name| name == "admin.token") {
            continue;
        }
        let bytes = std::fs::read(&path).expect("a file");
        for secret in &secrets {
            let is_there = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!is_there, "{} holds a secret", path.display());
        }
    }
}
