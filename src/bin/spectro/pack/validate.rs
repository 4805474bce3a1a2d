//! `spectro pack validate DIR…`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::{Value, json};
use spectro_pack::pack::Reading;

use super::read::Workers;
use crate::{
    context::Context,
    failure::{Exit, Failure},
    findings, format,
};

/// What `validate` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folders of the packs
    #[arg(required = true, value_name = "DIR")]
    directories: Vec<PathBuf>,
    /// Warnings count as errors
    #[arg(long)]
    strict: bool,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let workers = Workers::new();
    let readings = args.directories.iter().map(|directory| workers.read(directory.clone()));
    let readings = futures::future::join_all(readings).await;
    let mut counts = Counts::default();
    let mut packs = Vec::new();
    let mut failures = Vec::new();
    for (directory, reading) in args.directories.iter().zip(readings) {
        match reading {
            Ok(reading) => {
                counts.add(&reading);
                if context.output.is_json() {
                    packs.push(to_json(directory, &reading));
                } else if !reading.report.findings().is_empty() {
                    context.output.result(&findings::render(&reading.report, directory, true), || Value::Null);
                }
            }
            Err(failure) => failures.push((directory.clone(), failure)),
        }
    }
    for (directory, failure) in &failures {
        if context.output.is_json() {
            packs.push(json!({ "directory": directory, "name": null, "version": null, "findings": [],
                               "error": failure.to_json() }));
        } else {
            crate::output::complain(&failure.to_text());
        }
    }
    context.output.result(
        &counts.to_text(args.directories.len() - failures.len()),
        || json!({ "packs": packs, "errors": counts.errors, "warnings": counts.warnings, "notes": counts.notes }),
    );
    let refused = counts.errors > 0 || (args.strict && counts.warnings > 0);
    let codes = failures.iter().map(|(_, failure)| failure.exit).chain(refused.then_some(Exit::Findings));
    Ok(Exit::worst(codes).map_or(ExitCode::SUCCESS, ExitCode::from))
}

fn to_json(directory: &Path, reading: &Reading) -> Value {
    let findings: Vec<_> = reading.report.findings().iter().map(findings::finding_json).collect();
    json!({ "directory": directory, "name": reading.name, "version": reading.version, "findings": findings })
}

#[derive(Default)]
struct Counts {
    errors: usize,
    warnings: usize,
    notes: usize,
}

impl Counts {
    fn add(&mut self, reading: &Reading) {
        self.errors += reading.report.errors();
        self.warnings += reading.report.warnings();
        self.notes += reading.report.notes();
    }

    fn to_text(&self, packs: usize) -> String {
        let parts = [(self.errors, "error"), (self.warnings, "warning"), (self.notes, "note")];
        let found: Vec<_> =
            parts.iter().filter(|(number, _)| *number > 0).map(|(number, noun)| format::count(*number, noun)).collect();
        match (found.is_empty(), packs) {
            (_, 0) => String::new(),
            (true, packs) => format!("no findings in {}", format::count(packs, "pack")),
            (false, packs) => format!("{} in {}", found.join(", "), format::count(packs, "pack")),
        }
    }
}
