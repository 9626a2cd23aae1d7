"""A whole house killed at every named durable write, then judged (docs/crash.md)."""
