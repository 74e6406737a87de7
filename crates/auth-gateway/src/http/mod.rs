//! The HTTP interface: one endpoint a file.
