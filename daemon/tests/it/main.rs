//! Tests of `parkd` through the doors that its users take: the binary, HTTP, the live socket. One binary, so that linking is paid once.

mod access;
mod contract;
mod corpus;
mod crash;
mod demo;
mod faults;
mod fleet;
mod foreign;
mod hand;
mod harness;
mod layers;
mod licences;
mod live;
mod lookout;
mod mirror;
mod model;
mod nginx;
mod objects;
mod openapi;
mod outage;
mod pictures;
mod postgres;
mod proxy;
mod rest;
mod retention;
mod s3;
mod settings;
mod several;
mod spool;
mod stop;
mod store;
mod trust;
mod uploads;
mod watchdog;
mod wire;

#[tokio::test]
async fn a_new_daemon_is_ready_and_sound() {
    let mut parkd = harness::Parkd::start(&[]);
    assert!(parkd.admin().ready().await.expect("an answer").ready);
    parkd.verify();
    assert_eq!(parkd.stop(), Some(0));
}

#[tokio::test]
async fn what_could_make_somebody_an_admin_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let parkd = harness::Parkd::start(&[]);
    for file in ["parking.db", "parking.db-wal", "admin.token"] {
        let mode = std::fs::metadata(parkd.data_dir().join(file)).expect(file).permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
}
