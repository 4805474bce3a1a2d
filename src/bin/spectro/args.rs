//! What commands have in common on the command line, as `clap` types.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use spectro_pack::location::ServerLocation;

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
    pub(crate) registry_server: Vec<ServerLocation>,
    #[command(flatten)]
    pub(crate) login: LoginArgs,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
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
