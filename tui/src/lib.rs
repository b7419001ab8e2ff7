//! `parktui`, the console of the Smart Parking System.
//!
//! In reading order: `msg` is all that can happen, `model` all that is known, `update` the one function that changes it, `effect` all
//! that is asked of the world, `view` what is drawn. `app` is the loop around them; `producers`, `runtime` and `demo` bring messages.
//! Nothing here knows a URL or a field of the wire: that is `parking_api`.

pub mod actions;
pub mod app;
pub mod areas;
pub mod args;
pub mod asking;
pub mod cache;
pub mod clock;
pub mod demo;
pub mod doctor;
pub mod effect;
pub mod files;
pub mod filter;
#[cfg(test)]
mod fixture;
pub mod history;
pub mod hud;
pub mod images;
pub mod input;
pub mod keymap;
pub mod lot;
pub mod model;
pub mod msg;
pub mod orders;
pub mod photos;
pub mod pictures;
pub mod plain;
pub mod plan;
pub mod popups;
pub mod producers;
pub mod record;
pub mod replay;
pub mod runtime;
pub mod sheet;
pub mod sights;
pub mod spans;
pub mod talk;
pub mod terminal;
pub mod theme;
pub mod trend;
pub mod update;
pub mod view;
pub mod work;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;
use parking_api::LotId;
use parking_api::client::env::Env;
use parking_api::client::settings::Settings;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use app::{App, Daemon, Pace, QUEUE};
use args::Args;
use cache::Cache;
use demo::Demo;
use files::Use;
use history::History;
use images::late::Late;
use images::probe::{self, Asking};
use keymap::Keymap;
use model::{Model, Setup};
use msg::Msg;
use record::Recorder;
use runtime::Runtime;
use terminal::{Screen, Surface};
use theme::{Depth, Look};

/// Exit codes, as `parkctl` has them.
const FAILED: u8 = 1;
const USAGE: u8 = 2;

/// The reason for an end that nobody asked for, and its exit code.
type Failure = (u8, String);

/// Runs the console; the answer is its exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> ExitCode {
    let begun = Instant::now();
    let args = match Args::try_parse_from(args) {
        Ok(args) => args,
        Err(error) => {
            // That nobody reads the help is no failure.
            let _ = error.print();
            return ExitCode::from(error.exit_code().clamp(0, i32::from(u8::MAX)) as u8);
        }
    };
    match run(args, &Env::of_process(), begun) {
        Ok(()) => ExitCode::SUCCESS,
        Err((code, why)) => {
            // There is nowhere left to say it.
            let _ = writeln!(io::stderr(), "parktui: {why}");
            ExitCode::from(code)
        }
    }
}

fn run(args: Args, env: &Env, begun: Instant) -> Result<(), Failure> {
    let keymap = keymap(env)?;
    if args.keys {
        return io::stdout().write_all(keymap.page().as_bytes()).map_err(failed("cannot print the keys"));
    }
    if args.doctor {
        return doctor::run(args.images, env, look(&args, env)).map_err(failed("the terminal failed"));
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(failed("the system gave no threads"))?;
    let result = runtime.block_on(console(args, env, keymap, begun));
    // The thread that reads the terminal waits for a key that nobody will press.
    runtime.shutdown_background();
    result
}

fn failed(what: &str) -> impl FnOnce(io::Error) -> Failure {
    let what = what.to_string();
    move |error| (FAILED, format!("{what}: {error}"))
}

/// The keys of this person.
fn keymap(env: &Env) -> Result<Keymap, Failure> {
    let Some(folder) = files::folder(env, Use::Config) else { return Ok(Keymap::default()) };
    let path = folder.join("keys.toml");
    match std::fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Keymap::default()),
        Err(error) => Err((USAGE, format!("cannot read {}: {error}", path.display()))),
        Ok(text) => Keymap::parse(&text)
            .map_err(|faults| (USAGE, format!("{} cannot be used:\n  {}", path.display(), faults.join("\n  ")))),
    }
}

fn look(args: &Args, env: &Env) -> Look {
    Look {
        theme: args.theme.unwrap_or(&theme::THEMES[0]),
        depth: args.colors.depth().unwrap_or_else(|| Depth::detect(env)),
        is_ascii: args.ascii || !env.is_utf8(),
    }
}

async fn console(args: Args, env: &Env, keymap: Keymap, begun: Instant) -> Result<(), Failure> {
    let look = look(&args, env);
    if let Some(path) = &args.replay {
        let (setup, messages) = record::read(path).map_err(failed("cannot replay"))?;
        let screen = screen(&args)?;
        return replay::run(Model::new(Setup { look, keymap, ..setup }), messages, screen)
            .await
            .map_err(failed("the terminal failed"));
    }
    let (to, inbox) = mpsc::channel(QUEUE);
    let (daemon, server, lot) = daemon(&args, env, &to)?;
    let history = if args.demo || args.plain { None } else { History::of_person(env) };
    let setup = Setup {
        now: clock::now(),
        size: (80, 24),
        look,
        keymap,
        server,
        lot,
        is_read_only: args.read_only,
        history: history.as_ref().map(History::load).unwrap_or_default(),
    };
    let mut tasks = JoinSet::new();
    producers::signals(&mut tasks, &to).map_err(failed("the system takes no signal handlers"))?;
    if args.plain {
        return plain::run(Model::new(setup), daemon, inbox).await.map_err(failed("it ended"));
    }
    let cache = if args.demo { None } else { Cache::of_person(env) };
    let screen = screen(&args)?;
    let setup = Setup { size: screen.size().map_err(failed("the terminal has no size"))?, ..setup };
    let recorder = args.record.as_deref().map(|path| Recorder::create(path, &setup)).transpose();
    let recorder = recorder.map_err(failed("cannot record"))?;
    let remembered = remembered(&setup, cache.as_ref());
    let model = Model::new(setup);
    let mut app = App {
        model,
        screen,
        daemon,
        inbox,
        recorder,
        cache,
        history,
        keeping: JoinSet::new(),
        pace: Pace::default(),
        begun,
        first: None,
    };
    // Something is to be seen before the terminal is asked what it can show.
    app.begin(remembered).map_err(failed("the terminal failed"))?;
    let probe = probe::probe(args.images, env, look.depth, Asking::IfUseful).map_err(failed("the terminal failed"))?;
    let late = if probe.is_open() {
        // It may show the questions.
        app.screen.forget().map_err(failed("the terminal failed"))?;
        Late::expect(std::time::Instant::now())
    } else {
        Late::default()
    };
    let keys = probe.keys.into_iter().map(Msg::Key);
    for msg in std::iter::once(Msg::Terminal(Box::new(probe.chosen))).chain(keys) {
        // As many as fit: nobody types a thousand keys in a second.
        let _ = to.try_send(msg);
    }
    producers::terminal(&mut tasks, to, late);
    app.run().await.map_err(failed("the terminal failed"))
}

fn screen(args: &Args) -> Result<Screen, Failure> {
    Screen::take(!args.no_mouse)
        .map_err(|error| (FAILED, format!("cannot use this terminal: {error}; --plain prints lines instead")))
}

/// Whom to talk to, its name, and the lot to begin with.
fn daemon(args: &Args, env: &Env, to: &mpsc::Sender<Msg>) -> Result<(Daemon, String, LotId), Failure> {
    if args.demo {
        return Ok((Daemon::Demo(Demo::start(to.clone())), "demo".into(), Demo::lot()));
    }
    let usage = |error: parking_api::client::Error| (USAGE, error.to_string());
    let settings = Settings::resolve(&args.wishes(), env).map_err(usage)?;
    let (server, lot) = (settings.server.clone(), settings.lot.clone());
    let runtime = Runtime::new(settings, to.clone()).map_err(usage)?;
    Ok((Daemon::Server(Box::new(runtime)), server, lot))
}

/// What was known at the end of the last run.
fn remembered(setup: &Setup, cache: Option<&Cache>) -> Option<Msg> {
    let (at, snapshot) = cache?.load(&setup.server, &setup.lot)?;
    Some(Msg::Remembered { lot: setup.lot.clone(), at, snapshot: Box::new(snapshot) })
}
