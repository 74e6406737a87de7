//! A log that nobody reads.

use crate::keys::{free_port, metrics};
use crate::support::gateway::Client;
use crate::support::start::Start;
use futures_util::future::join_all;

const DROPPED: &str = "auth_log_lines_dropped_total ";

async fn asks(client: Client, times: usize) {
    for _ in 0..times {
        assert_eq!(client.get("/health").await.status, 200);
    }
}

#[tokio::test]
async fn a_log_that_nobody_reads_blocks_no_request_and_its_losses_are_counted() {
    let port = free_port();
    let lines = format!("admin: 127.0.0.1:{port}\nlog: {{ level: info }}");
    let gateway = Start::new(&lines).unread().go();
    let dropped = async || {
        let metrics = metrics(port).await;
        let line = metrics.lines().find_map(|line| line.strip_prefix(DROPPED));
        line.expect("the metric").parse::<u64>().expect("a number")
    };
    assert_eq!(dropped().await, 0);
    // A pipe takes some hundred lines, the queue some thousand.
    while dropped().await == 0 {
        join_all((0..8).map(|_| asks(gateway.client(), 200))).await;
    }
}

#[tokio::test]
async fn what_was_logged_last_is_written_before_the_program_ends() {
    let gateway = Start::new("").go();
    assert_eq!(gateway.client().get("/health").await.status, 200);
    let log = gateway.stopped();
    assert!(log.contains("stopping: requests under way may finish"), "{log}");
}
