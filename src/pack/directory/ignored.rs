//! What is left out of a pack: by `.packignore` (gitignore's syntax), and editors' and systems' leftovers by default.

use ignore::gitignore::{Gitignore, GitignoreBuilder};

use super::{Code, Finding, PackPath};
use crate::pack::report::Position;

/// The file that says what is left out; it is a part of the pack itself.
pub(crate) const IGNORE_FILE: &str = ".packignore";

/// Left out unless `.packignore` takes it back in with `!`.
const BY_DEFAULT: [&str; 6] = [".git", ".DS_Store", "*~", "*.sw[op]", ".#*", r"\#*#"];

pub(super) struct Ignored(Gitignore);

impl Ignored {
    /// Reads the content of `.packignore`. A line that is no pattern is told: it could be meant to keep a secret out.
    pub(super) fn new(content: &[u8], findings: &mut Vec<Finding>) -> Self {
        let mut builder = GitignoreBuilder::new("");
        for pattern in BY_DEFAULT {
            builder.add_line(None, pattern).expect("the default patterns are patterns");
        }
        let content = content.strip_prefix("\u{feff}".as_bytes()).unwrap_or(content);
        for (index, line) in content.split(|byte| *byte == b'\n').enumerate() {
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            let told = match std::str::from_utf8(line) {
                Ok(text) => builder.add_line(None, text).err().map(|error| error.to_string()),
                Err(_) => Some("not UTF-8".into()),
            };
            if let Some(reason) = told {
                let place = Position { line: index + 1, column: 1 };
                let message = format!("this line of `{IGNORE_FILE}` is no pattern: {reason}");
                let length = String::from_utf8_lossy(line).chars().count();
                findings.push(Finding::new(Code::FileUnreadable, message).in_file(IGNORE_FILE).at(place, length));
            }
        }
        Self(builder.build().unwrap_or_else(|error| {
            let message = format!("`{IGNORE_FILE}` cannot be used: {error}");
            findings.push(Finding::new(Code::FileUnreadable, message).in_file(IGNORE_FILE));
            Gitignore::empty()
        }))
    }

    pub(super) fn leaves_out(&self, path: &PackPath, is_folder: bool) -> bool {
        self.0.matched(path.as_str(), is_folder).is_ignore()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left_out(content: &str, path: &str, is_folder: bool) -> bool {
        let mut findings = Vec::new();
        let ignored = Ignored::new(content.as_bytes(), &mut findings);
        assert_eq!(findings, []);
        ignored.leaves_out(&path.parse().unwrap(), is_folder)
    }

    #[test]
    fn leftovers_are_left_out_unless_taken_back() {
        for path in [".git", "a/.DS_Store", "values.yaml~", "a/.b.swp", ".b.swo", "charts/.#a", "#a#"] {
            assert!(left_out("", path, path == ".git"), "{path}");
            assert!(!left_out(&format!("!{}", path.replace('#', "\\#")), path, path == ".git"), "{path}");
        }
        for path in [".gitignore", ".packignore", "a.swx", "pack.json", "#a"] {
            assert!(!left_out("", path, false), "{path}");
        }
    }

    #[test]
    fn patterns_are_those_of_gitignore() {
        let patterns = "\u{feff}# comment\r\n*.orig\r\n/tests/\n!keep.orig\nnotes/**/*.md\n";
        for (path, is_folder, expected) in [
            ("charts/a.orig", false, true),
            ("keep.orig", false, false),
            ("tests", true, true),
            ("tests", false, false),
            ("a/tests", true, false),
            ("notes/a/b.md", false, true),
            ("README.md", false, false),
        ] {
            assert_eq!(left_out(patterns, path, is_folder), expected, "{path}");
        }
    }

    #[test]
    fn a_line_that_is_no_pattern_is_told() {
        let mut findings = Vec::new();
        Ignored::new(b"ok\n{a\n\xff\n", &mut findings);
        let lines: Vec<_> = findings.iter().map(|finding| finding.position.unwrap().line).collect();
        assert_eq!(lines, [2, 3]);
    }
}
