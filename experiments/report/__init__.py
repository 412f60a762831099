"""Reports: one self-contained page a result, to open, to print and to send.  `page` is what a page consists of."""
