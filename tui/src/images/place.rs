//! What is written to a terminal so that pixels appear in a place, and disappear again. Pure.

use std::io::{self, Write};

use ratatui::layout::Rect;

use super::{Pixels, Protocol};

/// Bytes of a picture in one command of the kitty protocol, by its specification.
const CHUNK: usize = 4096;

/// Shows `pixels` from the top left of `area` on. `id` tells one picture from another.
pub fn show(out: &mut impl Write, pixels: &Pixels, area: Rect, id: u32) -> io::Result<()> {
    write!(out, "\x1b[{};{}H", area.y + 1, area.x + 1)?;
    send(out, pixels, id)
}

/// Shows `pixels` from the cursor on.
pub fn send(out: &mut impl Write, pixels: &Pixels, id: u32) -> io::Result<()> {
    let (columns, rows) = pixels.cells;
    match pixels.protocol {
        Protocol::Kitty => {
            let mut chunks = pixels.body.chunks(CHUNK).peekable();
            // The cursor stays, and nothing is answered.
            let mut head = format!("a=T,f=100,i={id},p=1,c={columns},r={rows},C=1,q=2,");
            while let Some(chunk) = chunks.next() {
                write!(out, "\x1b_G{head}m={};", u8::from(chunks.peek().is_some()))?;
                out.write_all(chunk)?;
                out.write_all(b"\x1b\\")?;
                head = "q=2,".into();
            }
            Ok(())
        }
        Protocol::Iterm2 => {
            // To the byte: a terminal may refuse a picture that is shorter than was said.
            let padding = pixels.body.iter().rev().take_while(|byte| **byte == b'=').count();
            let size = pixels.body.len() / 4 * 3 - padding;
            write!(
                out,
                "\x1b]1337;File=inline=1;size={size};width={columns};height={rows};preserveAspectRatio=0;doNotMoveCursor=1:"
            )?;
            out.write_all(&pixels.body)?;
            out.write_all(b"\x07")
        }
        Protocol::Sixel => out.write_all(&pixels.body),
        Protocol::Half | Protocol::Off => Ok(()),
    }
}

/// Takes a picture away. Others than those of kitty go away when something is written where they are.
pub fn hide(out: &mut impl Write, protocol: Protocol, id: u32) -> io::Result<()> {
    match protocol {
        Protocol::Kitty => write!(out, "\x1b_Ga=d,d=I,i={id},q=2;\x1b\\"),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(protocol: Protocol, bytes: usize) -> String {
        let pixels = Pixels { protocol, cells: (4, 2), body: vec![b'A'; bytes].into() };
        let mut out = Vec::new();
        show(&mut out, &pixels, Rect::new(3, 5, 4, 2), 7).expect("written");
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn a_large_picture_is_sent_to_kitty_in_pieces_of_the_allowed_size() {
        let text = shown(Protocol::Kitty, 2 * CHUNK + 10);
        assert!(text.starts_with("\x1b[6;4H\x1b_Ga=T,f=100,i=7,p=1,c=4,r=2,C=1,q=2,m=1;AAAA"));
        let parts: Vec<&str> = text.split("\x1b_G").skip(1).collect();
        assert_eq!(parts.len(), 3);
        assert!(parts[1].starts_with("q=2,m=1;") && parts[2].starts_with("q=2,m=0;"));
        assert!(parts.iter().all(|part| part.ends_with("\x1b\\") && part.len() <= CHUNK + 60));
    }

    #[test]
    fn each_protocol_stands_where_it_is_told_and_kitty_alone_is_told_to_go() {
        assert!(shown(Protocol::Iterm2, 8).contains("\x1b[6;4H\x1b]1337;File=inline=1;size=6;width=4;height=2"));
        let pixels = Pixels { protocol: Protocol::Iterm2, cells: (4, 2), body: (*b"AAAAAA==").into() };
        let mut padded = Vec::new();
        send(&mut padded, &pixels, 7).expect("written");
        assert!(String::from_utf8_lossy(&padded).contains(";size=4;"), "the padding is no part of the picture");
        assert_eq!(shown(Protocol::Sixel, 2), "\x1b[6;4HAA");
        let mut out = Vec::new();
        hide(&mut out, Protocol::Sixel, 7).expect("written");
        assert!(out.is_empty());
        hide(&mut out, Protocol::Kitty, 7).expect("written");
        assert_eq!(out, b"\x1b_Ga=d,d=I,i=7,q=2;\x1b\\");
    }
}
