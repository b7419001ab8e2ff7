//! Clients that are not ours: what the documented rules alone bring them to, and what plain HTTP clients do that ours does not.

mod follow;
mod plain;
