//! `spectro pack push DIR… --registry-server SERVER`: read, validate, encode, copy.

mod find;
mod one;
mod report;
mod same;
mod table;

use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Instant};

use futures::StreamExt;
use spectro_pack::{artifact::EncodeOptions, location::ServerLocation, store::Tag};

use self::{
    one::{Destination, Job, push_one},
    report::Reporter,
};
use super::{allow::AllowArgs, changed, form::FormArgs, read::Workers};
use crate::{
    args::ServersArgs,
    connection::scratch_folder,
    context::Context,
    failure::{Exit, Failure},
    format,
};

/// What `push` takes.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  spectro pack push nginx-1.0.0 -r ghcr.io/acme
  spectro pack push --recursive packs -r ghcr.io/acme -r oci-layout:./copy
  spectro pack push packs/* --changed-since origin/main -r ghcr.io/acme")]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
pub(crate) struct Args {
    /// The folders of the packs
    #[arg(required = true, value_name = "DIR")]
    directories: Vec<PathBuf>,
    /// Push every pack below the folders
    #[arg(long)]
    recursive: bool,
    /// Push only packs that differ in git from this commit, branch or tag
    #[arg(long, value_name = "REF")]
    changed_since: Option<String>,
    /// Overwrite the version's tag where it has other content
    #[arg(short, long)]
    force: bool,
    /// A message, kept with the artifact
    #[arg(short, long, value_name = "TEXT")]
    message: Option<String>,
    /// A further tag, such as `latest`; it moves if it is there
    #[arg(long, value_name = "TAG", value_parser = further_tag)]
    tag: Vec<Tag>,
    /// An annotation of the artifact
    #[arg(long, value_name = "KEY=VALUE", value_parser = annotation)]
    annotation: Vec<(String, String)>,
    /// Push even if the tag has this content already
    #[arg(long)]
    skip_digest_check: bool,
    /// Warnings count as errors
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    allow: AllowArgs,
    /// Say what would be done; send nothing that writes
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    servers: ServersArgs,
}

fn further_tag(text: &str) -> Result<Tag, String> {
    Tag::of_version(text).map_err(|error| error.to_string())
}

fn annotation(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.trim().is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("an annotation is written KEY=VALUE".into()),
    }
}

/// Pushes one pack that was just made, as `push DIR` does.
pub(super) async fn push_made(
    directory: PathBuf,
    servers: ServersArgs,
    form: FormArgs,
    force: bool,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let args = Args {
        directories: vec![directory],
        recursive: false,
        changed_since: None,
        force,
        message: None,
        tag: Vec::new(),
        annotation: Vec::new(),
        skip_digest_check: false,
        strict: false,
        allow: AllowArgs::default(),
        dry_run: false,
        form,
        servers,
    };
    run(args, context).await
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let started = Instant::now();
    let options = Arc::new(args.allow.options()?);
    let servers = args.servers.each(context)?;
    let workers = Workers::new();
    let directories = directories(&args, &workers, context).await?;
    let mut destinations = Vec::new();
    for (location, server) in servers {
        if let ServerLocation::Archive(file) = &location {
            let message = format!("`{}` is an archive, which is written as a whole", file.display());
            return Err(Failure::new(Exit::Usage, message)
                .hint(format!("push to oci-layout:DIR, then: spectro pack copy oci-layout:DIR/NAME {location}")));
        }
        destinations.push(Destination { store: server.open(context, &location)?, location });
    }
    let encoding = EncodeOptions {
        message: args.message,
        annotations: args.annotation.into_iter().collect(),
        ..context.encoding(scratch_folder(&destinations[0].location))
    };
    let job = Arc::new(Job {
        encoding,
        alone: directories.len() == 1 && destinations.len() == 1,
        destinations,
        workers,
        options,
        overwrite: args.force,
        moving: args.tag,
        even_if_unchanged: args.skip_digest_check,
        strict: args.strict,
        dry_run: args.dry_run,
        form: args.form.form(context)?,
        jobs: args.servers.connection.jobs,
        progress: context.progress.clone(),
    });
    let reporter = Reporter::new(context, &job);
    let whole = if job.alone { None } else { Some(context.progress.packs(directories.len())) };
    let pushes = directories.into_iter().enumerate().map(|(place, directory)| {
        let job = job.clone();
        async move { (place, push_one(job, directory).await) }
    });
    let mut running = futures::stream::iter(pushes).buffer_unordered(job.jobs);
    let mut done = Vec::new();
    while let Some((place, pushed)) = running.next().await {
        if let Some(whole) = &whole {
            whole.one_more();
        }
        for one in &pushed {
            reporter.tell(one);
        }
        done.push((place, pushed));
    }
    // Told as they were done, summed up as they were named.
    done.sort_by_key(|(place, _)| *place);
    let done: Vec<_> = done.into_iter().flat_map(|(_, pushed)| pushed).collect();
    drop(whole);
    context.progress.finish();
    reporter.summarize(&done, started.elapsed());
    Ok(Exit::worst(done.iter().filter_map(one::Pushed::exit)).map_or(ExitCode::SUCCESS, ExitCode::from))
}

/// Returns the folders that are meant, none of which claims another's version.
async fn directories(args: &Args, workers: &Workers, context: &Context) -> Result<Vec<PathBuf>, Failure> {
    let (mut found, recursive, since) = (args.directories.clone(), args.recursive, args.changed_since.clone());
    if recursive {
        found = workers.run(move || find::packs_below(&found)).await??;
    }
    found = workers.run(move || find::each_once(found)).await?;
    if let Some(reference) = since {
        let (all, since) = (found.len(), reference.clone());
        found = workers.run(move || changed::since(&since, found)).await??;
        let skipped = all - found.len();
        if skipped > 0 {
            context.output.say(&format!("{skipped} of {} not pushed: as in `{reference}`", format::count(all, "pack")));
        }
    }
    workers.run(move || find::refuse_duplicates(&found).map(|()| found)).await?
}
