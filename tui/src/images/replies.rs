//! What a terminal answers when it is asked what it is, picked out of whatever else it sends. Pure.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// All questions at once. Every terminal answers the last, so what has not been answered before it never will be.
const QUESTIONS: [&str; 4] = ["\x1b[>0q", "\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\", "\x1b[16t", "\x1b[c"];

/// What a terminal is asked. tmux would take the question for kitty as a title.
pub fn questions(is_tmux: bool) -> String {
    let asked = QUESTIONS.iter().filter(|question| !(is_tmux && question.starts_with("\x1b_")));
    asked.copied().collect()
}

/// Longest answer, in bytes.
const ANSWER_MAX: usize = 1024;
/// Among the attributes of a terminal: it shows sixels.
const SIXEL: u16 = 4;

const ESC: u8 = 0x1b;
const BEL: u8 = 0x07;

/// What a terminal says of itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Replies {
    /// Its name and version.
    pub name: Option<String>,
    pub has_kitty: bool,
    /// Width and height of a cell, in pixels.
    pub cell: Option<(u16, u16)>,
    pub attributes: Option<Vec<u16>>,
}

impl Replies {
    pub fn has_sixel(&self) -> bool {
        self.attributes.as_ref().is_some_and(|attributes| attributes.iter().skip(1).any(|at| *at == SIXEL))
    }
}

/// Reads answers byte by byte, as they come.
#[derive(Debug, Default)]
pub struct Reader {
    pub replies: Replies,
    /// The answers as they came, to be shown.
    pub raw: Vec<String>,
    pending: Vec<u8>,
    typed: Vec<u8>,
}

/// The first thing in what came.
enum Token {
    /// So many bytes of an answer or of a key.
    Whole(usize),
    Partial,
}

impl Reader {
    pub fn feed(&mut self, bytes: &[u8]) {
        self.pending.extend_from_slice(bytes);
        while let Token::Whole(len) = first(&self.pending) {
            let token: Vec<u8> = self.pending.drain(..len).collect();
            if self.takes(&token) {
                self.raw.push(token.escape_ascii().to_string());
            } else {
                self.typed.extend(token);
            }
        }
    }

    /// Whether the last question is answered.
    pub fn is_done(&self) -> bool {
        self.replies.attributes.is_some()
    }

    /// The keys that somebody pressed meanwhile.
    pub fn keys(mut self) -> Vec<KeyEvent> {
        self.typed.append(&mut self.pending);
        keys(&self.typed)
    }

    fn takes(&mut self, token: &[u8]) -> bool {
        let text = String::from_utf8_lossy(token);
        let numbers = |text: &str| text.split(';').map(|n| n.parse().unwrap_or_default()).collect::<Vec<u16>>();
        let inner = |lead: &str| {
            let rest = text.strip_prefix(lead)?;
            Some(rest.strip_suffix("\x1b\\").or_else(|| rest.strip_suffix('\x07')).unwrap_or(rest))
        };
        if let Some(name) = inner("\x1bP>|") {
            self.replies.name = Some(name.chars().filter(|c| !c.is_control()).collect());
        } else if let Some(answer) = inner("\x1b_G") {
            self.replies.has_kitty |= answer.ends_with(";OK");
        } else if let Some(attributes) = text.strip_prefix("\x1b[?").and_then(|rest| rest.strip_suffix('c')) {
            self.replies.attributes = Some(numbers(attributes));
        } else if let Some(size) = text.strip_prefix("\x1b[6;").and_then(|rest| rest.strip_suffix('t')) {
            if let [height, width] = numbers(size)[..] {
                self.replies.cell = Some((width, height)).filter(|_| width > 0 && height > 0);
            }
        } else {
            // Another answer to nobody's question is no key either.
            return matches!(token, [ESC, b'P' | b'_' | b']', _, ..]);
        }
        true
    }
}

fn first(bytes: &[u8]) -> Token {
    let ends = |at: usize, byte: u8| byte == BEL || (byte == ESC && bytes.get(at + 1) == Some(&b'\\'));
    match bytes {
        [] => Token::Partial,
        [ESC] => Token::Partial,
        [ESC, b'[', rest @ ..] => match rest.iter().position(|byte| (0x40..=0x7e).contains(byte)) {
            Some(at) => Token::Whole(at + 3),
            None if rest.len() > ANSWER_MAX => Token::Whole(2),
            None => Token::Partial,
        },
        [ESC, b'P' | b'_' | b']', rest @ ..] => {
            match rest.iter().enumerate().position(|(at, byte)| ends(at + 2, *byte)) {
                Some(at) => Token::Whole(at + if rest[at] == BEL { 3 } else { 4 }),
                None if rest.len() > ANSWER_MAX => Token::Whole(2),
                None => Token::Partial,
            }
        }
        [ESC, _, ..] => Token::Whole(2),
        _ => Token::Whole(1),
    }
}

/// Plain keys; what is none of them is left out.
fn keys(typed: &[u8]) -> Vec<KeyEvent> {
    let mut keys = Vec::new();
    let text = String::from_utf8_lossy(typed);
    let mut rest = text.as_ref();
    let named = [
        ("\x1b[A", KeyCode::Up),
        ("\x1b[B", KeyCode::Down),
        ("\x1b[C", KeyCode::Right),
        ("\x1b[D", KeyCode::Left),
        ("\r", KeyCode::Enter),
        ("\t", KeyCode::Tab),
        ("\x7f", KeyCode::Backspace),
    ];
    while let Some(c) = rest.chars().next() {
        if let Some((code, key)) = named.iter().find(|(code, _)| rest.starts_with(code)) {
            keys.push(KeyEvent::new(*key, KeyModifiers::NONE));
            rest = &rest[code.len()..];
            continue;
        }
        match c {
            '\x1b' if rest.len() == 1 => keys.push(KeyEvent::new(KeyCode::Esc, KeyModifiers::NONE)),
            '\x01'..='\x1a' => {
                let letter = char::from(b'a' + c as u8 - 1);
                keys.push(KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL));
            }
            c if !c.is_control() && c != char::REPLACEMENT_CHARACTER => {
                keys.push(KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE));
            }
            _ => {}
        }
        rest = &rest[c.len_utf8()..];
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    const XTERM: &[u8] = b"\x1bP>|XTerm(379)\x1b\\\x1b[6;19;9t\x1b[?63;1;2;4;6c";
    const KITTY: &[u8] = b"\x1bP>|kitty(0.26.5)\x1b\\\x1b_Gi=31;OK\x1b\\\x1b[6;18;9t\x1b[?62;c";

    fn read(bytes: &[u8]) -> Reader {
        let mut reader = Reader::default();
        reader.feed(bytes);
        reader
    }

    #[test]
    fn each_answer_is_understood() {
        let xterm = read(XTERM).replies;
        assert_eq!((xterm.name.as_deref(), xterm.cell), (Some("XTerm(379)"), Some((9, 19))));
        assert!(xterm.has_sixel() && !xterm.has_kitty);
        let kitty = read(KITTY).replies;
        assert!(kitty.has_kitty && !kitty.has_sixel());
        assert!(!read(b"\x1b[?4;c").replies.has_sixel(), "the first number is the kind of the terminal");
    }

    #[test]
    fn keys_between_and_within_answers_are_kept() {
        let mixed = [b"q".as_slice(), &XTERM[..20], &XTERM[20..], b"\x1b[Bj\x03\r\x1b"].concat();
        for step in [1, 2, 7, mixed.len()] {
            let mut reader = Reader::default();
            mixed.chunks(step).for_each(|bytes| reader.feed(bytes));
            assert!(reader.is_done());
            let keys: Vec<KeyCode> = reader.keys().iter().map(|key| key.code).collect();
            let c = KeyCode::Char;
            assert_eq!(keys, [c('q'), KeyCode::Down, c('j'), c('c'), KeyCode::Enter, KeyCode::Esc], "{step}");
        }
    }

    #[test]
    fn noise_neither_panics_nor_grows() {
        let mut reader = Reader::default();
        for n in 0..20_000_u32 {
            reader.feed(&[ESC, b'P', (n % 251) as u8, b'[']);
        }
        assert!(reader.pending.len() <= 2 * ANSWER_MAX);
    }
}
