//! What a push tells: of each pack as it is done, and of all at the end.

use std::{fmt::Write as _, time::Duration};

use serde_json::{Value, json};
use spectro_pack::{
    artifact::Form,
    digest::Digest,
    pack::{Finding, Severity},
    store::Tag,
    transfer::{Copied, CopyOutcome, Plan, TagPlan},
};

use super::{
    one::{Job, Outcome, Pushed},
    table,
};
use crate::{
    context::Context,
    findings::{finding_json, line::escape},
    format,
    pack::next,
};

pub(super) struct Reporter<'a> {
    context: &'a Context,
    job: &'a Job,
}

impl<'a> Reporter<'a> {
    pub(super) fn new(context: &'a Context, job: &'a Job) -> Self {
        Self { context, job }
    }

    /// Tells of one pack, on standard error: findings, failures, and a line where there are several packs.
    pub(super) fn tell(&self, pushed: &Pushed) {
        let directory = pushed.directory.display();
        if pushed.is_first {
            self.tell_findings(pushed);
            for path in &pushed.left_out {
                self.say(&format!("note: `{}` is left out of {directory}", escape(path)));
            }
        }
        match &pushed.outcome {
            Outcome::Failed(failure) if !self.context.output.is_json() => {
                self.context.progress.line(&failure.to_text());
            }
            // Where bars are drawn they say how far it is; the table comes at the end.
            Outcome::Done(_) | Outcome::Planned(_) | Outcome::SameFiles(_)
                if !self.job.alone && !self.context.progress.draws_bars() =>
            {
                let name = pushed.name.as_deref().unwrap_or_default();
                let version = pushed.version.as_deref().unwrap_or_default();
                self.say(&format!("  {:<9} {name} {version}{}", said(&pushed.outcome), self.at(pushed)));
            }
            _ => {}
        }
    }

    /// Returns which server it was, where there are several.
    fn at(&self, pushed: &Pushed) -> String {
        match &pushed.server {
            Some(server) if self.job.destinations.len() > 1 => format!(" to {server}"),
            _ => String::new(),
        }
    }

    fn tell_findings(&self, pushed: &Pushed) {
        let Some(report) = &pushed.report else { return };
        let directory = pushed.directory.display();
        let validate = format!("spectro pack validate {}", next::word(&directory));
        let refused = matches!(pushed.outcome, Outcome::Refused);
        let counts: Vec<_> = [(report.errors(), "error"), (report.warnings(), "warning")]
            .into_iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, noun)| format::count(number, noun))
            .collect();
        if refused && !self.context.output.is_json() {
            self.context.progress.line(&format!("error: {directory} is not valid: {}", counts.join(", ")));
            let shown = report.findings().iter().filter(|finding| match finding.code.severity() {
                Severity::Error => true,
                Severity::Warning => self.job.strict,
                Severity::Note => false,
            });
            for finding in shown {
                self.context.progress.line(&format!("  {}", line_of(&directory.to_string(), finding)));
            }
            self.context.progress.line(&format!("  hint: {validate}"));
        } else if !refused && !counts.is_empty() {
            self.say(&format!("warning: {} in {directory} ({validate})", counts.join(", ")));
        }
    }

    fn say(&self, text: &str) {
        if !self.context.output.is_quiet() {
            self.context.progress.line(text);
        }
    }

    /// Prints the result.
    pub(super) fn summarize(&self, all: &[Pushed], took: Duration) {
        let text = if self.job.alone {
            all.first().map(|pushed| self.one(pushed)).unwrap_or_default()
        } else {
            table::of(all, self.job, took)
        };
        self.context.output.result(&text, || json!({ "packs": all.iter().map(to_json).collect::<Vec<_>>() }));
    }

    fn one(&self, pushed: &Pushed) -> String {
        let Some(reference) = &pushed.reference else { return String::new() };
        match &pushed.outcome {
            Outcome::Done(copied) => {
                self.tell_how_to_undo(pushed, copied);
                done(reference, copied)
            }
            Outcome::Planned(plan) => planned(reference, plan, self.job.even_if_unchanged),
            Outcome::SameFiles(there) => {
                let dry = if self.job.dry_run { "dry run: " } else { "" };
                let note = "the same files, packed by another tool; --force writes the bytes of this one";
                format!("{reference}\n{there}  {dry}unchanged\nnote: {note}")
            }
            Outcome::Refused | Outcome::Failed(_) => String::new(),
        }
    }

    /// After an overwrite: how to bring the old content back, or that it is gone.
    fn tell_how_to_undo(&self, pushed: &Pushed, copied: &Copied) {
        let CopyOutcome::Overwrote { replaced, still_there } = &copied.outcome else { return };
        let name = pushed.name.as_deref().unwrap_or_default();
        if *still_there {
            let server = next::word(&self.job.destinations[0].location);
            let form = if self.job.form == Form::Archive { " --format archive" } else { "" };
            self.say(&format!("hint: bring it back with: spectro pack pull {name}@{replaced} -r {server}{form}"));
        } else {
            self.say(&format!("note: {replaced} is gone: this server drops what no tag names"));
        }
    }
}

/// Returns a finding as one line, as compilers print them in a log.
fn line_of(directory: &str, finding: &Finding) -> String {
    let mut place = directory.to_owned();
    if let Some(file) = &finding.file {
        write!(place, "/{}", escape(file)).expect("writing to a String can't fail");
    }
    if let Some(position) = &finding.position {
        write!(place, ":{}:{}", position.line, position.column).expect("as above");
    }
    let severity = match finding.code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    format!("{place}: {severity}[{}]: {}", finding.code.as_str(), escape(&finding.message))
}

/// Returns the stable word of a result.
pub(super) fn word(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Done(copied) => match copied.outcome {
            CopyOutcome::Pushed => "pushed",
            CopyOutcome::Unchanged | CopyOutcome::OtherAnnotations => "unchanged",
            CopyOutcome::Overwrote { .. } => "overwrote",
        },
        Outcome::Planned(plan) => match plan.tag {
            TagPlan::Create => "pushed",
            TagPlan::Unchanged | TagPlan::OtherAnnotations { .. } => "unchanged",
            TagPlan::Overwrite { .. } => "overwrote",
            TagPlan::Conflict { .. } => "conflict",
        },
        Outcome::SameFiles(_) => "unchanged",
        Outcome::Refused => "refused",
        Outcome::Failed(_) => "failed",
    }
}

/// Returns the word of a result for people: of a dry run what is yet to be done.
pub(super) fn said(outcome: &Outcome) -> &'static str {
    match (outcome, word(outcome)) {
        (Outcome::Planned(_), "pushed") => "to push",
        (Outcome::Planned(_), "overwrote") => "to overwrite",
        (_, word) => word,
    }
}

pub(super) fn bytes_sent(pushed: &Pushed) -> u64 {
    match &pushed.outcome {
        Outcome::Done(copied) => copied.bytes_sent(),
        Outcome::Planned(plan) => {
            plan.blobs.iter().filter(|(_, there)| !there).map(|(descriptor, _)| descriptor.size).sum()
        }
        Outcome::SameFiles(_) | Outcome::Refused | Outcome::Failed(_) => 0,
    }
}

fn done(reference: &str, copied: &Copied) -> String {
    let digest = &copied.digest;
    let mut text = format!("{reference}\n{digest}  ");
    match &copied.outcome {
        CopyOutcome::Pushed => {
            let blobs = format::count(copied.blobs_sent(), "blob");
            write!(text, "pushed, {} sent in {blobs}", format::size(copied.bytes_sent())).expect("a String takes all");
        }
        CopyOutcome::Unchanged => text.push_str("unchanged"),
        CopyOutcome::OtherAnnotations => {
            text.push_str("unchanged\nnote: only annotations differ; --force writes them");
        }
        CopyOutcome::Overwrote { replaced, .. } => {
            write!(text, "overwrote {replaced}").expect("a String takes all");
        }
    }
    for (tag, before) in &copied.moved {
        write!(text, "\n{}", moved(tag, before.as_ref(), digest)).expect("a String takes all");
    }
    text
}

fn moved(tag: &Tag, before: Option<&Digest>, now: &Digest) -> String {
    match before {
        Some(before) => format!("{tag}: {before} → {now}"),
        None => format!("{tag}: new → {now}"),
    }
}

fn planned(reference: &str, plan: &Plan, even_if_unchanged: bool) -> String {
    let mut text = String::new();
    let sends = match plan.tag {
        TagPlan::Unchanged | TagPlan::OtherAnnotations { .. } => even_if_unchanged,
        TagPlan::Conflict { .. } => false,
        TagPlan::Create | TagPlan::Overwrite { .. } => true,
    };
    for (descriptor, there) in &plan.blobs {
        let verb = if *there { "exists" } else { "upload" };
        let title = format::blob(descriptor);
        writeln!(text, "{verb:<9} {title:<40} {:>9}", format::size(descriptor.size)).expect("a String takes all");
    }
    write!(text, "{reference}\n{}  dry run: ", plan.digest).expect("a String takes all");
    match &plan.tag {
        TagPlan::Create => text.push_str("would be pushed"),
        TagPlan::Unchanged => text.push_str("unchanged"),
        TagPlan::OtherAnnotations { .. } => text.push_str("unchanged but for annotations"),
        TagPlan::Overwrite { there } => write!(text, "would overwrite {there}").expect("a String takes all"),
        TagPlan::Conflict { there } => {
            write!(text, "would be refused: the tag has other content, {there}").expect("a String takes all");
        }
    }
    if sends {
        let missing = plan.blobs.iter().filter(|(_, there)| !there);
        let (count, size) = missing.fold((0, 0), |(count, size), (descriptor, _)| (count + 1, size + descriptor.size));
        write!(text, ", {} to send in {}", format::size(size), format::count(count, "blob")).expect("as above");
    }
    for (tag, before) in &plan.moving {
        write!(text, "\n{}", moved(tag, before.as_ref(), &plan.digest)).expect("a String takes all");
    }
    text
}

fn to_json(pushed: &Pushed) -> Value {
    let findings: Vec<_> = pushed.report.iter().flat_map(|report| report.findings()).map(finding_json).collect();
    let (replaced, moved) = match &pushed.outcome {
        Outcome::Done(copied) => match &copied.outcome {
            CopyOutcome::Overwrote { replaced, .. } => (Some(replaced), copied.moved.as_slice()),
            _ => (None, copied.moved.as_slice()),
        },
        Outcome::Planned(plan) => match &plan.tag {
            TagPlan::Overwrite { there } | TagPlan::Conflict { there } => (Some(there), plan.moving.as_slice()),
            _ => (None, plan.moving.as_slice()),
        },
        Outcome::SameFiles(_) | Outcome::Refused | Outcome::Failed(_) => (None, [].as_slice()),
    };
    let moved: Vec<_> = moved
        .iter()
        .map(|(tag, before)| json!({ "tag": tag.as_str(), "before": before.as_ref().map(Digest::as_str) }))
        .collect();
    let error = match &pushed.outcome {
        Outcome::Failed(failure) => failure.to_json(),
        _ => Value::Null,
    };
    let mut object = json!({
        "directory": pushed.directory,
        "name": pushed.name,
        "version": pushed.version,
        "reference": pushed.reference,
        "server": pushed.server.as_ref().map(ToString::to_string),
        "digest": pushed.digest().map(Digest::as_str),
        "result": word(&pushed.outcome),
        "replaced": replaced.map(Digest::as_str),
        "moved": moved,
        "bytesSent": bytes_sent(pushed),
        "leftOut": pushed.left_out,
        "findings": findings,
        "error": error,
    });
    if let (Value::Object(members), Outcome::Planned(plan)) = (&mut object, &pushed.outcome) {
        members.insert("dryRun".into(), true.into());
        let blobs = plan.blobs.iter().map(|(descriptor, there)| {
            json!({ "title": descriptor.title(), "digest": descriptor.digest.as_str(), "size": descriptor.size,
                    "exists": there })
        });
        members.insert("blobs".into(), blobs.collect());
    }
    object
}
