//! `spectro pack pull NAME[:TAG][@DIGEST] [TARGET_DIR] -r SERVER`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use serde_json::json;
use spectro_pack::{
    artifact::{
        Limits, PackArtifact,
        unpack::{UnpackOptions, Unpacked, unpack},
    },
    store::{Error, ErrorKind, RepositoryName, Result as StoreResult, Source, Tag},
};

use super::{
    form::FormArgs,
    stored::{Stored, failure, in_store},
};
use crate::{
    args::ServerArgs,
    context::{Context, user_home},
    failure::{Exit, Failure},
    format,
    progress::Verbs,
};

/// What `pull` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The pack: NAME[:TAG][@DIGEST] with -r SERVER, or SERVER/NAME[:TAG][@DIGEST]
    #[arg(value_name = "NAME[:TAG][@DIGEST]")]
    pack: String,
    /// The folder to make [default: ./NAME-VERSION]
    #[arg(value_name = "TARGET_DIR")]
    target: Option<PathBuf>,
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

pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let second_reference = args.target.as_deref().and_then(Path::to_str).filter(|word| word.contains([':', '@']));
    if let Some(word) = second_reference.filter(|word| !Path::new(word).is_dir()) {
        return Err(Failure::new(Exit::Usage, format!("`{word}` is no folder: the second word is the target"))
            .hint("pull one pack after the other"));
    }
    let (location, reference) = in_store(&args.pack, &args.server, context)?;
    let form = args.form.of_word(&args.pack, &args.server, context)?;
    let stored = Stored::find(&args.server, &location, reference, form, context).await?;
    let reference = &stored.reference;
    if let Some(versions) = stored.newest_of {
        context.output.say(&format!("newest of {}: {reference}", format::count(versions, "version")));
    }
    let failed = |error: &_| failure("cannot pull", reference, &location, error);
    let source = &*stored.repository;
    let artifact = PackArtifact::open(source, &stored.selector).await.map_err(|error| failed(&error))?;
    let target = match args.target {
        Some(target) => target,
        None => default_target(source, &artifact, stored.tag()).await.map_err(|error| failed(&error))?,
    };
    let options = UnpackOptions {
        replace: args.force,
        protected: protected_folders(),
        limits: Limits { unpacked: args.max_unpacked, entries: args.max_entries, ..Limits::default() },
        jobs: args.server.connection.jobs,
    };
    let observer = context.progress.blobs(None, Verbs::Pull);
    let unpacked = unpack(source, &artifact, &target, &options, &*observer).await;
    context.progress.finish();
    let unpacked = unpacked.map_err(|error| {
        let action = format!("cannot pull `{reference}` from `{location}` into `{}`", target.display());
        let failure = Failure::of_store(action, &error);
        match error.kind() {
            ErrorKind::Conflict if !args.force => {
                failure.hint("name another folder, or add --force where it holds another version of this pack")
            }
            _ => failure,
        }
    })?;
    report(context, &target, &format!("{location}/{reference}"), &artifact, &unpacked);
    Ok(ExitCode::SUCCESS)
}

fn report(context: &Context, target: &Path, reference: &str, artifact: &PackArtifact, unpacked: &Unpacked) {
    let digest = artifact.manifest().digest();
    let verb = if unpacked.replaced { "replaced" } else { "pulled" };
    let (files, bytes) = (unpacked.files, unpacked.bytes);
    let count = format::count(usize::try_from(files).unwrap_or(usize::MAX), "file");
    let text = format!("{}\n{digest}  {verb}, {count}, {}", target.display(), format::size(bytes));
    context.output.result(&text, || {
        // It was just written, from bytes that were proven.
        let metadata = std::fs::read(target.join("pack.json")).unwrap_or_default();
        let metadata: serde_json::Value = serde_json::from_slice(&metadata).unwrap_or_default();
        json!({ "packs": [{ "directory": target, "name": metadata["name"], "version": metadata["version"],
                            "reference": reference, "digest": digest.as_str(), "result": verb,
                            "files": files, "bytes": bytes, "error": null }] })
    });
}

/// Returns `./NAME-VERSION` as pack.json has them; both are checked, so that they can't lead anywhere else.
async fn default_target(source: &dyn Source, artifact: &PackArtifact, tag: Option<&Tag>) -> StoreResult<PathBuf> {
    let metadata = artifact.metadata(source).await?;
    let value: serde_json::Value = serde_json::from_slice(&metadata).unwrap_or_default();
    let text = |key: &str| value.get(key).and_then(serde_json::Value::as_str).map(str::to_owned);
    let name = text("name").filter(|name| name.parse::<RepositoryName>().is_ok() && !name.contains('/'));
    let version = text("version").filter(|version| Tag::of_version(version).is_ok());
    let version = version.or_else(|| tag.map(ToString::to_string));
    match (name, version) {
        (Some(name), Some(version)) => Ok(PathBuf::from(format!("./{name}-{version}"))),
        _ => Err(Error::new(
            ErrorKind::Invalid,
            "its pack.json has no name and version that a folder could have: name the target folder",
        )),
    }
}

/// Returns the folders that a pull never replaces: the home and the working folder.
fn protected_folders() -> Vec<PathBuf> {
    user_home().into_iter().chain(std::env::current_dir()).collect()
}
