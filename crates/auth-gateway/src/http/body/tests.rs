use super::*;
use crate::http::secret::Secret;
use serde::Deserialize;
use std::time::Duration;

#[derive(Debug, Deserialize)]
struct SignIn {
    email: Option<String>,
    password: Option<Secret>,
    days: Option<u32>,
    scopes: Option<Vec<String>>,
}

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

async fn sent(content_type: &str, body: impl Into<Body>) -> Result<SignIn, Refusal> {
    let request = Request::post("/").header(header::CONTENT_TYPE, content_type);
    let request = request.body(body.into()).expect("a request");
    Fields::from_request(request, &()).await.map(|Fields(fields)| fields)
}

async fn refusal(content_type: &str, body: impl Into<Body>) -> (String, String) {
    let refusal = sent(content_type, body).await.expect_err("must be refused");
    let body = refusal.body(crate::http::error::Shape::Rest, "");
    let text = |name: &str| body[name].as_str().expect("text").to_owned();
    (text("code"), text("message"))
}

#[tokio::test]
async fn json_and_forms_give_the_same_fields() {
    let json = sent(JSON, r#"{"email":"a@example.org","password":"s3cret pass","days":30}"#).await;
    let form = sent(FORM, "email=a%40example.org&password=s3cret+pass&days=30").await;
    for fields in [json, form] {
        let fields = fields.expect("fields");
        assert_eq!(fields.email.as_deref(), Some("a@example.org"));
        assert_eq!(
            fields.password.map(|p| p.expose().to_owned()).as_deref(),
            Some("s3cret pass")
        );
        assert_eq!((fields.days, fields.scopes), (Some(30), None));
    }
}

#[tokio::test]
async fn a_missing_body_and_one_that_is_no_object_are_refused_alike() {
    for body in ["", "  ", "[]", "\"text\"", "null", "5"] {
        assert_eq!(
            refusal(JSON, body).await,
            ("INVALID_BODY".to_owned(), "Request body is required".to_owned()),
            "{body}"
        );
    }
}

#[tokio::test]
async fn an_optional_body_may_be_missing_but_not_broken() {
    let read = async |body: &'static str| {
        let request = Request::post("/")
            .header(header::CONTENT_TYPE, JSON)
            .body(Body::from(body));
        OptionalFields::<SignIn>::from_request(request.expect("a request"), &()).await
    };
    assert!(read("").await.is_ok() && read("null").await.is_ok());
    assert!(matches!(read("{").await, Err(Refusal::BodyMalformed(_))));
}

#[tokio::test]
async fn what_no_two_programs_read_alike_is_refused() {
    let deep = format!(r#"{{"scopes":{}1{}}}"#, "[".repeat(16), "]".repeat(16));
    let wide = format!(r#"{{"scopes":["a"{}]}}"#, r#","a""#.repeat(2_000));
    let cases = [
        (
            JSON,
            r#"{"email":"#.to_owned(),
            "The request body is not JSON, at line 1 column 9",
        ),
        (
            JSON,
            r#"{} {}"#.to_owned(),
            "The request body is not JSON, at line 1 column 4",
        ),
        (
            JSON,
            r#"{"email":"a","email":"b"}"#.to_owned(),
            "The request body has a member twice, at line 1 column 25",
        ),
        (JSON, deep, "The request body has too many levels, at line 1 column 27"),
        (
            JSON,
            wide,
            "The request body has too many members, at line 1 column 8009",
        ),
        (FORM, "email=%ff%fe".to_owned(), "The form can't be read"),
        (
            FORM,
            "scopes[=a".to_owned(),
            "The form has a field with brackets out of place",
        ),
        (
            FORM,
            "scopes=a&scopes[]=b".to_owned(),
            "The form has a field that is both a text and more than that",
        ),
        (
            FORM,
            format!("scopes{}=b", "[a]".repeat(16)),
            "The form has too many levels",
        ),
        (
            FORM,
            "a=&".to_owned() + &(0..2_001).map(|n| format!("{n}=&")).collect::<String>(),
            "The form has too many fields",
        ),
    ];
    for (content_type, body, expected) in cases {
        let (code, message) = refusal(content_type, body.clone()).await;
        assert_eq!(code, "INVALID_BODY");
        // Columns are for people; what is checked is which rule was broken.
        let rule = |text: &str| text.split(", at ").next().unwrap_or_default().to_owned();
        assert_eq!(rule(&message), rule(expected), "{body:.60}");
    }
}

#[tokio::test]
async fn a_field_of_the_wrong_type_is_named_and_its_value_is_not_repeated() {
    let cases = [
        (
            JSON,
            r#"{"password":31337}"#,
            "`password` is of the wrong type: expected a string",
        ),
        (
            JSON,
            r#"{"days":"hunter2"}"#,
            "`days` is of the wrong type: expected a whole number, not below 0",
        ),
        (
            JSON,
            r#"{"scopes":["a",{"hunter2":1}]}"#,
            "`scopes[1]` is of the wrong type: expected a string",
        ),
        (
            FORM,
            "days=hunter2",
            "`days` is of the wrong type: expected a whole number, not below 0",
        ),
        (FORM, "email=hunter2&email=b", "`email` occurs twice"),
        (FORM, "nothing=hunter2&nothing=b", "`nothing` occurs twice"),
    ];
    for (content_type, body, expected) in cases {
        assert_eq!(
            refusal(content_type, body).await,
            ("INVALID_REQUEST".to_owned(), expected.to_owned())
        );
    }
}

#[tokio::test]
async fn a_body_is_at_most_100_kib() {
    let at_limit = format!(r#"{{"email":"{}"}}"#, "x".repeat(100 * 1024 - 12));
    assert_eq!(at_limit.len(), 100 * 1024);
    assert!(sent(JSON, at_limit.clone()).await.is_ok());
    assert_eq!(refusal(JSON, at_limit + " ").await.0, "BODY_TOO_LARGE");
}

#[tokio::test]
async fn other_content_types_are_refused() {
    for content_type in [
        "text/plain",
        "application/jsonx",
        "multipart/form-data",
        "application/json; charset=utf-16",
    ] {
        assert_eq!(
            refusal(content_type, "{}").await.0,
            "UNSUPPORTED_MEDIA_TYPE",
            "{content_type}"
        );
    }
    assert!(sent("Application/JSON; charset=\"UTF-8\"", "{}").await.is_ok());
}

#[tokio::test]
async fn a_body_that_does_not_arrive_is_refused() {
    let never = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
    let limits = BodyLimits {
        time: Duration::from_millis(10),
        ..BodyLimits::default()
    };
    let request = Request::post("/").header(header::CONTENT_TYPE, JSON).extension(limits);
    let request = request.body(never).expect("a request");
    let read = Fields::<SignIn>::from_request(request, &()).await;
    assert_eq!(read.expect_err("must be refused"), Refusal::BodyTooSlow);
}
