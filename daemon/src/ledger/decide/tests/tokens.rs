//! Tokens: made once, revoked once, and never the last admin's.

use parking_api::TokenId;
use parking_api::tokens::{Role, Token};

use super::super::super::command::NewSecret;
use super::*;

pub(super) fn secret(id: u128, role: Role, camera: Option<&str>) -> NewSecret {
    let token = Token {
        id: TokenId(Uuid::from_u128(id)),
        name: format!("token {id}"),
        role,
        camera: camera.map(|id| id.parse().expect("a camera id")),
        lot: "main".parse().expect("a lot id"),
        prefix: format!("park_{id}"),
        created_at: Time::from_ms(0),
        expires_at: None,
        revoked_at: None,
        used_at: None,
    };
    NewSecret { token, hash: format!("{id:064x}") }
}

fn create(id: u128, role: Role) -> Command {
    Command::CreateToken(Box::new(secret(id, role, None)))
}

fn revoke(id: u128) -> Command {
    Command::RevokeToken(TokenId(Uuid::from_u128(id)))
}

#[test]
fn a_token_for_a_camera_that_is_not_there_is_refused() {
    let refused = World::new().refusal(Command::CreateToken(Box::new(secret(1, Role::Camera, Some("cam-1")))));
    assert_eq!(refused.code, ProblemCode::CameraNotFound);
}

#[test]
fn a_token_is_revoked_once() {
    let mut world = World::new();
    world.run(create(1, Role::Viewer));
    let done = world.run(revoke(1));
    let Reply::Token(token) = &done.reply else { panic!("a token") };
    assert_eq!((token.revoked_at, done.changes.len()), (Some(world.now), 1));
    let first = world.now;
    world.wait(1_000);
    let again = world.run(revoke(1));
    let Reply::Token(token) = &again.reply else { panic!("a token") };
    assert_eq!((token.revoked_at, again.changes.len()), (Some(first), 0));
    assert_eq!(world.refusal(revoke(2)).code, ProblemCode::TokenNotFound);
}

#[test]
fn the_last_valid_admin_token_is_not_revoked() {
    let mut world = World::new();
    world.run(create(1, Role::Admin));
    world.run(create(2, Role::Attendant));
    let problem = world.refusal(revoke(1));
    assert_eq!((problem.code, problem.status), (ProblemCode::LastAdmin, 409));
    world.run(create(3, Role::Admin));
    world.run(revoke(1));
    assert_eq!(world.refusal(revoke(3)).code, ProblemCode::LastAdmin);
}

#[test]
fn an_admin_token_that_has_expired_is_no_admin() {
    let mut world = World::new();
    world.run(create(1, Role::Admin));
    let mut short = secret(2, Role::Admin, None);
    short.token.expires_at = Some(world.now.plus_ms(1_000));
    world.run(Command::CreateToken(Box::new(short)));
    world.wait(1_000);
    assert_eq!(world.refusal(revoke(1)).code, ProblemCode::LastAdmin);
    world.run(revoke(2));
}

#[test]
fn a_tokens_name_is_a_text_like_any_other() {
    let mut world = World::new();
    for name in ["", "  ", "a\u{7}b", &"n".repeat(201)] {
        let mut bad = secret(1, Role::Viewer, None);
        bad.token.name = name.into();
        let problem = world.refusal(Command::CreateToken(Box::new(bad)));
        assert_eq!(blame(&problem), (ProblemCode::InvalidField, Some("name")), "{name:?}");
    }
    let mut good = secret(1, Role::Viewer, None);
    good.token.name = " gate ".into();
    world.run(Command::CreateToken(Box::new(good)));
    assert_eq!(world.state.tokens().next().map(|token| token.name.as_str()), Some("gate"));
}
