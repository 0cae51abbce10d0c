"""The sandbox's mailbox: takes mail over SMTP, shows it on a page, and misbehaves when told to."""
