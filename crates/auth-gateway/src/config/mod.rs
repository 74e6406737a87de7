//! `auth.yaml`: from its text to settings.
