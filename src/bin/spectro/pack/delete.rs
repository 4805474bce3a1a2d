//! `spectro pack delete PACK:TAG|PACK@DIGEST… -r SERVER`: takes a tag away, or a version with all its tags.

pub(super) mod removal;

use std::process::ExitCode;

use removal::{RemovalArgs, remove};

use super::form::FormArgs;
use crate::{args::ServerArgs, context::Context, failure::Failure};

/// What `delete` takes.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  spectro pack delete nginx:1.0.0 -r oci-layout:./packs          asks first
  spectro pack delete nginx:1.0.0 -r zot.example.com --yes       asks nobody
  spectro pack delete nginx@sha256:… -r zot.example.com --all-tags")]
pub(crate) struct Args {
    /// The packs: NAME:TAG or NAME@DIGEST with -r SERVER, or SERVER/NAME:TAG
    #[arg(required = true, value_name = "NAME:TAG | NAME@DIGEST")]
    packs: Vec<String>,
    #[command(flatten)]
    removal: RemovalArgs,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    remove(&args.packs, &args.removal, args.form, &args.server, context).await
}
