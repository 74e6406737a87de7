//! A whole transaction in one round trip to PostgreSQL, for who writes alone.
//!
//! The head is presumed to be where this appender left it; the statement has an effect only if it is. So it cannot happen
//! twice, and whether it happened can be asked afterwards.

use super::{Answered, Appender, Broken, Door, Request, send};
use crate::head::Head;
use crate::job::Touched;
use crate::plan::{Plan, Rows};
use crate::writer::{Writer, postgres};
use std::thread;
use std::time::{Duration, Instant};

/// How long a batch waits for more: those who were answered together may all ask again.
pub(super) const COMPANY: Duration = Duration::from_micros(200);

/// In how many shares they may come, each of which is planned while the next one comes.
const SHARES: usize = 4;

/// Who came after the others in a batch.
pub(super) type Later = [Vec<Request>; SHARES];

pub(super) enum AtOnce {
    /// And who asked was answered.
    Done,
    /// Nothing was done, and a transaction has begun at this head.
    Begun(Head),
    NotDone,
}

/// Made on rows that are presumed, not read.
struct Presumed<'a> {
    plan: Plan<'a>,
    answers: Vec<Answered>,
    /// A stream has no row that is known. If it is there after all, its first event is in the way of another first one.
    has_new_streams: bool,
}

impl Appender {
    /// Nothing but appends, to streams whose rows are known or that are presumed to be new. Those who come `later` are answered
    /// after those in the batch.
    pub(super) async fn at_once(
        &mut self,
        writer: &mut Writer,
        batch: &mut Vec<Request>,
        later: &mut Later,
        door: Door,
    ) -> Result<AtOnce, Broken> {
        let Some(head) = self.known.presumed_head().filter(|_| writer.as_postgres().is_some()) else {
            return Ok(AtOnce::NotDone);
        };
        // Nobody waits for others in vain.
        if !Touched::by(batch.iter().map(|request| &request.job)).has_only_streams() {
            return Ok(AtOnce::NotDone);
        }
        let Some(presumed) = self.presume(head, batch, later, door) else {
            return Ok(AtOnce::NotDone);
        };
        let saved = self.save(&presumed, writer).await?;
        if matches!(saved, AtOnce::Done) {
            let Presumed {
                plan: Plan { head, after, .. },
                answers,
                ..
            } = presumed;
            self.company = answers.len() + self.requests.len();
            // First, so that they go on while the rest is done here.
            let later = later.iter_mut().flat_map(|share| share.drain(..));
            send(batch.drain(..).chain(later), answers);
            self.bell.send_replace(());
            self.known.keep(head, after.streams);
        }
        Ok(saved)
    }

    /// `None` if the rows must be read.
    fn presume<'a>(
        &mut self,
        head: Head,
        batch: &'a mut [Request],
        later: &'a mut Later,
        door: Door,
    ) -> Option<Presumed<'a>> {
        let company = self.company.min(self.batch);
        let mut presumed = Presumed {
            plan: Plan::new(head, Rows::default()),
            answers: Vec::with_capacity(company),
            has_new_streams: false,
        };
        let until = Instant::now() + COMPANY;
        let mut here = batch.len();
        self.add(batch, &mut presumed)?;
        for share in later {
            let wanted = company.saturating_sub(here).min(company.div_ceil(SHARES));
            self.gather(share, wanted, self.batch.saturating_sub(here), until, door);
            if share.is_empty() {
                break;
            }
            here += share.len();
            self.add(share, &mut presumed)?;
        }
        let Presumed {
            plan,
            answers,
            has_new_streams,
        } = &presumed;
        // Who is refused must be so for rows that are there: that is proven by what the others write.
        let is_refused = *has_new_streams && answers.iter().any(Result::is_err);
        let is_for_steps = plan.events.is_empty() || plan.sweep.is_some() || plan.outdated_lookups().next().is_some();
        (!is_refused && !is_for_steps).then_some(presumed)
    }

    fn add<'a>(&mut self, requests: &'a mut [Request], presumed: &mut Presumed<'a>) -> Option<()> {
        let mut touched = Touched::by(requests.iter().map(|request| &request.job));
        if !touched.has_only_streams() {
            return None;
        }
        let plan = &mut presumed.plan;
        touched
            .streams
            .retain(|stream| !plan.after.streams.contains_key(*stream));
        plan.before
            .streams
            .extend(self.known.take(plan.from, &mut touched.streams));
        presumed.has_new_streams |= !touched.streams.is_empty();
        let jobs = requests.iter_mut().map(|request| &mut request.job);
        presumed.answers.extend(jobs.map(|job| plan.add(job, &*self.fold)));
        Some(())
    }

    async fn save(&mut self, presumed: &Presumed<'_>, writer: &mut Writer) -> Result<AtOnce, Broken> {
        let Presumed {
            plan, has_new_streams, ..
        } = presumed;
        let Some(connection) = writer.as_postgres() else {
            return Ok(AtOnce::NotDone);
        };
        match postgres::save_at_once(connection, plan).await {
            Ok(true) => Ok(AtOnce::Done),
            Ok(false) => {
                self.known.forget();
                Ok(AtOnce::NotDone)
            }
            Err(error) if *has_new_streams && postgres::is_in_the_way(&error) => Ok(AtOnce::NotDone),
            Err(error) if postgres::is_refusal(&error) => Err(Broken::Undone(error.into())),
            Err(_) => {
                let begun = self.begin_without(plan.head, writer).await?;
                Ok(begun.map_or(AtOnce::Done, AtOnce::Begun))
            }
        }
    }

    /// Those who wait, as long as there is room; and those who come, until there are as many as are wanted or it is too late.
    pub(super) fn gather(
        &mut self,
        requests: &mut Vec<Request>,
        wanted: usize,
        room: usize,
        until: Instant,
        door: Door,
    ) {
        self.let_in(requests, room, door);
        while door == Door::Open && requests.len() < wanted && Instant::now() < until {
            thread::yield_now();
            self.let_in(requests, room - requests.len(), door);
        }
    }

    /// After the connection broke: begins anew, unless the log has come to `hoped` before. Whatever the server may still
    /// find of the broken connection's statement then has no effect.
    async fn begin_without(&mut self, hoped: Head, writer: &mut Writer) -> Result<Option<Head>, Broken> {
        *writer = Writer::connect(&self.database).await.map_err(Broken::Unknown)?;
        let head = writer.begin().await.map_err(|error| Broken::Unknown(error.into()))?;
        let Some(connection) = writer.as_postgres() else {
            return Ok(Some(head));
        };
        let happened = postgres::leads_through(connection, hoped).await;
        if !happened.map_err(|error| Broken::Unknown(error.into()))? {
            return Ok(Some(head));
        }
        writer
            .roll_back()
            .await
            .map_err(|error| Broken::Unknown(error.into()))?;
        Ok(None)
    }
}
