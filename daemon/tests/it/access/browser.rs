//! Browsers: a token for a cookie, the proof that a change was meant, and the sites that may open a socket.

use parking_api::ProblemCode;
use parking_api::live::Frame;
use parking_api::tokens::{Identity, Role};
use serde_json::json;

use crate::harness::Parkd;
use crate::wire::{self, Answer, Wire, answer, frame, socket};

/// A browser that has logged in.
struct Browser<'a> {
    parkd: &'a Parkd,
    /// `name=value`.
    cookie: String,
    csrf: String,
}

impl<'a> Browser<'a> {
    async fn log_in(parkd: &'a Parkd, token: &str) -> Self {
        let answer = Wire::new(parkd, None).send("POST", "/api/login", json!({"token": token})).await;
        let identity: Identity = answer.json(200);
        let cookie = answer.header("set-cookie").expect("a cookie").split(';').next().expect("a value").to_string();
        Self { parkd, cookie, csrf: identity.csrf_token.expect("a CSRF token") }
    }

    async fn ask(&self, method: &str, path: &str, csrf: Option<&str>) -> Answer {
        let mut request = Wire::new(self.parkd, None).request(method, path).header("cookie", &self.cookie);
        if let Some(csrf) = csrf {
            request = request.header("x-csrf-token", csrf);
        }
        answer(request).await
    }
}

async fn with_slot(args: &[&str]) -> Parkd {
    let parkd = Parkd::start(args);
    assert_eq!(Wire::admin(&parkd).send("POST", "/api/slots", json!({"code": "A-1"})).await.status, 201);
    parkd
}

#[tokio::test]
async fn a_login_cookie_is_out_of_reach_for_scripts_and_other_sites() {
    let parkd = Parkd::start(&["--trusted-proxies", "127.0.0.1"]);
    let body = json!({"token": parkd.admin_token()});
    let plain = Wire::new(&parkd, None).send("POST", "/api/login", body.clone()).await;
    let cookie = plain.header("set-cookie").expect("a cookie");
    let attributes: Vec<_> = cookie.split("; ").skip(1).collect();
    assert_eq!(attributes, ["Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=43200"]);
    assert!(!cookie.contains(&parkd.admin_token()), "the token itself does not stay in the browser");
    let identity: Identity = plain.json(200);
    assert_eq!((identity.role, identity.name.as_str()), (Role::Admin, "admin"));
    let request = Wire::new(&parkd, None).request("POST", "/api/login").header("x-forwarded-proto", "https");
    let tls = answer(request.json(&body)).await;
    assert!(tls.header("set-cookie").expect("a cookie").ends_with("; Secure"), "behind TLS it stays behind TLS");
}

#[tokio::test]
async fn a_cookie_reads_by_itself_and_writes_only_with_the_csrf_token() {
    let parkd = with_slot(&[]).await;
    let browser = Browser::log_in(&parkd, &parkd.admin_token()).await;
    for path in ["/api/slots", "/api/sessions", "/api/tokens", "/api/events"] {
        assert_eq!(browser.ask("GET", path, None).await.status, 200, "{path}");
    }
    let identity: Identity = browser.ask("GET", "/api/login", None).await.json(200);
    assert_eq!(identity.csrf_token.as_ref(), Some(&browser.csrf), "a page that is loaded again asks for it");
    let toggle = "/api/slots/A-1/toggle";
    let other = Browser::log_in(&parkd, &wire::token(&parkd, Role::Attendant).await).await;
    for wrong in [None, Some(""), Some("0"), Some(other.csrf.as_str()), Some(&browser.csrf[1..])] {
        assert_eq!(browser.ask("POST", toggle, wrong).await.code(), ProblemCode::CsrfMismatch, "{wrong:?}");
        assert_eq!(browser.ask("DELETE", "/api/slots/A-1", wrong).await.code(), ProblemCode::CsrfMismatch);
    }
    assert_eq!(browser.ask("POST", toggle, Some(&browser.csrf)).await.status, 200);
    let by_header = Wire::admin(&parkd).request("POST", toggle).header("cookie", &browser.cookie);
    assert_eq!(answer(by_header).await.status, 200, "a program that names its token needs no CSRF token");
    let identity: Identity = Wire::admin(&parkd).get("/api/login").await.json(200);
    assert_eq!(identity.csrf_token, None);
}

#[tokio::test]
async fn a_cookie_may_do_what_its_token_may_and_only_as_long() {
    let parkd = with_slot(&[]).await;
    let token = wire::token(&parkd, Role::Viewer).await;
    let browser = Browser::log_in(&parkd, &token).await;
    assert_eq!(browser.ask("POST", "/api/slots/A-1/toggle", Some(&browser.csrf)).await.code(), ProblemCode::Forbidden);
    parkd.admin().token_revoke(&token[..13]).await.expect("it is revoked");
    let answer = browser.ask("GET", "/api/slots", None).await;
    assert_eq!(answer.code(), ProblemCode::Unauthenticated);
}

#[tokio::test]
async fn a_login_that_ended_lets_nobody_in_here_or_next_door_or_after_a_restart() {
    let mut parkd = with_slot(&[]).await;
    let beside = parkd.start_beside(&[]);
    let (browser, other) =
        (Browser::log_in(&parkd, &parkd.admin_token()).await, Browser::log_in(&parkd, &parkd.admin_token()).await);
    let next_door = Browser { parkd: &beside, cookie: browser.cookie.clone(), csrf: browser.csrf.clone() };
    assert_eq!(next_door.ask("GET", "/api/slots", None).await.status, 200, "a login is good at any daemon");
    let mut open = socket(&parkd, "/ws", &[("cookie", &browser.cookie)]).await;
    let left = browser.ask("POST", "/api/logout", None).await;
    assert_eq!(left.status, 204);
    assert!(left.header("set-cookie").is_some_and(|cookie| cookie.contains("Max-Age=0")));
    assert_eq!(browser.ask("GET", "/api/slots", None).await.code(), ProblemCode::Unauthenticated, "at once");
    assert_eq!(other.ask("GET", "/api/slots", None).await.status, 200, "another login goes on");
    let ended = async { while frame(&mut open).await.is_ok() {} };
    tokio::time::timeout(crate::harness::PATIENCE, ended).await.expect("an open socket is closed");
    crate::harness::wait_for("the other daemon to know", || async {
        (next_door.ask("GET", "/api/slots", None).await.status == 401).then_some(())
    })
    .await;
    assert_eq!(browser.ask("POST", "/api/logout", None).await.status, 204, "again, it does no harm");
    let (cookie, csrf) = (browser.cookie.clone(), browser.csrf.clone());
    assert_eq!(parkd.stop(), Some(0));
    parkd.restart();
    let after = Browser { parkd: &parkd, cookie, csrf };
    assert_eq!(after.ask("GET", "/api/slots", None).await.code(), ProblemCode::Unauthenticated, "nor after a restart");
}

#[tokio::test]
async fn a_cookie_that_was_not_made_here_is_no_cookie() {
    let parkd = Parkd::start(&[]);
    let elsewhere = Parkd::start(&[]);
    let own = Browser::log_in(&parkd, &parkd.admin_token()).await;
    let foreign = Browser::log_in(&elsewhere, &elsewhere.admin_token()).await;
    let (name, value) = own.cookie.split_once('=').expect("a name and a value");
    let (said, signature) = value.rsplit_once('.').expect("a signature");
    let cookies = [
        foreign.cookie.clone(),
        format!("{name}={said}.{}", "0".repeat(signature.len())),
        format!("{name}={said}"),
        format!("{name}={}", parkd.admin_token()),
        format!("{name}="),
    ];
    for cookie in cookies {
        let request = Wire::new(&parkd, None).request("GET", "/api/slots").header("cookie", &cookie);
        assert_eq!(answer(request).await.code(), ProblemCode::Unauthenticated, "{cookie}");
    }
    let among_others = format!("theme=dark; {}; lang=en", own.cookie);
    let request = Wire::new(&parkd, None).request("GET", "/api/slots").header("cookie", among_others);
    assert_eq!(answer(request).await.status, 200);
}

#[tokio::test]
async fn who_has_no_persons_token_does_not_log_in() {
    let parkd = Parkd::start(&[]);
    let log_in = |token: String| Wire::new(&parkd, None).send_owned("POST", "/api/login", json!({ "token": token }));
    let camera = wire::camera(&parkd, "cam-1").await;
    let refused = log_in(camera).await;
    assert_eq!((refused.code(), refused.header("set-cookie")), (ProblemCode::Forbidden, None));
    let unknown = log_in("park_unknown".into()).await;
    assert_eq!((unknown.code(), unknown.header("set-cookie")), (ProblemCode::Unauthenticated, None));
    assert_eq!(log_in(format!(" {}\n", parkd.admin_token())).await.status, 200, "as it is pasted");
}

#[tokio::test]
async fn a_logout_takes_the_cookie_back() {
    let parkd = Parkd::start(&[]);
    let browser = Browser::log_in(&parkd, &parkd.admin_token()).await;
    let answer = browser.ask("POST", "/api/logout", None).await;
    let cookie = answer.header("set-cookie").expect("a cookie");
    assert_eq!((answer.status, answer.body.len()), (204, 0));
    assert!(
        cookie.starts_with("parking_login=;") && cookie.contains("Max-Age=0") && cookie.contains("Path=/"),
        "{cookie}"
    );
}

#[tokio::test]
async fn only_own_and_allowed_sites_open_a_socket() {
    let parkd = Parkd::start(&["--allowed-origins", "https://wall.example,https://other.example:8443"]);
    let browser = Browser::log_in(&parkd, &parkd.admin_token()).await;
    let own = format!("http://{}", parkd.address());
    let nobody = Wire::new(&parkd, None);
    let status = |origin: Option<String>| {
        let (nobody, cookie) = (&nobody, &browser.cookie);
        async move {
            let mut headers = vec![("cookie", cookie.as_str())];
            headers.extend(origin.as_deref().map(|origin| ("origin", origin)));
            nobody.handshake("/ws", &headers).await
        }
    };
    for fine in
        [None, Some(own.clone()), Some("https://wall.example".into()), Some("https://other.example:8443".into())]
    {
        assert_eq!(status(fine.clone()).await.status, 101, "{fine:?}");
    }
    let foreign = [
        "https://evil.example".to_string(),
        "http://wall.example".into(),
        "https://wall.example.evil.example".into(),
        "https://other.example".into(),
        own.replace("http:", "https:"),
        format!("{own}.evil.example"),
        "null".into(),
        String::new(),
    ];
    for origin in foreign {
        assert_eq!(status(Some(origin.clone())).await.code(), ProblemCode::OriginRefused, "{origin}");
    }
    let with_token = Wire::admin(&parkd).handshake("/ws", &[("origin", "https://evil.example")]).await;
    assert_eq!(with_token.code(), ProblemCode::OriginRefused, "whoever it is");
}

#[tokio::test]
async fn a_socket_takes_a_header_or_a_cookie_but_no_token_in_its_address() {
    let parkd = Parkd::start(&[]);
    let token = parkd.admin_token();
    let browser = Browser::log_in(&parkd, &token).await;
    let bearer = format!("Bearer {token}");
    for headers in [("authorization", bearer.as_str()), ("cookie", browser.cookie.as_str())] {
        let mut open = socket(&parkd, "/ws", &[headers]).await;
        assert!(matches!(frame(&mut open).await, Ok(Frame::Hello(_))));
        assert!(matches!(frame(&mut open).await, Ok(Frame::Snapshot(_))));
    }
    let nobody = Wire::new(&parkd, None);
    for query in ["token", "access_token", "authorization", "bearer"] {
        let answer = nobody.handshake(&format!("/ws?{query}={token}"), &[]).await;
        assert_eq!(answer.code(), ProblemCode::Unauthenticated, "{query}");
    }
    let as_protocol = nobody.handshake("/ws", &[("sec-websocket-protocol", &token)]).await;
    assert_eq!(as_protocol.code(), ProblemCode::Unauthenticated);
}
