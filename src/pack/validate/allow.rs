//! What an author accepts: rules that are allowed for a whole reading, and comments in the pack's own YAML.
//!
//! `# spectro:allow CODE[,CODE]` holds for the line it stands on; alone on a line it holds for the next one. What stands behind the
//! codes may be a reason. A comment that names no rule, or one that cannot be allowed, does nothing: the finding stays, and tells.
//! Comments are looked for only in files with findings, and only in those: the others are not read a second time.

use std::collections::{BTreeMap, BTreeSet};

use super::{LARGEST_TEXT, material::Material};
use crate::pack::{
    content::FileReader,
    directory::Directory,
    report::{Code, Finding},
};

/// What a comment begins with, behind its `#`.
const MARK: &str = "spectro:allow";

/// Returns the findings that nobody allowed.
pub(crate) fn kept(directory: &Directory, allowed: &BTreeSet<Code>, findings: Vec<Finding>) -> Vec<Finding> {
    let mut files: BTreeMap<String, Comments> = BTreeMap::new();
    let mut is_allowed = |finding: &Finding| {
        if !finding.can_be_allowed() {
            return false;
        }
        let (Some(file), Some(position)) = (&finding.file, finding.position) else {
            return allowed.contains(&finding.code);
        };
        allowed.contains(&finding.code)
            || (is_yaml(file)
                && files
                    .entry(file.clone())
                    .or_insert_with(|| Comments::of_file(directory, file))
                    .allow(finding.code, position.line))
    };
    findings.into_iter().filter(|finding| !is_allowed(finding)).collect()
}

/// Returns whether a file may hold comments of YAML: values, presets, manifests and the templates of charts do.
fn is_yaml(file: &str) -> bool {
    let ending = file.rsplit_once('.').map_or("", |(_, ending)| ending);
    ["yaml", "yml", "tpl"].iter().any(|yaml| ending.eq_ignore_ascii_case(yaml))
}

/// The comments of one file by their lines, the first of which is 1.
#[derive(Debug, Default)]
pub(super) struct Comments(BTreeMap<usize, Comment>);

#[derive(Debug)]
struct Comment {
    codes: BTreeSet<Code>,
    /// Whether nothing else stands on its line.
    alone: bool,
}

impl Comments {
    /// Reads a file of the pack. One that can't be read has been told of, and has no comments.
    fn of_file(directory: &Directory, file: &str) -> Self {
        let read = || {
            let reader = FileReader::open(directory, &file.parse().ok()?).ok()?;
            let (_, bytes) = (reader.size() <= LARGEST_TEXT).then(|| reader.bytes().ok())??;
            Some(Self::of_text(&String::from_utf8_lossy(&bytes)))
        };
        read().unwrap_or_default()
    }

    /// Reads values.yaml.
    pub(super) fn of_values(material: &Material<'_>) -> Self {
        material.values.map(|values| Self::of_text(values.text.content())).unwrap_or_default()
    }

    fn of_text(text: &str) -> Self {
        let lines = text.split('\n').enumerate();
        Self(lines.filter_map(|(index, line)| Some((index + 1, Comment::of_line(line)?))).collect())
    }

    /// Returns whether a rule is allowed on a line.
    pub(super) fn allow(&self, code: Code, line: usize) -> bool {
        let here = self.0.get(&line);
        let above = (1..line).rev().map_while(|line| self.0.get(&line).filter(|comment| comment.alone));
        here.into_iter().chain(above).any(|comment| comment.codes.contains(&code))
    }
}

impl Comment {
    fn of_line(line: &str) -> Option<Self> {
        let (before, after) = line.split_once(MARK)?;
        let before = before.trim_end().strip_suffix('#')?;
        if !before.chars().next_back().is_none_or(char::is_whitespace) {
            return None;
        }
        Some(Self { codes: codes(after), alone: before.trim().is_empty() })
    }
}

/// Returns the rules that are named one behind the other, up to what is no list any more.
fn codes(text: &str) -> BTreeSet<Code> {
    let mut codes = BTreeSet::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let end = rest.find(|next: char| next != '-' && !next.is_ascii_alphanumeric()).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        codes.extend(word.parse::<Code>());
        match after.trim_start().strip_prefix(',') {
            Some(after) => rest = after,
            None => return codes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str, code: Code) -> Vec<usize> {
        let comments = Comments::of_text(text);
        (1..=text.lines().count()).filter(|line| comments.allow(code, *line)).collect()
    }

    #[test]
    fn a_comment_holds_for_its_line_and_alone_for_the_next() {
        let text = "a: 1\n  # spectro:allow logo-invalid\nb: 2\nc: 3 # spectro:allow logo-invalid\nd: 4\n";
        assert_eq!(lines(text, Code::LogoInvalid), [2, 3, 4]);
        assert_eq!(lines(text, Code::LogoMissing), [0; 0]);
    }

    #[test]
    fn several_comments_stand_above_one_another() {
        let text = "# spectro:allow logo-invalid\n#spectro:allow field-type\r\na: 1\n";
        assert_eq!((lines(text, Code::LogoInvalid), lines(text, Code::FieldType)), (vec![1, 2, 3], vec![2, 3]));
    }

    #[test]
    fn a_list_ends_where_a_reason_begins() {
        for text in [
            "# spectro:allow logo-invalid,field-type",
            "#  spectro:allow  field-type , logo-invalid  (as the upstream has it)",
            "# spectro:allow nothing-like-it,logo-invalid,field-type because field-empty",
            "# see above # spectro:allow field-type, logo-invalid",
        ] {
            assert_eq!(lines(text, Code::LogoInvalid), [1], "{text}");
            assert_eq!(lines(text, Code::FieldType), [1], "{text}");
            assert_eq!(lines(text, Code::FieldEmpty), [0; 0], "{text}");
        }
        for text in ["a#spectro:allow field-type", "spectro:allow field-type", "# spectro: allow field-type", "", "#"] {
            assert_eq!(lines(text, Code::FieldType), [0; 0], "{text}");
        }
    }

    #[test]
    fn json_and_archives_have_no_comments() {
        assert!(is_yaml("values.yaml") && is_yaml("manifests/A.YML") && is_yaml("charts/a/templates/_helpers.tpl"));
        assert!(!is_yaml("pack.json") && !is_yaml("charts/a-1.0.0.tgz") && !is_yaml("yaml"));
    }
}
