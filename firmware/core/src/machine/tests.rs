//! The whole machine against a world that does as it is told: table tests here, chances and power cuts in `property`.

mod firmware;
mod property;
mod setup;
mod uploads;
mod world;
