//! Static files: validators, ranges, content types, and no way out of the folder.

use crate::support::{Edge, Request, Response};
use std::os::unix::fs::symlink;

const MAP: &str = "version: 1
hosts: { own: { loopback: true } }
routes:
  - { id: one, path: /one, static: { file: site/page.html, cache_control: \"public, max-age=300\" } }
  - { id: typed, path: /typed, static: { file: site/data.bin, content_type: application/json } }
  - { id: files, path: /files/*, methods: [GET], static: { folder: site } }
  - { id: indexed, path: /indexed/*, static: { folder: site, index: page.html, cache_control: no-cache } }
  - { id: app, path: /app/*, static: { folder: site, fallback: page.html } }
";
const PAGE: &str = "<!doctype html>0123456789";

async fn start() -> Edge {
    let edge = Edge::with(MAP)
        .file("site/page.html", PAGE)
        .file("site/data.bin", "{}")
        .file("site/styles/a b+c.css", "body {}")
        .file("site/styles/page.html", "styles")
        .file("site/.secret", "secret")
        .file("site/.git/config", "secret")
        .file("site/script.js", "1")
        .file("site/image.svg", "<svg/>")
        .file("site/image.png", "png")
        .file("site/unknown.qqq", "?")
        .file("outside.txt", "secret")
        .file("elsewhere/page.html", "secret")
        .start()
        .await;
    symlink("../outside.txt", edge.path("site/leak.txt")).expect("a link");
    symlink("../elsewhere", edge.path("site/elsewhere")).expect("a link");
    symlink("script.js", edge.path("site/link.js")).expect("a link");
    std::fs::create_dir(edge.path("site/inner")).expect("a folder");
    symlink("../../outside.txt", edge.path("site/inner/page.html")).expect("a link");
    edge
}

async fn with(edge: &Edge, headers: &[(&str, &str)]) -> Response {
    let request = headers.iter().fold(Request::get("/one"), |request, (name, value)| {
        request.header(name, value)
    });
    edge.send(&request).await
}

#[tokio::test]
async fn a_file_comes_with_its_validators_type_and_cache_rule() {
    let edge = start().await;
    let answer = edge.get("/one").await;
    assert_eq!((answer.status, answer.text()), (200, PAGE.into()));
    assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
    assert_eq!(answer.header("accept-ranges"), Some("bytes"));
    assert_eq!(answer.header("content-length"), Some("25"));
    let etag = answer.header("etag").expect("an ETag");
    assert!(etag.starts_with('"') && etag.ends_with('"'), "a strong one: {etag}");
    assert!(answer.header("last-modified").expect("a date").ends_with(" GMT"));

    let head = edge.send(&Request::new("HEAD", "/one")).await;
    assert_eq!((head.status, head.body.len()), (200, 0));
    for name in [
        "content-type",
        "content-length",
        "etag",
        "last-modified",
        "cache-control",
        "accept-ranges",
    ] {
        assert_eq!(head.header(name), answer.header(name), "{name}");
    }
}

#[tokio::test]
async fn the_type_follows_from_the_name_unless_configured() {
    let edge = start().await;
    let cases = [
        ("/files/page.html", "text/html; charset=utf-8"),
        ("/files/styles/a%20b+c.css", "text/css; charset=utf-8"),
        ("/files/script.js", "text/javascript; charset=utf-8"),
        ("/files/image.svg", "image/svg+xml; charset=utf-8"),
        ("/files/image.png", "image/png"),
        ("/files/unknown.qqq", "application/octet-stream"),
        ("/typed", "application/json"),
    ];
    for (path, expected) in cases {
        let answer = edge.get(path).await;
        assert_eq!(
            (answer.status, answer.header("content-type")),
            (200, Some(expected)),
            "{path}"
        );
    }
    assert_eq!(edge.get("/files/script.js").await.header("cache-control"), None);
}

#[tokio::test]
async fn what_a_client_has_is_not_sent_again() {
    let edge = start().await;
    let first = edge.get("/one").await;
    let etag = first.header("etag").expect("an ETag").to_owned();
    let date = first.header("last-modified").expect("a date").to_owned();
    let weak = format!("W/{etag}");
    let among = format!("\"other\", {etag}");
    for condition in [
        &[("If-None-Match", etag.as_str())][..],
        &[("If-None-Match", &weak)],
        &[("If-None-Match", &among)],
        &[("If-None-Match", "*")],
        &[("If-Modified-Since", &date)],
        &[
            ("If-None-Match", &etag),
            ("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ],
    ] {
        let answer = with(&edge, condition).await;
        assert_eq!((answer.status, answer.body.len()), (304, 0), "{condition:?}");
        assert_eq!(answer.header("etag"), Some(etag.as_str()));
        assert_eq!(answer.header("cache-control"), Some("public, max-age=300"));
        assert_eq!(answer.header("content-length"), None);
    }
    for condition in [
        &[("If-None-Match", "\"other\"")][..],
        &[("If-Modified-Since", "Thu, 01 Jan 1970 00:00:00 GMT")],
        &[("If-Modified-Since", "yesterday")],
        &[("If-None-Match", "\"other\""), ("If-Modified-Since", &date)],
    ] {
        assert_eq!(with(&edge, condition).await.text(), PAGE, "{condition:?}");
    }
}

#[tokio::test]
async fn a_changed_file_has_a_new_etag() {
    let edge = start().await;
    let before = edge.get("/one").await.header("etag").map(str::to_owned);
    std::fs::write(edge.path("site/page.html"), PAGE.replace('0', "x")).expect("a file");
    let changed = with(&edge, &[("If-None-Match", before.as_deref().expect("an ETag"))]).await;
    assert_eq!((changed.status, changed.text()), (200, PAGE.replace('0', "x")));
    assert_ne!(changed.header("etag"), before.as_deref());
}

#[tokio::test]
async fn a_range_is_206_and_one_outside_the_file_is_416() {
    let edge = start().await;
    let cases = [
        ("bytes=15-17", "012", "bytes 15-17/25"),
        ("bytes=20-", "56789", "bytes 20-24/25"),
        ("bytes=-3", "789", "bytes 22-24/25"),
        ("bytes=20-999", "56789", "bytes 20-24/25"),
        ("bytes=-999", PAGE, "bytes 0-24/25"),
    ];
    for (range, text, content_range) in cases {
        let answer = with(&edge, &[("Range", range)]).await;
        assert_eq!((answer.status, answer.text()), (206, text.into()), "{range}");
        assert_eq!(answer.header("content-range"), Some(content_range), "{range}");
        assert_eq!(
            answer.header("content-length"),
            Some(text.len().to_string().as_str()),
            "{range}"
        );
        assert!(answer.header("etag").is_some());
    }
    for range in ["bytes=25-", "bytes=99-100", "bytes=-0"] {
        let answer = with(&edge, &[("Range", range)]).await;
        assert_eq!(
            (answer.status, answer.code()),
            (416, "RANGE_NOT_SATISFIABLE".into()),
            "{range}"
        );
        assert_eq!(answer.header("content-range"), Some("bytes */25"), "{range}");
    }
    for ignored in ["bytes=5-3", "bytes=0-1,4-5", "lines=0-1", "bytes=x-y", "bytes 0-1"] {
        let answer = with(&edge, &[("Range", ignored)]).await;
        assert_eq!((answer.status, answer.text()), (200, PAGE.into()), "{ignored}");
    }
    // RFC 9110 section 14.2: a range means something to GET alone.
    let head = edge
        .send(&Request::new("HEAD", "/one").header("Range", "bytes=0-1"))
        .await;
    assert_eq!((head.status, head.header("content-length")), (200, Some("25")));
}

#[tokio::test]
async fn a_range_of_another_version_gets_the_whole_file() {
    let edge = start().await;
    let first = edge.get("/one").await;
    let etag = first.header("etag").expect("an ETag").to_owned();
    let range = ("Range", "bytes=15-17");
    assert_eq!(with(&edge, &[range, ("If-Range", &etag)]).await.text(), "012");
    for stale in ["\"other\"", &format!("W/{etag}"), "Thu, 01 Jan 1970 00:00:00 GMT"] {
        assert_eq!(with(&edge, &[range, ("If-Range", stale)]).await.text(), PAGE, "{stale}");
    }
    assert_eq!(with(&edge, &[range, ("If-None-Match", &etag)]).await.status, 304);
}

#[tokio::test]
async fn a_folder_serves_its_files_and_its_index_where_it_has_one() {
    let edge = start().await;
    for (path, text) in [
        ("/files/page.html", PAGE),
        ("/files/styles/page.html", "styles"),
        ("/files/link.js", "1"),
        ("/indexed", PAGE),
        ("/indexed/", PAGE),
        ("/indexed/styles", "styles"),
        ("/indexed/styles/", "styles"),
    ] {
        let answer = edge.get(path).await;
        assert_eq!((answer.status, answer.text()), (200, text.into()), "{path}");
    }
    assert_eq!(edge.get("/indexed/").await.header("cache-control"), Some("no-cache"));
    for path in [
        "/files",
        "/files/",
        "/files/styles",
        "/files/missing",
        "/files/page.html/x",
        "/indexed/missing",
    ] {
        let answer = edge.get(path).await;
        assert_eq!((answer.status, answer.code()), (404, "NO_SUCH_FILE".into()), "{path}");
    }
    let posted = edge.send(&Request::post("/files/page.html", "x")).await;
    assert_eq!((posted.status, posted.header("allow")), (405, Some("GET, HEAD")));
}

#[tokio::test]
async fn a_fallback_serves_what_is_not_there() {
    let edge = start().await;
    for path in ["/app", "/app/", "/app/settings/profile", "/app/styles"] {
        let answer = edge.get(path).await;
        assert_eq!((answer.status, answer.text()), (200, PAGE.into()), "{path}");
        assert_eq!(answer.header("content-type"), Some("text/html; charset=utf-8"));
    }
    assert_eq!(edge.get("/app/script.js").await.text(), "1");
}

#[tokio::test]
async fn nothing_outside_the_folder_and_no_dot_file_is_served() {
    let edge = start().await;
    let ways = [
        "../outside.txt",
        "..%2foutside.txt",
        "%2e%2e/outside.txt",
        "%2e%2e%2foutside.txt",
        "..%5coutside.txt",
        "..\\outside.txt",
        "%252e%252e/outside.txt",
        "%252e%252e%252foutside.txt",
        "..;/outside.txt",
        "styles/../../outside.txt",
        "styles/%2e%2e/%2E%2E/outside.txt",
        "%c0%ae%c0%ae/outside.txt",
        "%2foutside.txt",
        "%2fetc/passwd",
        "/etc/passwd",
        "//etc/passwd",
        "page.html%00.png",
        "leak.txt",
        "elsewhere/page.html",
        "elsewhere",
        "inner",
        "inner/page.html",
        ".secret",
        "%2esecret",
        "%2Esecret",
        ".git/config",
        "styles/../.secret",
        "./.secret",
    ];
    for prefix in ["/files/", "/indexed/", "/app/"] {
        for way in ways {
            let answer = edge.get(&format!("{prefix}{way}")).await;
            assert!(
                matches!(answer.status, 200 | 400 | 404),
                "{prefix}{way}: {}",
                answer.status
            );
            let text = answer.text();
            assert!(
                !text.contains("secret") && !text.contains("root:"),
                "{prefix}{way}: {text}"
            );
            assert!(
                answer.status != 200 || prefix == "/app/" && text == PAGE,
                "{prefix}{way}: {text}"
            );
        }
    }
}
