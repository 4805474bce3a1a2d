//! The summary of a push of several packs, or to several servers: a row for each, and a line that counts.

use std::{fmt::Write as _, time::Duration};

use spectro_pack::digest::Digest;

use super::{
    one::{Job, Pushed},
    report::{bytes_sent, said, word},
};
use crate::{
    format,
    table::{Column, draw, terminal_width},
};

/// Returns the table and the line below it.
pub(super) fn of(all: &[Pushed], job: &Job, took: Duration) -> String {
    if all.is_empty() {
        return "nothing to push".to_owned();
    }
    let line = counts(all, job.dry_run, took);
    let width = terminal_width();
    let has_servers = job.destinations.len() > 1;
    let sent = if job.dry_run { "TO SEND" } else { "SENT" };
    let mut columns =
        vec![Column::left("PACK").shrinking(), Column::left("VERSION").shrinking(), Column::left("RESULT")];
    columns.push(Column::right(sent));
    if has_servers {
        columns.push(Column::left("SERVER").shrinking());
    }
    columns.push(Column::left("DIGEST").optional());
    // What went wrong stands next to the line that counts it.
    let (wrong, well): (Vec<_>, Vec<_>) = all.iter().partition(|pushed| pushed.exit().is_some());
    let rows: Vec<Vec<String>> = well
        .into_iter()
        .chain(wrong)
        .map(|pushed| {
            let name = pushed.name.clone().unwrap_or_else(|| pushed.directory.display().to_string());
            let version = pushed.version.clone().unwrap_or_else(|| "-".to_owned());
            let result = said(&pushed.outcome);
            let mut row = vec![name, version, result.to_owned(), format::size(bytes_sent(pushed))];
            if has_servers {
                row.push(pushed.server.as_ref().map_or_else(|| "-".to_owned(), ToString::to_string));
            }
            let digest = pushed.digest().map_or("-", Digest::as_str);
            row.push(if width.is_some() { format::short(digest) } else { digest }.to_owned());
            row
        })
        .collect();
    format!("{}\n{line}", draw(&columns, &rows, width))
}

fn counts(all: &[Pushed], dry_run: bool, took: Duration) -> String {
    let mut line = String::new();
    for name in ["pushed", "overwrote", "unchanged", "conflict", "refused", "failed"] {
        let number = all.iter().filter(|pushed| word(&pushed.outcome) == name).count();
        if number > 0 {
            let name = match name {
                "pushed" if dry_run => "to push",
                "overwrote" if dry_run => "to overwrite",
                name => name,
            };
            write!(line, "{number} {name}, ").expect("writing to a String can't fail");
        }
    }
    let sent: u64 = all.iter().map(bytes_sent).sum();
    let verb = if dry_run { "to send" } else { "sent" };
    write!(line, "{} {verb} in {:.1} s", format::size(sent), took.as_secs_f64()).expect("as above");
    line
}
