//! A wall clock that jumps, for a process that is started with it. Its steady clock goes on as
//! ever.

use crate::error::Error;
use std::ffi::OsString;
use std::path::PathBuf;
use tempfile::NamedTempFile;

/// Where Debian and others have libfaketime.
const LIBRARIES: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1",
    "/usr/lib64/faketime/libfaketimeMT.so.1",
];

/// A clock that is right until it is told otherwise.
pub struct Clock {
    library: PathBuf,
    offset: NamedTempFile,
}

impl Clock {
    /// A clock; none where libfaketime isn't installed.
    ///
    /// # Errors
    ///
    /// When there is no place for its file.
    pub fn find() -> Result<Option<Clock>, Error> {
        let Some(library) = LIBRARIES
            .into_iter()
            .map(PathBuf::from)
            .find(|path| path.is_file())
        else {
            return Ok(None);
        };
        let offset = NamedTempFile::new().map_err(Error::io("making a clock"))?;
        let clock = Clock { library, offset };
        clock.set(0)?;
        Ok(Some(clock))
    }

    /// What a process is started with to have it.
    pub fn environment(&self) -> [(&'static str, OsString); 4] {
        [
            ("LD_PRELOAD", self.library.clone().into()),
            ("FAKETIME_TIMESTAMP_FILE", self.offset.path().into()),
            ("FAKETIME_NO_CACHE", "1".into()),
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".into()),
        ]
    }

    /// From now on it is wrong by so many seconds.
    ///
    /// # Errors
    ///
    /// When its file can't be written.
    pub fn set(&self, seconds: i64) -> Result<(), Error> {
        std::fs::write(self.offset.path(), format!("{seconds:+}\n"))
            .map_err(Error::io("setting a clock"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;

    #[test]
    fn a_process_sees_what_it_is_told() {
        let Some(clock) = Clock::find().expect("a file") else {
            return;
        };
        let year = || {
            let output = Command::new("date")
                .arg("+%Y")
                .envs(clock.environment())
                .output()
                .expect("date");
            String::from_utf8_lossy(&output.stdout)
                .trim()
                .parse::<i32>()
                .expect("a year")
        };
        let now = year();
        clock.set(-20 * 366 * 86_400).expect("a file");
        assert!(now - year() >= 20, "{now} {}", year());
    }
}
