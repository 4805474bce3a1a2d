//! Findings as workflow commands of GitHub Actions, which stand beside the lines of a pull request.
//!
//! Every command is one line, and what a stranger wrote can't begin another: line ends are escaped as the runner's own toolkit
//! does it (`%`, CR and LF in messages; in properties `:` and `,` as well). The last column is the last one that is meant.

use std::path::Path;

use spectro_pack::pack::{Report, Severity};

use super::{
    annotation::{Annotation, Root, annotations},
    line::escape,
};

/// Returns one command a finding, each on its line; the last has no line end.
pub(crate) fn commands(packs: &[(&Path, &Report)]) -> String {
    let root = Root::of_environment();
    annotations(packs, &root).iter().map(command).collect::<Vec<_>>().join("\n")
}

fn command(annotation: &Annotation<'_>) -> String {
    let word = match annotation.finding.code.severity() {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let file = property(annotation.place.as_str());
    let columns =
        annotation.columns.map_or(String::new(), |(first, end)| format!(",col={first},endColumn={}", end - 1));
    let (line, title) = (annotation.line, property(annotation.finding.code.as_str()));
    let message: Vec<_> = annotation.message().split('\n').map(escape).collect();
    format!("::{word} file={file},line={line}{columns},title={title}::{}", data(&message.join("\n")))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_begins_another_command_or_property() {
        assert_eq!(data("100%\r\n::error::x"), "100%25%0D%0A::error::x");
        assert_eq!(property("a:b,c%3A\n"), "a%3Ab%2Cc%253A%0A");
    }
}
