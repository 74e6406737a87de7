//! Mail into a folder, for development: one file a message, which people and tests read.

use std::{
    fs, io,
    io::Write as _,
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use async_trait::async_trait;
use lettre::message::Mailbox;

use super::{
    message::Message,
    mime::{self, Encoding},
    transport::{MailTransport, SendError},
};

/// Writes `<milliseconds>-<id>.eml`, readable by its owner only; a file appears whole or not at all.
#[derive(Debug)]
pub(crate) struct SpoolFolder {
    folder: PathBuf,
    from: Mailbox,
}

impl SpoolFolder {
    /// Makes the folder, for its owner only, where there is none.
    pub(crate) fn new(folder: PathBuf, from: Mailbox) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        Ok(Self::at(folder, from))
    }

    /// The folder as it is, or is not: for who writes nothing.
    pub(crate) fn at(folder: PathBuf, from: Mailbox) -> Self {
        Self { folder, from }
    }
}

#[async_trait]
impl MailTransport for SpoolFolder {
    async fn send(&self, message: &Message) -> Result<(), SendError> {
        let mail = mime::compose(message, &self.from, Encoding::Readable)?.formatted();
        let name = format!("{:013}-{}", message.written().0, message.id());
        let folder = self.folder.clone();
        let written = tokio::task::spawn_blocking(move || write(&folder, &name, &mail)).await;
        match written {
            Ok(result) => result.map_err(|error| SendError::Spool(error.kind())),
            Err(_) => Err(SendError::Spool(io::ErrorKind::Interrupted)),
        }
    }
}

fn write(folder: &Path, name: &str, mail: &[u8]) -> io::Result<()> {
    let unfinished = folder.join(format!(".{name}.unfinished"));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)?;
    file.write_all(mail)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(format!("{name}.eml")))
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt as _, time::Duration};

    use event_store::Timestamp;
    use uuid::Uuid;

    use super::SpoolFolder;
    use crate::mail::{
        letter::Letter,
        message::Message,
        transport::{MailTransport as _, SendError},
    };

    const LINK: &str =
        "https://auth.example.org/web/verify?token=abcdefghijklmnopqrstuvwxyz0123456789-_ABCDEFGHI&and=more";

    fn message(id: u128) -> Message {
        let content = Letter::VerifyEmail {
            link: LINK,
            valid_for: Duration::from_secs(3600),
        }
        .write("LanOnasis");
        Message::new(
            Uuid::from_u128(id),
            "ada@example.org",
            content,
            Timestamp(1_700_000_000_000),
        )
        .unwrap()
    }

    #[tokio::test]
    async fn each_message_is_a_private_file_with_its_link_on_one_line() {
        let folder = tempfile::tempdir().unwrap();
        let spool = SpoolFolder::new(folder.path().join("spool"), "no-reply@example.org".parse().unwrap()).unwrap();
        spool.send(&message(1)).await.unwrap();
        spool.send(&message(2)).await.unwrap();
        // Tried again, it is still one message.
        spool.send(&message(2)).await.unwrap();

        let mut names: Vec<String> = fs::read_dir(&spool.folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        assert_eq!(
            names,
            [
                "1700000000000-00000000-0000-0000-0000-000000000001.eml",
                "1700000000000-00000000-0000-0000-0000-000000000002.eml"
            ]
        );
        let path = spool.folder.join(&names[0]);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&spool.folder).unwrap().permissions().mode() & 0o777, 0o700);
        let mail = fs::read_to_string(path).unwrap();
        assert!(mail.lines().any(|line| line == LINK), "{mail}");
        assert!(mail.contains("To: ada@example.org"));
    }

    #[tokio::test]
    async fn a_folder_that_went_away_is_told_without_the_message() {
        let folder = tempfile::tempdir().unwrap();
        let spool = SpoolFolder::new(folder.path().join("spool"), "no-reply@example.org".parse().unwrap()).unwrap();
        fs::remove_dir(&spool.folder).unwrap();
        let error = spool.send(&message(1)).await.unwrap_err();
        assert_eq!(error, SendError::Spool(std::io::ErrorKind::NotFound));
        assert!(error.is_retryable());
    }
}
