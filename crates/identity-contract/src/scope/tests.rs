//! The dialect's rules, as one table and as properties.

use super::*;
use proptest::prelude::*;

fn set(text: &str) -> ScopeSet {
    text.parse().unwrap()
}

fn scope(text: &str) -> Scope {
    text.parse().unwrap()
}

/// (held, required, allowed)
const RULES: [(&str, &str, bool); 50] = [
    // A scope grants itself and nothing beside it.
    ("memories:read", "memories:read", true),
    ("memories:read", "memories:write", false),
    ("memories:read", "secrets:read", false),
    ("", "memories:read", false),
    ("profile", "profile", true),
    ("secrets:read memories:read", "memories:read", true),
    ("memories:read", "Memories:read", false),
    // Dots and colons are one notation.
    ("memories.read", "memories:read", true),
    ("memories:read", "memories.read", true),
    ("memories.*", "memories:read", true),
    // A wildcard grants every scope of its resource, however deep, and no other resource.
    ("memories:*", "memories:read", true),
    ("memories:*", "memories:personal:read", true),
    ("memories:*", "memories:*", true),
    ("memories:*", "memories:personal:*", true),
    ("memories:*", "memoriesx:read", false),
    ("memories:*", "secrets:read", false),
    ("memories:*", "memories", false),
    ("memories:personal:*", "memories:personal:read", true),
    ("memories:personal:*", "memories:read", false),
    ("memories:personal:*", "memories:team:read", false),
    // `*` and `legacy:full_access` grant everything.
    ("*", "memories:read", true),
    ("*", "admin:*", true),
    ("*", "*", true),
    ("*", "profile", true),
    ("*", "legacy:full_access", true),
    ("legacy:full_access", "memories:read", true),
    ("legacy:full_access", "admin:users", true),
    ("legacy:full_access", "*", true),
    ("legacy.full_access", "memories:read", true),
    // Nothing else does, although it looks alike.
    ("legacy:*", "legacy:full_access", false),
    ("legacy:*", "*", false),
    ("legacy:*", "memories:read", false),
    ("legacy:full_access:x", "memories:read", false),
    ("legacy:full", "memories:read", false),
    // A required wildcard asks for any scope of the resource; a required `*` for everything.
    ("memories:read", "memories:*", true),
    ("memories:personal:read", "memories:*", true),
    ("memories:personal:*", "memories:*", true),
    ("memories:personal:read", "memories:personal:*", true),
    ("memories:read", "memories:personal:*", false),
    ("memories", "memories:*", false),
    ("secrets:read", "memories:*", false),
    ("memories:read", "*", false),
    ("memories:* secrets:*", "*", false),
    // A name grants nothing by containing a word.
    ("admin", "memories:read", false),
    ("admin", "admin:users", false),
    ("admin:*", "memories:read", false),
    ("memories:admin", "admin:users", false),
    ("memories:admin", "memories:read", false),
    ("superadmin:*", "admin:users", false),
    ("x-admin-read", "admin:read", false),
];

#[test]
fn a_required_scope_is_allowed_by_the_rules_of_the_dialect() {
    for (held, required, allowed) in RULES {
        assert_eq!(
            set(held).allows(&scope(required)),
            allowed,
            "holding `{held}`, asked for `{required}`"
        );
    }
}

#[test]
fn scopes_are_handed_on_only_within_the_owners() {
    let cases = [
        ("memories:read", "memories:*", "memories:read"),
        ("memories:*", "memories:read", "memories:read"),
        ("memories:*", "memories:read secrets:read", "memories:read"),
        ("memories:read secrets:read", "memories:*", "memories:read"),
        ("legacy:full_access", "*", "legacy:full_access"),
        ("*", "legacy:full_access", "*"),
        ("*", "memories:* profile", "memories:* profile"),
        ("legacy:full_access", "memories:read", "memories:read"),
        ("legacy:full_access", "legacy:*", "legacy:*"),
        ("legacy:*", "legacy:full_access", "legacy:*"),
        ("memories:*", "memories:personal:*", "memories:personal:*"),
        ("memories:write", "memories:read", ""),
        ("admin:*", "memories:admin", ""),
        ("", "*", ""),
    ];
    for (asked, owner, granted) in cases {
        assert_eq!(
            set(asked).granted_within(&set(owner)),
            set(granted),
            "`{asked}` asked of `{owner}`"
        );
    }
}

#[test]
fn what_is_no_scope_is_refused_with_its_reason() {
    let long = "a".repeat(129);
    let cases = [
        ("", InvalidScope::EmptyOrForeignWord),
        ("memories:", InvalidScope::EmptyOrForeignWord),
        (":read", InvalidScope::EmptyOrForeignWord),
        ("memories::read", InvalidScope::EmptyOrForeignWord),
        ("memories read", InvalidScope::EmptyOrForeignWord),
        ("memories:réad", InvalidScope::EmptyOrForeignWord),
        ("memories:\r\nX-User-Id", InvalidScope::EmptyOrForeignWord),
        ("memories*", InvalidScope::MisplacedWildcard),
        ("*:read", InvalidScope::MisplacedWildcard),
        ("*:*", InvalidScope::MisplacedWildcard),
        ("a:*:b", InvalidScope::MisplacedWildcard),
        (long.as_str(), InvalidScope::TooLong),
    ];
    for (text, reason) in cases {
        assert_eq!(text.parse::<Scope>(), Err(reason), "{text:?}");
    }
    let many: Vec<String> = (0..257).map(|n| format!("a:{n}")).collect();
    assert_eq!(many.join(" ").parse::<ScopeSet>(), Err(InvalidScope::TooMany));
    assert!(serde_json::from_value::<ScopeSet>(many.into()).is_err());
}

#[test]
fn every_scope_name_of_the_platform_is_a_scope() {
    let names = "memories:read memories:write memories:delete memories:* memories:personal:* memories:team:* secrets:read \
        secrets:write secrets:* mcp:read mcp:write mcp:connect mcp:full mcp:tools mcp:resources mcp:prompts mcp:* profile:* \
        projects:* analytics:* ai:chat ai:* media:tts media:stt media:transcribe media:* content:tags content:summary \
        content:embedding content:* api:access admin:* legacy:full_access * read write offline_access profile api-keys:* openid";
    let known = set(names);
    assert_eq!(known.len(), names.split_ascii_whitespace().count());
}

#[test]
fn scopes_are_read_from_a_list_or_from_text_and_written_as_a_list() {
    let expected = set("memories:read profile");
    let read = |json: &str| serde_json::from_str::<ScopeSet>(json);
    assert_eq!(read(r#"["profile","memories.read","profile"]"#).unwrap(), expected);
    assert_eq!(read(r#""  profile memories:read ""#).unwrap(), expected);
    assert_eq!(
        serde_json::to_string(&expected).unwrap(),
        r#"["memories:read","profile"]"#
    );
    assert_eq!(expected.to_string(), "memories:read profile");
    let refused = read("7").unwrap_err().to_string();
    assert!(refused.contains("a list of scopes, or scopes separated by spaces"));
}

#[test]
fn missing_scopes_are_named() {
    let missing = set("memories:*").missing(&set("memories:read secrets:read admin:*"));
    assert_eq!(missing, set("secrets:read admin:*"));
    assert!(set("memories:*").allows_all(&set("memories:read memories:write")));
}

/// Scopes of few words, so that they often meet.
fn any_scope() -> impl Strategy<Value = Scope> {
    prop_oneof!["(a|b|legacy)(:(a|b|full_access)){0,2}(:\\*)?", Just("*".to_owned())].prop_map(|text| scope(&text))
}

fn any_set() -> impl Strategy<Value = ScopeSet> {
    proptest::collection::vec(any_scope(), 0..5).prop_map(ScopeSet::from_iter)
}

proptest! {
    #[test]
    fn any_text_is_a_scope_or_is_refused(text in "\\PC{0,140}") {
        if let Ok(scope) = text.parse::<Scope>() {
            prop_assert_eq!(scope.as_str().parse::<Scope>().unwrap(), scope);
        }
    }

    #[test]
    fn a_set_survives_its_two_written_forms(scopes in any_set()) {
        prop_assert_eq!(scopes.to_string().parse::<ScopeSet>().unwrap(), scopes.clone());
        let json = serde_json::to_string(&scopes).unwrap();
        prop_assert_eq!(serde_json::from_str::<ScopeSet>(&json).unwrap(), scopes);
    }

    #[test]
    fn covering_is_reflexive_and_transitive(a in any_scope(), b in any_scope(), c in any_scope()) {
        prop_assert!(a.covers(&a));
        prop_assert!(!(a.covers(&b) && b.covers(&c)) || a.covers(&c), "{} {} {}", a, b, c);
    }

    #[test]
    fn more_scopes_never_allow_less(held in any_set(), more in any_scope(), required in any_scope()) {
        let mut wider = held.clone();
        wider.insert(more);
        prop_assert!(!held.allows(&required) || wider.allows(&required));
    }

    #[test]
    fn handing_on_is_the_intersection(asked in any_set(), owner in any_set(), plain in any_scope()) {
        let granted = asked.granted_within(&owner);
        prop_assert!(granted.iter().all(|scope| asked.covers(scope) && owner.covers(scope)));
        prop_assert_eq!(granted.covers(&plain), asked.covers(&plain) && owner.covers(&plain), "{}", plain);
    }

    #[test]
    fn handing_on_twice_gives_no_more(asked in any_set(), owner in any_set()) {
        let granted = asked.granted_within(&owner);
        prop_assert_eq!(granted.granted_within(&owner), granted.clone());
    }
}
