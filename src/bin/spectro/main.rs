//! `spectro`: reads, checks, pushes and pulls packs. Parses, runs, prints once, exits.

#![allow(
    rustdoc::broken_intra_doc_links,
    rustdoc::invalid_html_tags,
    reason = "the comments on flags are the help that clap prints, where [x] may be left out"
)]

mod args;
mod ask;
mod blocking;
mod cli;
mod completions;
mod config;
mod connection;
mod context;
mod failure;
mod findings;
mod format;
mod interrupt;
mod output;
mod pack;
mod progress;
mod registry;
mod table;
mod version;

use std::{process::ExitCode, time::Duration};

use clap::Parser;

use self::{cli::Cli, context::Context, failure::Failure};

/// How long threads that still run are waited for at the end.
const FAREWELL: Duration = Duration::from_millis(300);

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return cli::refuse(&error),
    };
    let context = Context::new(&cli.global);
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return context.output.fail(&Failure::file_system("cannot start", &error)),
    };
    let result = runtime.block_on(interrupt::unless_interrupted(&context, cli.command.run(&context)));
    // A thread that was making something when its task was dropped takes it away; one that hangs is not waited for.
    runtime.shutdown_timeout(FAREWELL);
    match result {
        Ok(code) => code,
        Err(failure) => context.output.fail(&failure),
    }
}
