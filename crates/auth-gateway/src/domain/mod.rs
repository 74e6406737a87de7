//! Pure rules of identity: states, commands, events.
