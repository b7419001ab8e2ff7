//! Requests that a tool makes up from the OpenAPI document, against what the document says of their answers: status, headers, media type
//! and body, and never an error of the server.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Database, Parkd, on_both};
use parking_api::slots::NewSlot;

/// Revokes a token, which may well be the one that the tool itself comes with; so it is asked for alone.
const REVOKE: &str = "tokens_revoke";

on_both!(every_answer_is_one_that_the_document_describes);

async fn every_answer_is_one_that_the_document_describes(database: Database) {
    let parkd = Parkd::start_on(database, &["--log", "error"]);
    let rows: Vec<NewSlot> =
        ["A-1", "A-2"].map(|code| serde_json::from_str(&format!("{{\"code\":\"{code}\"}}")).expect("a slot")).into();
    parkd.admin().slots_import_json(&rows, false).await.expect("slots");
    for selection in [["--exclude-operation-id", REVOKE], ["--include-operation-id", REVOKE]] {
        let mut tool = schemathesis(&parkd, &selection);
        let output =
            tokio::task::spawn_blocking(move || tool.output()).await.expect("no panic").expect("the tool runs");
        let said = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{selection:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    }
    parkd.verify();
}

/// Asks everything of this daemon, as an admin.
fn schemathesis(parkd: &Parkd, selection: &[&str]) -> Command {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("tmp is in the target folder");
    let program = target.join("tools/python/bin/schemathesis");
    assert!(program.exists(), "{} is missing: run .ci/tools", program.display());
    let settings: PathBuf = [env!("CARGO_MANIFEST_DIR"), "..", ".ci", "schemathesis.toml"].iter().collect();
    let mut command = Command::new(program);
    command.arg("--config-file").arg(settings).arg("run").arg(format!("{}/api/openapi.json", parkd.url()));
    command.args(["--header", &format!("Authorization: Bearer {}", parkd.admin_token())]).args(selection);
    // It leaves what it learned in its working folder.
    command.current_dir(parkd.data_dir());
    command
}
