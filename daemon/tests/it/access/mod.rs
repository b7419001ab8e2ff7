//! Who may do what: the whole matrix over real HTTP, driven by the router's own table, so that no route can be forgotten.

mod browser;
mod decided;
mod secrets;
mod tokens;

use parkd::http::{Access, RouteInfo, routes};
use parking_api::ProblemCode;
use parking_api::tokens::{NewToken, Role};

use crate::harness::{Parkd, wait_for};
use crate::wire::{self, Answer, Wire, answer};

/// The callers of the matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Nobody,
    With(Role),
    Revoked,
    Expired,
    Unknown,
}

impl Who {
    const ALL: [Self; 8] = [
        Self::Nobody,
        Self::With(Role::Camera),
        Self::With(Role::Viewer),
        Self::With(Role::Attendant),
        Self::With(Role::Admin),
        Self::Revoked,
        Self::Expired,
        Self::Unknown,
    ];

    /// The status of a refusal, if this caller is to be refused; written down here once more, apart from the daemon's own rule.
    fn refused(self, access: Access, public_read: bool) -> Option<u16> {
        if access == Access::Open {
            return None;
        }
        let role = match self {
            Self::Nobody if access == Access::Public && public_read => return None,
            Self::Nobody | Self::Revoked | Self::Expired | Self::Unknown => return Some(401),
            Self::With(role) => role,
        };
        let allowed: &[Role] = match access {
            Access::Open | Access::Known => &[Role::Camera, Role::Viewer, Role::Attendant, Role::Admin],
            Access::Public | Access::Viewer => &[Role::Viewer, Role::Attendant, Role::Admin],
            Access::Attendant => &[Role::Attendant, Role::Admin],
            Access::Admin => &[Role::Admin],
            Access::Upload => &[Role::Camera, Role::Attendant, Role::Admin],
            Access::Device => &[Role::Camera, Role::Admin],
        };
        (!allowed.contains(&role)).then_some(403)
    }
}

/// A daemon and a token for each caller.
struct Cast {
    parkd: Parkd,
    secrets: Vec<(Who, Option<String>)>,
}

impl Cast {
    async fn new(args: &[&str]) -> Self {
        let parkd = Parkd::start(args);
        let mut secrets = Vec::new();
        for who in Who::ALL {
            let secret = match who {
                Who::Nobody => None,
                Who::With(role) => Some(wire::token(&parkd, role).await),
                Who::Revoked => Some(revoked(&parkd).await),
                Who::Expired => Some(expired(&parkd).await),
                Who::Unknown => Some(format!("park_{}", "A".repeat(43))),
            };
            secrets.push((who, secret));
        }
        Self { parkd, secrets }
    }
}

async fn revoked(parkd: &Parkd) -> String {
    let new = NewToken { name: "gone".into(), role: Role::Admin, expires_at: None };
    let made = parkd.admin().token_create(&new).await.expect("a token").value;
    parkd.admin().token_revoke(&made.info.id.to_string()).await.expect("it is revoked");
    made.token
}

/// An admin's token that was valid for a moment.
async fn expired(parkd: &Parkd) -> String {
    let admin = parkd.admin();
    let now = admin.token_create(&NewToken { name: "clock".into(), role: Role::Viewer, expires_at: None }).await;
    let expires_at = Some(now.expect("a token").value.info.created_at.plus_ms(1_500));
    let made = admin.token_create(&NewToken { name: "short".into(), role: Role::Admin, expires_at }).await;
    let secret = made.expect("a token").value.token;
    let client = parkd.client_with(Some(secret.clone()));
    wait_for("a token to expire", || async { client.identity().await.err() }).await;
    secret
}

/// The path with something in place of its parameter that is valid but not there; a camera reports about itself.
fn filled(route: &RouteInfo) -> String {
    let Some((before, rest)) = route.path.split_once('{') else { return route.path.clone() };
    let (name, after) = rest.split_once('}').expect("a parameter ends");
    let value = match name {
        "lot" | "key" => "nowhere",
        "slot" => "NONE-1",
        "session" | "capture" | "token" | "firmware" => "0190d0e4-7c5b-7e2a-9d3c-2f4b6a8c0e12",
        "camera" if after == "/health" => "cam-of-token",
        "camera" => "cam-none",
        other => panic!("the test does not know what to put in the place of {other}"),
    };
    format!("{before}{value}{after}")
}

/// Sends a bare request from an address of its own, so that no caller is held back for the failures of another.
async fn ask(cast: &Cast, route: &RouteInfo, secret: Option<&str>, number: usize) -> Answer {
    let from = format!("10.0.{}.{}", number / 250, number % 250);
    let request = Wire::new(&cast.parkd, secret).request(&route.method, &filled(route));
    answer(request.header("x-forwarded-for", from)).await
}

async fn check_matrix(public_read: bool) {
    let public = format!("--public-read={public_read}");
    let cast = Cast::new(&[&public, "--trusted-proxies", "127.0.0.1"]).await;
    let mut number = 0;
    for route in routes::table() {
        for (who, secret) in &cast.secrets {
            number += 1;
            let answer = ask(&cast, &route, secret.as_deref(), number).await;
            let what = format!("{} {} by {who:?}: {}", route.method, route.path, answer.text());
            match who.refused(route.access, public_read) {
                Some(401) => assert_eq!(answer.code(), ProblemCode::Unauthenticated, "{what}"),
                Some(_) => assert_eq!(answer.code(), ProblemCode::Forbidden, "{what}"),
                None => assert!(!matches!(answer.status, 401 | 403 | 405 | 429), "{what}"),
            }
            let is_there =
                answer.status < 400 || !matches!(answer.code(), ProblemCode::NotFound | ProblemCode::Internal);
            assert!(is_there, "{what}");
        }
    }
    cast.parkd.verify();
}

#[tokio::test]
async fn every_route_lets_in_whom_it_is_for_and_nobody_else() {
    check_matrix(false).await;
}

#[tokio::test]
async fn public_reading_opens_what_is_public_and_nothing_else() {
    check_matrix(true).await;
}

#[tokio::test]
async fn every_refusal_for_want_of_a_token_says_how_to_bring_one() {
    let parkd = Parkd::start(&[]);
    let answer = Wire::new(&parkd, None).get("/api/slots").await;
    assert_eq!(answer.code(), ProblemCode::Unauthenticated);
    assert!(answer.header("www-authenticate").is_some_and(|value| value.starts_with("Bearer")));
    for odd in ["Basic YWRtaW46YWRtaW4=", "Bearer", "Bearer ", "", "park_x"] {
        let request = Wire::new(&parkd, None).request("GET", "/api/slots").header("authorization", odd);
        assert_eq!(wire::answer(request).await.code(), ProblemCode::Unauthenticated, "{odd:?}");
    }
    let padded = format!("bearer   {} ", parkd.admin_token());
    let request = Wire::new(&parkd, None).request("GET", "/api/slots").header("authorization", padded);
    assert_eq!(wire::answer(request).await.status, 200, "the scheme's case and spaces do not matter");
}
