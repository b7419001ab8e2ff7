//! The exit codes: a part of the interface, as stable as the field names. Knows nothing of what failed.

/// How a run ended, as its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    Ok = 0,
    Failed = 1,
    Usage = 2,
    NotFound = 3,
    Auth = 4,
    Conflict = 5,
    Unreachable = 6,
    TimedOut = 7,
    Device = 9,
    /// What was waited for was not so in time.
    NotMet = 10,
    /// 128 + SIGINT, as shells say it.
    Interrupted = 130,
}

/// `parkctl help exit-codes`.
pub const HELP: &str = "\
The exit code says how a command ended:

    0  it did what was asked
    1  it failed, and no other code says why
    2  the command line or a setting cannot be used; nothing was sent
    3  there is no such slot, lot, capture, session, camera or token
    4  a token is missing, not valid, or may not do this
    5  a conflict: it exists already, or it has changed since you read it
    6  the server cannot be reached
    7  the server did not answer in time, or the wait was over before the end
    9  a device on a cable, or the cable, did not do what was needed
   10  what `parkctl wait` waited for was not so in time
  130  interrupted (Ctrl-C)

A command about several things (`slot set A-01 A-02`) goes on after a failure that concerns one
of them only, and ends with the code of the gravest. A reader that closes the pipe (`| head`) is
no failure: the code is 0. With `-o json` or `-o jsonl` a failure is an object on stderr, on one line:

  {\"error\":{\"code\":\"slot_not_found\",\"message\":\"…\",\"hint\":\"…\",\"retryable\":false}}

Treat a code that is not listed here as a failure.
";

impl Exit {
    pub const ALL: &'static [Self] = &[
        Self::Ok,
        Self::Failed,
        Self::Usage,
        Self::NotFound,
        Self::Auth,
        Self::Conflict,
        Self::Unreachable,
        Self::TimedOut,
        Self::Device,
        Self::NotMet,
        Self::Interrupted,
    ];

    pub fn code(self) -> u8 {
        self as u8
    }

    /// The graver of two ends, for a command about several things.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        if other.gravity() > self.gravity() { other } else { self }
    }

    /// Whether the next thing of the same command would fail in the same way.
    pub fn is_about_everything(self) -> bool {
        matches!(self, Self::Auth | Self::Unreachable | Self::TimedOut | Self::Interrupted)
    }

    /// What concerns one thing weighs less than what concerns the whole run.
    fn gravity(self) -> u8 {
        match self {
            Self::Ok => 0,
            Self::NotFound => 1,
            Self::Conflict => 2,
            Self::Usage => 3,
            Self::Failed => 4,
            Self::Device => 5,
            Self::TimedOut => 6,
            Self::Auth => 7,
            Self::Unreachable => 8,
            Self::NotMet => 9,
            Self::Interrupted => 10,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_exit_code_is_in_the_help_topic() {
        for exit in Exit::ALL {
            assert!(HELP.contains(&format!("\n{:>5}  ", exit.code())), "{exit:?}");
        }
    }

    #[test]
    fn the_worst_of_two_does_not_depend_on_their_order() {
        for &a in Exit::ALL {
            for &b in Exit::ALL {
                assert_eq!(a.worst(b), b.worst(a));
            }
            assert_eq!(Exit::Ok.worst(a), a);
        }
    }
}
