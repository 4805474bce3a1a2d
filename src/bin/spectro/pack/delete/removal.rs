//! The removal of tags and versions: what would go is found out and named before anything goes.
//!
//! By OCI's distribution specification a DELETE of a tag takes that tag only. distribution and Harbor refuse it and delete manifests
//! only, with every tag that names them, so there the other tags are looked for first.

use std::{fmt::Write as _, process::ExitCode};

use futures::{StreamExt, TryStreamExt};
use serde_json::{Value, json};
use spectro_pack::{
    digest::Digest,
    location::{ServerLocation, Store},
    registry::{Intent, PackReference, Refusal},
    store::{Selector, Tag, Target, all_tags},
};

use crate::{
    args::ServerArgs,
    ask::confirm,
    context::Context,
    failure::{Exit, Failure},
    pack::{
        form::{FormArgs, repository},
        next,
        stored::{failure, in_store},
    },
};

/// What commands take that delete.
#[derive(clap::Args)]
pub(crate) struct RemovalArgs {
    /// Delete the version with all tags that name it
    #[arg(long)]
    all_tags: bool,
    /// Do not ask
    #[arg(short, long)]
    yes: bool,
    /// Say what would be deleted; delete nothing
    #[arg(long)]
    dry_run: bool,
}

/// Something that is to be deleted, and is there.
struct Removal {
    repository: Box<dyn Target>,
    location: ServerLocation,
    reference: PackReference,
    selector: Selector,
    digest: Digest,
    /// The other tags of the same manifest, where the whole manifest goes or may have to.
    others: Vec<Tag>,
}

/// What became of one.
struct Removed {
    shown: String,
    digest: Option<Digest>,
    /// The other tags that went with it.
    others: Vec<Tag>,
    /// The other tags that might have to go with it.
    may_go: Vec<Tag>,
    failure: Option<Failure>,
}

/// Deletes what the words name, after asking once for all of them. What fails stops no other.
pub(in crate::pack) async fn remove(
    words: &[String],
    args: &RemovalArgs,
    form: FormArgs,
    server: &ServerArgs,
    context: &Context,
) -> Result<ExitCode, Failure> {
    let mut removed = Vec::new();
    let mut removals = Vec::new();
    for word in words {
        match find(word, args, form, server, context).await {
            Ok(removal) => removals.push(removal),
            Err(failure) => removed.push(Removed {
                shown: word.clone(),
                digest: None,
                others: Vec::new(),
                may_go: Vec::new(),
                failure: Some(failure),
            }),
        }
    }
    if !args.dry_run && !removals.is_empty() {
        let mut question = String::from("delete");
        for removal in &removals {
            write!(question, " {}", removal.title(args)).expect("a String takes all");
        }
        confirm(&format!("{question}?"), args.yes).await?;
    }
    for removal in removals {
        let jobs = server.connection.jobs;
        let failure = if args.dry_run { None } else { carry_out(&removal, args, jobs).await.err() };
        let (shown, goes_whole) = (removal.shown(), removal.goes_whole(args));
        let (others, may_go) = if goes_whole { (removal.others, Vec::new()) } else { (Vec::new(), removal.others) };
        removed.push(Removed { shown, digest: Some(removal.digest), others, may_go, failure });
    }
    Ok(report(&removed, args.dry_run, context))
}

impl Removal {
    fn shown(&self) -> String {
        self.location.place(&self.reference)
    }

    /// Returns whether the manifest goes, with whatever names it.
    fn goes_whole(&self, args: &RemovalArgs) -> bool {
        args.all_tags || matches!(self.selector, Selector::Digest(_))
    }

    /// Returns what goes, for a question.
    fn title(&self, args: &RemovalArgs) -> String {
        if self.goes_whole(args) && !self.others.is_empty() {
            format!("`{}` with its tags {}", self.shown(), list(&self.others))
        } else {
            format!("`{}`", self.shown())
        }
    }
}

fn list(tags: &[Tag]) -> String {
    tags.iter().map(|tag| format!("`{tag}`")).collect::<Vec<_>>().join(", ")
}

async fn find(
    word: &str,
    args: &RemovalArgs,
    form: FormArgs,
    server: &ServerArgs,
    context: &Context,
) -> Result<Removal, Failure> {
    let (location, mut reference) = in_store(word, server, context)?;
    let Some(selector) = reference.selector() else {
        return Err(Failure::new(Exit::Usage, format!("`{word}` names no version to delete"))
            .hint(format!("name a tag or a digest; {} shows them", next::list_versions(&reference.name, &location))));
    };
    reference.name = repository(&location, &reference.name, form.of_word(word, server, context)?)?;
    let store = server.open(context, &location)?;
    let target = store.repository(&reference.name, Intent::Delete)?;
    let failed = |error: &_| failure("cannot delete", &reference, &location, error);
    let Some(there) = target.resolve(&selector).await.map_err(|error| failed(&error))? else {
        let message = format!("`{reference}` is not in `{location}`");
        return Err(Failure::new(Exit::NotFound, message)
            .hint(format!("{} shows what is there", next::list_versions(&reference.name, &location))));
    };
    let mut removal =
        Removal { repository: target, location, reference, selector, digest: there.digest, others: Vec::new() };
    let is_local = matches!(store, Store::Layout(_));
    if args.all_tags || matches!(removal.selector, Selector::Digest(_)) || (args.dry_run && !is_local) {
        removal.others = others(&removal, server.connection.jobs).await?;
    }
    if matches!(removal.selector, Selector::Digest(_)) && !args.all_tags && !removal.others.is_empty() {
        return Err(with_others(&removal.shown(), &removal.others, "is deleted with all its tags"));
    }
    Ok(removal)
}

/// Returns the other tags that name the same manifest.
async fn others(removal: &Removal, jobs: usize) -> Result<Vec<Tag>, Failure> {
    let failed = |error: &_| failure("cannot look for other tags of", &removal.reference, &removal.location, error);
    let own = match &removal.selector {
        Selector::Tag(tag) => Some(tag),
        Selector::Digest(_) => None,
    };
    let mut tags = all_tags(&*removal.repository).await.map_err(|error| failed(&error))?;
    tags.retain(|tag| Some(tag) != own);
    let looks = tags.into_iter().map(|tag| async move {
        let there = removal.repository.resolve(&Selector::Tag(tag.clone())).await?;
        Ok(there.filter(|there| there.digest == removal.digest).map(|_| tag))
    });
    let found: Vec<Option<Tag>> =
        futures::stream::iter(looks).buffered(jobs).try_collect().await.map_err(|error| failed(&error))?;
    Ok(found.into_iter().flatten().collect())
}

/// Returns the refusal to let other tags go that nobody spoke of.
fn with_others(shown: &str, others: &[Tag], why: &str) -> Failure {
    let message = format!("`{shown}` {why}, and {} would go too", list(others));
    Failure::new(Exit::Denied, message).state("nothing was deleted").hint("add --all-tags to delete them all")
}

async fn carry_out(removal: &Removal, args: &RemovalArgs, jobs: usize) -> Result<(), Failure> {
    let failed = |error: &_| failure("cannot delete", &removal.reference, &removal.location, error);
    let whole = Selector::Digest(removal.digest.clone());
    if args.all_tags {
        return removal.repository.delete(&whole).await.map_err(|error| failed(&error));
    }
    let error = match removal.repository.delete(&removal.selector).await {
        Ok(()) => return Ok(()),
        Err(error) => error,
    };
    let deletes_no_tag = error.find::<Refusal>().is_some_and(|refusal| matches!(refusal.status, 400 | 405));
    if !deletes_no_tag || matches!(removal.selector, Selector::Digest(_)) {
        return Err(failed(&error));
    }
    let others = others(removal, jobs).await?;
    if !others.is_empty() {
        let why = format!("can't be deleted alone: `{}` deletes no tags, only whole versions", removal.location);
        return Err(with_others(&removal.shown(), &others, &why));
    }
    removal.repository.delete(&whole).await.map_err(|error| failed(&error))
}

fn report(removed: &[Removed], dry_run: bool, context: &Context) -> ExitCode {
    let mut text = Vec::new();
    for one in removed {
        match &one.failure {
            Some(failure) if !context.output.is_json() => crate::output::complain(&failure.to_text()),
            Some(_) => {}
            None => {
                let digest = one.digest.as_ref().map(Digest::as_str).unwrap_or_default();
                let verb = if dry_run { "dry run: would be deleted" } else { "deleted" };
                let others =
                    if one.others.is_empty() { String::new() } else { format!(", with {}", list(&one.others)) };
                text.push(format!("{}\n{digest}  {verb}{others}", one.shown));
                if dry_run && !one.may_go.is_empty() {
                    text.push(format!(
                        "note: a registry that deletes only whole versions would take {} too, and needs --all-tags",
                        list(&one.may_go)
                    ));
                }
            }
        }
    }
    context.output.result(&text.join("\n"), || {
        let all: Vec<_> = removed.iter().map(|one| to_json(one, dry_run)).collect();
        json!({ "deleted": all })
    });
    let exits = removed.iter().filter_map(|one| one.failure.as_ref().map(|failure| failure.exit));
    Exit::worst(exits).map_or(ExitCode::SUCCESS, ExitCode::from)
}

fn to_json(one: &Removed, dry_run: bool) -> Value {
    let result = match (&one.failure, dry_run) {
        (Some(_), _) => "failed",
        (None, true) => "planned",
        (None, false) => "deleted",
    };
    let texts = |tags: &[Tag]| tags.iter().map(ToString::to_string).collect::<Vec<_>>();
    json!({ "reference": one.shown, "digest": one.digest.as_ref().map(Digest::as_str), "result": result,
            "otherTags": texts(&one.others), "mayTake": texts(&one.may_go), "error": one.failure.as_ref().map(Failure::to_json) })
}
