//! Why https did not come about, in words that say which side has to change something.

use rustls::{AlertDescription, CertificateError, Error as Tls};

/// What went wrong between client and server before any request was made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TlsProblem {
    /// Nobody who is trusted here has signed the certificate.
    #[error("its certificate is signed by nobody who is trusted here")]
    UnknownIssuer,
    /// The certificate's time is over.
    #[error("its certificate has expired")]
    Expired,
    /// The certificate's time has not begun.
    #[error("its certificate is not valid yet: is this machine's clock right?")]
    NotValidYet,
    /// The certificate is for other names.
    #[error("its certificate is for another host")]
    OtherName,
    /// The certificate is refused for another reason.
    #[error("its certificate is refused: {0}")]
    Certificate(String),
    /// The server wants a certificate of the client.
    #[error("it wants a certificate of the client")]
    ClientCertificate,
    /// The server does not take the certificate that the client showed.
    #[error("it does not take the certificate that was shown to it: {0}")]
    ClientRefused(String),
    /// The connection was closed when the handshake was over. A server that misses a certificate of the client does that in
    /// TLS 1.3, where its alert comes only then and may be lost.
    #[error("it closed the connection right behind the TLS handshake")]
    Closed,
    /// What answers does not speak TLS.
    #[error("it does not speak https there")]
    NotTls,
}

impl TlsProblem {
    /// Returns the problem that an error of the HTTP client has at its bottom.
    pub(super) fn of(error: &(dyn std::error::Error + 'static)) -> Option<Self> {
        if let Some(tls) = error.downcast_ref::<Tls>() {
            return Self::of_tls(tls);
        }
        // The `source` of an `io::Error` leaves out the error that it was made of.
        let inner = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        inner.and_then(|inner| Self::of(inner)).or_else(|| error.source().and_then(Self::of))
    }

    fn of_tls(error: &Tls) -> Option<Self> {
        Some(match error {
            Tls::InvalidCertificate(reason) => match reason {
                CertificateError::UnknownIssuer => Self::UnknownIssuer,
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => Self::Expired,
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => Self::NotValidYet,
                CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => Self::OtherName,
                other => Self::Certificate(super::wire::printable(&other.to_string(), 200)),
            },
            Tls::AlertReceived(AlertDescription::CertificateRequired) => Self::ClientCertificate,
            Tls::AlertReceived(
                alert @ (AlertDescription::UnknownCA
                | AlertDescription::BadCertificate
                | AlertDescription::UnsupportedCertificate
                | AlertDescription::CertificateExpired
                | AlertDescription::CertificateRevoked
                | AlertDescription::CertificateUnknown
                | AlertDescription::AccessDenied),
            ) => Self::ClientRefused(format!("{alert:?}")),
            Tls::InvalidMessage(_) => Self::NotTls,
            _ => return None,
        })
    }
}
