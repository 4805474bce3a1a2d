//! What a pull tells: of one pack two lines, of several a table.

use serde_json::{Value, json};

use super::one::Pulled;
use crate::{
    context::Context,
    failure::Failure,
    format,
    table::{Column, draw, terminal_width},
};

/// Prints the result of one pack.
pub(super) fn one(context: &Context, pulled: &Pulled) {
    let (files, bytes) = (format::count(count(pulled), "file"), format::size(pulled.unpacked.bytes));
    let digest = pulled.artifact.manifest().digest();
    let text = format!("{}\n{digest}  {}, {files}, {bytes}", pulled.target.display(), verb(pulled));
    context.output.result(&text, || json!({ "packs": [to_json(pulled)] }));
}

/// Tells on standard error what failed, as soon as it has, or which pack came where no bars say so.
pub(super) fn tell(context: &Context, pulled: &Result<Pulled, Failure>) {
    match pulled {
        Err(failure) if !context.output.is_json() => context.progress.line(&failure.to_text()),
        Ok(pulled) if !context.progress.draws_bars() && !context.output.is_quiet() => {
            context.progress.line(&format!("  {:<9} {}", verb(pulled), pulled.target.display()));
        }
        _ => {}
    }
}

/// Prints the result of several packs.
pub(super) fn many(context: &Context, all: &[(String, Result<Pulled, Failure>)]) {
    let width = terminal_width();
    let columns = [
        Column::left("FOLDER").shrinking(),
        Column::left("RESULT"),
        Column::right("FILES"),
        Column::right("SIZE"),
        Column::left("DIGEST").optional(),
    ];
    let row = |(shown, pulled): &(String, Result<Pulled, Failure>)| match pulled {
        Err(_) => vec![shown.clone(), "failed".into(), "-".into(), "-".into(), "-".into()],
        Ok(pulled) => {
            let digest = pulled.artifact.manifest().digest().as_str();
            let shown = if width.is_some() { format::short(digest) } else { digest };
            let folder = pulled.target.display().to_string();
            let size = format::size(pulled.unpacked.bytes);
            vec![folder, verb(pulled).to_owned(), count(pulled).to_string(), size, shown.to_owned()]
        }
    };
    // What went wrong stands next to the line that counts it.
    let (well, wrong): (Vec<_>, Vec<_>) = all.iter().partition(|(_, pulled)| pulled.is_ok());
    let rows: Vec<_> = well.into_iter().chain(wrong).map(row).collect();
    let failed = all.iter().filter(|(_, pulled)| pulled.is_err()).count();
    let mut line = format!("{} pulled", format::count(all.len() - failed, "pack"));
    if failed > 0 {
        line = format!("{line}, {failed} failed");
    }
    let text = if rows.is_empty() { line } else { format!("{}\n{line}", draw(&columns, &rows, width)) };
    context.output.result(&text, || {
        let packs = all.iter().map(|(shown, pulled)| match pulled {
            Ok(pulled) => to_json(pulled),
            Err(failure) => json!({ "directory": null, "name": null, "version": null, "reference": shown,
                                    "digest": null, "result": "failed", "error": failure.to_json() }),
        });
        json!({ "packs": packs.collect::<Vec<_>>() })
    });
}

fn verb(pulled: &Pulled) -> &'static str {
    if pulled.unpacked.replaced { "replaced" } else { "pulled" }
}

fn count(pulled: &Pulled) -> usize {
    usize::try_from(pulled.unpacked.files).unwrap_or(usize::MAX)
}

fn to_json(pulled: &Pulled) -> Value {
    // It was just written, from bytes that were proven.
    let metadata = std::fs::read(pulled.target.join("pack.json")).unwrap_or_default();
    let metadata: Value = serde_json::from_slice(&metadata).unwrap_or_default();
    json!({ "directory": pulled.target, "name": metadata["name"], "version": metadata["version"],
            "reference": pulled.reference, "digest": pulled.artifact.manifest().digest().as_str(),
            "result": verb(pulled), "files": pulled.unpacked.files, "bytes": pulled.unpacked.bytes, "error": null })
}
