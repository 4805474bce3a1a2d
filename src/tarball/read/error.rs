//! Why a tar+gzip stream is refused.

use std::io;

/// A tar+gzip stream that cannot be read, or will not be.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TarballError {
    /// It does not begin as gzip does.
    #[error("it is not compressed with gzip")]
    NotGzip,
    /// The gzip stream is broken: bad data, a wrong checksum, or something behind its end.
    #[error("its gzip stream is damaged ({0})")]
    Damaged(String),
    /// What is in the gzip stream is no tar archive.
    #[error("it holds no tar archive")]
    NotTar,
    /// The tar archive breaks its own rules, or could be understood in two ways.
    #[error("it is not a sound tar archive: {0}")]
    Malformed(String),
    /// A path is not UTF-8.
    #[error("its entry `{0}` has a name that is not UTF-8")]
    NotUtf8(String),
    /// It ends in the middle.
    #[error("it is cut off")]
    Truncated,
    /// A long name or a PAX header is longer than any that is meant seriously.
    #[error("it has a name or header of {size} bytes (at most {limit})")]
    ExtensionTooLarge {
        /// The size it states, in bytes.
        size: u64,
        /// The most bytes that are read.
        limit: u64,
    },
    /// It has too many entries.
    #[error("it has more than {limit} entries")]
    TooManyEntries {
        /// The most entries that are read.
        limit: u64,
    },
    /// It would be too large.
    #[error("it is larger than {limit} bytes when unpacked")]
    TooLarge {
        /// The most bytes that are unpacked.
        limit: u64,
    },
    /// It grows more than honest content does.
    #[error("it unpacks to more than {limit} times its size")]
    RatioExceeded {
        /// The most unpacked bytes for one packed byte.
        limit: u64,
    },
    /// The packed bytes could not be read.
    #[error("it cannot be read")]
    Io(#[source] io::Error),
}

impl From<TarballError> for io::Error {
    fn from(error: TarballError) -> Self {
        match error {
            TarballError::Io(error) => error,
            error => Self::new(io::ErrorKind::InvalidData, error),
        }
    }
}

impl From<io::Error> for TarballError {
    fn from(error: io::Error) -> Self {
        error.downcast().unwrap_or_else(Self::Io)
    }
}
