//! The versions of a pack, newest first, and after them its other tags.

use std::{collections::BTreeMap, process::ExitCode};

use futures::{StreamExt, TryStreamExt};
use serde_json::{Map, Value, json};
use spectro_pack::{
    registry::Intent,
    store::{ErrorKind, RepositoryName, Tag, Target, all_tags, by_version},
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

/// A tag.
struct Row {
    tag: Tag,
    facts: Result<Facts, Unknown>,
    /// The version with the same content, of a tag that is none itself.
    same_as: Option<Tag>,
}

pub(super) async fn list(listing: &Listing<'_>, name: &RepositoryName) -> Result<ExitCode, Failure> {
    let whole = listing.location.place(name);
    let repository = listing.store.repository(name, Intent::Pull)?;
    let tags = all_tags(&*repository).await.map_err(|error| {
        let failure = Failure::of_store(format!("cannot list the versions of `{whole}`"), &error);
        match error.kind() {
            ErrorKind::NotFound if !failure.has_hint() => {
                failure.hint(format!("{} shows what is there", next::list_packs(&listing.location)))
            }
            _ => failure,
        }
    })?;
    let (versions, others) = by_version(tags);
    let (number_of_versions, number_of_others) = (versions.len(), others.len());
    let mut tags: Vec<_> = versions.into_iter().chain(others).collect();
    if listing.sort == Some(Sort::Name) {
        tags.sort();
    }
    if listing.sort != Some(Sort::Size) {
        tags.truncate(listing.limit);
    }
    let rows = futures::stream::iter(tags).map(|tag| look_at(&*repository, &whole, tag)).buffered(listing.jobs);
    let mut rows: Vec<Row> = rows.map(Ok::<_, Failure>).try_collect().await?;
    if listing.sort == Some(Sort::Size) {
        rows.sort_by_key(|row| std::cmp::Reverse(row.facts.as_ref().map_or(0, |facts| facts.size)));
        rows.truncate(listing.limit);
    }
    name_versions(&mut rows);
    let output = &listing.context.output;
    output.result(&to_text(&rows), || {
        json!({ "server": listing.location.to_string(), "name": name.as_str(), "numberOfVersions": number_of_versions,
                "numberOfOtherTags": number_of_others,
                "versions": rows.iter().map(|row| to_json(&whole, row)).collect::<Vec<_>>() })
    });
    for row in &rows {
        if let (Err(Unknown::Failed(failure)), false) = (&row.facts, output.is_json()) {
            crate::output::complain(&failure.to_text());
        }
    }
    let mut line = format!("{} of {whole}", format::count(number_of_versions, "version"));
    if number_of_others > 0 {
        line = format!("{line}, {}", format::count(number_of_others, "other tag"));
    }
    if rows.len() < number_of_versions + number_of_others {
        line = format!("{line}; {} shown (--limit)", rows.len());
    }
    output.say(&line);
    let exits = rows.iter().filter_map(|row| row.facts.as_ref().err().and_then(Unknown::exit));
    Ok(Exit::worst(exits).map_or(ExitCode::SUCCESS, ExitCode::from))
}

async fn look_at(repository: &dyn Target, whole: &str, tag: Tag) -> Row {
    let facts = Facts::of(repository, &tag, &format!("{whole}:{tag}")).await;
    Row { tag, facts, same_as: None }
}

/// Finds the version that each other tag names, as far as it is shown.
fn name_versions(rows: &mut [Row]) {
    let is_version = |tag: &Tag| !by_version(vec![tag.clone()]).0.is_empty();
    let digest = |row: &Row| row.facts.as_ref().ok().map(|facts| facts.digest.clone());
    let known = rows.iter().filter(|row| is_version(&row.tag));
    let known: BTreeMap<_, _> = known.filter_map(|row| Some((digest(row)?, row.tag.clone()))).collect();
    for row in rows.iter_mut().filter(|row| !is_version(&row.tag)) {
        row.same_as = digest(row).and_then(|digest| known.get(&digest).cloned());
    }
}

fn to_text(rows: &[Row]) -> String {
    if rows.is_empty() {
        return String::new();
    }
    let width = terminal_width();
    let mut columns = vec![
        Column::left("VERSION").shrinking(),
        Column::left("LAYER"),
        Column::left("CLOUDS").shrinking(),
        Column::right("SIZE"),
    ];
    let has_names = rows.iter().any(|row| row.same_as.is_some());
    if has_names {
        columns.push(Column::left("SAME AS"));
    }
    columns.push(Column::left("DIGEST").optional());
    let rows: Vec<Vec<_>> = rows
        .iter()
        .map(|row| {
            let cells = row.facts.as_ref().map_or_else(Unknown::cells, |facts| facts.cells(width.is_some()));
            let mut cells: Vec<_> = std::iter::once(row.tag.to_string()).chain(cells).collect();
            if has_names {
                let name = row.same_as.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string);
                cells.insert(columns.len() - 2, name);
            }
            cells
        })
        .collect();
    draw(&columns, &rows, width)
}

fn to_json(whole: &str, row: &Row) -> Value {
    let mut object = Map::from_iter([
        ("tag".to_owned(), Value::from(row.tag.as_str())),
        ("reference".to_owned(), format!("{whole}:{}", row.tag).into()),
        ("is".to_owned(), Value::Null),
        ("sameAs".to_owned(), row.same_as.as_ref().map(Tag::as_str).into()),
        ("error".to_owned(), Value::Null),
    ]);
    match &row.facts {
        Ok(facts) => {
            let Value::Object(members) = facts.to_json() else { return object.into() };
            object.extend(members);
        }
        Err(Unknown::Other(what)) => {
            object.insert("is".into(), what.as_str().into());
        }
        Err(Unknown::Failed(failure)) => {
            object.insert("error".into(), failure.to_json());
        }
    }
    object.into()
}
