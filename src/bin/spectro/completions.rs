//! `spectro completions SHELL`.

use std::process::ExitCode;

use clap::Command;
use clap_complete::{Shell, generate};

use crate::output::write_bytes;

/// What `completions` takes.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  spectro completions bash > ~/.local/share/bash-completion/completions/spectro
  spectro completions zsh > ~/.zfunc/_spectro
  spectro completions fish > ~/.config/fish/completions/spectro.fish")]
pub(crate) struct Args {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(crate) fn run(args: &Args, mut command: Command) -> ExitCode {
    let mut script = Vec::new();
    generate(args.shell, &mut command, "spectro", &mut script);
    // A reader that went away (`| head`) is no error.
    write_bytes(&script).ok();
    ExitCode::SUCCESS
}
