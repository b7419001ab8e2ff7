//! The OpenAPI document, a page to browse it that needs no network, and the files of a dashboard.

use std::path::Path;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, StatusCode, header};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use parking_api::{ProblemCode, paths};
use tower_http::services::{ServeDir, ServeFile};
use utoipa_swagger_ui::{Config, SwaggerUi};

use super::App;
use super::problem::Fault;
use super::routes::not_found;

/// Adds the document and the page.
pub fn add(router: Router<App>, openapi: &utoipa::openapi::OpenApi) -> Router<App> {
    let document = bytes::Bytes::from(serde_json::to_vec(openapi).unwrap_or_default());
    // By default the page asks a stranger on the internet to check the document.
    let config = Config::new([paths::OPENAPI]).validator_url("none");
    let page: Router<App> = SwaggerUi::new(paths::DOCS).config(config).into();
    let page = page.layer(map_response(|response: Response| async {
        // What it is not made of, it refuses in a form of its own.
        let is_unknown = matches!(response.status(), StatusCode::BAD_REQUEST | StatusCode::NOT_FOUND);
        if is_unknown { not_found().into_response() } else { response }
    }));
    router
        .route(
            paths::OPENAPI,
            get(move || {
                let document = document.clone();
                async move { ([(header::CONTENT_TYPE, "application/json")], document) }
            }),
        )
        .merge(page)
}

/// Serves the files of a built dashboard; every path that is no file is one of its pages.
pub fn files(router: Router<App>, folder: &Path) -> Router<App> {
    let pages = ServeDir::new(folder).precompressed_gzip().fallback(ServeFile::new(folder.join("index.html")));
    let files = Router::new().fallback_service(pages).layer(from_fn(caching));
    router.fallback_service(files)
}

/// What a page of the dashboard may load: only what comes from here, no script and no style within the page itself.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; font-src 'self'; connect-src 'self'; \
                           manifest-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
/// What of the machine it may use: nothing that a lot does not need.
const PERMISSIONS: &str = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";

/// What must never be answered with a page: a program asked.
const PROGRAM_PATHS: [&str; 4] = ["/api/", "/images/", "/health/", "/ws"];

async fn caching(request: Request<Body>, next: Next) -> Response {
    let path = request.uri().path();
    if PROGRAM_PATHS.iter().any(|prefix| path.starts_with(prefix)) {
        return not_found().into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Fault::new(ProblemCode::MethodNotAllowed, "this address does not take that method").into_response();
    }
    // Build tools put a hash of the content into the names of assets, so those never change.
    let is_asset = path.starts_with("/assets/");
    let mut response = next.run(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if is_asset && is_page {
        // A page of an older build asks for a part that is gone. A page in its place would be kept for ever under that name.
        return Fault::new(ProblemCode::NotFound, "there is no such part of the dashboard").into_response();
    }
    let caching = if is_asset { "public, max-age=31536000, immutable" } else { "no-cache" };
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(PAGE_POLICY));
    headers.insert("permissions-policy", HeaderValue::from_static(PERMISSIONS));
    headers.insert("cross-origin-opener-policy", HeaderValue::from_static("same-origin"));
    response
}
