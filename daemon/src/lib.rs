//! `parkd`: the daemon of the Smart Parking System.
//!
//! Reading order: [`ledger`] (what a lot is and how it changes), [`store`] and [`objects`] (where it is kept), [`captures`], [`cameras`],
//! [`firmware`] and [`auth`] (pictures, their senders, what runs on them, tokens), [`follow`] and [`socket`] (who watches), [`http`] (how everybody talks to it), [`serve`]
//! (everything put together), [`backup`] and [`moving`] (kept and used elsewhere). The direction is `http → ledger, captures, auth → store, objects`: no axum outside `http`, no sqlx
//! outside `store`, neither in a `decide`.

pub mod auth;
pub mod backup;
pub mod cameras;
pub mod captures;
pub mod clock;
pub mod commands;
pub mod config;
pub mod demo;
pub mod firmware;
pub mod follow;
pub mod history;
pub mod http;
pub mod integrity;
pub mod ledger;
pub mod lookout;
pub mod moving;
pub mod objects;
pub use occupancy;
pub mod plan;
pub mod progress;
pub mod serve;
pub mod socket;
pub mod store;
pub mod telemetry;
pub mod urls;
pub mod watchdog;
