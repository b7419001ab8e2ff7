//! `parkd`: the daemon of the Smart Parking System.
//!
//! Reading order: [`ledger`] (what a lot is and how it changes), [`store`] and [`objects`] (where it is kept), [`captures`] and
//! [`auth`] (pictures, tokens), [`http`] (how everybody talks to it). The direction is `http → ledger, captures, auth → store, objects`:
//! no axum outside `http`, no sqlx outside `store`, neither in a `decide`.

pub mod clock;
pub mod ledger;
pub mod store;
