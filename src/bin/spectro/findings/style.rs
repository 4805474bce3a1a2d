//! The colours of findings, the same as those of other errors; without colour no escape is written at all.

use anstyle::{AnsiColor, Style};
use spectro_pack::pack::Severity;

/// The styles of the parts of a finding.
#[derive(Clone, Copy)]
pub(super) struct Styles {
    error: Style,
    warning: Style,
    note: Style,
    pub(super) title: Style,
    pub(super) gutter: Style,
    pub(super) hint: Style,
}

impl Styles {
    pub(super) fn new(color: bool) -> Self {
        let bold = |wanted: AnsiColor| if color { wanted.on_default().bold() } else { Style::new() };
        Self {
            error: bold(AnsiColor::Red),
            warning: bold(AnsiColor::Yellow),
            note: bold(AnsiColor::Green),
            title: if color { Style::new().bold() } else { Style::new() },
            gutter: bold(AnsiColor::Blue),
            hint: if color { Style::new().bold() } else { Style::new() },
        }
    }

    pub(super) fn severity(&self, severity: Severity) -> Style {
        match severity {
            Severity::Error => self.error,
            Severity::Warning => self.warning,
            Severity::Note => self.note,
        }
    }
}
