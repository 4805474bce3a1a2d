//! `spectro pack copy SOURCE… TARGET`: between registries, local stores and archive files, with the same digests.

mod find;
mod one;
mod report;

use std::{path::Path, process::ExitCode, sync::Arc};

use futures::StreamExt;
use spectro_pack::{
    location::{Place, ServerLocation, Store, parse_place},
    store::{RepositoryName, VersionRange, layout::LayoutStore},
};

use self::{
    find::{Servers, find},
    one::{Copying, Item, Job, Outcome, copy_one},
};
use super::{form::Word, next, read::Workers};
use crate::{
    args::ServerArgs,
    connection::scratch_folder,
    context::Context,
    failure::{Exit, Failure},
};

/// How many packs are copied at once; each of them moves several blobs at once.
const PACKS_AT_ONCE: usize = 4;

/// What `copy` takes.
#[derive(clap::Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag of the command line")]
#[command(
    override_usage = "spectro pack copy [OPTIONS] SOURCE… TARGET",
    after_help = "Examples:
  spectro pack copy ghcr.io/acme/nginx:1.0.0 harbor.example.com/mirror
  spectro pack copy nginx redis --versions '>=1.2 <2' -r ghcr.io/acme oci-layout:./packs
  spectro pack copy ghcr.io/acme/nginx:1.0.0 oci-archive:nginx.tar     a file to carry along
  spectro pack copy oci-archive:nginx.tar zot.example.com/packs"
)]
pub(crate) struct Args {
    /// The packs: SERVER/NAME[:TAG][@DIGEST], oci-layout:DIR/NAME[:TAG], oci-archive:FILE[:NAME:TAG], or NAME[:TAG] with -r SERVER; and
    /// last where they go: SERVER, oci-layout:DIR or oci-archive:FILE
    #[arg(required = true, value_name = "SOURCE… TARGET")]
    words: Vec<String>,
    /// Copy all versions of each pack
    #[arg(long)]
    all_versions: bool,
    /// Copy the versions in this range, such as '>=1.2 <2', '1.x' or '~1.2'
    #[arg(long, value_name = "RANGE", conflicts_with = "all_versions")]
    versions: Option<VersionRange>,
    /// Copy signatures, SBOMs and what else refers to the packs, too
    #[arg(long)]
    referrers: bool,
    /// Overwrite tags that have other content, and an archive file
    #[arg(short, long)]
    force: bool,
    /// Say what would be done; write nothing
    #[arg(long)]
    dry_run: bool,
    /// The form of the copy, which has another digest where it is another form [default: that of the source]
    #[arg(long, value_enum, value_name = "FORM", conflicts_with = "referrers")]
    format: Option<Word>,
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let (target, sources) = args.words.split_last().expect("a word is required");
    if sources.is_empty() {
        let message = format!("`{target}` alone is no copy: name the pack, and where it goes");
        return Err(Failure::new(Exit::Usage, message).hint("spectro pack copy SOURCE TARGET"));
    }
    let target = parse_target(target)?;
    let mut servers = Servers::new(&args.server, context);
    let (mut items, mut done) = (Vec::new(), Vec::new());
    for word in sources {
        match find(word, &args, &mut servers).await {
            Ok(found) => items.extend(found),
            // What is written wrongly is set right before anything is done, and alone there is nothing else to do.
            Err(failure) if failure.exit == Exit::Usage || sources.len() == 1 => return Err(failure),
            Err(failure) => done.push(Copying::failed(word, failure)),
        }
    }
    let draft = match &target {
        ServerLocation::Archive(file) => Some(draft(file, args.force)?),
        _ => None,
    };
    let store = match &draft {
        Some(folder) => Store::Layout(LayoutStore::new(folder.path(), context.progress.notes())),
        None => servers.open(&target)?,
    };
    servers.check_credentials()?;
    if let Some(note) = note_on_target(&target, &items) {
        context.output.say(&note);
    }
    let job = Arc::new(Job {
        encoding: context.encoding(scratch_folder(&target)),
        target,
        store,
        workers: Workers::new(),
        overwrite: args.force,
        dry_run: args.dry_run,
        referrers: args.referrers,
        form: args.format.map(Word::form),
        jobs: args.server.connection.jobs,
        alone: items.len() + done.len() == 1,
        progress: context.progress.clone(),
    });
    let whole = if job.alone { None } else { Some(context.progress.packs(items.len())) };
    for failed in &done {
        report::tell(context, &job, failed);
    }
    let mut running = futures::stream::iter(items.into_iter().map(|item| copy_one(&job, item))).buffered(PACKS_AT_ONCE);
    while let Some(copied) = running.next().await {
        if let Some(whole) = &whole {
            whole.one_more();
        }
        report::tell(context, &job, &copied);
        done.push(copied);
    }
    drop((running, whole));
    let worst = Exit::worst(done.iter().filter_map(Copying::exit));
    if let (ServerLocation::Archive(file), Store::Layout(store), false) = (&job.target, &job.store, args.dry_run) {
        if worst.is_some() {
            context.output.say(&format!("`{}` was not written: something failed", file.display()));
            for copying in &mut done {
                if matches!(copying.outcome, Outcome::Done { .. }) {
                    copying.outcome = Outcome::NotWritten;
                }
            }
        } else {
            let exported = store.export(file, args.force).await;
            exported.map_err(|error| Failure::of_store(format!("cannot write `{}`", file.display()), &error))?;
        }
    }
    context.progress.finish();
    report::summarize(context, &job, &done);
    Ok(worst.map_or(ExitCode::SUCCESS, ExitCode::from))
}

/// Returns where packs go. Whoever knows other tools writes the name and the tag of the copy, which a pack has itself.
fn parse_target(word: &str) -> Result<ServerLocation, Failure> {
    word.parse().map_err(|error| {
        let Ok(Place::Stored { server, reference }) = parse_place(word, None, None, |_| false) else {
            return Failure::from(error);
        };
        let parent = match reference.name.as_str().rsplit_once('/') {
            Some((folder, _)) => format!("{server}/{folder}"),
            None => server.to_string(),
        };
        Failure::new(Exit::Usage, format!("`{word}` names a pack, and the last word says where packs go"))
            .hint(format!("a copy keeps the name and the version: write {}", next::word(parent)))
    })
}

/// Returns what is worth a note where the target ends in the pack's name, as other tools name a copy: it is taken for a folder.
fn note_on_target(target: &ServerLocation, items: &[Item]) -> Option<String> {
    let ServerLocation::Registry(server) = target else { return None };
    let last = |name: &RepositoryName| name.as_str().rsplit('/').next().map(str::to_owned);
    let folder = last(server.base()?)?;
    let is_named_so = items.iter().any(|item| last(&item.reference.name).as_ref() == Some(&folder));
    is_named_so.then(|| format!("note: the target is where packs go, each by its name: `{target}/{folder}`"))
}

/// Makes the folder in which an archive file is put together, beside it.
fn draft(file: &Path, force: bool) -> Result<tempfile::TempDir, Failure> {
    if !force && file.symlink_metadata().is_ok() {
        return Err(Failure::new(Exit::Conflict, format!("`{}` is there", file.display()))
            .hint("name another file, or replace it with --force"));
    }
    let folder = match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    tempfile::Builder::new()
        .prefix(".spectro-")
        .tempdir_in(folder)
        .map_err(|error| Failure::file_system(format!("cannot write beside `{}`", file.display()), &error))
}
