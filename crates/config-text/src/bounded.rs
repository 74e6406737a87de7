//! Numbers, durations and sizes within bounds: what each of them alone would let through.

use std::time::Duration;

use serde_json::{Value, json};

use crate::code;
use crate::decode::Decode;
use crate::diagnostic::{Diagnostic, Diagnostics};
use crate::units::{ByteSize, DURATION_PATTERN, write_duration};
use crate::yaml::Node;

/// Sums of durations and points in time must stay representable.
const LONGEST: Duration = Duration::from_hours(365 * 24);

/// A whole number from `MIN` to `MAX`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Count<const MIN: usize, const MAX: usize>(pub usize);

impl<const MIN: usize, const MAX: usize> Decode for Count<MIN, MAX> {
    const WHAT: &'static str = "a whole number";

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let number = usize::decode(node, cx)?;
        if (MIN..=MAX).contains(&number) {
            return Some(Self(number));
        }
        let problem = match MAX {
            usize::MAX => format!("must be {MIN} or more"),
            _ => format!("must be from {MIN} to {MAX}"),
        };
        cx.push(out_of_range(node, "this number is out of range", problem));
        None
    }

    fn schema() -> Value {
        match MAX {
            usize::MAX => json!({ "type": "integer", "minimum": MIN }),
            _ => json!({ "type": "integer", "minimum": MIN, "maximum": MAX }),
        }
    }
}

/// A duration longer than nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TimeLimit(pub Duration);

impl Decode for TimeLimit {
    const WHAT: &'static str = Duration::WHAT;

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let Patience(duration) = Patience::decode(node, cx)?;
        if !duration.is_zero() {
            return Some(Self(duration));
        }
        let problem = "must be longer than nothing".to_owned();
        cx.push(out_of_range(node, "this duration is 0", problem));
        None
    }

    fn schema() -> Value {
        let pattern = DURATION_PATTERN.replacen("[0-9]+", "0*[1-9][0-9]*", 1);
        json!({ "type": "string", "pattern": pattern })
    }
}

/// A duration that may be nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience(pub Duration);

impl Decode for Patience {
    const WHAT: &'static str = Duration::WHAT;

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let duration = Duration::decode(node, cx)?;
        if duration <= LONGEST {
            return Some(Self(duration));
        }
        let problem = "must be at most `365d`".to_owned();
        cx.push(out_of_range(node, "this duration is too long", problem));
        None
    }

    fn schema() -> Value {
        Duration::schema()
    }
}

/// A duration from `MIN` to `MAX` seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Within<const MIN: u64, const MAX: u64>(pub Duration);

impl<const MIN: u64, const MAX: u64> Decode for Within<MIN, MAX> {
    const WHAT: &'static str = Duration::WHAT;

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let duration = Duration::decode(node, cx)?;
        let [shortest, longest] = [MIN, MAX].map(Duration::from_secs);
        if (shortest..=longest).contains(&duration) {
            return Some(Self(duration));
        }
        let [shortest, longest] = [shortest, longest].map(write_duration);
        let problem = format!("must be from `{shortest}` to `{longest}`");
        cx.push(out_of_range(node, "this duration is out of range", problem));
        None
    }

    fn schema() -> Value {
        Duration::schema()
    }
}

/// At least `MIN` bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size<const MIN: u64>(pub ByteSize);

impl<const MIN: u64> Decode for Size<MIN> {
    const WHAT: &'static str = ByteSize::WHAT;

    fn decode(node: &Node, cx: &mut Diagnostics) -> Option<Self> {
        let size = ByteSize::decode(node, cx)?;
        if size.bytes() >= MIN {
            return Some(Self(size));
        }
        let problem = format!("must be {MIN} bytes or more, such as `{}KiB`", MIN.div_ceil(1024));
        cx.push(out_of_range(node, "this size is out of range", problem));
        None
    }

    fn schema() -> Value {
        ByteSize::schema()
    }
}

fn out_of_range(node: &Node, message: &str, problem: String) -> Diagnostic {
    Diagnostic::error(code::INVALID_VALUE, node.span, message).label(problem)
}
