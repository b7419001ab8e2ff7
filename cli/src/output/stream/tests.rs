//! What a stream writes, and when.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use parking_api::Time;
use serde::Serialize;

use super::*;
use crate::output::Show;
use crate::terminal::Terminal;

#[derive(Serialize)]
struct Change {
    code: &'static str,
    zone: Option<&'static str>,
}

impl Record for Change {
    fn columns() -> Vec<Column> {
        vec![
            Column::new("code", "/code", Show::Text).table("SLOT", 0),
            Column::new("zone", "/zone", Show::Text).table("ZONE", 1),
        ]
    }
}

/// Holds what was flushed, apart from what was only written.
#[derive(Clone, Default)]
struct Pipe(Arc<Mutex<(Vec<u8>, Vec<u8>)>>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no thread panicked").0.extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let (written, flushed) = &mut *self.0.lock().expect("no thread panicked");
        flushed.append(written);
        Ok(())
    }
}

impl Pipe {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no thread panicked").1.clone()).expect("text")
    }
}

fn out(format: Format) -> (Out, Pipe) {
    let pipe = Pipe::default();
    let terminal = Terminal {
        stdin_is_tty: false,
        stdout_is_tty: false,
        stderr_is_tty: false,
        width: None,
        stdout_has_color: false,
        stderr_has_color: false,
        is_utf8: true,
    };
    (Out::new(format, &terminal, Time::default(), Box::new(pipe.clone()), Box::new(io::sink())), pipe)
}

const FIRST: Change = Change { code: "A-1", zone: Some("North") };
const SECOND: Change = Change { code: "B-1000", zone: None };

#[test]
fn a_line_is_handed_on_before_the_next_one_comes() {
    for (format, first, both) in [
        (
            Format::Json,
            "{\"code\":\"A-1\",\"zone\":\"North\"}\n",
            "{\"code\":\"A-1\",\"zone\":\"North\"}\n{\"code\":\"B-1000\",\"zone\":null}\n",
        ),
        (Format::Csv, "code,zone\nA-1,North\n", "code,zone\nA-1,North\nB-1000,\n"),
        (Format::Table, "SLOT  ZONE\nA-1   North\n", "SLOT  ZONE\nA-1   North\nB-1000  –\n"),
    ] {
        let (mut out, pipe) = out(format);
        let mut stream = Stream::new::<Change>(&out, &[]).expect("a stream");
        stream.push(&mut out, &FIRST).expect("written");
        assert_eq!(pipe.text(), first);
        stream.push(&mut out, &SECOND).expect("written");
        assert_eq!(pipe.text(), both);
    }
}

#[test]
fn samples_make_the_first_line_as_wide_as_the_last() {
    let (mut out, pipe) = out(Format::Table);
    let mut stream = Stream::new(&out, &[SECOND]).expect("a stream");
    stream.push(&mut out, &FIRST).expect("written");
    stream.push(&mut out, &SECOND).expect("written");
    assert_eq!(pipe.text(), "SLOT    ZONE\nA-1     North\nB-1000  –\n");
}

#[test]
fn a_stream_without_a_record_still_has_its_header() {
    for (format, header) in [(Format::Jsonl, ""), (Format::Csv, "code,zone\n"), (Format::Table, "SLOT  ZONE\n")] {
        let (mut out, pipe) = out(format);
        Stream::new::<Change>(&out, &[]).expect("a stream").begin(&mut out).expect("written");
        assert_eq!(pipe.text(), header);
    }
}
