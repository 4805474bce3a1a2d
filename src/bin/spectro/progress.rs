//! What is under way: bars on a terminal, one line a blob elsewhere. Both go to standard error.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write},
    sync::{Arc, Mutex},
};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use spectro_pack::{
    digest::Digest,
    store::{BlobOutcome, Descriptor, Event, Observer, Trace},
};

use crate::format;

/// How many bars are drawn at most beside the one of the whole.
const BARS: usize = 8;

/// Where progress is shown.
#[derive(Clone)]
pub(crate) struct Progress {
    mode: Mode,
    /// Whether each request has a line.
    verbose: bool,
}

#[derive(Clone)]
enum Mode {
    Quiet,
    Lines,
    Bars(MultiProgress),
}

impl Progress {
    pub(crate) fn new(quiet: bool, no_progress: bool, verbose: bool) -> Self {
        let mode = if quiet {
            Mode::Quiet
        } else if no_progress || !std::io::stderr().is_terminal() {
            Mode::Lines
        } else {
            Mode::Bars(MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(10)))
        };
        Self { mode, verbose }
    }

    /// Returns whether bars are drawn.
    pub(crate) fn draws_bars(&self) -> bool {
        matches!(self.mode, Mode::Bars(_))
    }

    /// Returns an observer that only passes on notes.
    pub(crate) fn notes(&self) -> Arc<dyn Observer> {
        Arc::new(Notes(self.clone()))
    }

    /// Returns an observer of the blobs of one pack. `label` stands before its lines where there are several packs.
    pub(crate) fn blobs(&self, label: Option<String>, verbs: Verbs) -> Arc<dyn Observer> {
        Arc::new(Blobs { progress: self.clone(), label, verbs, bars: Mutex::default() })
    }

    /// Returns the bar of a whole of several packs, where bars are drawn.
    pub(crate) fn packs(&self, count: usize) -> Whole {
        let Mode::Bars(bars) = &self.mode else { return Whole(None) };
        let bar = bars.add(ProgressBar::new(count as u64));
        bar.set_style(style("  {pos} of {len} packs  {bar:30}  {elapsed_precise}"));
        Whole(Some(bar))
    }

    /// Prints a line without disturbing the bars.
    pub(crate) fn line(&self, text: &str) {
        // What can't be said on standard error can't be said at all.
        match &self.mode {
            Mode::Bars(bars) => bars.suspend(|| writeln!(anstream::stderr(), "{text}").ok()),
            Mode::Quiet | Mode::Lines => writeln!(anstream::stderr(), "{text}").ok(),
        };
    }

    /// Takes all bars away.
    pub(crate) fn finish(&self) {
        if let Mode::Bars(bars) = &self.mode {
            bars.clear().ok();
        }
    }
}

/// The bar that counts packs.
pub(crate) struct Whole(Option<ProgressBar>);

impl Whole {
    pub(crate) fn one_more(&self) {
        if let Some(bar) = &self.0 {
            bar.inc(1);
        }
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}

/// What the lines say of a blob that moved.
#[derive(Clone, Copy)]
pub(crate) enum Verbs {
    Push,
    Pull,
}

impl Verbs {
    fn of(self, outcome: BlobOutcome) -> &'static str {
        match (self, outcome) {
            (Self::Pull, _) => "fetched",
            (Self::Push, BlobOutcome::Exists) => "exists",
            (Self::Push, BlobOutcome::Mounted) => "mounted",
            (Self::Push, BlobOutcome::Uploaded) => "uploaded",
        }
    }
}

struct Notes(Progress);

impl Observer for Notes {
    fn event(&self, event: Event<'_>) {
        match (event, &self.0.mode) {
            (Event::Note(text), Mode::Lines | Mode::Bars(_)) => self.0.line(&format!("note: {text}")),
            (Event::Request(trace), _) if self.0.verbose => self.0.line(&traced(trace)),
            _ => {}
        }
    }
}

/// Returns the line of a request: what was asked, what came, how long it took, how much moved.
fn traced(trace: &Trace) -> String {
    let status = trace.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
    let sent = if trace.sent > 0 { format!("  {} sent", format::size(trace.sent)) } else { String::new() };
    let received = trace.received.filter(|bytes| *bytes > 0);
    let received = received.map(|bytes| format!("  {} received", format::size(bytes))).unwrap_or_default();
    let authorized = if trace.authorized { "  authorized" } else { "" };
    let Trace { method, url, took, .. } = trace;
    format!("http: {method} {url}  {status}  {} ms{sent}{received}{authorized}", took.as_millis())
}

struct Blobs {
    progress: Progress,
    label: Option<String>,
    verbs: Verbs,
    bars: Mutex<BTreeMap<Digest, ProgressBar>>,
}

impl Blobs {
    fn name(descriptor: &Descriptor) -> &str {
        format::blob(descriptor)
    }

    fn start(&self, bars: &MultiProgress, descriptor: &Descriptor) {
        let mut own = self.bars.lock().expect("nobody panics with this lock");
        if let Some(bar) = own.get(&descriptor.digest) {
            bar.reset();
            return;
        }
        // Small ones would only flicker.
        if descriptor.size < 256 * 1024 || own.len() >= BARS {
            return;
        }
        let bar = bars.insert(0, ProgressBar::new(descriptor.size));
        let label = self.label.as_ref().map(|label| format!("{label}  ")).unwrap_or_default();
        bar.set_style(style(
            "  {spinner} {msg:30!} {bar:12} {binary_bytes}/{binary_total_bytes} {binary_bytes_per_sec}",
        ));
        bar.set_message(format!("{label}{}", Self::name(descriptor)));
        own.insert(descriptor.digest.clone(), bar);
    }

    fn end(&self, digest: &Digest) {
        if let Some(bar) = self.bars.lock().expect("nobody panics with this lock").remove(digest) {
            bar.finish_and_clear();
        }
    }

    fn line(&self, descriptor: &Descriptor, outcome: BlobOutcome) {
        let (verb, size) = (self.verbs.of(outcome), format::size(descriptor.size));
        let name = crate::findings::line::escape(Self::name(descriptor));
        self.progress.line(&format!("  {verb:<9} {name:<40} {size:>9}"));
    }
}

impl Observer for Blobs {
    fn event(&self, event: Event<'_>) {
        match (&self.progress.mode, event) {
            (Mode::Bars(bars), Event::BlobStarted(descriptor)) => self.start(bars, descriptor),
            (Mode::Bars(_), Event::BlobBytes(descriptor, bytes)) => {
                if let Some(bar) = self.bars.lock().expect("nobody panics with this lock").get(&descriptor.digest) {
                    bar.inc(bytes);
                }
            }
            (Mode::Bars(_), Event::BlobDone(descriptor, _)) => self.end(&descriptor.digest),
            (Mode::Lines, Event::BlobDone(descriptor, outcome)) if self.label.is_none() => {
                self.line(descriptor, outcome);
            }
            (Mode::Lines | Mode::Bars(_), Event::Note(text)) => self.progress.line(&format!("note: {text}")),
            _ => {}
        }
    }
}

impl Drop for Blobs {
    fn drop(&mut self) {
        for bar in self.bars.lock().into_iter().flat_map(|bars| bars.values().cloned().collect::<Vec<_>>()) {
            bar.finish_and_clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).expect("the template is a constant").progress_chars("━╸━")
}
