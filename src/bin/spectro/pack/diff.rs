//! `spectro pack diff A B`: how two packs differ, be they folders or in stores.

mod json;
mod show;
mod side;

use std::{path::Path, process::ExitCode};

use spectro_pack::{
    artifact::{Form, Limits},
    compare::{CompareOptions, Comparison, Which, compare},
    location::{Place, ServerLocation},
};

use self::side::{Opened, Opener};
use super::{form::FormArgs, read::Workers, stored::place};
use crate::{
    args::ServerArgs,
    connection::temporary_folder,
    context::{Context, variable},
    failure::{Exit, Failure},
};

/// What `diff` takes.
#[derive(clap::Args)]
#[command(after_help = "Exit code: 0 where both have the same files, 1 where they differ.\n\nExamples:\n  \
    spectro pack diff nginx:1.2.0 nginx:1.3.0 -r ghcr.io/acme/packs   two versions\n  \
    spectro pack diff nginx:1.2.0 ./nginx -r ghcr.io/acme/packs       what a push would change\n  \
    spectro pack diff ./nginx-old ./nginx --text                      two folders, line by line")]
pub(crate) struct Args {
    /// The old pack: its folder, NAME[:TAG][@DIGEST] with -r SERVER, or SERVER/NAME[:TAG][@DIGEST]. With -r, a folder begins
    /// with `./`, `../` or `/`
    #[arg(value_name = "A")]
    first: String,
    /// The new pack, named in the same manner
    #[arg(value_name = "B")]
    second: String,
    /// Show a text diff of each file instead of the values that differ
    #[arg(long)]
    text: bool,
    /// Show all values that differ, and the whole of long ones
    #[arg(long)]
    all: bool,
    /// Look for images in charts and manifests that are the same on both sides as well, which must be fetched for it
    #[arg(long)]
    images: bool,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    server: ServerArgs,
}

pub(crate) async fn run(args: Args, context: &Context) -> Result<ExitCode, Failure> {
    let words = [&args.first, &args.second];
    let places = [of_word(words[0], &args.server, context)?, of_word(words[1], &args.server, context)?];
    check_credentials(&places, &args.server)?;
    // What is only read may lie where nothing can be written.
    let scratch = temporary_folder();
    let mut opener =
        Opener { server: &args.server, context, workers: Workers::new(), scratch: scratch.clone(), stores: Vec::new() };
    let [first, second] = places;
    let form = |word| args.form.of_word(word, &args.server, context);
    let first = opener.begin(first, form(words[0])?).await.map_err(|failure| for_a_folder(failure, words[0]))?;
    let second = opener.begin(second, form(words[1])?).await.map_err(|failure| for_a_folder(failure, words[1]))?;
    // A folder is encoded as the other side is, so that equal layers are known by their digests.
    let forms = (first.form().or(second.form()), second.form().or(first.form()));
    let first = opener.finish(first, forms.0.unwrap_or(Form::Layered)).await?;
    let second = opener.finish(second, forms.1.unwrap_or(Form::Layered)).await?;
    let options = CompareOptions { text: args.text, all_images: args.images, scratch, limits: Limits::default() };
    let compared = compare(first.side(), second.side(), &options).await;
    let comparison = compared.map_err(|error| match error.which {
        Which::First => first.failure(&error.source),
        Which::Second => second.failure(&error.source),
    })?;
    print(&first, &second, &comparison, &args, context);
    Ok(if comparison.is_same() { ExitCode::SUCCESS } else { Exit::Findings.into() })
}

fn print(first: &Opened, second: &Opened, comparison: &Comparison, args: &Args, context: &Context) {
    if context.output.is_quiet() {
        return;
    }
    let shown = show::Shown { first, second, comparison, text: args.text, all: args.all };
    context.output.result(&shown.to_text(), || json::of(first, second, comparison));
}

/// Returns what a word means: with -r SERVER a name, but for what can't be one.
fn of_word(word: &str, server: &ServerArgs, context: &Context) -> Result<Place, Failure> {
    let is_folder = matches!(word, "." | "..") || ["./", "../", "/"].iter().any(|start| word.starts_with(start));
    if is_folder { Ok(Place::Directory(word.into())) } else { place(word, server, context) }
}

/// Adds how a folder is named, where a word that is one was taken for a pack's name.
fn for_a_folder(failure: Failure, word: &str) -> Failure {
    let looks_like_a_name = !word.starts_with(['.', '/']);
    if failure.exit == Exit::NotFound && looks_like_a_name && Path::new(word).join("pack.json").is_file() {
        return failure.hint(format!("with -r, `{word}` is a name; the folder is ./{word}"));
    }
    failure
}

/// Refuses to send the credentials of one registry to another.
fn check_credentials(places: &[Place; 2], server: &ServerArgs) -> Result<(), Failure> {
    let registry = |place: &Place| match place {
        Place::Stored { server: ServerLocation::Registry(name), .. } => Some(name.clone()),
        _ => None,
    };
    let (Some(first), Some(second)) = (registry(&places[0]), registry(&places[1])) else { return Ok(()) };
    let are_given = server.login.username.is_some() || variable("SPECTRO_TOKEN").is_some();
    if are_given && first.host() != second.host() {
        let message = format!("a user and a password are for one registry, not for `{first}` and `{second}`");
        return Err(Failure::new(Exit::Usage, message).hint(format!(
            "log in to both, and leave the user out (also SPECTRO_USERNAME): spectro registry login {second}"
        )));
    }
    if server.login.password_stdin && first != second {
        return Err(Failure::new(Exit::Usage, "--password-stdin can be read for one server only")
            .hint("give the password as SPECTRO_PASSWORD"));
    }
    Ok(())
}
