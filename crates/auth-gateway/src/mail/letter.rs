//! What we write to people about: one variant a letter, its templates in `templates/mail`.

use std::time::Duration;

use super::{
    message::Content,
    template::{self, Format},
};

/// A letter with its particulars. Links are complete URLs; times are text for people.
#[derive(Clone, Copy)]
pub(crate) enum Letter<'a> {
    VerifyEmail {
        link: &'a str,
        valid_for: Duration,
    },
    ResetPassword {
        link: &'a str,
        valid_for: Duration,
    },
    /// Instead of `VerifyEmail`, to the owner of an address that signed up again: the one who signs up learns nothing.
    AlreadyRegistered {
        sign_in_link: &'a str,
        reset_link: &'a str,
    },
    PasswordChanged {
        time: &'a str,
        reset_link: &'a str,
    },
}

struct Templates {
    name: &'static str,
    /// Its first line is the subject.
    text: &'static str,
    html: &'static str,
}

macro_rules! templates {
    ($name:literal) => {
        Templates {
            name: $name,
            text: include_str!(concat!("../../templates/mail/", $name, ".txt")),
            html: include_str!(concat!("../../templates/mail/", $name, ".html")),
        }
    };
}

impl Letter<'_> {
    /// Writes the letter for the users of `product`.
    pub(crate) fn write(self, product: &str) -> Content {
        let Templates { name, text, html } = self.templates();
        let (subject, text) = text
            .split_once("\n\n")
            .expect("every text begins with its subject and an empty line");
        let valid_for = self.valid_for().map(in_words).unwrap_or_default();
        let mut values = vec![("product", product), ("valid_for", valid_for.as_str())];
        values.extend(self.values());
        let fill = |template, format| template::fill(template, format, &values).expect("a test fills every template");
        Content {
            letter: name,
            subject: fill(subject, Format::Text),
            text: fill(text, Format::Text),
            html: fill(html, Format::Html),
        }
    }

    fn templates(self) -> Templates {
        match self {
            Self::VerifyEmail { .. } => templates!("verify_email"),
            Self::ResetPassword { .. } => templates!("reset_password"),
            Self::AlreadyRegistered { .. } => templates!("already_registered"),
            Self::PasswordChanged { .. } => templates!("password_changed"),
        }
    }

    fn valid_for(self) -> Option<Duration> {
        match self {
            Self::VerifyEmail { valid_for, .. } | Self::ResetPassword { valid_for, .. } => Some(valid_for),
            Self::AlreadyRegistered { .. } | Self::PasswordChanged { .. } => None,
        }
    }
}

impl<'a> Letter<'a> {
    fn values(self) -> Vec<(&'static str, &'a str)> {
        match self {
            Self::VerifyEmail { link, .. } | Self::ResetPassword { link, .. } => vec![("link", link)],
            Self::AlreadyRegistered {
                sign_in_link,
                reset_link,
            } => vec![("link", sign_in_link), ("reset_link", reset_link)],
            Self::PasswordChanged { time, reset_link } => vec![("time", time), ("reset_link", reset_link)],
        }
    }
}

/// `30 minutes`, `1 hour`, `2 days`: rounded down to the largest unit that leaves nothing over.
fn in_words(duration: Duration) -> String {
    let minutes = duration.as_secs() / 60;
    let (count, unit) = match minutes {
        days if days > 0 && days % 1440 == 0 => (days / 1440, "day"),
        hours if hours > 0 && hours % 60 == 0 => (hours / 60, "hour"),
        minutes => (minutes, "minute"),
    };
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {unit}{plural}")
}

#[cfg(test)]
mod tests;
