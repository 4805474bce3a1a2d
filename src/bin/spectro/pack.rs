//! `spectro pack …`: one file a command.

mod allow;
mod build;
mod changed;
mod copy;
mod delete;
mod diff;
mod form;
mod images;
mod init;
mod inspect;
mod ls;
mod new;
mod next;
mod pull;
mod push;
mod read;
mod stored;
mod tag;
mod validate;

use std::process::ExitCode;

use clap::Subcommand;

use crate::{context::Context, failure::Failure};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a new pack from nothing: small, valid, with comments that explain
    Init(init::Args),
    /// Make a pack from a Helm chart
    Build(Box<build::Args>),
    /// Check packs: every finding at once, with file, line and column
    Validate(validate::Args),
    /// List the images packs declare, use and lack
    Images(images::Args),
    /// Push packs to a registry or a local store
    Push(push::Args),
    /// Pull packs into folders, byte for byte
    Pull(pull::Args),
    /// Show what is inside a pack, without fetching its layers
    Inspect(inspect::Args),
    /// List the packs of a server, or the versions of a pack
    #[command(visible_alias = "list")]
    Ls(ls::Args),
    /// Tell how two packs differ: files, values, charts and images
    Diff(diff::Args),
    /// Copy packs between registries, local stores and archive files
    #[command(visible_alias = "cp")]
    Copy(Box<copy::Args>),
    /// Give a version a further tag, or take a tag away
    #[command(subcommand)]
    Tag(tag::Command),
    /// Delete versions
    #[command(visible_alias = "rm")]
    Delete(delete::Args),
}

impl Command {
    /// Returns whether the result is findings.
    pub(crate) fn shows_findings(&self) -> bool {
        matches!(self, Self::Validate(args) if !args.explains())
    }

    pub(crate) async fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        match self {
            Self::Init(args) => init::run(args, context).await,
            Self::Build(args) => build::run(*args, context).await,
            Self::Validate(args) => validate::run(args, context).await,
            Self::Images(args) => images::run(args, context).await,
            Self::Push(args) => push::run(args, context).await,
            Self::Pull(args) => pull::run(args, context).await,
            Self::Inspect(args) => inspect::run(args, context).await,
            Self::Ls(args) => ls::run(args, context).await,
            Self::Diff(args) => diff::run(args, context).await,
            Self::Copy(args) => copy::run(*args, context).await,
            Self::Tag(command) => command.run(context).await,
            Self::Delete(args) => delete::run(args, context).await,
        }
    }
}
