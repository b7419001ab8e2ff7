//! What the OpenAPI document says of every operation alike: an id of its own, the headers, and the one form of problems. Knows no route.

use axum::http::{StatusCode, header};
use parking_api::paths::{IDEMPOTENCY_HEADER, REPLAYED_HEADER, SEQ_HEADER};
use parking_api::problem::PROBLEM_JSON;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn};
use utoipa::openapi::schema::Type;
use utoipa::openapi::{Content, ObjectBuilder, Ref, RefOr, Required, Response, ResponseBuilder, Schema};

/// Resources whose answers name their `rev` as a tag.
const WITH_REV: [&str; 5] = ["Slot", "Lot", "Camera", "Capture", "Firmware"];

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
    name_headers(operation);
    name_trial(operation);
    // The guard and the extractors refuse as well, each in the same form.
    operation.responses.responses.entry("default".into()).or_insert_with(|| {
        let content = Content::new(Some(problem_schema()));
        ResponseBuilder::new().description("Any other problem").content(PROBLEM_JSON, content).build().into()
    });
}

/// Whatever is committed can be tried before. A trial creates nothing, so it is answered with 200 where the real thing is with 201.
fn name_trial(operation: &mut Operation) {
    let answers = &mut operation.responses.responses;
    let is_change = |answer: &RefOr<Response>| matches!(answer, RefOr::T(answer) if committed(answer).is_some());
    if !answers.values().any(is_change) {
        return;
    }
    if let Some(RefOr::T(mut tried)) = answers.get("201").cloned() {
        tried.description = "What would be created; nothing was".into();
        answers.insert("200".into(), tried.into());
    }
    let fact = ObjectBuilder::new().schema_type(Type::Boolean).build();
    let parameter = ParameterBuilder::new().name("dry_run").parameter_in(ParameterIn::Query);
    let parameter = parameter.required(Required::False).schema(Some(fact));
    let description = "Check it and answer as if it were done, and change nothing";
    let parameter = parameter.description(Some(description)).build();
    operation.parameters.get_or_insert_default().push(parameter.into());
}

/// What a handler's answers tell of the headers that it takes and gives: whatever is committed has a `seq` and is done once by its key,
/// whatever may be stale is guarded by its `rev`, and whatever may be unchanged has a tag.
fn name_headers(operation: &mut Operation) {
    let answers = &mut operation.responses.responses;
    let (is_guarded, is_tagged) = (answers.contains_key("412"), answers.contains_key("304"));
    let mut takes = Vec::new();
    for (status, answer) in answers.iter_mut() {
        let RefOr::T(answer) = answer else { continue };
        if !status.starts_with('2') && status != "304" {
            continue;
        }
        let committed = committed(answer);
        if committed.is_some() {
            takes.push((
                IDEMPOTENCY_HEADER,
                "The same key and request again is answered as the first time, and done once",
            ));
            give(answer, SEQ_HEADER, "`seq` of the last event of this change");
            give(answer, REPLAYED_HEADER, "`true` where this is the first answer again");
        }
        let has_rev = committed.is_some_and(|what| WITH_REV.contains(&what.as_str()));
        if is_guarded || is_tagged || has_rev {
            give(answer, header::ETAG.as_str(), "This version; of a resource that has a `rev`, that in quotes");
        }
    }
    if is_guarded {
        takes.push((
            header::IF_MATCH.as_str(),
            "The `rev` that the caller saw, in quotes; a newer one refuses the change with 412",
        ));
    }
    if is_tagged {
        takes.push((header::IF_NONE_MATCH.as_str(), "Tags of versions that the caller has: one of them answers 304"));
    }
    let parameters = operation.parameters.get_or_insert_default();
    for (name, description) in takes {
        let text = ObjectBuilder::new().schema_type(Type::String).build();
        let parameter = ParameterBuilder::new().name(shown(name)).parameter_in(ParameterIn::Header);
        let parameter = parameter.required(Required::False).description(Some(description)).schema(Some(text));
        parameters.push(parameter.build().into());
    }
}

/// The resource that a good answer to a change holds.
fn committed(answer: &Response) -> Option<String> {
    answer.content.values().find_map(|content| match content {
        RefOr::T(Content { schema: Some(RefOr::Ref(schema)), .. }) => {
            schema.ref_location.rsplit_once("/Committed_").map(|(_, what)| what.to_string())
        }
        _ => None,
    })
}

fn give(answer: &mut Response, name: &str, description: &str) {
    let text = ObjectBuilder::new().schema_type(Type::String).build();
    let header = HeaderBuilder::new().schema(Some(text)).description(Some(description)).build();
    answer.headers.insert(shown(name), header.into());
}

/// A header's name as people write it.
fn shown(name: &str) -> String {
    if name == header::ETAG.as_str() {
        return "ETag".into();
    }
    let words = name.split('-').map(|word| format!("{}{}", word[..1].to_uppercase(), &word[1..]));
    words.collect::<Vec<_>>().join("-")
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
