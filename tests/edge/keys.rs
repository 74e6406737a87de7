//! Every key of both files has a test in which a value other than the default changes what is seen from outside.

use serde_json::Value;
use std::collections::BTreeSet;

/// A key, and the test of it. `target` stands for a route and for a method of one: tests of targets cover both.
const TESTS: &[(&str, &str)] = &[
    ("version", "daemon_keys::a_version_that_is_not_known_is_refused"),
    (
        "hosts.*.names",
        "hosts::a_host_belongs_to_a_group_whatever_its_port_and_case",
    ),
    (
        "hosts.*.loopback",
        "hosts::a_host_belongs_to_a_group_whatever_its_port_and_case",
    ),
    (
        "hosts.*.successor",
        "headers::a_deprecated_host_names_its_successor_and_is_counted",
    ),
    ("cors.*.origins", "cors::origins_are_allowed_exactly_or_by_one_label"),
    (
        "cors.*.methods",
        "cors::a_preflight_is_204_with_exactly_the_headers_of_its_policy",
    ),
    (
        "cors.*.request_headers",
        "cors::a_preflight_is_204_with_exactly_the_headers_of_its_policy",
    ),
    ("cors.*.expose", "cors::an_upstreams_cors_headers_are_replaced"),
    ("cors.*.credentials", "cors::an_upstreams_cors_headers_are_replaced"),
    (
        "cors.*.max_age",
        "cors::a_preflight_is_204_with_exactly_the_headers_of_its_policy",
    ),
    (
        "security_headers.strict_transport_security",
        "headers::hsts_is_for_clients_that_came_over_https",
    ),
    (
        "security_headers.hsts_on",
        "headers::hsts_is_for_clients_that_came_over_https",
    ),
    (
        "security_headers.x_content_type_options",
        "headers::security_headers_are_on_every_answer",
    ),
    (
        "security_headers.x_frame_options",
        "headers::an_upstreams_stricter_framing_rule_is_kept",
    ),
    (
        "security_headers.x_xss_protection",
        "headers::security_headers_are_on_every_answer",
    ),
    (
        "security_headers.referrer_policy",
        "headers::security_headers_are_on_every_answer",
    ),
    (
        "defaults.hosts",
        "daemon_keys::defaults_hold_for_routes_that_say_nothing",
    ),
    (
        "defaults.cors",
        "daemon_keys::defaults_hold_for_routes_that_say_nothing",
    ),
    (
        "defaults.body_limit",
        "daemon_keys::defaults_hold_for_routes_that_say_nothing",
    ),
    (
        "defaults.timeouts.connect",
        "timeouts::a_connection_is_awaited_as_long_as_configured",
    ),
    (
        "defaults.timeouts.first_byte",
        "timeouts::the_first_byte_is_awaited_as_long_as_configured",
    ),
    (
        "defaults.timeouts.idle",
        "timeouts::silence_within_an_answer_is_suffered_as_long_as_configured",
    ),
    (
        "defaults.timeouts.total",
        "timeouts::an_exchange_lasts_no_longer_than_configured",
    ),
    ("upstreams.*.endpoints", "upstreams::endpoints_are_used_in_turn"),
    (
        "upstreams.*.backup",
        "failures::a_backup_serves_when_the_primary_refuses",
    ),
    (
        "upstreams.*.base_path",
        "upstreams::a_base_path_comes_before_every_path",
    ),
    (
        "upstreams.*.host_header",
        "upstreams::the_host_is_the_upstreams_the_clients_or_a_literal_one",
    ),
    (
        "upstreams.*.tls.server_name",
        "upstreams::an_https_upstream_is_verified_by_the_configured_name_and_authority",
    ),
    (
        "upstreams.*.tls.ca_file",
        "upstreams::an_https_upstream_is_verified_by_the_configured_name_and_authority",
    ),
    (
        "upstreams.*.health.path",
        "health::checks_ask_what_is_configured_with_the_upstreams_own_headers",
    ),
    (
        "upstreams.*.health.interval",
        "upstreams::checks_come_as_often_as_configured",
    ),
    (
        "upstreams.*.health.timeout",
        "upstreams::a_check_without_an_answer_fails_after_its_timeout",
    ),
    (
        "upstreams.*.health.unhealthy_after",
        "upstreams::an_endpoint_is_down_after_the_configured_failures_and_up_after_the_configured_successes",
    ),
    (
        "upstreams.*.health.healthy_after",
        "upstreams::an_endpoint_is_down_after_the_configured_failures_and_up_after_the_configured_successes",
    ),
    (
        "upstreams.*.critical",
        "health::health_is_503_only_while_a_critical_upstream_is_down",
    ),
    (
        "upstreams.*.service",
        "health::health_is_503_only_while_a_critical_upstream_is_down",
    ),
    (
        "upstreams.*.pool_idle",
        "upstreams::an_idle_connection_is_kept_as_long_as_configured",
    ),
    (
        "upstreams.*.timeouts.connect",
        "timeouts::a_connection_is_awaited_as_long_as_configured",
    ),
    (
        "upstreams.*.timeouts.first_byte",
        "timeouts::the_first_byte_is_awaited_as_long_as_configured",
    ),
    (
        "upstreams.*.timeouts.idle",
        "timeouts::silence_within_an_answer_is_suffered_as_long_as_configured",
    ),
    (
        "upstreams.*.timeouts.total",
        "timeouts::an_exchange_lasts_no_longer_than_configured",
    ),
    (
        "upstreams.*.request_headers.set",
        "targets::an_upstreams_header_edits_come_before_its_targets",
    ),
    (
        "upstreams.*.request_headers.set.*.secret",
        "targets::an_upstreams_header_edits_come_before_its_targets",
    ),
    (
        "upstreams.*.request_headers.set.*.prefix",
        "targets::an_upstreams_header_edits_come_before_its_targets",
    ),
    (
        "upstreams.*.request_headers.default",
        "targets::an_upstreams_header_edits_come_before_its_targets",
    ),
    (
        "upstreams.*.request_headers.default.*.secret",
        "targets::an_upstreams_header_edits_come_before_its_targets",
    ),
    (
        "upstreams.*.request_headers.default.*.prefix",
        "targets::an_upstreams_header_edits_come_before_its_targets",
    ),
    (
        "upstreams.*.request_headers.remove",
        "targets::an_upstreams_header_edits_come_before_its_targets",
    ),
    (
        "upstreams.*.request_headers.allow",
        "targets::an_upstreams_header_edits_come_before_its_targets",
    ),
    ("routes[].id", "health::requests_are_counted_by_route_method_and_status"),
    (
        "routes[].about",
        "health::the_public_policy_tells_what_is_served_and_not_from_where",
    ),
    (
        "routes[].hosts",
        "hosts::a_route_is_found_on_its_hosts_only_and_a_named_host_wins_over_any",
    ),
    ("routes[].path", "paths::one_trailing_slash_is_ignored_and_case_is_not"),
    (
        "routes[].when.headers",
        "hosts::conditions_choose_among_routes_of_one_path",
    ),
    (
        "routes[].when.query",
        "hosts::conditions_choose_among_routes_of_one_path",
    ),
    ("routes[].methods", "targets::methods_lead_to_targets_of_their_own"),
    ("routes[].cors", "cors::a_policy_that_says_little_allows_little"),
    (
        "routes[].body_limit",
        "body::a_body_beyond_the_limit_is_413_declared_or_not",
    ),
    (
        "routes[].timeouts.connect",
        "timeouts::a_connection_is_awaited_as_long_as_configured",
    ),
    (
        "routes[].timeouts.first_byte",
        "timeouts::the_first_byte_is_awaited_as_long_as_configured",
    ),
    (
        "routes[].timeouts.idle",
        "timeouts::silence_within_an_answer_is_suffered_as_long_as_configured",
    ),
    (
        "routes[].timeouts.total",
        "timeouts::an_exchange_lasts_no_longer_than_configured",
    ),
    (
        "routes[].stream",
        "streams::a_quiet_event_stream_outlives_the_limits_of_ordinary_routes",
    ),
    (
        "routes[].raw",
        "paths::a_raw_route_gets_the_path_as_written_but_is_matched_by_the_canonical_one",
    ),
    (
        "routes[].response_headers.set",
        "targets::answers_headers_are_set_defaulted_and_removed",
    ),
    (
        "routes[].response_headers.default",
        "targets::answers_headers_are_set_defaulted_and_removed",
    ),
    (
        "routes[].response_headers.remove",
        "targets::answers_headers_are_set_defaulted_and_removed",
    ),
    ("target.to", "targets::a_target_names_its_upstream"),
    ("target.path", "targets::a_path_is_made_of_what_the_pattern_took"),
    ("target.query.forward", "targets::the_query_goes_on_as_far_as_it_may"),
    ("target.query.set", "targets::the_query_goes_on_as_far_as_it_may"),
    ("target.query.default", "targets::the_query_goes_on_as_far_as_it_may"),
    ("target.query.remove", "targets::the_query_goes_on_as_far_as_it_may"),
    (
        "target.request_headers.set",
        "targets::request_headers_are_set_defaulted_removed_and_let_through",
    ),
    (
        "target.request_headers.set.*.secret",
        "targets::secrets_come_from_a_credential_a_file_or_a_variable_in_this_order",
    ),
    (
        "target.request_headers.set.*.prefix",
        "targets::secrets_come_from_a_credential_a_file_or_a_variable_in_this_order",
    ),
    (
        "target.request_headers.default",
        "targets::request_headers_are_set_defaulted_removed_and_let_through",
    ),
    (
        "target.request_headers.default.*.secret",
        "targets::secrets_come_from_a_credential_a_file_or_a_variable_in_this_order",
    ),
    (
        "target.request_headers.default.*.prefix",
        "targets::secrets_come_from_a_credential_a_file_or_a_variable_in_this_order",
    ),
    (
        "target.request_headers.remove",
        "targets::request_headers_are_set_defaulted_removed_and_let_through",
    ),
    (
        "target.request_headers.allow",
        "targets::request_headers_are_set_defaulted_removed_and_let_through",
    ),
    ("target.json_body", "targets::fields_join_a_json_body_up_to_its_limit"),
    (
        "target.json_body_limit",
        "targets::fields_join_a_json_body_up_to_its_limit",
    ),
    (
        "target.respond.status",
        "targets::a_fixed_response_is_what_the_map_says",
    ),
    ("target.respond.json", "targets::a_fixed_response_is_what_the_map_says"),
    ("target.respond.text", "targets::a_fixed_response_is_what_the_map_says"),
    (
        "target.respond.headers",
        "targets::a_fixed_response_is_what_the_map_says",
    ),
    ("target.redirect.to", "targets::a_redirect_goes_where_the_map_says"),
    ("target.redirect.status", "targets::a_redirect_goes_where_the_map_says"),
    ("target.redirect.query", "targets::a_redirect_goes_where_the_map_says"),
    ("target.static.file", "targets::static_files_are_served_by_every_key"),
    ("target.static.folder", "targets::static_files_are_served_by_every_key"),
    ("target.static.index", "targets::static_files_are_served_by_every_key"),
    (
        "target.static.fallback",
        "targets::static_files_are_served_by_every_key",
    ),
    (
        "target.static.cache_control",
        "targets::static_files_are_served_by_every_key",
    ),
    (
        "target.static.content_type",
        "targets::static_files_are_served_by_every_key",
    ),
    (
        "target.endpoint",
        "targets::the_edges_endpoints_are_where_the_map_puts_them",
    ),
    (
        "gateway: version",
        "daemon_keys::a_version_that_is_not_known_is_refused",
    ),
    (
        "gateway: routes",
        "daemon_keys::the_route_map_is_the_file_that_the_daemons_file_names",
    ),
    ("gateway: listen", "daemon_keys::every_listener_serves_and_is_announced"),
    (
        "gateway: admin.listen",
        "daemon_keys::the_admin_listener_and_its_socket_can_be_off",
    ),
    (
        "gateway: admin.socket",
        "daemon_keys::the_admin_listener_and_its_socket_can_be_off",
    ),
    (
        "gateway: workers",
        "daemon_keys::there_are_as_many_workers_as_configured",
    ),
    (
        "gateway: trusted_proxies",
        "headers::a_trusted_proxys_word_is_taken_and_passed_on_rewritten",
    ),
    (
        "gateway: health_full",
        "health::the_full_view_is_for_private_addresses_unless_configured",
    ),
    (
        "gateway: access_log.path",
        "access_log::the_log_goes_to_standard_output_a_file_or_nowhere",
    ),
    (
        "gateway: access_log.queue",
        "access_log::a_log_that_nobody_reads_blocks_no_request_and_its_losses_are_counted",
    ),
    (
        "gateway: access_log.redact_query",
        "access_log::what_counts_as_a_secret_parameter_is_configured",
    ),
    (
        "gateway: limits.header_timeout",
        "limits::a_head_that_does_not_end_is_408",
    ),
    (
        "gateway: limits.connections",
        "limits::no_more_connections_than_the_cap_are_open",
    ),
    (
        "gateway: limits.connections_per_address",
        "limits::no_more_connections_than_the_cap_are_open",
    ),
    (
        "gateway: limits.keepalive",
        "limits::a_connection_without_another_request_is_closed",
    ),
    (
        "gateway: limits.client_idle",
        "limits::a_client_that_stops_in_the_middle_of_its_body_is_408",
    ),
    (
        "gateway: drain.requests",
        "limits::a_drain_waits_for_requests_as_long_as_configured",
    ),
    (
        "gateway: drain.streams",
        "limits::a_drain_waits_for_streams_as_long_as_configured",
    ),
    (
        "gateway: upstream_pool",
        "upstreams::no_more_idle_connections_are_kept_than_configured",
    ),
    (
        "gateway: development.cors_origins",
        "cors::development_adds_origins_to_every_policy",
    ),
    (
        "gateway: development.pass_request_headers",
        "daemon_keys::development_passes_headers_through_every_allow_list",
    ),
];

/// The keys of a schema, but for those that only hold others.
fn keys(schema: &Value, path: &str, found: &mut Vec<String>) {
    for (name, inner) in schema["properties"].as_object().into_iter().flatten() {
        let key = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        if ![inner, &inner["items"], &inner["additionalProperties"]]
            .iter()
            .any(|part| part["properties"].is_object())
        {
            found.push(key.clone());
        }
        keys(inner, &key, found);
    }
    if schema["items"].is_object() {
        keys(&schema["items"], &format!("{path}[]"), found);
    }
    if schema["additionalProperties"].is_object() {
        keys(&schema["additionalProperties"], &format!("{path}.*"), found);
    }
    for choice in schema["anyOf"].as_array().into_iter().flatten() {
        keys(choice, path, found);
    }
}

fn keys_of(schema: &str) -> Vec<String> {
    let schema = serde_json::from_str(schema).expect("a schema");
    let mut found = Vec::new();
    keys(&schema, "", &mut found);
    found
}

/// Every key by the name that the table uses.
fn all_keys() -> BTreeSet<String> {
    const OF_METHOD: &str = "routes[].methods.*.";
    let routes = keys_of(include_str!("../../conf/routes.schema.json"));
    let of_targets: BTreeSet<&str> = routes.iter().filter_map(|key| key.strip_prefix(OF_METHOD)).collect();
    let name = |key: &String| match (key.strip_prefix(OF_METHOD), key.strip_prefix("routes[].")) {
        (Some(key), _) => format!("target.{key}"),
        // A route's own `path` is its pattern.
        (None, Some(own)) if own != "path" && of_targets.contains(own) => format!("target.{own}"),
        (None, _) => key.clone(),
    };
    let gateway = keys_of(include_str!("../../conf/gateway.schema.json"));
    routes
        .iter()
        .map(name)
        .chain(gateway.iter().map(|key| format!("gateway: {key}")))
        .collect()
}

#[test]
fn every_key_has_a_test() {
    let named: BTreeSet<String> = TESTS.iter().map(|(key, _)| (*key).to_owned()).collect();
    assert_eq!(named.len(), TESTS.len(), "a key stands twice");
    let keys = all_keys();
    let untested: Vec<_> = keys.difference(&named).collect();
    assert!(untested.is_empty(), "keys without a test: {untested:?}");
    let unknown: Vec<_> = named.difference(&keys).collect();
    assert!(unknown.is_empty(), "tests of keys that are none: {unknown:?}");
}

#[test]
fn every_named_test_exists() {
    for (key, test) in TESTS {
        let (module, function) = test.split_once("::").expect("module::function");
        let path = format!("{}/tests/edge/{module}.rs", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let is_test = text.split("#[tokio::test").skip(1).any(|rest| {
            let head = rest.lines().nth(1).unwrap_or_default();
            head.trim().starts_with(&format!("async fn {function}("))
        });
        assert!(is_test, "{key}: there is no test {test}");
    }
}
