//! `parkctl lot`: sites.

use clap::Subcommand;
use parking_api::LotId;
use parking_api::client::Client;
use parking_api::lots::{Lot, LotPatch, NewLot};

use crate::app::{App, once};
use crate::args::{Consent, Trial};
use crate::error::Error;
use crate::output::{Column, Record, Show};

#[derive(Debug, Subcommand)]
pub enum Command {
    /// List lots
    #[command(after_help = LIST_EXAMPLES)]
    List,
    /// Show one lot
    #[command(after_help = GET_EXAMPLES)]
    Get {
        /// Id of the lot
        id: LotId,
    },
    /// Create a lot
    #[command(after_help = CREATE_EXAMPLES)]
    Create(CreateArgs),
    /// Change name, time zone or currency of a lot
    #[command(after_help = EDIT_EXAMPLES)]
    Edit(EditArgs),
    /// Delete a lot without slots and cameras, and its whole log
    #[command(after_help = DELETE_EXAMPLES)]
    Delete {
        /// Id of the lot
        id: LotId,
        #[command(flatten)]
        consent: Consent,
    },
}

const LIST_EXAMPLES: &str = "\
Examples:
  parkctl lot list
  parkctl lot list -o json";

const GET_EXAMPLES: &str = "\
Examples:
  parkctl lot get main";

const CREATE_EXAMPLES: &str = "\
Examples:
  parkctl lot create north --name 'North car park' --time-zone Asia/Jakarta --currency IDR";

const EDIT_EXAMPLES: &str = "\
Examples:
  parkctl lot edit main --name 'Town hall' --time-zone Asia/Jakarta";

const DELETE_EXAMPLES: &str = "\
Examples:
  parkctl lot delete north
  parkctl lot delete north --yes";

#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// 1 to 32 of a-z 0-9 -
    id: LotId,
    /// What people call it [default: the id]
    #[arg(long)]
    name: Option<String>,
    /// IANA name of its time zone, such as Asia/Jakarta [default: UTC]
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// ISO 4217 code of its currency, such as IDR
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    #[command(flatten)]
    trial: Trial,
}

#[derive(Debug, clap::Args)]
pub struct EditArgs {
    /// Id of the lot
    id: LotId,
    /// What people call it
    #[arg(long)]
    name: Option<String>,
    /// IANA name of its time zone, such as Asia/Jakarta
    #[arg(long, value_name = "ZONE")]
    time_zone: Option<String>,
    /// ISO 4217 code of its currency, such as IDR
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    #[command(flatten)]
    trial: Trial,
}

pub async fn run(app: &mut App, command: Command) -> Result<(), Error> {
    match command {
        Command::List => {
            let lots = app.client()?.lots().await?;
            app.out.list(&lots, "there is no lot")
        }
        Command::Get { id } => {
            let lot = app.client()?.lot_get(&id).await?;
            app.out.one(&lot)
        }
        Command::Create(CreateArgs { id, name, time_zone, currency, trial }) => {
            let client = app.changer(trial)?;
            let new = NewLot { id, name, time_zone, currency };
            app.out.result(&once(&client, async |client: &Client| client.lot_create(&new).await).await?)?;
            app.done(&client, "")
        }
        Command::Edit(EditArgs { id, name, time_zone, currency, trial }) => {
            let patch = LotPatch { name, time_zone, currency };
            if patch == LotPatch::default() {
                return Err(Error::no_change("lot"));
            }
            let client = app.changer(trial)?;
            app.out.result(&client.lot_patch(&id, &patch).await?)?;
            app.done(&client, "")
        }
        Command::Delete { id, consent } => {
            let client = app.changer(consent.trial)?;
            app.consent(&format!("Delete lot {id} with its sessions, captures and log"), consent)?;
            app.out.result(&client.lot_delete(&id).await?)?;
            app.done(&client, &format!("deleted lot {id}"))
        }
    }
}

impl Record for Lot {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("id", "/id", Show::Text).table("LOT", 0),
            Column::new("name", "/name", Show::Text).table("NAME", 0).flexible(),
            Column::new("time_zone", "/time_zone", Show::Text).table("TIME ZONE", 1),
            Column::new("currency", "/currency", Show::Text).table("CURRENCY", 2),
            Column::new("created_at", "/created_at", Show::Age).table("CREATED", 3),
            Column::new("rev", "/rev", Show::Number),
        ]
    }
}
