//! A lot on the wire: one site with its own clock zone and currency.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{LotId, Time};

/// One site. Its event log, slots, cameras and sessions are its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Lot {
    pub id: LotId,
    pub name: String,
    /// IANA time zone, such as `Asia/Jakarta`; "today" in the lot's statistics is a day there.
    pub time_zone: String,
    /// ISO 4217 code of three letters, such as `IDR`.
    pub currency: String,
    pub created_at: Time,
    /// `seq` of the last change of the lot itself.
    pub rev: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewLot {
    pub id: LotId,
    /// The id when absent.
    #[serde(default)]
    pub name: Option<String>,
    /// `UTC` when absent.
    #[serde(default)]
    pub time_zone: Option<String>,
    /// `XXX` (no currency, ISO 4217) when absent.
    #[serde(default)]
    pub currency: Option<String>,
}

/// What to change; absent fields stay as they are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LotPatch {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
}
