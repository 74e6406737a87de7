//! What the tests share: a real edge process, a byte-exact HTTP/1 client, and waiting without sleeping.

#![allow(dead_code, unused_imports, reason = "each test binary uses its own part")]

pub mod client;
pub mod echo;
pub mod edge;
pub mod expectations;
pub mod h2;
pub mod wait;
pub mod websocket;

pub use client::{Client, Request, Response};
pub use echo::Echo;
pub use edge::{Edge, EdgeBuilder};
pub use wait::eventually;
