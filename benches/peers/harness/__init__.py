"""The benchmark's orchestrator: starts peers and edge on loopback, drives them in turn, prints one table."""
