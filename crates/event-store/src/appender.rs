//! The one thread that writes: takes what waits, makes one transaction of it, answers everybody.

mod at_once;

use crate::database::Database;
use crate::error::{AppendError, Unavailable};
use crate::fold::Fold;
use crate::head::Head;
use crate::job::{Answer, Job, Touched};
use crate::known::Known;
use crate::options::Options;
use crate::plan::Plan;
use crate::writer::{WriteError, Writer};
use at_once::{AtOnce, COMPANY, Later};
use std::io;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};
use tokio::runtime::Builder;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

type Answered = Result<Answer, AppendError>;

/// A job and who waits for it.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) job: Job,
    pub(crate) answer: oneshot::Sender<Answered>,
}

/// The state of the thread.
pub(crate) struct Appender {
    database: Database,
    fold: Arc<dyn Fold>,
    /// Jobs in one transaction at most.
    batch: usize,
    /// For one transaction.
    limit: Duration,
    requests: mpsc::Receiver<Request>,
    /// `None` until the first job, and after a failure.
    writer: Option<Writer>,
    known: Known,
    /// How many may ask soon: those who shared the last transaction that was made at once, and those who waited when it ended.
    company: usize,
    /// Rung after each commit of events.
    bell: watch::Sender<()>,
    /// The last transaction failed, and that was logged.
    failing: bool,
}

/// Whether others may join the batch while its transaction is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Open,
    Closed,
}

/// What became of a batch.
enum Settled {
    /// Nobody is left in it.
    Answered,
    /// A constraint was violated; nothing was done, and nobody answered.
    Refused,
}

/// A transaction that did not come to its end.
enum Broken {
    /// It has no effect.
    Undone(WriteError),
    /// There was no answer to COMMIT, or none in time.
    Unknown(Unavailable),
    /// There is no connection.
    Unreachable(Unavailable),
}

impl Appender {
    pub(crate) fn new(
        database: Database,
        fold: Arc<dyn Fold>,
        options: &Options,
        requests: mpsc::Receiver<Request>,
        bell: watch::Sender<()>,
    ) -> Self {
        Self {
            database,
            fold,
            batch: options.batch.max(1),
            limit: options.patience * 2,
            requests,
            writer: None,
            known: Known::default(),
            company: 0,
            bell,
            failing: false,
        }
    }

    /// On a thread of its own, as SQLite works in the thread that calls it. It ends when nobody can ask any more.
    pub(crate) fn start(self) -> io::Result<()> {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let appender = thread::Builder::new().name("appender".into());
        appender.spawn(move || runtime.block_on(self.run())).map(drop)
    }

    async fn run(mut self) {
        while let Some(batch) = self.next().await {
            self.serve(batch).await;
        }
        if let Some(writer) = self.writer.take() {
            close(writer).await;
        }
    }

    /// Who was answered at once with others may ask again with them, before it is worth while to sleep.
    async fn next(&mut self) -> Option<Vec<Request>> {
        let mut batch = Vec::new();
        if self.company > 1 {
            self.gather(&mut batch, 1, self.batch, Instant::now() + COMPANY, Door::Open);
        }
        if batch.is_empty() {
            batch.push(self.requests.recv().await?);
        }
        Some(batch)
    }

    /// Answers everybody in the batch, in order. When one of them asks for what the database refuses, it is found by
    /// halving.
    async fn serve(&mut self, batch: Vec<Request>) {
        let mut door = Door::Open;
        let mut parts = vec![batch];
        while let Some(mut part) = parts.pop() {
            match self.settle(&mut part, door).await {
                Settled::Answered => {}
                Settled::Refused if part.len() == 1 => send(part, vec![Err(AppendError::Inconsistent)]),
                Settled::Refused => {
                    let second = part.split_off(part.len() / 2);
                    parts.extend([second, part]);
                }
            }
            door = Door::Closed;
        }
    }

    async fn settle(&mut self, batch: &mut Vec<Request>, door: Door) -> Settled {
        let reused = self.writer.is_some();
        let mut attempt = self.attempt(batch, door).await;
        if reused && matches!(&attempt, Err(Broken::Undone(error)) if !error.violates_constraint()) {
            // The server may have been restarted since the connection was last used.
            attempt = self.attempt(batch, door).await;
        }
        let unavailable = match attempt {
            Ok(()) => {
                self.note(None);
                return Settled::Answered;
            }
            Err(Broken::Undone(error)) if error.violates_constraint() => return Settled::Refused,
            Err(Broken::Undone(error)) => error.into(),
            Err(Broken::Unknown(unavailable) | Broken::Unreachable(unavailable)) => unavailable,
        };
        self.note(Some(&unavailable));
        let answers = batch.iter().map(|_| Err(unavailable.clone().into())).collect();
        send(batch.drain(..), answers);
        Settled::Answered
    }

    /// Logs the first failure, and the end of failures.
    fn note(&mut self, unavailable: Option<&Unavailable>) {
        match unavailable {
            Some(unavailable) if !self.failing => log::error!("nothing can be appended: {unavailable}"),
            None if self.failing => log::info!("appending again"),
            _ => {}
        }
        self.failing = unavailable.is_some();
    }

    /// One transaction, after which everybody in the batch is answered. A connection that broke is not used again: closing it
    /// rolls back.
    async fn attempt(&mut self, batch: &mut Vec<Request>, door: Door) -> Result<(), Broken> {
        let mut writer = match self.writer.take() {
            Some(writer) => writer,
            None => Writer::connect(&self.database).await.map_err(Broken::Unreachable)?,
        };
        let late = || Broken::Unknown(Unavailable::Database("no answer in time".into()));
        let mut later = Later::default();
        let transaction = timeout(self.limit, self.transact(&mut writer, batch, &mut later, door)).await;
        // Whatever became of it, nobody is forgotten.
        batch.extend(later.into_iter().flatten());
        let broken = match transaction.map_err(|_| late()).flatten() {
            Ok(()) => {
                self.writer = Some(writer);
                return Ok(());
            }
            Err(broken) => broken,
        };
        self.known.forget();
        if matches!(&broken, Broken::Undone(error) if error.violates_constraint()) {
            self.roll_back(writer).await;
        } else {
            close(writer).await;
        }
        Err(broken)
    }

    /// After an error that says nothing bad about the connection.
    async fn roll_back(&mut self, mut writer: Writer) {
        match timeout(self.limit, writer.roll_back()).await {
            Ok(Ok(())) => self.writer = Some(writer),
            Ok(Err(_)) | Err(_) => close(writer).await,
        }
    }

    /// At once if possible, else step by step: who asks while a step is made takes part in the next one.
    async fn transact(
        &mut self,
        writer: &mut Writer,
        batch: &mut Vec<Request>,
        later: &mut Later,
        door: Door,
    ) -> Result<(), Broken> {
        let began_at = match self.at_once(writer, batch, later, door).await? {
            AtOnce::Done => return Ok(()),
            AtOnce::Begun(head) => head,
            AtOnce::NotDone => writer.begin().await.map_err(Broken::Undone)?,
        };
        batch.extend(later.iter_mut().flat_map(|share| share.drain(..)));
        self.known.found(began_at);
        let mut head = began_at;
        let mut answers = Vec::with_capacity(batch.len());
        loop {
            let room = self.batch.saturating_sub(batch.len());
            self.let_in(batch, room, door);
            let step = &mut batch[answers.len()..];
            if step.is_empty() {
                break;
            }
            let answered = self.step(writer, &mut head, step).await.map_err(Broken::Undone)?;
            answers.extend(answered);
        }
        let moved = (head != began_at).then_some(head);
        let committed = writer.commit(moved).await;
        committed.map_err(|error| Broken::Unknown(error.into()))?;
        self.company = 0;
        send(batch.drain(..), answers);
        if moved.is_some() {
            self.bell.send_replace(());
        }
        Ok(())
    }

    /// Those who wait, as long as there is room; without waiting for any time to pass.
    fn let_in(&mut self, batch: &mut Vec<Request>, room: usize, door: Door) {
        if door == Door::Closed {
            return;
        }
        let waiting = std::iter::from_fn(|| self.requests.try_recv().ok());
        batch.extend(waiting.take(room));
    }

    /// Carries out some jobs, in the transaction that is open and on top of what it has done so far.
    async fn step(
        &mut self,
        writer: &mut Writer,
        head: &mut Head,
        requests: &mut [Request],
    ) -> Result<Vec<Answered>, WriteError> {
        let mut touched = Touched::by(requests.iter().map(|request| &request.job));
        let known = self.known.take(*head, &mut touched.streams);
        let mut rows = writer.load(&touched).await?;
        rows.streams.extend(known);
        let mut plan = Plan::new(*head, rows);
        let jobs = requests.iter_mut().map(|request| &mut request.job);
        let mut answers: Vec<Answered> = jobs.map(|job| plan.add(job, &*self.fold)).collect();
        if !plan.is_empty() {
            let swept = writer.save(&plan).await?;
            for answer in answers.iter_mut().flatten() {
                if let Answer::Swept(answer) = answer {
                    *answer = swept;
                }
            }
        }
        *head = plan.head;
        self.known.keep(plan.head, plan.after.streams);
        Ok(answers)
    }
}

/// All are answered before anything else is done, as all wait.
fn send(batch: impl IntoIterator<Item = Request>, answers: Vec<Answered>) {
    let requests = batch.into_iter();
    let (_jobs, senders): (Vec<_>, Vec<_>) = requests.map(|Request { job, answer }| (job, answer)).unzip();
    for (sender, answer) in senders.into_iter().zip(answers) {
        // Who does not wait any more does not want to know.
        let _ = sender.send(answer);
    }
}

/// Without waiting long for a server that may be gone.
async fn close(writer: Writer) {
    // Whatever happens, the connection is not used any more.
    let _ = timeout(Duration::from_secs(1), writer.close()).await;
}
