//! `parkctl whoami`: whom the token stands for.

use parking_api::tokens::Identity;

use crate::app::App;
use crate::error::Error;
use crate::output::{Column, Record, Show};

pub const EXAMPLES: &str = "\
Examples:
  parkctl whoami
  parkctl whoami --context north -o json";

pub async fn run(app: &mut App) -> Result<(), Error> {
    let identity = app.client()?.identity().await?;
    app.out.one(&identity)
}

impl Record for Identity {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("name", "/name", Show::Text),
            Column::new("role", "/role", Show::Text),
            Column::new("expires_at", "/expires_at", Show::Age),
        ]
    }
}
