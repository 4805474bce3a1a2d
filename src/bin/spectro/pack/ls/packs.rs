//! The packs of a server, each with its newest version.

use std::process::ExitCode;

use futures::{StreamExt, TryStreamExt};
use serde_json::{Map, Value, json};
use spectro_pack::{
    artifact::Form,
    location::{ServerLocation, is_archive_name},
    registry::{Intent, Refusal},
    store::{Error, ErrorKind, RepositoryName, Tag, all_tags, by_version, newest_of},
};

use super::{
    Listing, Sort,
    facts::{Facts, Unknown},
};
use crate::{
    failure::{Exit, Failure},
    format,
    pack::next,
    table::{Column, draw, terminal_width},
};

/// A repository.
struct Row {
    name: RepositoryName,
    /// The version that is shown, and how many there are; nothing where there is no tag.
    newest: Option<(Tag, usize)>,
    facts: Result<Facts, Unknown>,
}

/// Lists the packs; those of one form only, where it is named.
pub(super) async fn list(listing: &Listing<'_>, form: Option<Form>) -> Result<ExitCode, Failure> {
    let mut names = listing.store.repositories().await.map_err(|error| no_list(listing, &error))?;
    if let Some(form) = form {
        names.retain(|name| is_archive_name(name) == (form == Form::Archive));
    }
    let found = names.len();
    if listing.sort.is_none_or(|sort| sort == Sort::Name) {
        names.truncate(listing.limit);
    }
    let rows = futures::stream::iter(names).map(|name| look_at(listing, name)).buffered(listing.jobs);
    let mut rows: Vec<Row> = rows.try_collect().await?;
    match listing.sort {
        Some(Sort::Size) => rows.sort_by_key(|row| std::cmp::Reverse(row.facts.as_ref().map_or(0, |facts| facts.size))),
        Some(Sort::Version) => sort_by_version(&mut rows),
        Some(Sort::Name) | None => {}
    }
    rows.truncate(listing.limit);
    let looked_at = rows.len();
    let (packs, others): (Vec<Row>, Vec<Row>) =
        rows.into_iter().partition(|row| !matches!(row.facts, Err(Unknown::Other(_))));
    listing.context.output.result(&to_text(&packs), || {
        json!({ "server": listing.location.to_string(), "repositories": found,
                "packs": packs.iter().map(|row| to_json(listing, row)).collect::<Vec<_>>(),
                "others": others.iter().map(|row| json!({ "name": row.name.as_str(), "is": what(row) })).collect::<Vec<_>>() })
    });
    tell_rest(listing, &packs, &others, found - looked_at);
    let exits = packs.iter().filter_map(|row| row.facts.as_ref().err().and_then(Unknown::exit));
    Ok(Exit::worst(exits).map_or(ExitCode::SUCCESS, ExitCode::from))
}

async fn look_at(listing: &Listing<'_>, name: RepositoryName) -> Result<Row, Failure> {
    let repository = listing.store.repository(&name, Intent::Pull)?;
    let shown = listing.location.place(&name);
    let tags = match all_tags(&*repository).await {
        Ok(tags) => tags,
        // distribution lists repositories whose tags are all gone.
        Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
        Err(error) => {
            let failure = Failure::of_store(format!("cannot list the tags of `{shown}`"), &error);
            return Ok(Row { name, newest: None, facts: Err(Unknown::Failed(failure)) });
        }
    };
    let newest = match newest_of(&tags) {
        Some(newest) => Some((newest.tag, newest.versions)),
        None => by_version(tags).1.into_iter().next().map(|tag| (tag, 0)),
    };
    let facts = match &newest {
        Some((tag, _)) => Facts::of(&*repository, tag, &format!("{shown}:{tag}")).await,
        None => Err(Unknown::Other("empty".into())),
    };
    Ok(Row { name, newest, facts })
}

fn sort_by_version(rows: &mut [Row]) {
    let tags = rows.iter().filter_map(|row| row.newest.as_ref().map(|(tag, _)| tag.clone())).collect();
    let (versions, _) = by_version(tags);
    let place = |row: &Row| {
        let tag = row.newest.as_ref().map(|(tag, _)| tag);
        versions.iter().position(|version| Some(version) == tag).unwrap_or(usize::MAX)
    };
    rows.sort_by_cached_key(place);
}

fn no_list(listing: &Listing<'_>, error: &Error) -> Failure {
    let server = &listing.location;
    let failure = Failure::of_store(format!("cannot list the packs of `{server}`"), error);
    match error.kind() {
        ErrorKind::NotFound if matches!(server, ServerLocation::Layout(_)) => {
            failure.hint(format!("spectro pack push DIR -r {} makes it", next::word(server)))
        }
        ErrorKind::NotFound | ErrorKind::Denied => {
            let name = format!("name a pack: spectro pack ls NAME -r {}", next::word(server));
            let is_unknown = error.find::<Refusal>().is_some_and(|refusal| refusal.credentials.is_none());
            match server.host().filter(|_| is_unknown) {
                Some(host) => failure.hint(format!("{name}, or log in: spectro registry login {host}")),
                None => failure.hint(name),
            }
        }
        _ => failure,
    }
}

fn to_text(packs: &[Row]) -> String {
    if packs.is_empty() {
        return String::new();
    }
    let width = terminal_width();
    let columns = [
        Column::left("NAME").shrinking(),
        Column::left("VERSION"),
        Column::right("VERSIONS"),
        Column::left("LAYER"),
        Column::left("CLOUDS").shrinking(),
        Column::right("SIZE"),
        Column::left("DIGEST").optional(),
    ];
    let rows: Vec<_> = packs
        .iter()
        .map(|row| {
            let (version, versions) = row
                .newest
                .as_ref()
                .map_or(("-".to_owned(), "-".to_owned()), |(tag, versions)| (tag.to_string(), versions.to_string()));
            let cells = row.facts.as_ref().map_or_else(Unknown::cells, |facts| facts.cells(width.is_some()));
            [row.name.to_string(), version, versions].into_iter().chain(cells).collect()
        })
        .collect();
    draw(&columns, &rows, width)
}

fn what(row: &Row) -> &str {
    match &row.facts {
        Err(Unknown::Other(what)) => what,
        _ => "a pack",
    }
}

fn to_json(listing: &Listing<'_>, row: &Row) -> Value {
    let reference = row.newest.as_ref().map(|(tag, _)| listing.location.place(format!("{}:{tag}", row.name)));
    let mut object = Map::from_iter([
        ("name".to_owned(), Value::from(row.name.as_str())),
        ("tag".to_owned(), row.newest.as_ref().map(|(tag, _)| tag.as_str()).into()),
        ("versions".to_owned(), row.newest.as_ref().map(|(_, versions)| *versions).into()),
        ("reference".to_owned(), reference.into()),
        ("error".to_owned(), Value::Null),
    ]);
    match &row.facts {
        Ok(facts) => {
            let Value::Object(members) = facts.to_json() else { return object.into() };
            object.extend(members);
        }
        Err(Unknown::Failed(failure)) => {
            object.insert("error".into(), failure.to_json());
        }
        Err(Unknown::Other(_)) => {}
    }
    object.into()
}

/// Says on standard error how many there are, what is no pack, and what failed.
fn tell_rest(listing: &Listing<'_>, packs: &[Row], others: &[Row], not_looked_at: usize) {
    let output = &listing.context.output;
    for row in packs {
        if let (Err(Unknown::Failed(failure)), false) = (&row.facts, output.is_json()) {
            crate::output::complain(&failure.to_text());
        }
    }
    let mut line = format!("{} in {}", format::count(packs.len(), "pack"), listing.location);
    if not_looked_at > 0 {
        line = format!("{line}; {} more (--limit)", format::count(not_looked_at, "repository"));
    }
    output.say(&line);
    if !others.is_empty() {
        const SHOWN: usize = 5;
        let shown: Vec<_> = others.iter().take(SHOWN).map(|row| format!("{} ({})", row.name, what(row))).collect();
        let more = others.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        output.say(&format!("no packs: {}{more}", shown.join(", ")));
    }
}
