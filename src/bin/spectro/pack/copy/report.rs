//! What a copy tells: of one pack two lines, of several a table.

use std::{collections::BTreeSet, fmt::Write as _};

use serde_json::{Value, json};
use spectro_pack::{
    digest::Digest,
    store::{BlobOutcome, Descriptor},
    transfer::{Copied, CopyOutcome, Plan, TagPlan},
};

use super::one::{Copying, Job, Outcome};
use crate::{
    context::Context,
    format,
    table::{Column, draw, terminal_width},
};

/// Tells on standard error what failed, as soon as it has, or which pack came where no bars say so.
pub(super) fn tell(context: &Context, job: &Job, copying: &Copying) {
    match &copying.outcome {
        Outcome::Failed(failure) if !context.output.is_json() => context.progress.line(&failure.to_text()),
        Outcome::Failed(_) => {}
        _ if job.alone || context.progress.draws_bars() || context.output.is_quiet() => {}
        _ => context.progress.line(&format!("  {:<9} {}", word(copying), copying.source)),
    }
}

/// Prints the result.
pub(super) fn summarize(context: &Context, job: &Job, all: &[Copying]) {
    let text = if job.alone { all.first().map(one).unwrap_or_default() } else { many(job, all) };
    context.output.result(&text, || json!({ "packs": all.iter().map(to_json).collect::<Vec<_>>() }));
}

/// Returns the stable word of a result.
fn word(copying: &Copying) -> &'static str {
    match &copying.outcome {
        Outcome::Done { copied, .. } => match copied.outcome {
            CopyOutcome::Pushed => "copied",
            CopyOutcome::Unchanged | CopyOutcome::OtherAnnotations => "unchanged",
            CopyOutcome::Overwrote { .. } => "overwrote",
        },
        Outcome::Planned { plan, .. } => match plan.tag {
            TagPlan::Create => "to copy",
            TagPlan::Unchanged | TagPlan::OtherAnnotations { .. } => "unchanged",
            TagPlan::Overwrite { .. } => "to overwrite",
            TagPlan::Conflict { .. } => "conflict",
        },
        Outcome::NotWritten => "not written",
        Outcome::Failed(_) => "failed",
    }
}

fn digest(copying: &Copying) -> Option<&Digest> {
    match &copying.outcome {
        Outcome::Done { copied, .. } => Some(&copied.digest),
        Outcome::Planned { plan, .. } => Some(&plan.digest),
        Outcome::NotWritten | Outcome::Failed(_) => None,
    }
}

fn replaced(copying: &Copying) -> Option<&Digest> {
    match &copying.outcome {
        Outcome::Done { copied: Copied { outcome: CopyOutcome::Overwrote { replaced, .. }, .. }, .. } => Some(replaced),
        Outcome::Planned {
            plan: Plan { tag: TagPlan::Overwrite { there } | TagPlan::Conflict { there }, .. }, ..
        } => Some(there),
        _ => None,
    }
}

/// Returns how many bytes were sent, or would be, and how many blobs were mounted, or would be.
fn moved(copying: &Copying) -> (u64, usize) {
    match &copying.outcome {
        Outcome::Done { copied, referrers } => {
            let all = || std::iter::once(copied).chain(referrers);
            let mounted = all().flat_map(|copied| &copied.blobs);
            let mounted = mounted.filter(|(_, outcome)| *outcome == BlobOutcome::Mounted).count();
            (all().map(Copied::bytes_sent).sum(), mounted)
        }
        Outcome::Planned { plan, referrers, mounts } => {
            let missing = planned_blobs(plan, referrers).into_iter().filter(|(_, there)| !there);
            if *mounts { (0, missing.count()) } else { (missing.map(|(blob, _)| blob.size).sum(), 0) }
        }
        Outcome::NotWritten | Outcome::Failed(_) => (0, 0),
    }
}

/// Returns each blob of a plan once, those of referrers after the pack's own, and whether the target has it.
fn planned_blobs<'a>(plan: &'a Plan, referrers: &'a [Plan]) -> Vec<(&'a Descriptor, bool)> {
    let mut seen = BTreeSet::new();
    let blobs = std::iter::once(plan).chain(referrers).flat_map(|plan| &plan.blobs);
    blobs.filter(|(blob, _)| seen.insert(&blob.digest)).map(|(blob, there)| (blob, *there)).collect()
}

fn referrers(copying: &Copying) -> usize {
    match &copying.outcome {
        Outcome::Done { referrers, .. } => referrers.len(),
        Outcome::Planned { referrers, .. } => referrers.len(),
        Outcome::NotWritten | Outcome::Failed(_) => 0,
    }
}

fn one(copying: &Copying) -> String {
    let (Some(reference), Some(digest)) = (&copying.reference, digest(copying)) else { return String::new() };
    let mut text = String::new();
    if let Outcome::Planned { plan, referrers, mounts } = &copying.outcome {
        for (descriptor, there) in planned_blobs(plan, referrers) {
            let verb = match (there, mounts) {
                (true, _) => "exists",
                (false, true) => "mount",
                (false, false) => "upload",
            };
            let title = format::blob(descriptor);
            writeln!(text, "{verb:<9} {title:<40} {:>9}", format::size(descriptor.size)).expect("a String takes all");
        }
    }
    let (bytes, mounted) = moved(copying);
    let (dry, sent) = match &copying.outcome {
        Outcome::Planned { .. } => ("dry run: ", "to send"),
        _ => ("", "sent"),
    };
    let what = match (word(copying), replaced(copying)) {
        ("conflict", Some(there)) => format!("would be refused: the tag has other content, {there}"),
        ("overwrote" | "to overwrite", Some(there)) => format!("{} {there}", word(copying)),
        (word, _) => word.to_owned(),
    };
    write!(text, "{reference}\n{digest}  {dry}{what}").expect("a String takes all");
    if (bytes > 0 || mounted > 0) && word(copying) != "conflict" {
        write!(text, ", {} {sent}", format::size(bytes)).expect("a String takes all");
    }
    if mounted > 0 && word(copying) != "conflict" {
        let verb = if dry.is_empty() { "mounted" } else { "to mount" };
        write!(text, ", {} {verb}", format::count(mounted, "blob")).expect("a String takes all");
    }
    match referrers(copying) {
        0 => {}
        number => write!(text, ", with {}", format::count(number, "referrer")).expect("a String takes all"),
    }
    if let Outcome::Done { copied: Copied { outcome: CopyOutcome::OtherAnnotations, .. }, .. } = &copying.outcome {
        text.push_str("\nnote: only annotations differ; --force writes them");
    }
    text
}

fn many(job: &Job, all: &[Copying]) -> String {
    let width = terminal_width();
    let columns = [
        Column::left("PACK").shrinking(),
        Column::left("RESULT"),
        Column::right(if job.dry_run { "TO SEND" } else { "SENT" }),
        Column::right("MOUNTED").optional(),
        Column::right("REFERRERS").optional(),
        Column::left("DIGEST").optional(),
    ];
    // What went wrong stands next to the line that counts it.
    let (wrong, well): (Vec<_>, Vec<_>) = all.iter().partition(|copying| copying.exit().is_some());
    let rows: Vec<_> = well
        .into_iter()
        .chain(wrong)
        .map(|copying| {
            let (bytes, mounted) = moved(copying);
            let digest = digest(copying).map_or("-", Digest::as_str);
            let digest = if width.is_some() { format::short(digest) } else { digest };
            let pack = copying.reference.as_ref().unwrap_or(&copying.source).clone();
            let cells = [mounted.to_string(), referrers(copying).to_string(), digest.to_owned()];
            [pack, word(copying).to_owned(), format::size(bytes)].into_iter().chain(cells).collect()
        })
        .collect();
    let mut counts = Vec::new();
    for name in ["copied", "to copy", "overwrote", "to overwrite", "unchanged", "conflict", "not written", "failed"] {
        let number = all.iter().filter(|copying| word(copying) == name).count();
        if number > 0 {
            counts.push(format!("{number} {name}"));
        }
    }
    let bytes: u64 = all.iter().map(|copying| moved(copying).0).sum();
    counts.push(format!("{} {}", format::size(bytes), if job.dry_run { "to send" } else { "sent" }));
    format!("{}\n{}", draw(&columns, &rows, width), counts.join(", "))
}

fn to_json(copying: &Copying) -> Value {
    let (bytes, mounted) = moved(copying);
    let error = match &copying.outcome {
        Outcome::Failed(failure) => failure.to_json(),
        _ => Value::Null,
    };
    json!({ "source": copying.source, "reference": copying.reference, "digest": digest(copying).map(Digest::as_str),
            "result": word(copying), "replaced": replaced(copying).map(Digest::as_str), "bytesSent": bytes,
            "blobsMounted": mounted, "referrers": referrers(copying), "error": error,
            "dryRun": matches!(copying.outcome, Outcome::Planned { .. }) })
}
