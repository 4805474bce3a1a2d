//! `spectro pack inspect NAME[:TAG][@DIGEST] | DIR`: the manifest and the config, no layer.

mod show;

use std::{path::PathBuf, process::ExitCode, sync::Arc};

use spectro_pack::{
    artifact::{Artifact, Limits, PackArtifact},
    location::{Place, ServerLocation},
    pack::PackPath,
    registry::PackReference,
    store::Source,
};

use self::show::Shown;
use super::{
    form::FormArgs,
    next,
    read::Workers,
    stored::{Stored, failure, only_one, place},
};
use crate::{
    args::ServerArgs,
    connection::scratch_folder,
    context::Context,
    failure::{Exit, Failure},
    format,
};

/// What `inspect` takes.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  spectro pack inspect nginx -r ghcr.io/acme                    the newest version
  spectro pack inspect nginx:1.0.0 --values -r ghcr.io/acme     fetches nothing else
  spectro pack inspect ./nginx -o json                          a folder, with its digest")]
pub(crate) struct Args {
    /// The pack: NAME[:TAG][@DIGEST] with -r SERVER, SERVER/NAME[:TAG][@DIGEST], or its folder
    #[arg(value_name = "NAME[:TAG][@DIGEST] | DIR")]
    pack: String,
    /// Print values.yaml
    #[arg(long, group = "one_file")]
    values: bool,
    /// Print README.md
    #[arg(long, group = "one_file")]
    readme: bool,
    /// Print the file of this path
    #[arg(long, value_name = "PATH", group = "one_file")]
    file: Option<PackPath>,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    server: ServerArgs,
}

impl Args {
    /// Returns the one file that is to be printed, if it is one.
    fn one_file(&self) -> Option<PackPath> {
        let fixed = |path: &str| path.parse().expect("the path is a constant");
        let readme = self.readme.then(|| fixed("README.md"));
        self.values.then(|| fixed("values.yaml")).or(readme).or_else(|| self.file.clone())
    }
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    match place(&args.pack, &args.server, context)? {
        Place::Directory(directory) => inspect_directory(&args, directory, context).await,
        Place::Stored { server, reference } => inspect_stored(&args, &server, reference, context).await,
        Place::Archive(file) => {
            let (server, reference) = only_one(file)?;
            inspect_stored(&args, &server, reference, context).await
        }
    }
}

async fn inspect_directory(args: &Args, directory: PathBuf, context: &Context) -> Result<ExitCode, Failure> {
    let workers = Workers::new();
    let shown = directory.display().to_string();
    let reading = workers.read(directory.clone(), Arc::default()).await?;
    let Some(pack) = reading.pack else {
        let errors = format::count(reading.report.errors(), "error");
        return Err(Failure::new(Exit::Findings, format!("`{shown}` is not a valid pack: {errors}"))
            .hint(format!("spectro pack validate {}", next::word(&shown))));
    };
    let scratch = scratch_folder(&ServerLocation::Layout(directory.clone()));
    let options = context.encoding(scratch);
    let failed = |error: &_| Failure::of_store(format!("cannot encode `{shown}`"), error);
    let form = args.form.form(context)?;
    let artifact = workers.run(move || Artifact::encode(&pack, form, &options)).await?;
    let artifact = artifact.map_err(|error| failed(&error))?;
    let pack = PackArtifact::of(artifact.manifest().clone()).map_err(|error| failed(&error))?;
    if let Some(path) = args.one_file() {
        return print_file(&artifact, &pack, &path).await.map_err(|error| error.into_failure(&path, &shown));
    }
    let metadata = pack.metadata(&artifact).await.map_err(|error| failed(&error))?;
    Shown { directory: Some(&directory), reference: None, newest_of: None, artifact: &pack, metadata: &metadata }
        .print(context);
    Ok(ExitCode::SUCCESS)
}

async fn inspect_stored(
    args: &Args,
    location: &ServerLocation,
    reference: PackReference,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let form = args.form.of_word(&args.pack, &args.server, context)?;
    let stored = Stored::find(&args.server, location, reference, form, context).await?;
    let reference = &stored.reference;
    let failed = |error: &_| failure("cannot inspect", reference, location, error);
    let source = &*stored.repository;
    let artifact = PackArtifact::open(source, &stored.selector).await.map_err(|error| failed(&error))?;
    if let Some(path) = args.one_file() {
        let whole = location.place(reference);
        if let Some(versions) = stored.newest_of {
            context.output.say(&format!("newest of {}: {reference}", format::count(versions, "version")));
        }
        return print_file(source, &artifact, &path).await.map_err(|error| error.into_failure(&path, &whole));
    }
    let metadata = artifact.metadata(source).await.map_err(|error| failed(&error))?;
    let whole = match &reference.digest {
        Some(_) => location.place(&reference.name),
        None => location.place(reference),
    };
    Shown {
        directory: None,
        reference: Some(&whole),
        newest_of: stored.newest_of,
        artifact: &artifact,
        metadata: &metadata,
    }
    .print(context);
    Ok(ExitCode::SUCCESS)
}

enum PrintError {
    Store(spectro_pack::store::Error),
    Output(std::io::Error),
}

impl PrintError {
    fn into_failure(self, path: &PackPath, whole: &str) -> Failure {
        match self {
            Self::Store(error) => Failure::of_store(format!("cannot print `{path}` of `{whole}`"), &error),
            Self::Output(error) => Failure::file_system("cannot write to standard output", &error),
        }
    }
}

async fn print_file(source: &dyn Source, artifact: &PackArtifact, path: &PackPath) -> Result<ExitCode, PrintError> {
    let mut reader = artifact.file(source, path, Limits::default()).await.map_err(PrintError::Store)?;
    while let Some(piece) = reader.next().await.map_err(PrintError::Store)? {
        match crate::output::write_bytes(&piece) {
            // A reader that has seen enough (`| head`) is no error.
            Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => break,
            result => result.map_err(PrintError::Output)?,
        }
    }
    Ok(ExitCode::SUCCESS)
}
