//! Asks on the terminal for what nobody should have to write into a command: a user, a password without echo, whether to delete.
//!
//! It is the controlling terminal that is asked, so standard input and output stay what they are. The echo comes back when the
//! question is dropped, thus also when Ctrl-C ends the command.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, IsTerminal, Write},
    sync::Arc,
};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use zeroize::Zeroizing;

use crate::{
    blocking::blocking,
    failure::{Exit, Failure},
};

/// Asks a question to be answered with yes, unless the answer was given by a flag.
///
/// # Errors
///
/// Where nobody can be asked, or the answer is another one.
pub(crate) async fn confirm(question: &str, yes: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let terminal = if io::stdin().is_terminal() { Terminal::open() } else { None };
    let Some(terminal) = terminal else {
        return Err(Failure::new(Exit::Usage, "this asks before it deletes, and there is no terminal to ask on")
            .hint("add --yes; --dry-run shows what would be done"));
    };
    let answer = terminal.ask(&format!("{question} [y/N] ")).await?;
    if matches!(answer.trim().to_lowercase().as_str(), "y" | "yes") {
        return Ok(());
    }
    Err(Failure::new(Exit::Findings, "nothing was deleted"))
}

/// The terminal of whoever started the command.
#[derive(Clone)]
pub(crate) struct Terminal(Arc<File>);

impl Terminal {
    /// Opens it; there is none in a CI job.
    pub(crate) fn open() -> Option<Self> {
        let terminal = File::options().read(true).write(true).open("/dev/tty").ok()?;
        Some(Self(Arc::new(terminal)))
    }

    /// Asks, and returns the line that is typed.
    pub(crate) async fn ask(&self, question: &str) -> Result<Zeroizing<String>, Failure> {
        let (terminal, question) = (self.0.clone(), question.to_owned());
        let answer = blocking(move || {
            let mut output = &*terminal;
            output.write_all(question.as_bytes())?;
            let mut line = Zeroizing::new(String::new());
            if BufReader::new(&*terminal).read_line(&mut line)? == 0 {
                // Nobody ended the line of the question.
                output.write_all(b"\n")?;
            }
            io::Result::Ok(Zeroizing::new(line.trim_end_matches(['\n', '\r']).to_owned()))
        });
        answer.await?.map_err(|error| Failure::file_system("cannot ask on the terminal", &error))
    }

    /// Asks, and shows nothing of what is typed.
    pub(crate) async fn ask_secret(&self, question: &str) -> Result<Zeroizing<String>, Failure> {
        let hidden = Hidden::new(self.0.clone());
        let hidden = hidden.map_err(|error| Failure::file_system("cannot switch the terminal's echo off", &error))?;
        let answer = self.ask(question).await;
        drop(hidden);
        // The line feed that was typed was not shown either.
        (&*self.0).write_all(b"\n").ok();
        answer
    }
}

/// The terminal without echo, until it is dropped.
struct Hidden {
    terminal: Arc<File>,
    before: Termios,
}

impl Hidden {
    fn new(terminal: Arc<File>) -> io::Result<Self> {
        let before = tcgetattr(&*terminal)?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        tcsetattr(&*terminal, OptionalActions::Flush, &silent)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // Nothing more can be done where the terminal is gone.
        tcsetattr(&*self.terminal, OptionalActions::Flush, &self.before).ok();
    }
}
