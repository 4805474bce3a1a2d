//! `spectro pack validate DIR…`.

mod counts;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use serde_json::{Value, json};
use spectro_pack::pack::{Reading, Report, Severity};

use self::counts::Counts;
use super::{
    allow::{self, AllowArgs},
    changed,
    read::Workers,
};
use crate::{
    args::Format,
    context::Context,
    failure::{Exit, Failure},
    findings, format,
};

/// What `validate` takes.
#[derive(clap::Args)]
#[command(after_help = "Exit code: 0 without errors, 1 with them (with --strict, with warnings too).

Examples:
  spectro pack validate packs/*
  spectro pack validate packs/* --changed-since origin/main -o github
  spectro pack validate nginx --allow logo-shape
  spectro pack validate --explain values-key-unknown")]
pub(crate) struct Args {
    /// The folders of the packs
    #[arg(required_unless_present = "explain", value_name = "DIR")]
    directories: Vec<PathBuf>,
    /// Warnings count as errors
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    allow: AllowArgs,
    /// Check only packs that differ in git from this commit, branch or tag
    #[arg(long, value_name = "REF")]
    changed_since: Option<String>,
    /// Say what a rule means and how to silence it (`all` lists the rules); check nothing
    #[arg(long, value_name = "CODE")]
    explain: Option<String>,
}

impl Args {
    /// Returns whether a rule is explained and nothing is checked.
    pub(crate) fn explains(&self) -> bool {
        self.explain.is_some()
    }
}

/// What came of the folders, in their order.
#[derive(Default)]
struct Checked {
    packs: Vec<(PathBuf, Result<Reading, Failure>)>,
    /// How many folders are as they were in the commit that was named.
    skipped: Option<usize>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    if let Some(word) = &args.explain {
        return explain(word, context);
    }
    let options = Arc::new(args.allow.options()?);
    let workers = Workers::new();
    let mut checked = Checked::default();
    let mut directories = args.directories;
    if let Some(reference) = args.changed_since {
        let all = directories.len();
        let since = reference.clone();
        directories = workers.run(move || changed::since(&since, directories)).await??;
        let skipped = all - directories.len();
        checked.skipped = Some(skipped);
        context.output.say(&format!("{skipped} of {} not checked: as in `{reference}`", format::count(all, "pack")));
    }
    let readings = directories.iter().map(|directory| workers.read(directory.clone(), options.clone()));
    let readings = futures::future::join_all(readings).await;
    checked.packs = directories.into_iter().zip(readings).collect();
    checked.show(context);
    let counts = checked.counts();
    let refused = counts.errors > 0 || (args.strict && counts.warnings > 0);
    let codes = checked.failures().map(|(_, failure)| failure.exit).chain(refused.then_some(Exit::Findings));
    Ok(Exit::worst(codes).map_or(ExitCode::SUCCESS, ExitCode::from))
}

fn explain(word: &str, context: &Context) -> Result<ExitCode, Failure> {
    if word == "all" {
        let all = || spectro_pack::pack::Code::all().iter().map(|code| findings::explain::to_json(*code));
        context.output.result(&findings::explain::list(), || json!({ "rules": all().collect::<Vec<_>>() }));
        return Ok(ExitCode::SUCCESS);
    }
    let code = allow::code(word)?;
    context.output.result(&findings::explain::text(code), || json!({ "rule": findings::explain::to_json(code) }));
    Ok(ExitCode::SUCCESS)
}

impl Checked {
    fn reports(&self) -> Vec<(&Path, &Report)> {
        let read = self.packs.iter().filter_map(|(directory, read)| Some((directory, read.as_ref().ok()?)));
        read.map(|(directory, reading)| (directory.as_path(), &reading.report)).collect()
    }

    fn failures(&self) -> impl Iterator<Item = (&Path, &Failure)> {
        self.packs.iter().filter_map(|(directory, read)| Some((directory.as_path(), read.as_ref().err()?)))
    }

    fn counts(&self) -> Counts {
        Counts::of(self.reports().into_iter().map(|(_, report)| report))
    }

    fn show(&self, context: &Context) {
        let output = &context.output;
        let document = match output.format() {
            Format::Json => return output.result("", || self.to_json()),
            Format::Text => return self.show_text(context),
            Format::Github => findings::github::commands(&self.reports()),
            Format::Gitlab => findings::gitlab::report(&self.reports()),
            Format::Sarif => {
                let failures: Vec<_> = self.failures().map(|(_, failure)| failure.message().to_owned()).collect();
                findings::sarif::log(&self.reports(), &failures)
            }
        };
        output.result(&document, || Value::Null);
        self.complain();
        let summary = self.counts().summary();
        if !summary.is_empty() {
            output.say(&summary);
        }
    }

    /// Tells which folders could not be looked at.
    fn complain(&self) {
        for (_, failure) in self.failures() {
            crate::output::complain(&failure.to_text());
        }
    }

    /// Prints the findings as people read them: pack by pack, a summary, and where to learn more.
    fn show_text(&self, context: &Context) {
        let reports = self.reports();
        let mut text = String::new();
        for (directory, report) in &reports {
            if report.findings().is_empty() {
                continue;
            }
            if self.packs.len() > 1 {
                text.push_str(&findings::heading(directory, &Counts::of([*report]).all()));
            }
            text.push_str(&findings::render(report, directory, true));
            text.push('\n');
        }
        context.output.result(text.strip_suffix('\n').unwrap_or(&text), || Value::Null);
        self.complain();
        context.output.result(&self.counts().summary(), || Value::Null);
        let serious = reports.iter().flat_map(|(_, report)| report.findings());
        let serious = serious.map(|finding| finding.code).filter(|code| code.severity() != Severity::Note);
        if let Some(code) = serious.min_by_key(|code| code.severity()) {
            context.output.say(&format!("hint: what a rule means: spectro pack validate --explain {code}"));
        }
    }

    fn to_json(&self) -> Value {
        let packs: Vec<_> = self.packs.iter().map(|(directory, read)| pack_json(directory, read)).collect();
        let counts = self.counts();
        let mut object = json!({ "packs": packs, "errors": counts.errors, "warnings": counts.warnings,
                                 "notes": counts.notes });
        if let Some(skipped) = self.skipped {
            object["skipped"] = skipped.into();
        }
        object
    }
}

fn pack_json(directory: &Path, read: &Result<Reading, Failure>) -> Value {
    match read {
        Ok(reading) => {
            let findings: Vec<_> = reading.report.findings().iter().map(findings::finding_json).collect();
            json!({ "directory": directory, "name": reading.name, "version": reading.version, "findings": findings })
        }
        Err(failure) => json!({ "directory": directory, "name": null, "version": null, "findings": [],
                                "error": failure.to_json() }),
    }
}
