//! The installed server programs, and under which user they run.

use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Where Debian puts the programs of each major version, in `VERSION/bin`.
const VERSIONS: &str = "/usr/lib/postgresql";
/// PostgreSQL does not run as root; the package makes this user.
const USER: &str = "postgres";

/// The programs of one version.
#[derive(Debug, Clone)]
pub(crate) struct Programs {
    folder: PathBuf,
    /// We are root, and change to the package's user.
    as_other_user: bool,
}

impl Programs {
    /// Those of the newest version.
    pub(crate) fn find() -> Result<Self> {
        let missing = "PostgreSQL is not installed: apt-get install postgresql";
        let versions = fs::read_dir(VERSIONS).context(missing)?;
        let version = |path: &Path| path.file_name()?.to_str()?.parse::<u32>().ok();
        let folder = versions
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.join("bin/initdb").exists())
            .max_by_key(|path| version(path))
            .context(missing)?
            .join("bin");
        let as_other_user = fs::metadata("/proc/self").context("/proc/self")?.uid() == 0;
        Ok(Self { folder, as_other_user })
    }

    /// A command of the server's.
    pub(crate) fn command(&self, program: &str) -> Command {
        self.as_user(&self.folder.join(program))
    }

    /// A command that says nothing and reads nothing, under the server's user. It runs in the same process as its child: a
    /// signal reaches it.
    pub(crate) fn as_user(&self, program: &Path) -> Command {
        let mut command = if self.as_other_user {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid", USER, "--regid", USER, "--init-groups", "--"])
                .arg(program);
            command
        } else {
            Command::new(program)
        };
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// Makes a folder the user's own.
    pub(crate) fn give(&self, folder: &Path) -> Result<()> {
        if self.as_other_user {
            run(Command::new("chown").arg(USER).arg(folder))?;
        }
        Ok(())
    }
}

/// Runs a command to its end; fails with what it wrote if it fails.
pub(crate) fn run(command: &mut Command) -> Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let arguments: Vec<_> = command.get_args().map(OsStr::to_string_lossy).collect();
    let name = format!("{name} {}", arguments.join(" "));
    let output = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .output()
        .context(name.clone())?;
    if !output.status.success() {
        bail!("{name}: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
