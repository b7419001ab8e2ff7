//! `parkctl backup`: says how a backup is made. A backup is made where the data is, by the daemon's own program, and never over the network.

use parking_api::client::settings::Origin;
use serde::Serialize;

use crate::app::App;
use crate::error::Error;
use crate::output::{Column, Format, Record, Show};

pub const EXAMPLES: &str = "\
A backup needs the database and the pictures themselves, so `parkd backup` makes it, on the machine of the daemon and while
the daemon runs. This prints the commands to type there.

Examples:
  parkctl backup
  parkctl backup -o json";

/// One command to be typed on the machine of the daemon.
#[derive(Debug, Serialize)]
struct Step {
    what: &'static str,
    command: String,
}

pub fn run(app: &mut App) -> Result<(), Error> {
    let settings = app.settings()?;
    let (server, is_local) = (settings.server.clone(), settings.is_local);
    let dir = match &settings.server_from {
        Origin::File(file) => file.parent().map(|dir| format!(" --data-dir {}", quoted(&dir.display().to_string()))),
        _ => None,
    };
    let dir = dir.unwrap_or_default();
    let step = |what, rest: String| Step { what, command: format!("parkd backup {rest}") };
    let steps = [
        step("make or renew it", format!("create parking-backup{dir}")),
        step("prove it", format!("verify parking-backup{dir}")),
        step("restore it into an empty folder", "restore parking-backup --data-dir EMPTY_FOLDER".into()),
    ];
    match app.out.format {
        Format::Table => {
            let place = if is_local { "on this machine".into() } else { format!("on the machine of {server}") };
            app.out.talk(&format!("the daemon makes its backups itself; type {place}:"))?;
            app.out.list(&steps, "")
        }
        _ => app.out.list(&steps, ""),
    }
}

/// As one word of a shell.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%".contains(c);
    if text.chars().all(is_plain) { text.into() } else { format!("'{}'", text.replace('\'', "'\\''")) }
}

impl Record for Step {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("what", "/what", Show::Text).table("TO", 0),
            Column::new("command", "/command", Show::Text).table("TYPE", 0),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_a_blank_is_one_word() {
        assert_eq!(
            (quoted("/srv/parkd"), quoted("/srv/Bob's lot")),
            ("/srv/parkd".into(), "'/srv/Bob'\\''s lot'".into())
        );
    }
}
