//! `parkctl config`: what a command would be run with, and why. Changes nothing and asks nobody.

use clap::Subcommand;
use parking_api::client::contexts::Contexts;
use serde::Serialize;

use crate::app::App;
use crate::cameras::{PASSWORD_VARIABLE, PORT_VARIABLE, URL_VARIABLE};
use crate::error::Error;
use crate::output::{Column, Record, Show};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show every setting, its value and where it comes from
    #[command(after_help = EXPLAIN_EXAMPLES)]
    Explain,
}

const EXPLAIN_EXAMPLES: &str = "\
The token and the password are not shown.

Examples:
  parkctl config explain
  parkctl config explain --context north -o json";

/// One setting.
#[derive(Debug, Serialize)]
struct Setting {
    name: &'static str,
    /// Null when there is none.
    value: Option<String>,
    from: String,
}

pub fn run(app: &mut App, command: &Command) -> Result<(), Error> {
    match command {
        Command::Explain => explain(app),
    }
}

fn explain(app: &mut App) -> Result<(), Error> {
    let kept_in = Contexts::load(&app.env)?.file().map(|path| path.display().to_string());
    let settings = app.settings()?.clone();
    let is_secret = settings.token_from.is_some();
    let nobody = settings.token_missed.unwrap_or_else(|| "nowhere".into());
    let env = app.env.clone();
    // What sets up a camera on a cable has no place in a context.
    let of_cable = |name, variable: &'static str, is_secret: bool, or: &str| match env.get(variable) {
        Some(value) => {
            let value = if is_secret { "(not shown)" } else { value };
            Setting { name, value: Some(value.into()), from: variable.into() }
        }
        None => Setting { name, value: None, from: or.into() },
    };
    let row = |name, value: String, from: &dyn std::fmt::Display| Setting {
        name,
        value: Some(value),
        from: from.to_string(),
    };
    let rows = vec![
        row("context", settings.context, &settings.context_from),
        row("server", settings.server, &settings.server_from),
        Setting {
            name: "token",
            value: is_secret.then(|| "(not shown)".into()),
            from: settings.token_from.map_or(nobody, |from| from.to_string()),
        },
        row("lot", settings.lot.to_string(), &settings.lot_from),
        row("timeout", format!("{} s", settings.timeout.as_secs_f64()), &settings.timeout_from),
        Setting {
            name: "ca_file",
            value: settings.ca_file.map(|path| path.display().to_string()),
            from: settings.ca_from.to_string(),
        },
        of_cable("camera_url", URL_VARIABLE, false, "--camera-url, or the server"),
        of_cable("wifi_password", PASSWORD_VARIABLE, true, "--password-file, or the person"),
        of_cable("port", PORT_VARIABLE, false, "--port, or the only USB one"),
        Setting { name: "contexts", value: kept_in, from: "PARKCTL_CONFIG_DIR, or the configuration folder".into() },
    ];
    app.out.list(&rows, "")
}

impl Record for Setting {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("name", "/name", Show::Text).table("SETTING", 0),
            Column::new("value", "/value", Show::Text).table("VALUE", 0).flexible(),
            Column::new("from", "/from", Show::Text).table("FROM", 0).flexible(),
        ]
    }
}
