//! The OpenAPI document against the router that it describes, and the page to browse it.

use std::collections::{BTreeMap, BTreeSet};

use parkd::http::{Access, routes};
use parking_api::ProblemCode;
use parking_api::problem::PROBLEM_JSON;
use serde_json::Value;

use crate::harness::{Parkd, run};
use crate::wire::Wire;

/// What a `$ref` to the one error body looks like.
const PROBLEM_REF: &str = "#/components/schemas/Problem";

fn document() -> Value {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let output = run(folder.path(), &["openapi"]);
    assert!(output.status.success(), "{output:?}");
    serde_json::from_slice(&output.stdout).expect("the document is JSON")
}

/// Every operation by method and path.
fn operations(document: &Value) -> BTreeMap<(String, String), &Value> {
    let mut found = BTreeMap::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("an item") {
            found.insert((method.to_uppercase(), path.clone()), operation);
        }
    }
    found
}

/// Every value of this field, wherever it stands.
fn all_of<'a>(value: &'a Value, field: &str, found: &mut Vec<&'a Value>) {
    match value {
        Value::Object(object) => object.iter().for_each(|(name, inner)| {
            found.extend((name == field).then_some(inner));
            all_of(inner, field, found);
        }),
        Value::Array(array) => array.iter().for_each(|inner| all_of(inner, field, found)),
        _ => {}
    }
}

#[tokio::test]
async fn the_document_is_the_same_from_the_daemon_and_from_the_command_line() {
    let parkd = Parkd::start(&[]);
    let served: Value = Wire::new(&parkd, None).get("/api/openapi.json").await.json(200);
    assert_eq!(served, document());
    assert_eq!(served["openapi"], "3.1.0");
    assert_eq!(served["info"]["version"], env!("CARGO_PKG_VERSION"));
}

#[test]
fn every_route_is_documented_and_everything_documented_is_a_route() {
    let document = document();
    let table = routes::table().into_iter().map(|route| (route.method, route.path));
    let documented: BTreeSet<_> = operations(&document).into_keys().collect();
    assert_eq!(documented, table.collect());
}

#[test]
fn every_operation_has_an_id_of_its_own_a_summary_and_answers() {
    let document = document();
    let mut ids = BTreeSet::new();
    for (what, operation) in operations(&document) {
        let id = operation["operationId"].as_str().unwrap_or_default();
        assert!(!id.is_empty() && ids.insert(id), "{what:?}: the id {id:?} is missing or not its own");
        assert!(operation["summary"].as_str().is_some_and(|text| !text.is_empty()), "{what:?} has no summary");
        assert!(operation["tags"].as_array().is_some_and(|tags| tags.len() == 1), "{what:?} is in no one group");
        let answers = operation["responses"].as_object().expect("answers");
        let is_success = |status: &String| status.starts_with('2') || status == "101";
        assert!(answers.keys().any(is_success), "{what:?} never succeeds: {:?}", answers.keys());
        assert_eq!(answers["default"]["content"][PROBLEM_JSON]["schema"]["$ref"], PROBLEM_REF, "{what:?}");
        for (status, answer) in answers {
            assert!(answer["description"].as_str().is_some_and(|text| !text.is_empty()), "{what:?} {status}");
            let is_mistaken = answer["content"]["application/json"]["schema"]["$ref"] == PROBLEM_REF;
            assert!(!is_mistaken, "{what:?}: the problem with {status} has another media type");
        }
    }
}

#[test]
fn every_parameter_in_a_path_is_described_and_the_other_way_round() {
    let document = document();
    for ((method, path), operation) in operations(&document) {
        let in_path: BTreeSet<_> = path.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect();
        let described = operation["parameters"].as_array().cloned().unwrap_or_default();
        let of_path = described.iter().filter(|parameter| parameter["in"] == "path");
        assert!(of_path.clone().all(|parameter| parameter["required"] == true), "{method} {path}");
        let names: BTreeSet<_> = of_path.filter_map(|parameter| parameter["name"].as_str()).collect();
        assert_eq!(names, in_path, "{method} {path}");
    }
}

/// Whose changes may be made under the condition that nobody was faster, besides slots.
const GUARDED: [&str; 7] = [
    "/api/lots/{lot}",
    "/api/cameras/{camera}/regions",
    "/api/cameras/{camera}",
    "/api/cameras/{camera}/capture",
    "/api/captures/{capture}",
    "/api/firmware/{firmware}",
    "/api/firmware/{firmware}/roll-out",
];

/// Names of the headers that an operation takes, and of those that its good answers give.
fn headers(operation: &Value) -> (BTreeSet<&str>, BTreeSet<&str>) {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let takes = parameters.filter(|parameter| parameter["in"] == "header").filter_map(|header| header["name"].as_str());
    let answers = operation["responses"].as_object().expect("answers").iter();
    let good =
        answers.filter(|(status, _)| status.starts_with('2')).filter_map(|(_, answer)| answer["headers"].as_object());
    (takes.collect(), good.flat_map(|headers| headers.keys().map(String::as_str)).collect())
}

#[test]
fn the_headers_of_changes_tags_and_pages_are_described() {
    let document = document();
    let operations = operations(&document);
    let at = |method: &str, path: &str| headers(operations[&(method.to_string(), path.to_string())]);
    for ((method, path), operation) in &operations {
        let (takes, gives) = headers(operation);
        let is_without = ["/api/login", "/api/logout", "/api/cameras/{camera}/health"].contains(&path.as_str());
        let is_change = method != "GET" && !is_without;
        assert_eq!(takes.contains("Idempotency-Key"), is_change, "{method} {path}");
        assert_eq!(gives.is_superset(&["Seq", "Idempotency-Replayed"].into()), is_change, "{method} {path}: {gives:?}");
        let is_guarded = is_change && (path.starts_with("/api/slots/{slot}") || GUARDED.contains(&path.as_str()));
        assert_eq!(takes.contains("If-Match"), is_guarded, "{method} {path}");
        assert!(!is_guarded || gives.contains("ETag"), "{method} {path}");
    }
    assert!(at("POST", "/api/slots").1.contains("ETag"));
    assert!(at("POST", "/api/capture").0.contains("X-Captured-At"));
    assert!(at("GET", "/api/events").0.contains("Last-Event-ID"));
    for path in ["/api/slots", "/api/slots/{slot}", "/images/{key}"] {
        let (takes, gives) = at("GET", path);
        assert!(takes.contains("If-None-Match") && gives.contains("ETag"), "{path}");
    }
    for path in ["/api/captures", "/api/sessions", "/api/events"] {
        assert!(at("GET", path).1.contains("Next-Cursor"), "{path}");
    }
}

#[test]
fn every_reference_leads_somewhere() {
    let document = document();
    let mut references = Vec::new();
    all_of(&document, "$ref", &mut references);
    assert!(references.len() > 50, "there are references");
    for reference in references {
        let pointer = reference.as_str().and_then(|text| text.strip_prefix('#')).expect("a reference in this document");
        assert!(document.pointer(pointer).is_some(), "{pointer} leads nowhere");
    }
}

#[test]
fn the_document_names_every_code_as_it_is_sent() {
    let document = document();
    let documented: Vec<_> =
        document["components"]["schemas"]["ProblemCode"]["enum"].as_array().expect("codes").clone();
    let sent = ProblemCode::ALL.iter().chain([&ProblemCode::Unknown]);
    let sent: Vec<_> = sent.map(|code| serde_json::to_value(code).expect("a word")).collect();
    assert_eq!(documented, sent);
}

#[test]
fn the_document_says_which_operations_need_a_token() {
    let document = document();
    let schemes = document["components"]["securitySchemes"].as_object().expect("schemes");
    assert_eq!(schemes["token"]["scheme"], "bearer");
    assert_eq!((&schemes["login"]["in"], &schemes["login"]["name"]), (&"cookie".into(), &"parking_login".into()));
    for route in routes::table() {
        let operation = operations(&document)[&(route.method.clone(), route.path.clone())];
        let needs = operation.get("security").and_then(Value::as_array);
        let names: Vec<_> =
            needs.into_iter().flatten().flat_map(|need| need.as_object().expect("names").keys()).collect();
        let may_do_without =
            needs.is_none_or(|needs| needs.iter().any(|need| need.as_object().is_some_and(serde_json::Map::is_empty)));
        assert_eq!(may_do_without, matches!(route.access, Access::Open | Access::Public), "{route:?}");
        assert_eq!(names.is_empty(), route.access == Access::Open, "{route:?}");
    }
}

/// Addresses in the attributes of a page.
fn addresses(page: &str) -> Vec<&str> {
    let after = |name| page.split(name).skip(1).filter_map(|rest| rest.split('"').next());
    after("src=\"").chain(after("href=\"")).collect()
}

#[tokio::test]
async fn the_page_to_browse_the_document_needs_no_other_host() {
    let parkd = Parkd::start(&[]);
    let nobody = Wire::new(&parkd, None);
    let short = nobody.get("/api/docs").await;
    assert_eq!((short.status, short.header("location")), (303, Some("/api/docs/")));
    let page = nobody.get("/api/docs/").await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html")));
    let page = String::from_utf8(page.unpacked()).expect("text");
    let addresses = addresses(&page);
    assert!(addresses.len() > 4, "{addresses:?}");
    for address in addresses {
        assert!(!address.contains("//") && !address.starts_with("data:"), "{address} is on another host");
        let part = nobody.get(&format!("/api/docs/{}", address.trim_start_matches("./"))).await;
        assert!(part.status == 200 && !part.body.is_empty(), "{address} is served");
    }
    let settings = nobody.get("/api/docs/swagger-initializer.js").await.text();
    assert!(settings.contains("\"/api/openapi.json\""), "{settings}");
    assert!(settings.contains("\"validatorUrl\": \"none\""), "no stranger is asked to check the document: {settings}");
    assert!(!settings.contains("http:") && !settings.contains("https:"), "{settings}");
    assert_eq!(nobody.call("POST", "/api/openapi.json").await.code(), ProblemCode::MethodNotAllowed);
}
