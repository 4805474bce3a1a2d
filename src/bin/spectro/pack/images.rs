//! `spectro pack images DIR…`: what a pack's list of images has, and what it lacks.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use serde_json::{Value, json};
use spectro_pack::pack::{FoundImage, Images, Reading};

use super::read::Workers;
use crate::{
    context::Context,
    failure::{Exit, Failure},
    findings::line::escape,
};

/// What `images` takes.
#[derive(clap::Args)]
#[command(after_help = "Exit code: 0 where the list has every image, 1 where it lacks one.

Examples:
  spectro pack images nginx
  spectro pack images packs/* -o json")]
pub(crate) struct Args {
    /// The folders of the packs
    #[arg(required = true, value_name = "DIR")]
    directories: Vec<PathBuf>,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let workers = Workers::new();
    let readings = args.directories.iter().map(|directory| workers.read(directory.clone(), Arc::default()));
    let readings = futures::future::join_all(readings).await;
    let (mut texts, mut packs, mut failures) = (Vec::new(), Vec::new(), Vec::new());
    let mut lacking = false;
    for (directory, reading) in args.directories.iter().zip(readings) {
        match reading {
            Ok(reading) => {
                lacking |= reading.images.missing().next().is_some();
                texts.push(to_text(directory, &reading.images));
                packs.push(to_json(directory, &reading));
            }
            Err(failure) => {
                packs.push(json!({ "directory": directory, "error": failure.to_json() }));
                failures.push(failure);
            }
        }
    }
    context.output.result(&texts.join("\n\n"), || json!({ "packs": packs }));
    if !context.output.is_json() {
        for failure in &failures {
            crate::output::complain(&failure.to_text());
        }
    }
    let codes = failures.iter().map(|failure| failure.exit).chain(lacking.then_some(Exit::Findings));
    Ok(Exit::worst(codes).map_or(ExitCode::SUCCESS, ExitCode::from))
}

fn to_text(directory: &Path, images: &Images) -> String {
    let name = directory.display();
    let missing: Vec<_> = images.missing().collect();
    let (declared, found) = (images.declared.len(), images.found.len());
    let mut text = match (declared, found, missing.len()) {
        (0, 0, _) => return format!("{name}: no images"),
        (_, _, 0) => format!("{name}: {declared} declared, {found} found, none missing"),
        (_, _, count) => format!("{name}: {declared} declared, {found} found, {count} missing"),
    };
    let known = images.found.iter().filter(|image| image.declared);
    for (word, image) in known.map(|image| ("found", image)).chain(missing.into_iter().map(|image| ("missing", image)))
    {
        write!(text, "\n  {word:<8}  {}  ({})", escape(&image.name), place(image)).expect("a String takes all");
    }
    for image in &images.declared {
        write!(text, "\n  declared  {}  (values.yaml:{})", escape(&image.name), image.line)
            .expect("a String takes all");
    }
    text
}

/// Returns where an image is used.
fn place(image: &FoundImage) -> String {
    let file = escape(&image.file);
    match &image.within {
        Some(within) => format!("{file}: {}:{}", escape(within), image.line),
        None => format!("{file}:{}", image.line),
    }
}

fn to_json(directory: &Path, reading: &Reading) -> Value {
    let found = |image: &FoundImage| {
        json!({ "image": image.name, "file": image.file, "within": image.within, "line": image.line,
                "declared": image.declared })
    };
    let images = &reading.images;
    let declared: Vec<_> =
        images.declared.iter().map(|image| json!({ "image": image.name, "line": image.line })).collect();
    json!({
        "directory": directory, "name": reading.name, "version": reading.version, "declared": declared,
        "found": images.found.iter().map(found).collect::<Vec<_>>(),
        "missing": images.missing().map(found).collect::<Vec<_>>(),
    })
}
