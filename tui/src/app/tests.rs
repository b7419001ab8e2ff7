//! Key presses through the real loop, drawn on paper: the demo lot answers, pictures are made as they are for a terminal.

use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::{App, Daemon, Pace, QUEUE, update, view};
use crate::clock;
use crate::demo::Demo;
use crate::keymap::{Chord, Keymap};
use crate::model::{Model, Setup};
use crate::msg::Msg;
use crate::record::Recorder;
use crate::terminal::{Shown, Surface};
use crate::theme::Look;

const SIZE: (u16, u16) = (120, 40);
/// A debug build on a busy machine is slow.
const LIMIT: Duration = Duration::from_secs(60);
const STEP: Duration = Duration::from_millis(10);

/// What a terminal would show, without one.
struct Paper(Arc<Mutex<Buffer>>);

impl Surface for Paper {
    fn size(&self) -> io::Result<(u16, u16)> {
        Ok(SIZE)
    }

    fn bytes(&self) -> u64 {
        0
    }

    fn draw(&mut self, _is_hurried: bool, draw: impl FnOnce(&mut Buffer) -> Shown) -> io::Result<bool> {
        let mut buf = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
        draw(&mut buf);
        *self.0.lock().expect("nobody panicked") = buf;
        Ok(true)
    }

    fn forget(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn suspend(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Somebody who looks and types.
struct Person {
    to: mpsc::Sender<Msg>,
    paper: Arc<Mutex<Buffer>>,
}

impl Person {
    fn screen(&self) -> String {
        let buf = self.paper.lock().expect("nobody panicked");
        let row = |y: u16| (0..buf.area.width).map(|x| buf[(x, y)].symbol()).collect::<String>() + "\n";
        (0..buf.area.height).map(row).collect()
    }

    async fn press(&self, keys: &str) {
        for key in keys.split_whitespace() {
            let event = key.parse::<Chord>().expect(key).event();
            self.to.send(Msg::Key(event)).await.expect("the loop runs");
        }
    }

    async fn type_in(&self, text: &str) {
        for c in text.chars() {
            let key = if c == ' ' { "space".to_string() } else { c.to_string() };
            self.press(&key).await;
        }
    }

    async fn sees(&self, text: &str) {
        self.is(|screen| screen.contains(text), text).await;
    }

    async fn sees_no(&self, text: &str) {
        self.is(|screen| !screen.contains(text), text).await;
    }

    async fn is(&self, is_so: impl Fn(&str) -> bool, what: &str) {
        let begun = Instant::now();
        while !is_so(&self.screen()) {
            assert!(begun.elapsed() < LIMIT, "waited in vain for {what:?}:\n{}", self.screen());
            tokio::time::sleep(STEP).await;
        }
    }
}

/// A console that begins in a terminal which has another size by then, and where somebody has worked before.
fn console(to: &mpsc::Sender<Msg>, inbox: mpsc::Receiver<Msg>, paper: &Arc<Mutex<Buffer>>) -> (App<Paper>, Setup) {
    let setup = Setup {
        now: clock::now(),
        size: (80, 24),
        look: Look::default(),
        keymap: Keymap::default(),
        server: "demo".into(),
        lot: Demo::lot(),
        is_read_only: false,
        history: vec!["goto A-05".into()],
    };
    let app = App {
        model: Model::new(setup.clone()),
        screen: Paper(Arc::clone(paper)),
        daemon: Daemon::Demo(Demo::start(to.clone())),
        inbox,
        recorder: None,
        cache: None,
        history: None,
        keeping: JoinSet::new(),
        pace: Pace::default(),
        begun: Instant::now(),
        first: None,
    };
    (app, setup)
}

/// Runs the console and somebody at it until both are done.
async fn with_console<F: Future<Output = ()>>(script: impl FnOnce(Person) -> F) {
    let (to, inbox) = mpsc::channel(QUEUE);
    let paper = Arc::new(Mutex::new(Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1))));
    let (mut app, _) = console(&to, inbox, &paper);
    app.begin(None).expect("drawn");
    to.send(Msg::Terminal(Box::default())).await.expect("room");
    let (ended, ()) = tokio::join!(app.run(), script(Person { to, paper }));
    ended.expect("it ends well");
}

#[tokio::test]
async fn an_attendant_works_with_keys_alone() {
    with_console(|person| async move {
        person.sees("● live").await;
        person.press(":").await;
        person.type_in("goto A-05").await;
        person.press("enter r").await;
        person.type_in("a guest").await;
        person.press("enter").await;
        person.sees("A-05 is reserved").await;
        person.sees("a guest").await;
        person.press("u").await;
        person.sees_no("a guest").await;
        person.press("/").await;
        person.type_in("zone:C").await;
        person.press("enter").await;
        person.sees("only zone:C").await;
        person.press("esc 5").await;
        person.sees("following").await;
        person.press("q").await;
    })
    .await;
}

#[tokio::test]
async fn pictures_are_looked_at_gone_back_through_and_saved_but_over_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("picture.png");
    let path = file.to_str().expect("a name").to_string();
    with_console(|person| async move {
        person.sees("▀").await;
        person.press("3").await;
        person.sees_no("▀").await;
        person.press("4").await;
        person.sees("▀").await;
        person.press("enter [").await;
        person.sees("1 back of").await;
        person.press("[").await;
        person.sees("2 back of").await;
        person.press("] G").await;
        person.sees_no("back of").await;
        for answer in ["saved to", "choose another name"] {
            person.sees("▀").await;
            person.press("s ctrl-u").await;
            person.type_in(&path).await;
            person.press("enter").await;
            person.sees(answer).await;
        }
        person.press("esc esc q").await;
    })
    .await;
    assert!(std::fs::read(&file).expect("saved").starts_with(b"\x89PNG"));
}

#[tokio::test]
async fn a_recording_has_all_that_the_console_began_with_and_replays_to_the_same_screen() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("session.jsonl");
    let (to, inbox) = mpsc::channel(QUEUE);
    let paper = Arc::new(Mutex::new(Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1))));
    let (mut app, setup) = console(&to, inbox, &paper);
    app.recorder = Some(Recorder::create(&path, &setup).expect("a file"));
    let demo = crate::demo::lot::DemoLot::new(setup.now, 1);
    let remembered = Msg::Remembered { lot: demo.id(), at: setup.now, snapshot: Box::new(demo.snapshot()) };
    app.begin(Some(remembered)).expect("drawn");
    let person = Person { to, paper };
    assert!(person.screen().contains("Demo car park"));
    person.press(": up").await;
    while let Ok(msg) = app.inbox.try_recv() {
        app.handle(msg).expect("handled");
    }
    app.draw().expect("drawn");
    assert!(person.screen().contains(":goto A-05"), "{}", person.screen());
    let (setup, messages) = crate::record::read(&path).expect("a recording");
    let mut model = Model::new(setup);
    for stamped in messages {
        update(&mut model, stamped);
    }
    let mut buf = Buffer::empty(Rect::new(0, 0, SIZE.0, SIZE.1));
    view::draw(&model, &mut buf);
    assert_eq!(buf, *person.paper.lock().expect("nobody panicked"));
}
