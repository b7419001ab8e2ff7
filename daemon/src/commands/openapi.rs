//! `parkd openapi`.

use std::io::Write;

use super::{Exit, unwritten};
use crate::http::routes;

pub(super) fn run(out: &mut dyn Write) -> Result<Exit, String> {
    let document = routes::document().to_pretty_json().map_err(|e| e.to_string())?;
    writeln!(out, "{document}").map_err(unwritten)?;
    Ok(Exit::Done)
}
