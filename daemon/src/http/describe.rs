//! What the OpenAPI document says of every operation alike: an id of its own, and the one form of problems. Knows no route.

use axum::http::StatusCode;
use parking_api::problem::PROBLEM_JSON;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder, Schema};

/// Completes what a handler says of itself.
pub fn complete(operation: &mut Operation) {
    // Handlers of several nouns share a name, so the name of the noun makes the id.
    let tag = operation.tags.as_ref().and_then(|tags| tags.first());
    operation.operation_id = operation.operation_id.take().map(|id| match tag {
        Some(tag) => format!("{tag}_{id}"),
        None => id,
    });
    for (status, response) in &mut operation.responses.responses {
        if let RefOr::T(response) = response {
            name_problem(response);
            // OpenAPI wants one, and the handlers have nothing to add to the status.
            if response.description.is_empty() {
                let status = status.parse::<StatusCode>().ok().and_then(|status| status.canonical_reason());
                response.description = status.unwrap_or_default().into();
            }
        }
    }
    // The guard and the extractors refuse as well, each in the same form.
    operation.responses.responses.entry("default".into()).or_insert_with(|| {
        let content = Content::new(Some(problem_schema()));
        ResponseBuilder::new().description("Any other problem").content(PROBLEM_JSON, content).build().into()
    });
}

/// Gives a problem the media type that it is sent with.
fn name_problem(response: &mut Response) {
    let is_problem = |content: &RefOr<Content>| match content {
        RefOr::T(content) => content.schema.as_ref() == Some(&problem_schema()),
        RefOr::Ref(_) => false,
    };
    let content = std::mem::take(&mut response.content);
    let renamed = content.into_iter().map(|(name, content)| {
        let name = if is_problem(&content) { PROBLEM_JSON.to_string() } else { name };
        (name, content)
    });
    response.content = renamed.collect();
}

fn problem_schema() -> RefOr<Schema> {
    RefOr::Ref(Ref::from_schema_name("Problem"))
}
