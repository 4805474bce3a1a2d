//! `spectro pack pull NAME[:TAG][@DIGEST] [TARGET_DIR] -r SERVER`, and `pull REF… --output-dir DIR`.

mod one;
mod report;

use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Mutex,
};

use futures::StreamExt;
use spectro_pack::{
    artifact::{Form, Limits},
    location::ServerLocation,
    registry::{Intent, PackReference},
    store::{ErrorKind, VersionRange, all_tags, by_version},
};

use self::one::{Goal, Job, Wanted, pull_one};
use super::{
    form::{FormArgs, repository},
    next,
    stored::in_store,
};
use crate::{
    args::ServerArgs,
    context::Context,
    failure::{Exit, Failure},
    format,
};

/// How many packs are pulled at once; each of them fetches several blobs at once.
const PACKS_AT_ONCE: usize = 4;

/// What `pull` takes.
#[derive(clap::Args)]
#[command(
    override_usage = "spectro pack pull NAME[:TAG][@DIGEST] [TARGET_DIR] [OPTIONS]\n       \
                      spectro pack pull NAME[:TAG][@DIGEST]… --output-dir DIR [OPTIONS]\n       \
                      spectro pack pull --all | --versions RANGE NAME… [--output-dir DIR] [OPTIONS]",
    after_help = "Examples:
  spectro pack pull nginx -r ghcr.io/acme                          the newest version
  spectro pack pull nginx:1.0.0 ./nginx -r oci-layout:./packs
  spectro pack pull nginx:1.0.0 redis --output-dir packs -r ghcr.io/acme
  spectro pack pull --all nginx --output-dir packs -r ghcr.io/acme
  spectro pack pull --versions '>=1.2 <2' nginx redis -r ghcr.io/acme"
)]
pub(crate) struct Args {
    /// The pack: NAME[:TAG][@DIGEST] with -r SERVER, or SERVER/NAME[:TAG][@DIGEST]; then the folder to make [default: ./NAME-VERSION].
    /// With --output-dir, --all or --versions: packs
    #[arg(required = true, value_name = "NAME[:TAG][@DIGEST]")]
    words: Vec<PathBuf>,
    /// Pull every pack that is named into its own folder NAME-VERSION in this one
    #[arg(long, value_name = "DIR")]
    output_dir: Option<PathBuf>,
    /// Pull all versions of each NAME
    #[arg(long)]
    all: bool,
    /// Pull the versions of each NAME in this range, such as '>=1.2 <2', '1.x' or '~1.2'
    #[arg(long, value_name = "RANGE", conflicts_with = "all")]
    versions: Option<VersionRange>,
    /// Replace the target where it holds the same pack
    #[arg(short, long)]
    force: bool,
    /// How many bytes the pack may have unpacked
    #[arg(long, value_name = "BYTES", default_value_t = Limits::default().unpacked)]
    max_unpacked: u64,
    /// How many files and folders the pack may have
    #[arg(long, value_name = "N", default_value_t = Limits::default().entries)]
    max_entries: u64,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    server: ServerArgs,
}

impl Args {
    /// Returns whether several versions of a pack are meant.
    fn several(&self) -> bool {
        self.all || self.versions.is_some()
    }
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let job = Job {
        force: args.force,
        limits: Limits { unpacked: args.max_unpacked, entries: args.max_entries, ..Limits::default() },
        server: &args.server,
        context,
        alone: !args.several() && args.output_dir.is_none(),
        claimed: Mutex::new(BTreeSet::new()),
    };
    if job.alone {
        let target = target(&args)?;
        let (location, reference, form) = named(&args, &args.words[0], context)?;
        let goal = target.map_or_else(|| Goal::In(PathBuf::from(".")), Goal::Folder);
        let pulled = pull_one(&job, Wanted { location, reference, form, goal }).await?;
        context.progress.finish();
        report::one(context, &pulled);
        return Ok(ExitCode::SUCCESS);
    }
    let folder = args.output_dir.clone().unwrap_or_else(|| PathBuf::from("."));
    let (mut wanted, mut done) = (Vec::new(), Vec::new());
    for word in &args.words {
        let (location, reference, form) = named(&args, word, context)?;
        let found = if args.several() {
            versions(&args, &location, reference.clone(), form, context).await
        } else {
            Ok(vec![reference.clone()])
        };
        let wants = |reference| Wanted { location: location.clone(), reference, form, goal: Goal::In(folder.clone()) };
        match found {
            Ok(found) => wanted.extend(found.into_iter().map(wants)),
            Err(failure) if failure.exit == Exit::Usage || args.words.len() == 1 => return Err(failure),
            Err(failure) => done.push((location.place(&reference), Err(failure))),
        }
    }
    for (_, failed) in &done {
        report::tell(context, failed);
    }
    let whole = context.progress.packs(wanted.len());
    let pulls = wanted.into_iter().map(|wanted| async {
        let shown = wanted.location.place(&wanted.reference);
        (shown, pull_one(&job, wanted).await)
    });
    let mut running = futures::stream::iter(pulls).buffered(PACKS_AT_ONCE);
    while let Some((shown, pulled)) = running.next().await {
        whole.one_more();
        report::tell(context, &pulled);
        done.push((shown, pulled));
    }
    drop((running, whole));
    context.progress.finish();
    report::many(context, &done);
    let exits = done.iter().filter_map(|(_, pulled)| pulled.as_ref().err().map(|failure| failure.exit));
    Ok(Exit::worst(exits).map_or(ExitCode::SUCCESS, ExitCode::from))
}

/// Returns the folder to make, which is the second word.
fn target(args: &Args) -> Result<Option<PathBuf>, Failure> {
    let many = "several packs are pulled with --output-dir DIR, each into a folder of its own";
    if let Some(third) = args.words.get(2) {
        let message = format!("`{}` is one word too many: a pack and a target folder are", third.display());
        return Err(Failure::new(Exit::Usage, message).hint(many));
    }
    let second_reference = args.words.get(1).and_then(|word| word.to_str()).filter(|word| word.contains([':', '@']));
    if let Some(word) = second_reference.filter(|word| !Path::new(word).is_dir()) {
        return Err(
            Failure::new(Exit::Usage, format!("`{word}` is no folder: the second word is the target")).hint(many)
        );
    }
    Ok(args.words.get(1).cloned())
}

fn named(args: &Args, word: &Path, context: &Context) -> Result<(ServerLocation, PackReference, Form), Failure> {
    let text = word.to_str().ok_or_else(|| Failure::new(Exit::Usage, format!("`{}` names no pack", word.display())))?;
    let (location, reference) = in_store(text, &args.server, context)?;
    Ok((location, reference, args.form.of_word(text, &args.server, context)?))
}

/// Returns all versions of a pack.
async fn versions(
    args: &Args,
    location: &ServerLocation,
    mut reference: PackReference,
    form: Form,
    context: &Context,
) -> Result<Vec<PackReference>, Failure> {
    if reference.selector().is_some() {
        return Err(Failure::new(
            Exit::Usage,
            format!("`{reference}` names one version, and --all and --versions mean several"),
        ));
    }
    reference.name = repository(location, &reference.name, form)?;
    let store = args.server.open(context, location)?;
    let repository = store.repository(&reference.name, Intent::Pull)?;
    let tags = all_tags(&*repository).await.map_err(|error| {
        let failure = Failure::of_store(format!("cannot list the versions of `{reference}` in `{location}`"), &error);
        match error.kind() {
            ErrorKind::NotFound if !failure.has_hint() => {
                failure.hint(format!("{} shows what is there", next::list_packs(location)))
            }
            _ => failure,
        }
    })?;
    let (mut versions, others) = by_version(tags);
    if !others.is_empty() {
        let names: Vec<_> = others.iter().map(ToString::to_string).collect();
        context.output.say(&format!(
            "{} of {reference} passed over: {}",
            format::count(others.len(), "other tag"),
            names.join(", ")
        ));
    }
    if let Some(range) = &args.versions {
        versions.retain(|tag| range.matches(tag));
        if versions.is_empty() {
            let message = format!("`{reference}` in `{location}` has no version in `{range}`");
            let lists = next::list_versions(&reference.name, location);
            return Err(Failure::new(Exit::NotFound, message).hint(format!("{lists} shows its tags")));
        }
    }
    Ok(versions.into_iter().map(|tag| PackReference { tag: Some(tag), ..reference.clone() }).collect())
}
