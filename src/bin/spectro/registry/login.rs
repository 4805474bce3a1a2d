//! `spectro registry login [SERVER]`: checks a user and a password at the server, then keeps them.

use std::{path::PathBuf, process::ExitCode};

use serde_json::json;
use spectro_pack::{
    location::ServerLocation,
    registry::{
        Credentials, ServerName, Verdict,
        credentials::keep::{self, Keeper},
    },
};
use zeroize::Zeroizing;

use super::{key_of, open, registry};
use crate::{
    args::ConnectionArgs,
    ask::Terminal,
    blocking::blocking,
    config,
    connection::{docker_config, password_from_stdin},
    context::{Context, variable},
    failure::{Exit, Failure},
    output::complain,
};

/// What `login` takes.
#[derive(clap::Args)]
#[command(after_help = "Examples:\n  spectro registry login harbor.example.com\n  \
    echo \"$TOKEN\" | spectro registry login ghcr.io -u ci --password-stdin\n\n\
    The password is kept by the helper that Docker's configuration names for the server, else in that configuration's file \
    ($DOCKER_CONFIG/config.json, ~/.docker/config.json); with --home in the config.json there.")]
pub(crate) struct Args {
    /// The server: host[:port][/base/path] [default: the default registry]
    server: Option<ServerLocation>,
    /// The user; asked for on a terminal
    #[arg(short, long, value_name = "USER", env = "SPECTRO_USERNAME")]
    username: Option<String>,
    /// The password; others on this machine can see it, so better --password-stdin
    #[arg(long, value_name = "PASSWORD", conflicts_with = "password_stdin")]
    password: Option<String>,
    /// Read the password from standard input
    #[arg(long)]
    password_stdin: bool,
    /// Make it the server of commands that name none
    #[arg(short, long)]
    default: bool,
    #[command(flatten)]
    connection: ConnectionArgs,
}

pub(crate) async fn run(mut args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let name = registry(args.server.take(), context)?;
    let (username, password) = ask(&mut args, &name).await?;
    if username.contains(':') {
        return Err(Failure::new(Exit::Usage, format!("`{username}` has a `:`, which no user's name can have")));
    }
    let credentials = Credentials::password(username.as_str(), password.as_str());
    let server = open(&args.connection, &name, None, context)?;
    let verdict = server.verify(&credentials).await.map_err(|error| {
        let failure = Failure::of_store(format!("cannot log in to `{name}` as `{username}`"), &error);
        if failure.exit == Exit::Denied {
            failure
                .state("nothing was kept")
                .hint("check the user and the password; a token may have ended, or lack rights")
        } else {
            failure
        }
    })?;
    if verdict == Verdict::Unchecked {
        complain(&format!("warning: `{}` asks nobody for a password, so this one could not be checked", name.host()));
    }
    let file = config_file(context)?;
    let (key, kept_in) = (key_of(&name), file.clone());
    let kept = blocking(move || keep::keep(&kept_in, &key, &credentials)).await?;
    let keeper = kept.map_err(|error| Failure::of_store("cannot keep the credentials", &error))?;
    if let Keeper::File(file) = &keeper {
        complain(&format!(
            "warning: the password is kept unencrypted in `{}`\n  hint: a credential helper keeps it safe: \
             https://docs.docker.com/go/credential-store/",
            file.display()
        ));
    }
    remember(&args, &name, context).await?;
    let keeper = match &keeper {
        Keeper::Helper(helper) => json!({ "helper": helper }),
        Keeper::File(file) => json!({ "file": file }),
    };
    context.output.result("Login Succeeded", || {
        json!({
            "server": name.to_string(), "username": username, "keptBy": keeper,
            "checked": verdict == Verdict::Accepted, "default": args.default,
        })
    });
    Ok(ExitCode::SUCCESS)
}

/// Returns the user and the password, asking on the terminal for what was not given.
async fn ask(args: &mut Args, name: &ServerName) -> Result<(String, Zeroizing<String>), Failure> {
    let missing = |what: &str| {
        Failure::new(Exit::Usage, format!("no {what} was given, and there is no terminal to ask on"))
            .hint("add --username USER and pipe the password in with --password-stdin")
    };
    let empty = |what: &str| Failure::new(Exit::Usage, format!("the {what} is empty"));
    let given = args.password.take().map(Zeroizing::new);
    if given.is_some() {
        complain("warning: others on this machine can see a password on the command line\n  hint: --password-stdin");
    }
    let mut password = given.or_else(|| variable("SPECTRO_PASSWORD").map(Zeroizing::new));
    if args.password_stdin {
        if args.username.is_none() {
            return Err(Failure::new(Exit::Usage, "--password-stdin needs --username"));
        }
        password = Some(password_from_stdin()?);
    }
    let username = args.username.take().filter(|username| !username.is_empty());
    let username = if let Some(username) = username {
        username
    } else {
        let terminal = Terminal::open().ok_or_else(|| missing("user"))?;
        terminal.ask(&format!("User of {name}: ")).await?.to_string()
    };
    let password = if let Some(password) = password {
        password
    } else {
        let terminal = Terminal::open().ok_or_else(|| missing("password"))?;
        terminal.ask_secret("Password: ").await?
    };
    if username.is_empty() {
        return Err(empty("user's name"));
    }
    if password.is_empty() { Err(empty("password")) } else { Ok((username, password)) }
}

/// Returns the file that is to keep credentials.
pub(super) fn config_file(context: &Context) -> Result<PathBuf, Failure> {
    let named = context.named_home().map(|home| home.join(config::FILE));
    named.or_else(docker_config).ok_or_else(|| {
        Failure::new(Exit::FileSystem, "there is no folder to keep credentials in").hint("set HOME or DOCKER_CONFIG")
    })
}

/// Writes into `config.json` what else was said: that it is the default, that its certificate is not verified.
async fn remember(args: &Args, name: &ServerName, context: &Context) -> Result<(), Failure> {
    let insecure = args.connection.insecure && !args.connection.plain_http;
    if !args.default && !insecure {
        return Ok(());
    }
    let home = context.home().ok_or_else(|| {
        Failure::new(Exit::FileSystem, "there is no folder for config.json").hint("set HOME, or name one with --home")
    })?;
    let (file, default, text, host) = (home.join(config::FILE), args.default, name.to_string(), name.host().to_owned());
    let written = blocking(move || {
        keep::change(&file, |config| {
            if default {
                config.insert("defaultRegistry".into(), text.into());
            }
            if insecure {
                keep::set(config, &host, "insecure", true.into())?;
            }
            Ok(())
        })
    });
    written.await?.map_err(|error| Failure::of_store("cannot write the home's config.json", &error))
}
