"""From files to slots: a log, one's own table, other people's formats."""
