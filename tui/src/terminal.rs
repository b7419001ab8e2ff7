//! The terminal as a loan: taken, and given back exactly once, whichever way this process ends. Knows nothing of what is drawn.

use std::cell::Cell;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::terminal::{
    BeginSynchronizedUpdate, EndSynchronizedUpdate, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode,
    enable_raw_mode,
};
use crossterm::{cursor, execute, queue};
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use crate::images::{Pixels, Protocol, place};

/// Whether the terminal is ours now.
static IS_TAKEN: AtomicBool = AtomicBool::new(false);

/// Clicks and the wheel, in the form without limits. Not motion: over a slow line that is a flood that nobody reads.
const MOUSE_ON: &str = "\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &str = "\x1b[?1006l\x1b[?1000l";
/// Bytes of a frame that are gathered before they are written.
const WRITE_BUFFER_BYTES: usize = 64 * 1024;

/// Whether clicks are for us, or for the terminal: some like to select text with them.
static HAS_MOUSE: AtomicBool = AtomicBool::new(true);
/// Whether pictures were shown that do not go away with the screen.
static HAS_KITTY: AtomicBool = AtomicBool::new(false);
const KITTY_CLEAR: &str = "\x1b_Ga=d,d=A,q=2;\x1b\\";
/// Pictures of this console are numbered from here on; another program of the same terminal has its own.
const FIRST_ID: u32 = 0x7061_0000;

/// What the loop draws on.
pub trait Surface {
    /// Columns and rows.
    fn size(&self) -> io::Result<(u16, u16)>;

    /// Bytes that were written so far.
    fn bytes(&self) -> u64;

    /// Shows a frame in one piece; whether it is whole. One that is in a hurry leaves pictures that are new to the next: a terminal takes in
    /// one at a time, and what is written behind it waits.
    fn draw(&mut self, is_hurried: bool, draw: impl FnOnce(&mut Buffer) -> Shown) -> io::Result<bool>;

    /// Forgets what the terminal shows, so that the next frame draws all of it.
    fn forget(&mut self) -> io::Result<()>;

    /// Gives the terminal back, stops this process, and takes the terminal again when somebody continues it.
    fn suspend(&mut self) -> io::Result<()>;
}

/// A frame besides its cells.
#[derive(Debug, Default)]
pub struct Shown {
    /// Where a person types.
    pub cursor: Option<Position>,
    pub pixels: Vec<(Rect, Pixels)>,
}

/// A picture that the terminal shows.
#[derive(Debug)]
struct Placed {
    area: Rect,
    pixels: Pixels,
    id: u32,
}

impl Placed {
    fn is(&self, area: Rect, pixels: &Pixels) -> bool {
        self.area == area && Arc::ptr_eq(&self.pixels.body, &pixels.body)
    }
}

/// The screen of this terminal, until it is dropped.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<Counted>>,
    size: (u16, u16),
    placed: Vec<Placed>,
    last_id: u32,
    bytes: Arc<AtomicU64>,
}

impl Screen {
    /// # Errors
    /// When there is no terminal, or it does not do as told.
    pub fn take(has_mouse: bool) -> io::Result<Self> {
        HAS_MOUSE.store(has_mouse, Ordering::SeqCst);
        if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
            return Err(io::Error::other("input and output are not a terminal"));
        }
        give_back_on_panic();
        enter()?;
        let bytes = Arc::new(AtomicU64::new(0));
        let out =
            Counted { out: BufWriter::with_capacity(WRITE_BUFFER_BYTES, io::stdout()), bytes: Arc::clone(&bytes) };
        let terminal = Terminal::new(CrosstermBackend::new(out)).inspect_err(|_| leave())?;
        Ok(Self { terminal, size: (0, 0), placed: Vec::new(), last_id: FIRST_ID, bytes })
    }

    /// Pictures that are new appear, then those that are gone disappear: in between there is never nothing.
    fn put_up(&mut self, shown: &Shown) -> io::Result<()> {
        let old = self.placed.len();
        for (area, pixels) in &shown.pixels {
            if self.placed[..old].iter().any(|placed| placed.is(*area, pixels)) {
                continue;
            }
            self.last_id += 1;
            HAS_KITTY.fetch_or(pixels.protocol == Protocol::Kitty, Ordering::SeqCst);
            place::show(self.terminal.backend_mut(), pixels, *area, self.last_id)?;
            self.placed.push(Placed { area: *area, pixels: pixels.clone(), id: self.last_id });
            if let Some(cursor) = shown.cursor {
                queue!(self.terminal.backend_mut(), cursor::MoveTo(cursor.x, cursor.y))?;
            }
        }
        self.take_down(|placed| !shown.pixels.iter().any(|(area, pixels)| placed.is(*area, pixels)))
    }

    fn take_down(&mut self, is_gone: impl Fn(&Placed) -> bool) -> io::Result<()> {
        let (gone, left) = std::mem::take(&mut self.placed).into_iter().partition(is_gone);
        self.placed = left;
        let gone: Vec<Placed> = gone;
        gone.iter().try_for_each(|placed| place::hide(self.terminal.backend_mut(), placed.pixels.protocol, placed.id))
    }
}

impl Surface for Screen {
    fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn draw(&mut self, is_hurried: bool, draw: impl FnOnce(&mut Buffer) -> Shown) -> io::Result<bool> {
        queue!(self.terminal.backend_mut(), BeginSynchronizedUpdate)?;
        let size = self.size()?;
        if std::mem::replace(&mut self.size, size) != size {
            self.take_down(|_| true)?;
        }
        let mut shown = Shown::default();
        self.terminal.draw(|frame| {
            shown = draw(frame.buffer_mut());
            if let Some(cursor) = shown.cursor {
                frame.set_cursor_position(cursor);
            }
        })?;
        let is_new = |(area, pixels): &(Rect, Pixels)| !self.placed.iter().any(|placed| placed.is(*area, pixels));
        let is_whole = !(is_hurried && shown.pixels.iter().any(is_new));
        if is_whole {
            self.put_up(&shown)?;
        }
        execute!(self.terminal.backend_mut(), EndSynchronizedUpdate)?;
        Ok(is_whole)
    }

    fn forget(&mut self) -> io::Result<()> {
        // Not `clear`: that asks the terminal where its cursor is, and waits for an answer that a key press may get lost in.
        self.take_down(|_| true)?;
        let size = self.terminal.size()?;
        self.terminal.resize(Rect::new(0, 0, size.width, size.height))
    }

    fn suspend(&mut self) -> io::Result<()> {
        leave();
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TSTP)?;
        enter()?;
        self.forget()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        leave();
    }
}

fn enter() -> io::Result<()> {
    IS_TAKEN.store(true, Ordering::SeqCst);
    let taken = enable_raw_mode().and_then(|()| {
        let mut out = io::stdout();
        execute!(out, EnterAlternateScreen, EnableBracketedPaste, cursor::Hide)?;
        if HAS_MOUSE.load(Ordering::SeqCst) {
            out.write_all(MOUSE_ON.as_bytes())?;
        }
        out.flush()
    });
    taken.inspect_err(|_| leave())
}

/// Gives the terminal back, once. A terminal that is gone cannot be helped.
fn leave() {
    if !IS_TAKEN.swap(false, Ordering::SeqCst) {
        return;
    }
    let mut out = io::stdout();
    let _ = out.write_all(MOUSE_OFF.as_bytes());
    if HAS_KITTY.load(Ordering::SeqCst) {
        let _ = out.write_all(KITTY_CLEAR.as_bytes());
    }
    let _ = execute!(out, EndSynchronizedUpdate, DisableBracketedPaste, LeaveAlternateScreen, cursor::Show);
    let _ = disable_raw_mode();
}

thread_local! {
    /// Whether a panic of this thread is nobody's end but that of its work.
    static IS_SPARED: Cell<bool> = const { Cell::new(false) };
}

/// Does work that may panic without ending the console: what others have sent is drawn by code that others have written.
pub fn spared<T>(work: impl FnOnce() -> T) -> T {
    struct Back;
    impl Drop for Back {
        fn drop(&mut self) {
            IS_SPARED.set(false);
        }
    }
    IS_SPARED.set(true);
    let _back = Back;
    work()
}

/// A panic is told on a terminal that can show it, and ends the whole process: half a console helps nobody.
fn give_back_on_panic() {
    let before = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if IS_SPARED.get() {
            return;
        }
        leave();
        before(info);
        std::process::exit(PANIC_CODE);
    }));
}

/// The exit code of a Rust program that panicked.
const PANIC_CODE: i32 = 101;

/// Counts what is written.
#[derive(Debug)]
struct Counted {
    out: BufWriter<Stdout>,
    bytes: Arc<AtomicU64>,
}

impl Write for Counted {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let written = self.out.write(buf)?;
        self.bytes.fetch_add(written as u64, Ordering::Relaxed);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
