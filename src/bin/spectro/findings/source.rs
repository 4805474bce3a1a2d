//! The lines that findings point at, read again from the pack.
//!
//! The folder may have changed since it was checked, so nothing is taken for granted: no link is followed below the pack's
//! folder, only regular files of at most 16 MiB are read, and what cannot be read is not shown.

use std::{
    fs::File,
    io::Read,
    path::{Component, Path, PathBuf},
};

use rustix::fs::{Mode, OFlags};

/// The most that is read of one file, in bytes: what the largest checked text of a pack may have.
const MOST: u64 = 16 << 20;

/// The texts of one pack. Findings come sorted by file, so only the last text is kept.
pub(super) struct Sources {
    directory: PathBuf,
    last: Option<(String, Option<Text>)>,
}

/// A text and where each of its lines begins, in bytes.
struct Text {
    text: String,
    starts: Vec<usize>,
}

impl Sources {
    pub(super) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_path_buf(), last: None }
    }

    /// Returns a line, counted from 1, without its end; the one after the last line end is empty. `None` if the file cannot
    /// be shown or has no such line.
    pub(super) fn line(&mut self, file: &str, number: usize) -> Option<&str> {
        if self.last.as_ref().is_none_or(|(name, _)| name != file) {
            self.last = Some((file.to_owned(), read(&self.directory, file).map(Text::new)));
        }
        self.last.as_ref().and_then(|(_, text)| text.as_ref()?.line(number))
    }
}

impl Text {
    fn new(text: String) -> Self {
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        let starts = std::iter::once(0).chain(ends).collect();
        Self { text, starts }
    }

    fn line(&self, number: usize) -> Option<&str> {
        let start = *self.starts.get(number.checked_sub(1)?)?;
        let end = self.starts.get(number).map_or(self.text.len(), |next| next - 1);
        let line = &self.text[start..end];
        Some(line.strip_suffix('\r').unwrap_or(line))
    }
}

/// Reads a file of the pack; bytes that are not UTF-8 become `U+FFFD`, and of UTF-16 nobody could read a line.
fn read(directory: &Path, file: &str) -> Option<String> {
    let mut folder = File::open(directory).ok()?;
    let mut components = Path::new(file).components().peekable();
    while let Some(component) = components.next() {
        let Component::Normal(name) = component else { return None };
        let wanted = if components.peek().is_some() { OFlags::DIRECTORY } else { OFlags::NONBLOCK };
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC | wanted;
        folder = File::from(rustix::fs::openat(&folder, name, flags, Mode::empty()).ok()?);
    }
    let metadata = folder.metadata().ok()?;
    if !metadata.is_file() || metadata.len() > MOST {
        return None;
    }
    let mut bytes = Vec::new();
    folder.take(MOST + 1).read_to_end(&mut bytes).ok()?;
    let is_wide = bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff");
    (bytes.len() as u64 <= MOST && !is_wide).then(|| String::from_utf8_lossy(&bytes).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        let text = Text::new(text.to_owned());
        (1..).map_while(|number| text.line(number)).map(str::to_owned).collect()
    }

    #[test]
    fn a_line_has_no_end_and_the_last_may_be_empty() {
        assert_eq!(lines(""), [""]);
        assert_eq!(lines("a"), ["a"]);
        assert_eq!(lines("a\r\n\nb\n"), ["a", "", "b", ""]);
        assert_eq!(Text::new("a".to_owned()).line(0), None);
    }

    #[test]
    fn a_link_is_not_followed_and_a_folder_is_not_read() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let path = folder.path();
        std::fs::create_dir(path.join("inner")).expect("a folder");
        std::fs::write(path.join("inner/text"), "there\n").expect("a file");
        std::os::unix::fs::symlink("inner/text", path.join("link")).expect("a link");
        std::os::unix::fs::symlink("inner", path.join("linked")).expect("a link");
        let mut sources = Sources::new(path);
        assert_eq!(sources.line("inner/text", 1), Some("there"));
        for file in ["link", "linked/text", "inner", "inner/../inner/text", "absent", "", "/etc/passwd"] {
            assert_eq!(sources.line(file, 1), None, "{file}");
        }
    }

    #[test]
    fn a_file_over_the_limit_is_not_read() {
        let folder = tempfile::tempdir().expect("a temp folder");
        let file = File::create(folder.path().join("values.yaml")).expect("a file");
        file.set_len(MOST).expect("a sparse file");
        assert!(read(folder.path(), "values.yaml").is_some());
        file.set_len(MOST + 1).expect("a sparse file");
        assert!(read(folder.path(), "values.yaml").is_none());
    }

    #[test]
    fn utf_16_has_no_lines_to_show() {
        let folder = tempfile::tempdir().expect("a temp folder");
        for (bytes, line) in [(&b"\xff\xfea\0"[..], None), (b"\xfe\xff\0a", None), (b"\xffa", Some("\u{fffd}a"))] {
            std::fs::write(folder.path().join("values.yaml"), bytes).expect("a file");
            assert_eq!(Sources::new(folder.path()).line("values.yaml", 1), line);
        }
    }

    #[test]
    fn a_fifo_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a temp folder");
        rustix::fs::mkfifoat(rustix::fs::CWD, folder.path().join("pipe"), Mode::RUSR | Mode::WUSR).expect("a FIFO");
        assert_eq!(Sources::new(folder.path()).line("pipe", 1), None);
    }
}
