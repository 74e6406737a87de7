//! All ten stand-ins together, with the environment that points the route map at them.

use std::io;

use crate::anon_keys::{DEMO_ANON_KEY, DEMO_INTEL_ANON_KEY};
use crate::name::Name;
use crate::settings::Settings;
use crate::standin::{Standin, loopback};

/// Ends, with every stand-in, when dropped.
pub struct Platform {
    settings: Settings,
    slots: Vec<Slot>,
}

struct Slot {
    name: Name,
    port: u16,
    standin: Option<Standin>,
}

#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error("ports already in use: {}; choose others with --base-port", list(.0))]
    PortsBusy(Vec<(Name, u16)>),
    #[error("the ten ports from {0} on do not end before 65536; choose a lower --base-port")]
    PortsOutOfRange(u16),
    #[error("{name} cannot listen on 127.0.0.1:{port}")]
    Listen { name: Name, port: u16, source: io::Error },
}

impl Platform {
    /// Each on a free port of 127.0.0.1.
    pub fn start() -> Result<Platform, StartError> {
        Platform::start_on(0, Settings::default())
    }

    /// On `base_port` and the nine after it, in the order of [`Name::ALL`]; 0 stands for ten free ports.
    pub fn start_on(base_port: u16, settings: Settings) -> Result<Platform, StartError> {
        let mut slots = Vec::new();
        let mut busy = Vec::new();
        for (name, offset) in Name::ALL.into_iter().zip(0..) {
            let port = match base_port {
                0 => 0,
                base => base.checked_add(offset).ok_or(StartError::PortsOutOfRange(base))?,
            };
            match Standin::start_on(name, loopback(port), settings.clone()) {
                Ok(standin) => slots.push(Slot {
                    name,
                    port: standin.port(),
                    standin: Some(standin),
                }),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse => busy.push((name, port)),
                Err(source) => return Err(StartError::Listen { name, port, source }),
            }
        }
        if busy.is_empty() {
            Ok(Platform { settings, slots })
        } else {
            Err(StartError::PortsBusy(busy))
        }
    }

    /// A stand-in that runs; one that was stopped is a mistake of the caller.
    pub fn get(&self, name: Name) -> &Standin {
        self.slot(name)
            .standin
            .as_ref()
            .unwrap_or_else(|| panic!("{name} was stopped"))
    }

    pub fn url(&self, name: Name) -> String {
        format!("http://127.0.0.1:{}", self.slot(name).port)
    }

    /// Ends one stand-in, as if it had crashed. Its port stays its own.
    pub fn stop(&mut self, name: Name) {
        self.slot_mut(name).standin = None;
    }

    /// Starts a stopped stand-in again, on the port it had.
    pub fn restart(&mut self, name: Name) -> io::Result<()> {
        self.stop(name);
        let standin = Standin::start_on(name, loopback(self.slot(name).port), self.settings.clone())?;
        self.slot_mut(name).standin = Some(standin);
        Ok(())
    }

    /// What the route map reads: the address of every upstream, and the demo's anonymous keys.
    pub fn env(&self) -> Vec<(String, String)> {
        let urls = self
            .slots
            .iter()
            .map(|slot| (slot.name.url_variable(), self.url(slot.name)));
        let others = [
            // One stand-in plays both halves of the auth gateway's pair.
            ("AUTH_GATEWAY_BACKUP_URL", self.url(Name::AuthGateway)),
            ("SUPABASE_ANON_KEY", DEMO_ANON_KEY.to_owned()),
            ("SUPABASE_INTEL_ANON_KEY", DEMO_INTEL_ANON_KEY.to_owned()),
        ];
        urls.chain(others.map(|(name, value)| (name.to_owned(), value)))
            .collect()
    }

    fn slot(&self, name: Name) -> &Slot {
        self.slots
            .iter()
            .find(|slot| slot.name == name)
            .expect("a platform has all ten")
    }

    fn slot_mut(&mut self, name: Name) -> &mut Slot {
        self.slots
            .iter_mut()
            .find(|slot| slot.name == name)
            .expect("a platform has all ten")
    }
}

fn list(busy: &[(Name, u16)]) -> String {
    let named: Vec<String> = busy.iter().map(|(name, port)| format!("{port} ({name})")).collect();
    named.join(", ")
}
