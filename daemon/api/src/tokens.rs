//! Tokens on the wire: what a caller proves itself with, and what it may do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::slots::words;
use crate::{CameraId, LotId, Time, TokenId};

words!(
    /// What a token may do. A camera's may only upload and report its own health; the others each include the one before.
    Role {
        Camera = "camera",
        Viewer = "viewer",
        Attendant = "attendant",
        Admin = "admin",
    }
);

/// A token without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Token {
    pub id: TokenId,
    pub name: String,
    pub role: Role,
    /// The camera that it belongs to, and that camera's lot.
    pub camera: Option<CameraId>,
    pub lot: LotId,
    /// First characters of the secret, to tell tokens apart.
    pub prefix: String,
    pub created_at: Time,
    pub expires_at: Option<Time>,
    pub revoked_at: Option<Time>,
    /// Last use, to the minute; absent in events, which record changes only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used_at: Option<Time>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// Who it is for; events name it as their actor.
    pub name: String,
    pub role: Role,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Time>,
}

/// A new token and, this once, its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TokenCreated {
    #[serde(flatten)]
    pub info: Token,
    /// The secret. It is shown here and never again.
    pub token: String,
}

/// `POST /api/login`: a token for a cookie.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Login {
    pub token: String,
}

/// Who the caller is (`POST /api/login`, `GET /api/login`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Identity {
    pub name: String,
    pub role: Role,
    pub expires_at: Option<Time>,
    /// To be sent back in the header `X-CSRF-Token` with every mutation; absent unless a cookie identified the caller.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub csrf_token: Option<String>,
}
