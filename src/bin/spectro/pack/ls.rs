//! `spectro pack ls [NAME] -r SERVER`: the packs of a server, or the versions of a pack.

mod facts;
mod packs;
mod versions;

use std::process::ExitCode;

use clap::ValueEnum;
use spectro_pack::{
    location::{Place, ServerLocation, Store},
    registry::PackReference,
    store::RepositoryName,
};

use super::{
    form::FormArgs,
    next,
    stored::{in_store, place},
};
use crate::{
    args::ServerArgs,
    context::Context,
    failure::{Exit, Failure},
};

/// What `ls` takes.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  spectro pack ls -r ghcr.io/acme               the packs of a server, each with its newest version
  spectro pack ls nginx -r oci-layout:./packs   the versions of a pack, newest first
  spectro pack ls nginx -r ghcr.io/acme --limit 1 -o json")]
pub(crate) struct Args {
    /// The pack: NAME with -r SERVER, or SERVER/NAME [default: all packs of the server]
    #[arg(value_name = "NAME")]
    pack: Option<String>,
    /// The pack, as the old CLI names it
    #[arg(short, long, value_name = "NAME", conflicts_with = "pack")]
    name: Option<String>,
    /// Show so many, and look at no others
    #[arg(long, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=1_000_000))]
    limit: Option<usize>,
    /// What comes first [default: name, of versions: version]
    #[arg(long, value_enum, value_name = "ORDER")]
    sort: Option<Sort>,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    server: ServerArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Sort {
    /// By name, in the order of the alphabet
    Name,
    /// The highest version first
    Version,
    /// The largest first (looks at all, whatever the limit)
    Size,
}

/// A listing's store, and how much of it is asked for.
struct Listing<'a> {
    store: Store,
    location: ServerLocation,
    limit: usize,
    sort: Option<Sort>,
    jobs: usize,
    context: &'a Context,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let Some(word) = args.pack.as_ref().or(args.name.as_ref()) else {
        let location = args.server.server(context)?;
        return packs::list(&listing(&args, location, context)?, args.form.named()).await;
    };
    if let Place::Archive(file) = place(word, &args.server, context).map_err(|failure| or_server(failure, word))? {
        let location = ServerLocation::Archive(file);
        return packs::list(&listing(&args, location, context)?, args.form.named()).await;
    }
    let (location, reference) = in_store(word, &args.server, context)?;
    let form = args.form.of_word(word, &args.server, context)?;
    let name: RepositoryName = super::form::repository(&location, &reference.name, form)?;
    if reference.selector().is_some() {
        let message = format!("`{reference}` names one version, and ls lists them all");
        let whole = next::word(location.place(PackReference { name, ..reference }));
        return Err(
            Failure::new(Exit::Usage, message).hint(format!("spectro pack inspect {whole} shows what is in it"))
        );
    }
    versions::list(&listing(&args, location, context)?, &name).await
}

/// Adds how the packs of a server are listed, where the word for a pack is one for a server.
fn or_server(failure: Failure, word: &str) -> Failure {
    let Ok(server) = word.parse::<ServerLocation>() else { return failure };
    let is_one = match server.host() {
        // `nginx:1` is a pack's name and its tag, `zot:5000` hardly.
        Some(host) => host.split_once(':').map_or(host, |(_, port)| port).len() > 3 && host.contains(['.', ':']),
        None => true,
    };
    if failure.exit == Exit::Usage && is_one {
        return failure.hint(format!("{} shows the packs of a server", next::list_packs(&server)));
    }
    failure
}

fn listing<'a>(args: &Args, location: ServerLocation, context: &'a Context) -> Result<Listing<'a>, Failure> {
    Ok(Listing {
        store: args.server.open(context, &location)?,
        location,
        limit: args.limit.unwrap_or(usize::MAX),
        sort: args.sort,
        jobs: args.server.connection.jobs,
        context,
    })
}
