//! The whole route table: who may call what. Built from the handlers' own descriptions, so that the router, the OpenAPI document and
//! the access rules cannot drift apart.

use std::fmt;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderValue, header};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use parking_api::ProblemCode;
use parking_api::tokens::Role;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa::openapi::path::PathItem;
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::Fault;
use super::{
    App, cameras, captures, describe, docs, events, firmware, guard, health, history, images, live, login, lots,
    regions, sessions, slots, storage, tokens,
};
use crate::auth::COOKIE;

/// Who may call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Anyone; no token is looked at.
    Open,
    /// A viewer and above; anyone where the operator made reading public.
    Public,
    /// Any token, also a camera's.
    Known,
    Viewer,
    Attendant,
    Admin,
    /// A camera for itself, or an attendant and above.
    Upload,
    /// A camera about itself, or an admin.
    Device,
}

impl Access {
    /// Whether a caller with this role (none: without a token) is let through.
    pub fn allows(self, role: Option<Role>, public_read: bool) -> bool {
        match self {
            Self::Open => true,
            Self::Public => role.map_or(public_read, |role| role >= Role::Viewer),
            Self::Known => role.is_some(),
            Self::Viewer => role >= Some(Role::Viewer),
            Self::Attendant => role >= Some(Role::Attendant),
            Self::Admin => role >= Some(Role::Admin),
            Self::Upload => role == Some(Role::Camera) || role >= Some(Role::Attendant),
            Self::Device => role == Some(Role::Camera) || role == Some(Role::Admin),
        }
    }
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Open => "anyone",
            Self::Public => "a viewer, or public reading",
            Self::Known => "anybody known",
            Self::Viewer => "a viewer or above",
            Self::Attendant => "an attendant or above",
            Self::Admin => "an admin",
            Self::Upload => "a camera, or an attendant or above",
            Self::Device => "the camera itself, or an admin",
        })
    }
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteInfo {
    pub method: String,
    /// As in the OpenAPI document: parameters in braces.
    pub path: String,
    pub access: Access,
}

#[derive(OpenApi)]
#[openapi(info(
    title = "Smart Parking System",
    description = "Slots, sessions, cameras and captures of parking lots, live. Errors are RFC 9457 problem details with a stable `code`.",
    license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
))]
struct Document;

/// All routes, in groups that have the same access.
fn groups() -> Vec<(Access, OpenApiRouter<App>)> {
    vec![
        (Access::Open, open()),
        (Access::Public, public()),
        (Access::Known, OpenApiRouter::new().routes(routes!(login::whoami))),
        (Access::Viewer, viewer()),
        (Access::Attendant, attendant()),
        (Access::Admin, admin()),
        (Access::Upload, OpenApiRouter::new().routes(routes!(captures::upload))),
        (Access::Device, device()),
    ]
}

/// The OpenAPI document, which needs no running daemon.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut all = OpenApiRouter::<App>::with_openapi(Document::openapi());
    for (access, mut group) in groups() {
        list(access, &mut group);
        all = all.merge(group);
    }
    let mut openapi = all.into_openapi();
    finish_document(&mut openapi);
    openapi
}

/// The route table.
pub fn table() -> Vec<RouteInfo> {
    let mut routes: Vec<_> = groups().into_iter().flat_map(|(access, mut group)| list(access, &mut group)).collect();
    routes.sort_by(|a, b| (&a.path, &a.method).cmp(&(&b.path, &b.method)));
    routes
}

/// Writes into the document of a group who may call it, and lists its routes.
fn list(access: Access, group: &mut OpenApiRouter<App>) -> Vec<RouteInfo> {
    let mut routes = Vec::new();
    for (path, item) in &mut group.get_openapi_mut().paths.paths {
        for (method, operation) in operations(item) {
            routes.push(RouteInfo { method: method.into(), path: path.replace("{*", "{"), access });
            operation.description = Some(format!("For {access}."));
            describe::complete(operation);
            if access != Access::Open {
                let mut either = vec![
                    SecurityRequirement::new::<_, [&str; 0], &str>("token", []),
                    SecurityRequirement::new::<_, [&str; 0], &str>("login", []),
                ];
                if access == Access::Public {
                    either.push(SecurityRequirement::default());
                }
                operation.security = Some(either);
            }
        }
    }
    routes
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = (&'static str, &mut utoipa::openapi::path::Operation)> {
    [
        ("GET", item.get.as_mut()),
        ("POST", item.post.as_mut()),
        ("PUT", item.put.as_mut()),
        ("PATCH", item.patch.as_mut()),
        ("DELETE", item.delete.as_mut()),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation?)))
}

/// The router.
pub fn build(app: App) -> Router {
    let mut all = OpenApiRouter::new();
    for (access, group) in groups() {
        all = all.merge(group.route_layer(from_fn_with_state((app.clone(), access), guard::check)));
    }
    let (router, _) = all.split_for_parts();
    let openapi = document();
    let router = docs::add(router, &openapi);
    let router = match &app.policy.web_root {
        Some(folder) => docs::files(router, folder),
        None => router.fallback(|| async { not_found() }),
    };
    router
        .method_not_allowed_fallback(|| async {
            Fault::new(ProblemCode::MethodNotAllowed, "this address does not take that method")
        })
        // Every handler bounds what it reads itself.
        .layer(DefaultBodyLimit::disable())
        .layer(CatchPanicLayer::custom(|_| -> Response {
            axum::response::IntoResponse::into_response(Fault::new(
                ProblemCode::Internal,
                "the daemon tripped over this request",
            ))
        }))
        .layer(map_response(harden))
        .layer(from_fn_with_state(app.clone(), guard::observe))
        .with_state(app)
}

pub(super) fn not_found() -> Fault {
    Fault::new(ProblemCode::NotFound, "there is nothing at this address")
}

/// Headers that every answer carries.
async fn harden(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.entry(header::REFERRER_POLICY).or_insert(HeaderValue::from_static("no-referrer"));
    headers.entry(header::X_FRAME_OPTIONS).or_insert(HeaderValue::from_static("DENY"));
    // Nothing is in an answer that sends a proxy elsewhere.
    if !headers.contains_key(&images::ACCEL) {
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    }
    response
}

fn open() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(health::live))
        .routes(routes!(health::ready))
        .routes(routes!(health::version))
        .routes(routes!(login::login))
        .routes(routes!(login::logout))
}

fn public() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(lots::list))
        .routes(routes!(lots::get))
        .routes(routes!(slots::list))
        .routes(routes!(slots::stats))
        .routes(routes!(history::history))
        .routes(routes!(slots::get))
        .routes(routes!(events::list))
        .routes(routes!(live::socket))
}

fn viewer() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(sessions::list))
        .routes(routes!(sessions::stats))
        .routes(routes!(sessions::get))
        .routes(routes!(captures::list))
        .routes(routes!(captures::latest))
        .routes(routes!(captures::get))
        .routes(routes!(images::get))
        .routes(routes!(storage::get))
        .routes(routes!(cameras::list))
        .routes(routes!(regions::regions))
        .routes(routes!(regions::views))
        .routes(routes!(regions::why))
        .routes(routes!(cameras::get))
        .routes(routes!(cameras::health))
        .routes(routes!(firmware::list))
        .routes(routes!(firmware::get))
}

fn attendant() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(slots::set))
        .routes(routes!(slots::toggle))
        .routes(routes!(captures::patch))
        .routes(routes!(cameras::want_capture))
        .routes(routes!(regions::calibrate))
        .routes(routes!(sessions::enter))
        .routes(routes!(sessions::exit))
}

fn admin() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(lots::create))
        .routes(routes!(lots::patch))
        .routes(routes!(lots::delete))
        .routes(routes!(slots::create))
        .routes(routes!(slots::patch))
        .routes(routes!(slots::delete))
        .routes(routes!(slots::import))
        .routes(routes!(captures::delete))
        .routes(routes!(cameras::create))
        .routes(routes!(cameras::patch))
        .routes(routes!(cameras::delete))
        .routes(routes!(cameras::create_token))
        .routes(routes!(regions::set_regions))
        .routes(routes!(firmware::add))
        .routes(routes!(firmware::roll_out))
        .routes(routes!(firmware::withdraw))
        .routes(routes!(firmware::key))
        .routes(routes!(tokens::list))
        .routes(routes!(tokens::create))
        .routes(routes!(tokens::revoke))
}

fn device() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(cameras::report_health)).routes(routes!(firmware::image))
}

fn finish_document(openapi: &mut utoipa::openapi::OpenApi) {
    // OpenAPI has no word for a parameter that spans slashes.
    let paths = std::mem::take(&mut openapi.paths.paths);
    openapi.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    let components = openapi.components.get_or_insert_default();
    let token = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).description(Some("A token")).build();
    components.add_security_scheme("token", SecurityScheme::Http(token));
    let cookie = ApiKey::Cookie(ApiKeyValue::with_description(COOKIE, "The cookie that `POST /api/login` gave"));
    components.add_security_scheme("login", SecurityScheme::ApiKey(cookie));
    openapi.info.version = env!("CARGO_PKG_VERSION").into();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_may_do_what_the_ones_below_it_may_but_a_camera_only_its_own() {
        let ladder = [Role::Viewer, Role::Attendant, Role::Admin];
        for access in [Access::Public, Access::Known, Access::Viewer, Access::Attendant, Access::Admin] {
            let allowed: Vec<_> = ladder.iter().map(|role| access.allows(Some(*role), false)).collect();
            assert!(allowed.is_sorted(), "{access:?}: {allowed:?}");
        }
        let camera = |access: Access| access.allows(Some(Role::Camera), true);
        assert!(camera(Access::Upload) && camera(Access::Device) && camera(Access::Known));
        assert!(
            !camera(Access::Public) && !camera(Access::Viewer) && !camera(Access::Attendant) && !camera(Access::Admin)
        );
        assert!(!Access::Public.allows(None, false) && Access::Public.allows(None, true));
        assert!(!Access::Viewer.allows(None, true));
    }
}
