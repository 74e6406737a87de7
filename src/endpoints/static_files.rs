//! Static files: strong validators, ranges, no way out of the folder.

use crate::answer::{Denied, Reply, ReplyBody};
use crate::routes::target::{StaticFiles, StaticRoot};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use pingora_http::RequestHeader;
use std::fs::Metadata;
use std::io::SeekFrom;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::time::SystemTime;
use tokio::fs::File;
use tokio::io::AsyncSeekExt;

/// Serves the file that the target and `splat`, still percent-encoded, name.
pub(crate) async fn serve(files: &StaticFiles, splat: &str, request: &RequestHeader) -> Result<Reply, Denied> {
    let (path, file, metadata) = find(files, splat).await?;
    let modified = metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let etag = etag(&metadata, modified);
    let headers = Representation {
        etag: &etag,
        modified,
        files,
        path: &path,
    };
    if is_unchanged(&request.headers, &etag, modified) {
        return Ok(headers.dress(Reply::new(StatusCode::NOT_MODIFIED, ReplyBody::Empty)));
    }
    // A range means something to GET alone (RFC 9110 section 14.2).
    let range = match request.method {
        Method::GET => wanted_range(&request.headers, &etag, metadata.len())?,
        _ => None,
    };
    match range {
        None => Ok(headers.dress(Reply::new(
            StatusCode::OK,
            ReplyBody::File {
                file,
                length: metadata.len(),
            },
        ))),
        Some(range) => partial(file, range, metadata.len(), &headers).await,
    }
}

async fn find(files: &StaticFiles, splat: &str) -> Result<(PathBuf, File, Metadata), Denied> {
    match &files.root {
        StaticRoot::File(path) => open(path).await,
        StaticRoot::Folder {
            folder,
            index,
            fallback,
        } => {
            let inside = inside(splat)?;
            match open_in(folder, &inside, index.as_deref()).await {
                Err(Denied::NoSuchFile) => match fallback {
                    Some(fallback) => open(&folder.join(fallback)).await,
                    None => Err(Denied::NoSuchFile),
                },
                found => found,
            }
        }
    }
}

/// The relative path a request names. Dot files stay private; the router has resolved `..` before.
fn inside(splat: &str) -> Result<PathBuf, Denied> {
    let decoded = crate::routes::query::decode(&splat.replace('+', "%2B")).into_owned();
    let path = PathBuf::from(decoded);
    let is_plain = |component: Component<'_>| matches!(component, Component::Normal(name) if !name.to_string_lossy().starts_with('.'));
    if path.components().all(is_plain) {
        Ok(path)
    } else {
        Err(Denied::NoSuchFile)
    }
}

async fn open_in(folder: &Path, inside: &Path, index: Option<&str>) -> Result<(PathBuf, File, Metadata), Denied> {
    let root = resolve(folder).await?;
    let named = resolve_in(&root, &root.join(inside)).await?;
    match (tokio::fs::metadata(&named).await, index) {
        (Ok(metadata), Some(index)) if metadata.is_dir() => open(&resolve_in(&root, &named.join(index)).await?).await,
        _ => open(&named).await,
    }
}

/// Links may not lead out of the folder either.
async fn resolve_in(root: &Path, path: &Path) -> Result<PathBuf, Denied> {
    let real = resolve(path).await?;
    if real.starts_with(root) {
        Ok(real)
    } else {
        Err(Denied::NoSuchFile)
    }
}

async fn resolve(path: &Path) -> Result<PathBuf, Denied> {
    tokio::fs::canonicalize(path).await.map_err(|_| Denied::NoSuchFile)
}

async fn open(path: &Path) -> Result<(PathBuf, File, Metadata), Denied> {
    let file = File::open(path).await.map_err(|_| Denied::NoSuchFile)?;
    let metadata = file.metadata().await.map_err(|_| Denied::NoSuchFile)?;
    if metadata.is_file() {
        Ok((path.to_owned(), file, metadata))
    } else {
        Err(Denied::NoSuchFile)
    }
}

/// Length and modification time in nanoseconds: changes with every rewrite of the file.
fn etag(metadata: &Metadata, modified: SystemTime) -> String {
    let since = modified.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    format!("\"{:x}-{:x}\"", metadata.len(), since.as_nanos())
}

/// What every answer about a file says of it.
struct Representation<'f> {
    etag: &'f str,
    modified: SystemTime,
    files: &'f StaticFiles,
    path: &'f Path,
}

impl Representation<'_> {
    fn dress(&self, mut reply: Reply) -> Reply {
        if let Ok(etag) = HeaderValue::try_from(self.etag) {
            reply = reply.with(header::ETAG, etag);
        }
        if let Ok(date) = HeaderValue::try_from(httpdate::fmt_http_date(self.modified)) {
            reply = reply.with(header::LAST_MODIFIED, date);
        }
        reply = reply.with(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
        if let Some(cache) = &self.files.cache_control {
            reply = reply.with(header::CACHE_CONTROL, cache.clone());
        }
        if reply.status == StatusCode::NOT_MODIFIED {
            return reply;
        }
        reply.with(header::CONTENT_TYPE, self.content_type())
    }

    fn content_type(&self) -> HeaderValue {
        let configured = self.files.content_type.clone();
        configured.unwrap_or_else(|| {
            let guess = mime_guess::from_path(self.path)
                .first_raw()
                .unwrap_or("application/octet-stream");
            let is_text = guess.starts_with("text/")
                || matches!(guess, "application/javascript" | "application/json" | "image/svg+xml");
            let text = if is_text {
                format!("{guess}; charset=utf-8")
            } else {
                guess.to_owned()
            };
            HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"))
        })
    }
}

/// RFC 9110 sections 13.1.2 and 13.1.3: `If-None-Match` wins over `If-Modified-Since`.
fn is_unchanged(headers: &HeaderMap, etag: &str, modified: SystemTime) -> bool {
    let mut tags = headers
        .get_all(header::IF_NONE_MATCH)
        .iter()
        .filter_map(|line| line.to_str().ok())
        .peekable();
    if tags.peek().is_some() {
        let weak = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        return tags
            .flat_map(|line| line.split(','))
            .any(|tag| tag.trim() == "*" || weak(tag) == etag);
    }
    let since = headers
        .get(header::IF_MODIFIED_SINCE)
        .and_then(|date| date.to_str().ok());
    let since = since.and_then(|date| httpdate::parse_http_date(date).ok());
    since.is_some_and(|since| whole_seconds(modified) <= whole_seconds(since))
}

fn whole_seconds(time: SystemTime) -> u64 {
    time.duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// One range (RFC 9110 section 14.2). Several, or one in another unit, get the whole file, as the RFC allows.
fn wanted_range(headers: &HeaderMap, etag: &str, length: u64) -> Result<Option<Range<u64>>, Denied> {
    let still_valid = headers
        .get(header::IF_RANGE)
        .is_none_or(|condition| condition.as_bytes() == etag.as_bytes());
    let spec = headers
        .get(header::RANGE)
        .and_then(|range| range.to_str().ok())
        .and_then(|range| range.strip_prefix("bytes="));
    let Some((first, last)) = spec
        .filter(|spec| still_valid && !spec.contains(','))
        .and_then(|spec| spec.trim().split_once('-'))
    else {
        return Ok(None);
    };
    let number = |text: &str| text.parse::<u64>().ok();
    let range = match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => first..last.saturating_add(1).min(length),
        (Some(first), None) if last.is_empty() => first..length,
        (None, Some(suffix)) if first.is_empty() => length.saturating_sub(suffix)..length,
        _ => return Ok(None),
    };
    if range.start >= range.end {
        Err(Denied::RangeNotSatisfiable { length })
    } else {
        Ok(Some(range))
    }
}

async fn partial(
    mut file: File,
    range: Range<u64>,
    length: u64,
    headers: &Representation<'_>,
) -> Result<Reply, Denied> {
    file.seek(SeekFrom::Start(range.start))
        .await
        .map_err(|_| Denied::Internal)?;
    let body = ReplyBody::File {
        file,
        length: range.end - range.start,
    };
    let content_range = format!("bytes {}-{}/{length}", range.start, range.end - 1);
    let content_range = HeaderValue::try_from(content_range).map_err(|_| Denied::Internal)?;
    Ok(headers
        .dress(Reply::new(StatusCode::PARTIAL_CONTENT, body))
        .with(header::CONTENT_RANGE, content_range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_outside_the_folder_and_no_dot_file_is_named() {
        for bad in [
            "../x",
            "a/../../x",
            ".git/config",
            "a/.env",
            "/etc/passwd",
            "%2e%2e/x",
            "a/%2e%2e/x",
        ] {
            assert_eq!(inside(bad), Err(Denied::NoSuchFile), "{bad}");
        }
        assert_eq!(inside("a/b%20c+d.css"), Ok(PathBuf::from("a/b c+d.css")));
    }

    #[test]
    fn ranges_of_a_ten_byte_file() {
        let range = |value: &'static str| {
            let headers = HeaderMap::from_iter([(header::RANGE, HeaderValue::from_static(value))]);
            wanted_range(&headers, "\"e\"", 10)
        };
        assert_eq!(range("bytes=0-3"), Ok(Some(0..4)));
        assert_eq!(range("bytes=4-"), Ok(Some(4..10)));
        assert_eq!(range("bytes=-3"), Ok(Some(7..10)));
        assert_eq!(range("bytes=-99"), Ok(Some(0..10)));
        assert_eq!(range("bytes=8-99"), Ok(Some(8..10)));
        assert_eq!(range("bytes=10-"), Err(Denied::RangeNotSatisfiable { length: 10 }));
        assert_eq!(range("bytes=-0"), Err(Denied::RangeNotSatisfiable { length: 10 }));
        for ignored in ["bytes=3-1", "bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "bytes=-"] {
            assert_eq!(range(ignored), Ok(None), "{ignored}");
        }
    }

    #[test]
    fn a_range_of_another_version_gets_the_whole_file() {
        let headers = |if_range: &'static str| {
            HeaderMap::from_iter([
                (header::RANGE, HeaderValue::from_static("bytes=0-3")),
                (header::IF_RANGE, HeaderValue::from_static(if_range)),
            ])
        };
        assert_eq!(wanted_range(&headers("\"e\""), "\"e\"", 10), Ok(Some(0..4)));
        assert_eq!(wanted_range(&headers("\"old\""), "\"e\"", 10), Ok(None));
    }

    #[test]
    fn if_none_match_compares_weakly_and_wins_over_the_date() {
        let modified = SystemTime::UNIX_EPOCH + std::time::Duration::from_millis(1_000_500);
        let unchanged = |name, value: &'static str| {
            is_unchanged(
                &HeaderMap::from_iter([(name, HeaderValue::from_static(value))]),
                "\"e\"",
                modified,
            )
        };
        assert!(unchanged(header::IF_NONE_MATCH, "\"x\", W/\"e\""));
        assert!(unchanged(header::IF_NONE_MATCH, "*"));
        assert!(!unchanged(header::IF_NONE_MATCH, "\"x\""));
        assert!(unchanged(header::IF_MODIFIED_SINCE, "Thu, 01 Jan 1970 00:16:40 GMT"));
        assert!(!unchanged(header::IF_MODIFIED_SINCE, "Thu, 01 Jan 1970 00:16:39 GMT"));
    }
}
