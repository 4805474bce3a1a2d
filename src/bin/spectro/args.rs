//! The command line, as `clap` types.

use std::{path::PathBuf, process::ExitCode};

use clap::{Args, Parser, Subcommand, ValueEnum};
use spectro_pack::location::ServerLocation;

use crate::{
    completions,
    context::Context,
    failure::{Exit, Failure},
    output::Output,
    pack, registry, version,
};

/// Packs of Kubernetes cluster profiles as OCI artifacts: check, push, pull, look inside.
#[derive(Parser)]
#[command(name = "spectro", version, max_term_width = 100)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What every command takes.
#[derive(Args)]
#[command(next_help_heading = "Everywhere")]
pub(crate) struct GlobalArgs {
    /// What is printed to standard output
    #[arg(short, long, global = true, value_enum, default_value_t = Format::Text, env = "SPECTRO_OUTPUT")]
    pub(crate) output: Format,
    /// Print nothing but results and errors
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,
    /// Show each request to a server on standard error (also by a variable: `SPECTRO_LOG=1`)
    #[arg(short, long, global = true)]
    pub(crate) verbose: bool,
    /// Draw no progress bars
    #[arg(long, global = true)]
    pub(crate) no_progress: bool,
    /// The folder of config.json [default: $HOME/.spectro]
    #[arg(short = 's', long, global = true, value_name = "DIR", env = "SPECTRO_HOME")]
    pub(crate) home: Option<PathBuf>,
}

/// What is printed to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Lines for people
    Text,
    /// One JSON object, with a schemaVersion
    Json,
    /// Annotations of a pull request, as workflow commands (`pack validate` only)
    Github,
    /// SARIF 2.1.0 (`pack validate` only)
    Sarif,
    /// GitLab's Code Quality report (`pack validate` only)
    Gitlab,
}

impl Format {
    /// Returns whether only findings can be shown in it.
    pub(crate) fn is_for_findings(self) -> bool {
        matches!(self, Self::Github | Self::Sarif | Self::Gitlab)
    }

    /// Returns the word of the command line.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Json => "json",
            Self::Github => "github",
            Self::Sarif => "sarif",
            Self::Gitlab => "gitlab",
        }
    }
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Check, push, pull and inspect packs
    #[command(subcommand)]
    Pack(Box<pack::Command>),
    /// Log in to registries, log out, and see what they are
    #[command(subcommand)]
    Registry(Box<registry::Command>),
    /// Print a script that completes commands and flags in a shell
    Completions(completions::Args),
    /// Print the version
    #[command(after_help = "Examples:\n  spectro version\n  spectro version -o json")]
    Version,
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        let format = context.output.format();
        let shows_findings = matches!(&self, Self::Pack(command) if command.shows_findings());
        if format.is_for_findings() && !shows_findings {
            let message = format!("`-o {}` shows findings, and only `spectro pack validate` has some", format.word());
            return Err(Failure::new(Exit::Usage, message).hint("use `-o text` or `-o json` here"));
        }
        match self {
            Self::Pack(command) => command.run(context).await,
            Self::Registry(command) => command.run(context).await,
            Self::Completions(args) => Ok(completions::run(&args)),
            Self::Version => Ok(version::run(context)),
        }
    }
}

/// Which server, and how to talk to it.
#[derive(Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServerArgs {
    /// The server: host[:port][/base/path] of a registry, or oci-layout:DIR [default: `SPECTRO_REGISTRY_SERVER`, or the
    /// defaultRegistry of config.json, for what is only a name]
    #[arg(short = 'r', long, value_name = "SERVER")]
    pub(crate) registry_server: Option<ServerLocation>,
    #[command(flatten)]
    pub(crate) login: LoginArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Which servers, where there may be several.
#[derive(Args)]
#[command(next_help_heading = "Server")]
pub(crate) struct ServersArgs {
    /// The server: host[:port][/base/path] of a registry, or oci-layout:DIR; several are named one by one [default:
    /// `SPECTRO_REGISTRY_SERVER`, or the defaultRegistry of config.json]
    #[arg(short = 'r', long, value_name = "SERVER")]
    registry_server: Vec<ServerLocation>,
    #[command(flatten)]
    login: LoginArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

impl ServersArgs {
    /// Returns the flags for a server that is named elsewhere.
    pub(crate) fn any(&self) -> ServerArgs {
        ServerArgs { registry_server: None, login: self.login.clone(), connection: self.connection.clone() }
    }

    /// Returns each server that was named, or the default one, as if it were the only one.
    pub(crate) fn each(&self, context: &Context) -> Result<Vec<(ServerLocation, ServerArgs)>, Failure> {
        let alone = |server: Option<ServerLocation>| ServerArgs {
            registry_server: server,
            login: self.login.clone(),
            connection: self.connection.clone(),
        };
        if self.registry_server.is_empty() {
            let server = alone(None);
            return Ok(vec![(server.server(context)?, server)]);
        }
        let mut servers: Vec<(ServerLocation, ServerArgs)> = Vec::new();
        for server in &self.registry_server {
            if servers.iter().all(|(other, _)| other != server) {
                servers.push((server.clone(), alone(Some(server.clone()))));
            }
        }
        // A local store is given none.
        let registries: Vec<_> = servers.iter().filter_map(|(server, _)| server.host()).collect();
        let goes_to_one = registries.iter().all(|host| *host == registries[0]);
        // Standard input can be read once.
        let is_read_once = registries.len() < 2 || !self.login.password_stdin;
        if self.login.given() && !(goes_to_one && is_read_once) {
            return Err(Failure::new(
                Exit::Usage,
                "credentials by flag or variable are for one server, and several are named",
            )
            .hint("log in to each: spectro registry login SERVER"));
        }
        Ok(servers)
    }
}

/// Credentials by flags.
#[derive(Args, Clone)]
pub(crate) struct LoginArgs {
    /// The user (with the password from `SPECTRO_PASSWORD` or --password-stdin)
    #[arg(long, value_name = "USER", env = "SPECTRO_USERNAME")]
    pub(crate) username: Option<String>,
    /// Read the password from standard input
    #[arg(long, requires = "username")]
    pub(crate) password_stdin: bool,
}

/// How to talk to a server.
#[derive(Args, Clone)]
#[command(next_help_heading = "Connection")]
pub(crate) struct ConnectionArgs {
    /// Talk plain http (the default for loopback hosts)
    #[arg(long, env = "SPECTRO_PLAIN_HTTP", conflicts_with = "insecure")]
    pub(crate) plain_http: bool,
    /// Do not verify the server's certificate
    #[arg(short, long, env = "SPECTRO_INSECURE")]
    pub(crate) insecure: bool,
    /// Further certificate authorities, as PEM
    #[arg(long, value_name = "FILE", env = "SPECTRO_CA_FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// The client's own certificate, as PEM
    #[arg(long, value_name = "FILE", env = "SPECTRO_CERT_FILE", requires = "key_file")]
    pub(crate) cert_file: Option<PathBuf>,
    /// The key of the client's certificate, as PEM
    #[arg(long, value_name = "FILE", env = "SPECTRO_KEY_FILE", requires = "cert_file")]
    pub(crate) key_file: Option<PathBuf>,
    /// A further host that may be given the password as the registry's token service
    #[arg(long, value_name = "HOST", env = "SPECTRO_TRUSTED_REALM", value_delimiter = ',')]
    pub(crate) trusted_realm: Vec<String>,
    /// Seconds without a byte moving after which a request has failed
    #[arg(long, value_name = "SECONDS", env = "SPECTRO_TIMEOUT", default_value_t = 60,
          value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout: u64,
    /// How often a failed request is tried again
    #[arg(long, value_name = "N", env = "SPECTRO_RETRIES", default_value_t = 4)]
    pub(crate) retries: usize,
    /// How many requests may be under way at once
    #[arg(long, value_name = "N", env = "SPECTRO_JOBS", default_value_t = 8,
          value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..=256))]
    pub(crate) jobs: usize,
}

/// Tells that the command line is wrong, as JSON where that is what was asked for. Help and version are no errors.
pub(crate) fn refuse(error: &clap::Error) -> ExitCode {
    let wants_json = std::env::args().any(|word| matches!(word.as_str(), "--output=json" | "-ojson"))
        || std::env::args()
            .zip(std::env::args().skip(1))
            .any(|(flag, value)| matches!(flag.as_str(), "-o" | "--output") && value == "json");
    if !error.use_stderr() || !wants_json {
        // Nobody can be told where even that can't be printed.
        error.print().ok();
        return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
    }
    let text = error.render().to_string();
    // What is missing stands in the lines below, up to an empty one.
    let lines: Vec<_> = text.lines().take_while(|line| !line.is_empty()).map(str::trim).collect();
    let message = lines.join(" ").trim_start_matches("error: ").to_owned();
    Output::new(Format::Json, false).fail(&Failure::new(Exit::Usage, message).hint("see `spectro --help`"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    /// Lines of examples that are longer are broken, and can't be copied.
    const WIDTH: usize = 100;

    fn without_example(command: &clap::Command, path: &str, found: &mut Vec<String>) {
        let path = format!("{path} {}", command.get_name());
        if command.get_subcommands().next().is_none() {
            // Each is written as it is typed, so that it can be copied.
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            if !help.contains(path.trim_start()) {
                found.push(path.clone());
            }
            found.extend(
                help.lines().filter(|line| line.starts_with("  ") && line.chars().count() > WIDTH).map(str::to_owned),
            );
        } else {
            command.get_subcommands().for_each(|below| without_example(below, &path, found));
        }
    }

    #[test]
    fn the_help_of_every_command_has_an_example_of_it() {
        let mut found = Vec::new();
        without_example(&Cli::command(), "", &mut found);
        assert_eq!(found, Vec::<String>::new());
    }

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
