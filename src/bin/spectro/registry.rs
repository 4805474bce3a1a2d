//! `spectro registry …`: one file a command.

mod login;
mod logout;
mod status;

use std::{process::ExitCode, sync::Arc};

use clap::Subcommand;
use spectro_pack::{
    location::ServerLocation,
    registry::{Located, Server, ServerName},
};

use crate::{
    args::ConnectionArgs,
    context::Context,
    failure::{Exit, Failure},
};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Log in: check a user and a password, and keep them
    Login(login::Args),
    /// Log out: forget what was kept
    Logout(logout::Args),
    /// Show what a server is, and which credentials it would be given
    Status(status::Args),
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        match self {
            Self::Login(args) => login::run(args, context).await,
            Self::Logout(args) => logout::run(args, context).await,
            Self::Status(args) => status::run(args, context).await,
        }
    }
}

/// Returns the registry that was named, or the default one; a folder needs no credentials.
fn registry(named: Option<ServerLocation>, context: &Context) -> Result<ServerName, Failure> {
    let nothing = || context.no_server("no registry server was named");
    let location = named.map_or_else(|| context.default_server()?.ok_or_else(nothing), Ok)?;
    match location {
        ServerLocation::Registry(name) => Ok(name),
        local @ (ServerLocation::Layout(_) | ServerLocation::Archive(_)) => {
            Err(Failure::new(Exit::Usage, format!("`{local}` lies on this machine: it needs no login"))
                .hint("push and pull work there at once"))
        }
    }
}

/// Returns the key of a registry's credentials: the host, with the path below which they are valid.
fn key_of(name: &ServerName) -> String {
    match name.base() {
        Some(base) => format!("{}/{base}", name.host()),
        None => name.host().to_owned(),
    }
}

/// Opens a registry.
fn open(
    connection: &ConnectionArgs,
    name: &ServerName,
    given: Option<Located>,
    context: &Context,
) -> Result<Server, Failure> {
    let observer: Arc<dyn spectro_pack::store::Observer> = context.progress.notes();
    let settings = connection.settings(context, name, given, observer)?;
    Server::new(settings).map_err(|error| Failure::of_store(format!("cannot use `{name}`"), &error))
}
