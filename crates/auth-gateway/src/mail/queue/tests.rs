use std::{
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use async_trait::async_trait;
use event_store::Timestamp;
use tokio::sync::Semaphore;
use uuid::Uuid;

use super::{Fate, MailQueue, QueueFull, QueueSettings, Report};
use crate::mail::{
    message::{Content, Message},
    transport::{MailTransport, SendError},
};

const FAST: QueueSettings = QueueSettings {
    waiting: 100,
    at_once: 2,
    tries: 3,
    first_wait: Duration::from_millis(1),
};

/// Answers each message with the next of its errors, then takes it. Waits for a permit before each answer.
struct Scripted {
    errors: Mutex<Vec<SendError>>,
    tried: Mutex<Vec<Uuid>>,
    tried_at: Mutex<Vec<Instant>>,
    permits: Semaphore,
}

impl Scripted {
    fn new(errors: &[SendError], permits: usize) -> Arc<Self> {
        let errors = Mutex::new(errors.iter().rev().copied().collect());
        Arc::new(Self {
            errors,
            tried: Mutex::default(),
            tried_at: Mutex::default(),
            permits: Semaphore::new(permits),
        })
    }
}

#[async_trait]
impl MailTransport for Scripted {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        self.permits.acquire().await.unwrap().forget();
        self.tried.lock().unwrap().push(message.id());
        self.tried_at.lock().unwrap().push(Instant::now());
        self.errors.lock().unwrap().pop().map_or(Ok(()), Err)
    }
}

type Reports = Arc<Mutex<Vec<Fate>>>;

fn reports() -> (Reports, Report) {
    let reports = Reports::default();
    let kept = Arc::clone(&reports);
    let report: Report = Arc::new(move |letter, outcome| {
        assert_eq!(letter, "test");
        kept.lock().unwrap().push(outcome);
    });
    (reports, report)
}

fn message(id: u128) -> Message {
    let content = Content {
        letter: "test",
        subject: String::new(),
        text: String::new(),
        html: String::new(),
    };
    Message::new(Uuid::from_u128(id), "ada@example.org", content, Timestamp(0)).unwrap()
}

#[tokio::test]
async fn what_waits_is_still_sent_when_the_queue_is_dropped() {
    let (transport, (reports, report)) = (Scripted::new(&[], 1000), reports());
    let (queue, worker) = MailQueue::start(transport.clone(), FAST, report);
    for id in 0..50 {
        queue.push(message(id)).unwrap();
    }
    drop(queue);
    worker.await.unwrap();
    let mut tried = transport.tried.lock().unwrap().clone();
    tried.sort_unstable();
    assert_eq!(tried, (0..50).map(Uuid::from_u128).collect::<Vec<_>>());
    assert_eq!(*reports.lock().unwrap(), vec![Fate::Sent; 50]);
}

#[tokio::test]
async fn a_message_is_tried_again_until_it_goes_through() {
    let (transport, (reports, report)) = (
        Scripted::new(&[SendError::Later(451), SendError::Unreachable], 1000),
        reports(),
    );
    let (queue, worker) = MailQueue::start(transport.clone(), FAST, report);
    queue.push(message(1)).unwrap();
    drop(queue);
    worker.await.unwrap();
    assert_eq!(*transport.tried.lock().unwrap(), vec![Uuid::from_u128(1); 3]);
    assert_eq!(
        *reports.lock().unwrap(),
        [
            Fate::Failed(SendError::Later(451)),
            Fate::Failed(SendError::Unreachable),
            Fate::Sent
        ]
    );
}

#[tokio::test]
async fn a_message_is_given_up_when_refused_or_tried_often_enough() {
    for (error, tries) in [(SendError::Refused(550), 1), (SendError::TimedOut, 3)] {
        let (transport, (reports, report)) = (Scripted::new(&[error; 10], 1000), reports());
        let (queue, worker) = MailQueue::start(transport.clone(), FAST, report);
        queue.push(message(1)).unwrap();
        drop(queue);
        worker.await.unwrap();
        assert_eq!(transport.tried.lock().unwrap().len(), tries, "{error}");
        assert_eq!(reports.lock().unwrap().last(), Some(&Fate::GivenUp(error)));
    }
}

#[tokio::test]
async fn each_wait_before_another_try_is_twice_the_one_before() {
    let (transport, (_, report)) = (Scripted::new(&[SendError::Unreachable; 2], 1000), reports());
    let first_wait = Duration::from_millis(50);
    let (queue, worker) = MailQueue::start(transport.clone(), QueueSettings { first_wait, ..FAST }, report);
    queue.push(message(1)).unwrap();
    drop(queue);
    worker.await.unwrap();
    let tried_at = transport.tried_at.lock().unwrap().clone();
    let waits: Vec<Duration> = tried_at.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!(
        waits.len() == 2 && waits[0] >= first_wait && waits[1] >= first_wait * 2,
        "{waits:?}"
    );
}

#[tokio::test]
async fn letters_that_wait_for_another_try_keep_no_other_waiting() {
    let failing = [SendError::Later(450); FAST.at_once];
    let (transport, (reports, report)) = (Scripted::new(&failing, 1000), reports());
    let first_wait = Duration::from_secs(3600);
    let (queue, worker) = MailQueue::start(transport.clone(), QueueSettings { first_wait, ..FAST }, report);
    for id in 0..=2 {
        queue.push(message(id)).unwrap();
    }
    until(|| reports.lock().unwrap().len() == 3).await;
    worker.abort();
    let failed = Fate::Failed(SendError::Later(450));
    assert_eq!(*reports.lock().unwrap(), [failed, failed, Fate::Sent]);
}

#[tokio::test]
async fn no_more_letters_wait_for_another_try_than_for_their_first() {
    let (transport, (reports, report)) = (Scripted::new(&[SendError::TimedOut; 2], 1000), reports());
    let settings = QueueSettings {
        waiting: 1,
        at_once: 1,
        ..FAST
    };
    let first_wait = Duration::from_secs(3600);
    let (queue, worker) = MailQueue::start(transport.clone(), QueueSettings { first_wait, ..settings }, report);
    for id in 0..=1 {
        queue.push(message(id)).unwrap();
        until(|| reports.lock().unwrap().len() > usize::try_from(id).unwrap()).await;
    }
    worker.abort();
    assert_eq!(
        *reports.lock().unwrap(),
        [Fate::Failed(SendError::TimedOut), Fate::GivenUp(SendError::TimedOut)]
    );
}

async fn until(mut is_so: impl FnMut() -> bool) {
    let waiting = async {
        while !is_so() {
            tokio::task::yield_now().await;
        }
    };
    let in_time = tokio::time::timeout(Duration::from_secs(20), waiting).await;
    in_time.expect("it happens");
}

#[test]
fn a_letter_is_given_up_after_about_five_minutes() {
    let usual = QueueSettings::default();
    let waits = (1..usual.tries).map(|tried| usual.first_wait * (1 << (tried - 1)));
    let total: Duration = waits.sum();
    let minutes = Duration::from_secs(4 * 60)..Duration::from_secs(6 * 60);
    assert!(minutes.contains(&total), "{total:?}");
}

#[tokio::test]
async fn a_full_queue_refuses_at_once_while_the_mail_server_hangs() {
    let (transport, (reports, report)) = (Scripted::new(&[], 0), reports());
    let settings = QueueSettings {
        waiting: 2,
        at_once: 1,
        ..FAST
    };
    let (queue, worker) = MailQueue::start(transport.clone(), settings, report);
    let mut accepted = 0;
    // One at work and two waiting; the worker takes its one when it gets to run.
    for id in 0..10 {
        accepted += u32::from(queue.push(message(id)).is_ok());
        tokio::task::yield_now().await;
    }
    assert_eq!((accepted, queue.waiting()), (3, 2));
    assert_eq!(queue.push(message(11)), Err(QueueFull));
    let dropped = reports.lock().unwrap().drain(..).collect::<Vec<_>>();
    assert_eq!(dropped, [Fate::Dropped; 8]);
    transport.permits.add_permits(100);
    drop(queue);
    worker.await.unwrap();
    assert_eq!(reports.lock().unwrap().len(), 3);
}

#[tokio::test]
async fn mail_delivers_until_a_try_fails_and_again_when_one_succeeds() {
    let turned_away = SendError::TurnedAway(535);
    let (transport, (_, report)) = (Scripted::new(&[turned_away], 0), reports());
    let (queue, worker) = MailQueue::start(transport.clone(), QueueSettings { at_once: 1, ..FAST }, report);
    assert!(queue.delivers());
    for (id, delivers) in [(1, false), (2, true)] {
        queue.push(message(id)).unwrap();
        transport.permits.add_permits(1);
        until(|| queue.delivers() == delivers).await;
    }
    drop(queue);
    worker.await.unwrap();
}

#[tokio::test]
async fn a_letter_that_nobody_takes_does_not_say_that_mail_does_not_leave() {
    let of_one_letter = [
        SendError::Refused(550),
        SendError::AddressBeyondAscii,
        SendError::Uncomposable,
        SendError::Later(450),
    ];
    for error in of_one_letter {
        let (transport, (reports, report)) = (Scripted::new(&[error], 1000), reports());
        let settings = QueueSettings { tries: 1, ..FAST };
        let (queue, worker) = MailQueue::start(transport, settings, report);
        queue.push(message(1)).unwrap();
        until(|| reports.lock().unwrap().len() == 1).await;
        assert!(queue.delivers(), "{error}");
        worker.abort();
    }
}
