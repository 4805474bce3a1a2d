//! `spectro registry logout [SERVER]`: takes out what `login` had kept.

use std::process::ExitCode;

use serde_json::json;
use spectro_pack::{
    location::ServerLocation,
    registry::{
        CredentialSearch,
        credentials::keep::{self, Keeper},
    },
};

use super::{key_of, registry};
use crate::{
    blocking::blocking,
    config,
    connection::{configurations, docker_config},
    context::{Context, variable},
    failure::Failure,
    output::complain,
};

/// What `logout` takes.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  spectro registry logout harbor.example.com")]
pub(crate) struct Args {
    /// The server: host[:port][/base/path] [default: the default registry]
    server: Option<ServerLocation>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let name = registry(args.server, context)?;
    let key = key_of(&name);
    let files = [context.home().map(|home| home.join(config::FILE)), docker_config()];
    let mut from = Vec::new();
    for file in files.into_iter().flatten() {
        let key = key.clone();
        let forgotten = blocking(move || keep::forget(&file, &key)).await?;
        match forgotten.map_err(|error| Failure::of_store(format!("cannot log out of `{name}`"), &error))? {
            Some(Keeper::Helper(helper)) => from.push(format!("docker-credential-{helper}")),
            Some(Keeper::File(file)) => from.push(file.display().to_string()),
            None => {}
        }
    }
    let configurations = configurations(context);
    let (host, base) = (name.host().to_owned(), name.base().map(ToString::to_string).unwrap_or_default());
    let left = blocking(move || {
        let search = CredentialSearch { configurations, ..CredentialSearch::default() };
        search.find(&host, &base).ok().flatten().map(|found| found.to_string())
    });
    let variables = ["SPECTRO_PASSWORD", "SPECTRO_TOKEN"];
    let left = left.await?.or_else(|| variables.into_iter().find(|name| variable(name).is_some()).map(str::to_owned));
    if let Some(left) = &left {
        complain(&format!("warning: there are credentials for `{name}` still, from {left}"));
    }
    let text = match from.as_slice() {
        [] => format!("Not logged in to {name}"),
        from => format!("Logged out of {name} ({})", from.join(", ")),
    };
    context.output.result(&text, || json!({ "server": name.to_string(), "forgottenBy": from, "stillFrom": left }));
    Ok(ExitCode::SUCCESS)
}
