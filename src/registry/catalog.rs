//! The repositories of a server (`/v2/_catalog` of the distribution specification, which OCI's leaves to each registry).

use http::{Method, StatusCode};

use super::{
    Server,
    auth::Access,
    client::{Fetched, Request},
    wire,
};
use crate::store::{Error, ErrorKind, Pages, RepositoryName, Result};

/// The largest page of repositories that is read, in bytes.
const PAGE_LIMIT: u64 = 8 * 1024 * 1024;

#[derive(serde::Deserialize)]
struct Page {
    #[serde(default)]
    repositories: Option<Vec<Option<String>>>,
}

impl Server {
    /// Returns the names of all repositories, in the registry's order. What is no repository name is left out.
    ///
    /// `base` is the path that credentials are looked up for.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::NotFound`] where the registry has no such list; [`ErrorKind::Denied`] where it does not
    /// show it; [`ErrorKind::Unsafe`] where the list has no end; [`ErrorKind::Unavailable`] where the server is no registry.
    pub async fn repositories(&self, base: Option<&RepositoryName>) -> Result<Vec<RepositoryName>> {
        let client = self.client();
        let access = Access::catalog(base);
        let mut url = client.base.join("v2/_catalog?n=1000").expect("a constant path makes an address");
        let (mut pages, mut names) = (Pages::of("repositories"), Vec::new());
        loop {
            let request = Request::new(Method::GET, url.clone());
            let fetched = client.fetch(&request, Some(&access), PAGE_LIMIT, "the list of repositories").await?;
            let (headers, bytes) = match fetched {
                Fetched::Body { headers, bytes } => (headers, bytes),
                Fetched::Other(answer) => {
                    let host = client.host();
                    return Err(match answer.status() {
                        // ghcr answers 404, Docker Hub 401 to everybody, GitLab 401 or 403; a web page is no list either.
                        StatusCode::OK | StatusCode::NOT_FOUND | StatusCode::METHOD_NOT_ALLOWED => {
                            client.must_be_a_registry().await?;
                            Error::new(ErrorKind::NotFound, format!("`{host}` lists no repositories"))
                        }
                        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                            answer.into_error(format!("`{host}` does not show its list of repositories")).await
                        }
                        _ => answer.into_error(format!("cannot list the repositories of `{host}`")).await,
                    });
                }
            };
            let page: Page = serde_json::from_slice(&bytes).map_err(|_| {
                let message = format!("`{}` sent a list of repositories that is none", client.host());
                Error::new(ErrorKind::Unavailable, message)
            })?;
            let listed = page.repositories.unwrap_or_default().into_iter().flatten();
            names.extend(listed.filter_map(|name| name.parse::<RepositoryName>().ok()));
            let next = wire::next_link(&headers).and_then(|link| url.join(&link).ok());
            pages.read(names.len(), next.as_ref().map(url::Url::as_str))?;
            let Some(next) = next else { return Ok(names) };
            if !wire::same_origin(&next, &client.base) {
                let message =
                    format!("`{}` continues its list of repositories on another host, which is refused", client.host());
                return Err(Error::new(ErrorKind::Unavailable, message));
            }
            url = next;
        }
    }
}
