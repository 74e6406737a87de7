//! What happened, told to webhooks: at least once, in order, never given up.
