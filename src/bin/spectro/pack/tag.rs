//! `spectro pack tag add SRC:TAG LABEL` and `spectro pack tag delete PACK:TAG`.

use std::process::ExitCode;

use serde_json::json;
use spectro_pack::{
    digest::Digest,
    registry::Intent,
    store::{InvalidName, Selector, Tag, TagConflict, TagRule},
};

use super::{
    delete::removal::{RemovalArgs, remove},
    form::{FormArgs, repository},
    next,
    stored::{Stored, failure, in_store},
};
use crate::{
    args::ServerArgs,
    context::Context,
    failure::{Exit, Failure},
    format,
};

/// What `tag` can do.
#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Give a version a further tag
    Add(AddArgs),
    /// Take a tag away; the version stays where another tag names it
    Delete(DeleteArgs),
}

/// What `tag add` takes.
#[derive(clap::Args)]
#[command(after_help = "Examples:
  spectro pack tag add nginx:1.0.0 stable -r ghcr.io/acme           nginx:stable
  spectro pack tag add nginx:1.0.0 stable -g team -r ghcr.io/acme   nginx:team__stable")]
pub(crate) struct AddArgs {
    /// The version: NAME:TAG or NAME@DIGEST with -r SERVER, or SERVER/NAME:TAG
    #[arg(value_name = "NAME:TAG")]
    pack: String,
    /// The further tag
    #[arg(value_name = "LABEL")]
    label: String,
    /// The group of the label: the tag is `GROUP__LABEL`
    #[arg(short, long, value_name = "GROUP")]
    group: Option<String>,
    /// Move the tag where it names another version
    #[arg(short, long)]
    force: bool,
    /// Say what would be done; send nothing that writes
    #[arg(long)]
    dry_run: bool,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    server: ServerArgs,
}

/// What `tag delete` takes.
#[derive(clap::Args)]
#[command(after_help = "Example:\n  spectro pack tag delete nginx:team__stable --yes -r ghcr.io/acme")]
pub(crate) struct DeleteArgs {
    /// The tags: NAME:TAG with -r SERVER, or SERVER/NAME:TAG
    #[arg(required = true, value_name = "NAME:TAG")]
    packs: Vec<String>,
    #[command(flatten)]
    removal: RemovalArgs,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    server: ServerArgs,
}

impl Command {
    pub(crate) async fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        match self {
            Self::Add(args) => add(args, context).await,
            Self::Delete(args) => {
                if let Some(word) = args.packs.iter().find(|word| word.contains('@')) {
                    let (location, mut reference) = in_store(word, &args.server, context)?;
                    let form = args.form.of_word(word, &args.server, context)?;
                    reference.name = repository(&location, &reference.name, form)?;
                    let whole = next::word(location.place(reference));
                    return Err(Failure::new(Exit::Usage, format!("`{word}` names a digest, not a tag"))
                        .hint(format!("spectro pack delete {whole} deletes a version")));
                }
                remove(&args.packs, &args.removal, args.form, &args.server, context).await
            }
        }
    }
}

async fn add(args: AddArgs, context: &Context) -> Result<ExitCode, Failure> {
    let text = match &args.group {
        Some(group) => format!("{group}__{}", args.label),
        None => args.label.clone(),
    };
    let tag: Tag = text.parse().map_err(|error: InvalidName| Failure::new(Exit::Usage, error.to_string()))?;
    let (location, reference) = in_store(&args.pack, &args.server, context)?;
    let form = args.form.of_word(&args.pack, &args.server, context)?;
    let intent = if args.dry_run { Intent::Pull } else { Intent::Push };
    let stored = Stored::find_to(intent, &args.server, &location, reference, form, context).await?;
    let reference = &stored.reference;
    if let Some(versions) = stored.newest_of {
        context.output.say(&format!("newest of {}: {reference}", format::count(versions, "version")));
    }
    let failed = |error: &_| failure("cannot tag", reference, &location, error);
    let manifest = stored.repository.manifest(&stored.selector).await.map_err(|error| failed(&error))?;
    let there = stored.repository.resolve(&Selector::Tag(tag.clone())).await.map_err(|error| failed(&error))?;
    let there = there.map(|there| there.digest);
    let digest = manifest.digest().clone();
    let whole = location.place(format!("{}:{tag}", reference.name));
    let moves = there.as_ref().is_some_and(|there| *there != digest);
    if let (Some(there), true, false) = (&there, moves, args.force) {
        let message = format!("`{}:{tag}` names another version in `{location}`", reference.name);
        return Err(Failure::new(Exit::Conflict, message)
            .cause(format!("there: {there}   here: {digest}"))
            .hint("move it with --force"));
    }
    let rule = there.clone().map_or(TagRule::Absent, TagRule::Is);
    let is_there = there.is_some() && !moves;
    if !args.dry_run && !is_there {
        let written = stored.repository.push_manifest(&manifest, Some((&tag, &rule))).await;
        written.map_err(|error| match error.find::<TagConflict>() {
            Some(conflict) => {
                crate::failure::tag_conflict(&format!("{}:{tag}", reference.name), &location.to_string(), conflict)
            }
            None => failed(&error),
        })?;
    }
    let replaced = there.filter(|_| moves);
    let (word, said) = match (&replaced, is_there) {
        (Some(before), _) => ("moved", format!("moved from {before}")),
        (None, true) => ("unchanged", "unchanged".to_owned()),
        (None, false) => ("added", "added".to_owned()),
    };
    let said = if args.dry_run && !is_there { format!("dry run: would be {said}") } else { said };
    context.output.result(&format!("{whole}\n{digest}  {said}"), || {
        json!({ "reference": whole, "tag": tag.as_str(), "digest": digest.as_str(), "result": word,
                "replaced": replaced.as_ref().map(Digest::as_str), "dryRun": args.dry_run })
    });
    Ok(ExitCode::SUCCESS)
}
