//! Random commands of several clients to either of two daemons, with restarts in between: both know the same, and it is what the log says.

use parking_api::events::Event;
use parking_api::tokens::{NewToken, Role};
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use tokio::task::JoinSet;

use super::Pair;
use crate::hand::{Ack, Hand, seed};
use crate::harness::wait_for;
use crate::mirror::Mirror;
use crate::postgres;

const CLIENTS: u64 = 6;
const PHASES: u64 = 5;
const COMMANDS_PER_PHASE: usize = 120;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_clients_do_at_either_daemon_both_know_the_same() {
    let seed = seed();
    let mut rng = SmallRng::seed_from_u64(seed);
    let mut pair = Pair::new(&postgres::database(), &[]).await;
    let mut tokens = Vec::new();
    for index in 0..CLIENTS {
        let new = NewToken { name: format!("hand {index}"), role: Role::Admin, expires_at: None };
        tokens.push((new.name.clone(), pair.admin(0).token_create(&new).await.expect("a token").value.token));
    }
    let last = pair.daemons()[1].client_with(tokens.last().map(|(_, token)| token.clone()));
    wait_for("the tokens at the other daemon", async || last.identity().await.ok()).await;
    let mut mirrors = [Mirror::default(), Mirror::default()];
    let mut log: Vec<Event> = Vec::new();
    let mut done = 0;
    for phase in 0..PHASES {
        let mut hands = JoinSet::new();
        for (index, (name, token)) in (0..).zip(&tokens) {
            let seed = seed.wrapping_add(phase * CLIENTS + index);
            // Each goes on at the other daemon in the next phase.
            let client = pair.daemons()[((index + phase) % 2) as usize].client_with(Some(token.clone()));
            hands.spawn(Hand::new(name, client, seed).work(COMMANDS_PER_PHASE));
        }
        let acknowledged: Vec<Ack> = hands.join_all().await.into_iter().flatten().collect();
        for (index, mirror) in mirrors.iter_mut().enumerate() {
            let at = pair.admin(index);
            let news = mirror.prove(&at).await;
            if index == 0 {
                log.extend(news);
            }
        }
        acknowledged.iter().for_each(|ack| ack.is_in(&log));
        done += acknowledged.len();
        let parkd = if rng.random() { &mut pair.one } else { &mut pair.other };
        parkd.verify();
        if rng.random() {
            assert_eq!(parkd.stop(), Some(0));
        } else {
            parkd.kill();
        }
        tokio::task::block_in_place(|| parkd.restart());
    }
    let sent = COMMANDS_PER_PHASE * (PHASES * CLIENTS) as usize;
    assert!(done * 3 > sent, "only {done} of {sent} commands were carried out: the test has lost its point");
}
