//! One call of a program: arguments in, exit code and both streams out, and everything printed when it went otherwise than meant.

use std::{
    collections::BTreeMap,
    ffi::{OsStr, OsString},
    io::{Read, Write as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// A program that runs longer than this is killed, and its test fails.
const LIMIT: Duration = Duration::from_mins(3);

/// A program with its arguments, environment, input and working folder, not yet run.
#[derive(Clone, Debug)]
pub(crate) struct Invocation {
    program: PathBuf,
    arguments: Vec<OsString>,
    environment: BTreeMap<OsString, OsString>,
    folder: PathBuf,
    input: Option<Vec<u8>>,
    umask: Option<u32>,
    limit: Duration,
    watched: bool,
}

impl Invocation {
    /// Returns a call of `program` in `folder` without arguments, with an empty environment and no input.
    pub(crate) fn new(program: &Path, folder: &Path) -> Self {
        Self {
            program: program.to_owned(),
            arguments: Vec::new(),
            environment: BTreeMap::new(),
            folder: folder.to_owned(),
            input: None,
            umask: None,
            limit: LIMIT,
            watched: false,
        }
    }

    /// Adds one argument.
    pub(crate) fn arg(mut self, argument: impl AsRef<OsStr>) -> Self {
        self.arguments.push(argument.as_ref().to_owned());
        self
    }

    /// Adds arguments.
    pub(crate) fn args<A: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(|argument| argument.as_ref().to_owned()));
        self
    }

    /// Runs the program under another one, which gets these arguments before it.
    pub(crate) fn under<A: AsRef<OsStr>>(mut self, program: &Path, arguments: impl IntoIterator<Item = A>) -> Self {
        let mut all: Vec<OsString> = arguments.into_iter().map(|argument| argument.as_ref().to_owned()).collect();
        all.push(std::mem::replace(&mut self.program, program.to_owned()).into());
        all.append(&mut self.arguments);
        self.arguments = all;
        self
    }

    /// Sets a variable of the environment.
    pub(crate) fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.environment.insert(name.as_ref().to_owned(), value.as_ref().to_owned());
        self
    }

    /// Removes a variable of the environment, such as HOME.
    pub(crate) fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
        self.environment.remove(name.as_ref());
        self
    }

    /// Gives these bytes as standard input; without this there is none.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = Some(bytes.into());
        self
    }

    /// Runs in another folder, relative to the present one.
    pub(crate) fn cwd(mut self, folder: impl AsRef<Path>) -> Self {
        self.folder.push(folder);
        self
    }

    /// Runs with this file mode creation mask.
    pub(crate) fn umask(mut self, mask: u32) -> Self {
        self.umask = Some(mask);
        self
    }

    /// Allows another time than three minutes.
    pub(crate) fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Looks at its memory while it runs, for [`Outcome::peak_memory`].
    pub(crate) fn watch_memory(mut self) -> Self {
        self.watched = true;
        self
    }

    /// Runs the program to its end.
    pub(crate) fn run(self) -> Outcome {
        self.spawn().wait()
    }

    /// Starts the program and returns while it runs.
    pub(crate) fn spawn(self) -> Running {
        let text = self.text();
        let mut command = match self.umask {
            None => Command::new(&self.program),
            Some(mask) => {
                let mut shell = Command::new("sh");
                shell.arg("-c").arg(format!("umask {mask:04o} && exec \"$0\" \"$@\"")).arg(&self.program);
                shell
            }
        };
        command.args(&self.arguments).env_clear().envs(&self.environment).current_dir(&self.folder);
        command.stdin(if self.input.is_some() { Stdio::piped() } else { Stdio::null() });
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let started = Instant::now();
        let mut child = command.spawn().unwrap_or_else(|error| panic!("cannot run {text}: {error}"));
        if let (Some(mut stdin), Some(input)) = (child.stdin.take(), self.input) {
            // A program that ends before it has read all its input is no fault of the test.
            std::thread::spawn(move || drop(stdin.write_all(&input)));
        }
        let stdout = collect(child.stdout.take().expect("the output is a pipe"));
        let stderr = collect(child.stderr.take().expect("the error output is a pipe"));
        Running {
            child,
            stdout: Some(stdout),
            stderr: Some(stderr),
            text,
            started,
            limit: self.limit,
            watched: self.watched,
        }
    }

    fn text(&self) -> String {
        let program = self.program.file_name().unwrap_or(self.program.as_os_str()).to_string_lossy().into_owned();
        let arguments = self.arguments.iter().map(|argument| argument.to_string_lossy().into_owned());
        std::iter::once(program).chain(arguments).collect::<Vec<_>>().join(" ")
    }
}

fn collect(mut stream: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("a pipe can be read to its end");
        bytes
    })
}

/// A program that was started. It is killed when dropped.
pub(crate) struct Running {
    child: Child,
    stdout: Option<JoinHandle<Vec<u8>>>,
    stderr: Option<JoinHandle<Vec<u8>>>,
    text: String,
    started: Instant,
    limit: Duration,
    watched: bool,
}

impl Running {
    /// Returns the process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns whether the program still runs.
    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_none()
    }

    /// Sends a signal: `Signal::INT` is what Ctrl-C sends.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let process = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(process, signal).expect("a child that was not waited for takes signals");
    }

    /// Ends the program as `kill -9` does and returns what it had printed.
    pub(crate) fn kill(mut self) -> Outcome {
        self.child.kill().expect("a child that was not waited for can be killed");
        self.wait()
    }

    /// Waits for the end of the program.
    pub(crate) fn wait(mut self) -> Outcome {
        let mut peak_memory = 0;
        let status = loop {
            if self.watched {
                peak_memory = peak_memory.max(peak_of(self.id()));
            }
            if let Some(status) = self.child.try_wait().expect("a child can be waited for") {
                break Some(status);
            }
            if self.started.elapsed() > self.limit {
                drop(self.child.kill());
                drop(self.child.wait());
                break None;
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        let bytes = |stream: Option<JoinHandle<Vec<u8>>>| {
            stream.expect("the streams are taken once").join().expect("reading a pipe does not panic")
        };
        let (stdout, stderr) = (bytes(self.stdout.take()), bytes(self.stderr.take()));
        let outcome = Outcome {
            command: self.text.clone(),
            code: status.and_then(|status| status.code()),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stdout_bytes: stdout,
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            elapsed: self.started.elapsed(),
            peak_memory,
        };
        assert!(status.is_some(), "still running after {} s{outcome}", self.limit.as_secs());
        outcome
    }
}

/// Returns the greatest resident size of a process so far (`VmHWM`), in bytes; 0 where it has ended.
fn peak_of(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")).and_then(|number| number.trim().parse().ok());
    kibibytes.map_or(0, |kibibytes: u64| kibibytes * 1024)
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// How a program ended and what it said.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) command: String,
    /// The exit code; `None` where a signal ended the program.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stdout_bytes: Vec<u8>,
    pub(crate) stderr: String,
    pub(crate) elapsed: Duration,
    /// The greatest resident size in bytes, where it was watched.
    pub(crate) peak_memory: u64,
}

impl Outcome {
    /// Returns the outcome where the exit code is 0, and panics otherwise.
    #[track_caller]
    pub(crate) fn success(self) -> Self {
        self.fails(0)
    }

    /// Returns the outcome where the exit code is `code`, and panics otherwise.
    #[track_caller]
    pub(crate) fn fails(self, code: i32) -> Self {
        assert!(self.code == Some(code), "expected exit code {code}{self}");
        self
    }

    /// Returns the outcome where the error output holds `text`, and panics otherwise.
    #[track_caller]
    pub(crate) fn says(self, text: &str) -> Self {
        assert!(self.stderr.contains(text), "expected on stderr: {text}{self}");
        self
    }

    /// Returns the outcome where the standard output holds `text`, and panics otherwise.
    #[track_caller]
    pub(crate) fn prints(self, text: &str) -> Self {
        assert!(self.stdout.contains(text), "expected on stdout: {text}{self}");
        self
    }

    /// Returns the standard output as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("stdout is no JSON: {error}{self}"))
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let code = self.code.map_or("a signal".to_owned(), |code| code.to_string());
        write!(
            formatter,
            "\n$ {}\n-- ended with {code} after {:?}\n-- stdout\n{}\n-- stderr\n{}",
            self.command, self.elapsed, self.stdout, self.stderr
        )
    }
}
