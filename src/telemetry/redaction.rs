//! Takes secrets out of a query before it is logged.

use crate::routes::query::decode;
use std::borrow::Cow;

const REDACTED: &str = "[redacted]";

/// Values of the named parameters go, however the name is written. A semicolon separates too, to some servers.
pub(super) fn redact<'q>(query: &'q str, names: &[String]) -> Cow<'q, str> {
    let name_of = |piece: &'q str| piece.split_once('=').map(|(name, _)| name);
    let secret = |piece: &&'q str| name_of(piece).is_some_and(|name| is_secret(name, names));
    let pieces = || query.split_inclusive(['&', ';']);
    if !pieces().any(|piece| secret(&piece)) {
        return Cow::Borrowed(query);
    }
    let redacted = pieces().map(|piece| {
        let end = piece.trim_end_matches(['&', ';']).len();
        match name_of(&piece[..end]).filter(|_| secret(&piece)) {
            Some(name) => Cow::Owned(format!("{name}={REDACTED}{}", &piece[end..])),
            None => Cow::Borrowed(piece),
        }
    });
    Cow::Owned(redacted.collect())
}

/// Decoded twice: some upstreams do, and a secret must not slip through for want of it.
fn is_secret(name: &str, names: &[String]) -> bool {
    is_one_of(name, names)
        || match decode(name) {
            Cow::Borrowed(_) => false,
            Cow::Owned(decoded) => is_one_of(&decoded, names) || is_one_of(&decode(&decoded), names),
        }
}

/// `name[]` and `name[0]` are lists of that name.
fn is_one_of(name: &str, names: &[String]) -> bool {
    let name = name.split('[').next().unwrap_or_default().trim();
    names.iter().any(|secret| name.eq_ignore_ascii_case(secret))
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_secret_parameter_never_reaches_the_log(before in "[a-z=&%0-9]{0,20}", after in "[a-z=&%0-9]{0,20}") {
            let query = format!("{before}&access_token=s3cr3tvalue&{after}");
            let names = ["access_token".to_owned()];
            proptest::prop_assert!(!redact(&query, &names).contains("s3cr3tvalue"));
        }
    }
}
