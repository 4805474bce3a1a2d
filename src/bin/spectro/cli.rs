//! The command line: every command, and what becomes of words that are none.

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

use crate::{
    args::{Format, GlobalArgs},
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
            Self::Completions(args) => Ok(completions::run(&args, Cli::command())),
            Self::Version => Ok(version::run(context)),
        }
    }
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
