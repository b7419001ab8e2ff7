//! What is promised, proven under faults: with real processes, under load, and with every kind of end that there is.

mod clock;
mod flap;
mod kill;
mod load;
mod random;
mod storm;

use crate::harness::Parkd;

/// Two daemons on one database that keep their pictures in one place.
pub struct Pair {
    pub one: Parkd,
    pub other: Parkd,
    pub token: String,
}

impl Pair {
    pub async fn new(url: &str, args: &[&str]) -> Self {
        let (url, args) = (url.to_string(), args.iter().map(ToString::to_string).collect::<Vec<_>>());
        let starting = tokio::task::spawn_blocking(move || {
            let mut args: Vec<&str> = args.iter().map(String::as_str).collect();
            let one = Parkd::start_at(&url, &args);
            let objects = format!("file://{}/parking-images", one.data_dir().display());
            if !args.contains(&"--objects-url") {
                args.extend(["--objects-url", &objects]);
            }
            let token = one.admin_token();
            Self { other: Parkd::start_at(&url, &args), one, token }
        });
        starting.await.expect("both start")
    }

    pub fn daemons(&self) -> [&Parkd; 2] {
        [&self.one, &self.other]
    }

    pub fn admin(&self, index: usize) -> parking_api::client::Client {
        self.daemons()[index % 2].client_with(Some(self.token.clone()))
    }
}
